/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds in /proc who has a VFIO device open, and takes a descriptor of it with
 * pidfd_getfd(2). That takes CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, or a process
 * of the same user that lets itself be traced.
 *
 * A process is known by what it holds, never by what it says: what a link in
 * /proc/PID/fd is called only makes it worth a look, and then the node's device
 * number counts. By group (any kernel with VFIO) the group's descriptor is
 * borrowed to ask it for this device, which is deterministic, as each device of a
 * process looks alike; not before the process has opened its own, because whoever
 * opens a device first is who the driver takes for its VM. By cdev (Linux 6.6) or
 * where fdinfo names the device (newer than 6.17) the device's own is taken.
 *
 * Looking asks no file system of a process: none can hold the caller up.
 * Our own workers, children of the parent, are no owners. Loop thread.
 */
#ifndef PLANECAST_SERVER_BROKER_OWNER_H
#define PLANECAST_SERVER_BROKER_OWNER_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "server/channel.h"
#include "server/clock.h"

#define OWNER_HOLDERS_MAX 2

/* A device in sysfs. */
struct owner_device {
	char path[PATH_MAX];
	dev_t group, cdev; /* of the nodes by which it is opened; 0: it has none */
};

/* A process with a device open. */
struct owner_holder {
	pid_t pid;
	char comm[16]; /* printable ASCII */
	bool ready; /* it has opened the device itself */
	bool by_group; /* fd is the group's */
	int fd; /* in that process */
};

struct owner_search {
	const struct owner_device *device; /* borrowed */
	unsigned int n_holders; /* may be more than are remembered */
	struct owner_holder holders[OWNER_HOLDERS_MAX];
};

/* The processes there are, and since when we know of each; begins as zeroes, and is the module's. */
struct owner_processes {
	struct owner_process {
		pid_t pid;
		int64_t since_ns;
	} *list; /* by pid */
	size_t n;
};

/* The name in sysfs, and to ioctls. */
const char *owner_device_name(const struct owner_device *device);
/* device as configured. 0; -ENODEV and reason, of VFIO_REASON_BYTES. */
int owner_device_find(const char *device, struct owner_device *ret, char *reason);

/*
 * One walk through /proc for several devices, at now_ns. Fills in all but the devices; *ret_denied: how many
 * processes could not be looked into. young_only: leaves out processes that are known for OWNER_YOUNG_NS, which
 * makes it many times as fast, and who is found need not be the only one. -ENOMEM, or that there is no /proc.
 */
#define OWNER_YOUNG_NS (10 * NSEC_PER_SEC)
int owner_search_all(struct owner_processes *processes, bool young_only, int64_t now_ns, struct owner_search *searches,
		size_t n, unsigned int *ret_denied);
/* The same for one process, which is alive. False: it does not hold the device (any more). */
bool owner_holds(const struct owner_device *device, pid_t pid, struct owner_holder *ret);

/*
 * Takes the device from a process found before. 0 and descriptors, close-on-exec, that are the caller's:
 * the device, proven to have a display, and the owner's pidfd. -EAGAIN: not now, look again; any other
 * negative errno: with reason.
 */
int owner_take(const struct owner_device *device, pid_t pid, struct channel_owner *ret_owner, int *ret_device_fd,
		int *ret_pidfd, char *reason);
bool owner_is_alive(int pidfd);

#endif
