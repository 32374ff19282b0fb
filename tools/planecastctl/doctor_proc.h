/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Other processes and their sockets, as /proc and the kernel's socket diagnostics show them. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_PROC_H
#define PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_PROC_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

#define DOCTOR_NAME_MAX 160

struct doctor_holder {
	pid_t pid;
	uid_t uid;
	bool ours; /* a process of planecastd */
	char name[DOCTOR_NAME_MAX]; /* "qemu-system-x86 (process 4711, guest win11)" */
};

/* The first bytes of a file of /proc or /sys, with a NUL behind; how many, or a negative errno. */
ssize_t doctor_proc_read(const char *path, char *ret, size_t size);
/* The same without the line's end. */
ssize_t doctor_proc_read_line(const char *path, char *ret, size_t size);

/*
 * Who has a descriptor open whose link in /proc is this one: at most max, returns how many. ret_blind: there
 * are processes of others that only root may look at.
 */
unsigned int doctor_proc_find(const char *link, struct doctor_holder *ret, unsigned int max, bool *ret_blind);
/* The same of a socket. */
unsigned int doctor_proc_find_socket(
		unsigned long inode, struct doctor_holder *ret, unsigned int max, bool *ret_blind);

/* The child of parent that is called so; 0: it has none. */
pid_t doctor_proc_child(pid_t parent, const char *comm);

/* Inode numbers, of which there is none 0. */

/* Who listens at a unix socket's path, and a connection that has been taken there; 0 each: nobody, none. */
void doctor_proc_unix(const char *path, unsigned long *ret_listener, unsigned long *ret_connection);
/* The other end of a unix socket; 0: not known. */
unsigned long doctor_proc_peer(unsigned long inode);
/* Who listens where one could not bind to address (IPv4 or IPv6) for it; 0: nobody. */
unsigned long doctor_proc_tcp(const struct sockaddr *address);

/* Pure. */

/* One line of /proc/net/unix: whether it is path's; fills in what it is. */
bool doctor_proc_parse_unix(const char *line, const char *path, bool *ret_listens, unsigned long *ret_inode);
/*
 * One line of /proc/net/tcp or, v6, tcp6: whether it listens where one could not bind to address, which is of
 * either family.
 */
bool doctor_proc_parse_tcp(const char *line, bool v6, const struct sockaddr *address, unsigned long *ret_inode);
/* What QEMU's command line, as /proc/PID/cmdline has it, calls the guest; "" where it does not. */
void doctor_proc_guest(const char *cmdline, size_t bytes, char *ret, size_t size);

#endif
