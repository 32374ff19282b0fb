/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Starting the processes that serve, and saying how they ended. Loop thread. */
#ifndef PLANECAST_SERVER_SUPERVISOR_SPAWN_H
#define PLANECAST_SERVER_SUPERVISOR_SPAWN_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Where one finds its channel. */
#define SUPERVISOR_CHANNEL_FD 3

/*
 * Starts this same program as "planecastd OPTION NAME"; name NULL: without. It inherits
 * stderr and its end of a channel, nothing else, and is killed with the calling
 * thread's process; privileged: with what server/privileges.h is about. *ret_channel,
 * non-blocking and close-on-exec, is the caller's.
 * Negative errno of socketpair or fork.
 */
int supervisor_spawn(const char *option, const char *name, bool privileged, pid_t *ret_pid, int *ret_channel);

/* "killed by SIGSEGV (Segmentation fault)", "exit status 1" of waitpid()'s status; returns buf. */
const char *supervisor_describe_exit(int status, char *buf, size_t size);

#endif
