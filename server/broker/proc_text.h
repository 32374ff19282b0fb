/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What /proc and /sys say as text, which the processes that it is about choose
 * parts of: their names, and the paths of their files. Pure; any thread.
 */
#ifndef PLANECAST_SERVER_BROKER_PROC_TEXT_H
#define PLANECAST_SERVER_BROKER_PROC_TEXT_H

#include <stdbool.h>
#include <sys/types.h>

#define PROC_COMM_BYTES 16

struct proc_stat {
	pid_t parent;
	char comm[PROC_COMM_BYTES]; /* printable ASCII; what is none has become '?' */
};

/* What a link in /proc/PID/fd may be. */
enum proc_link {
	PROC_LINK_OTHER,
	PROC_LINK_NODE, /* below /dev/vfio/, or named so by who opened it: its device number says what it is */
	PROC_LINK_DEVICE, /* a VFIO device that was opened by its group */
};

/* /proc/PID/stat: "PID (NAME) STATE PARENT ...", where NAME may be anything. 0 or -EBADMSG. */
int proc_text_stat(const char *text, struct proc_stat *ret);
/* /proc/PID. 0: it is no number. */
pid_t proc_text_pid(const char *name);
enum proc_link proc_text_link(const char *target);
/* sysfs's dev: "MAJOR:MINOR\n". 0 or -EBADMSG. */
int proc_text_dev(const char *text, dev_t *ret);
/*
 * True where /proc/PID/fdinfo/FD is of the VFIO device at path in sysfs, an absolute one. Newer
 * kernels than 6.17 say so: Documentation/filesystems/proc.rst, "VFIO device files".
 */
bool proc_text_is_of(const char *fdinfo, const char *path);

#endif
