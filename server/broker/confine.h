/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the broker gives up before it looks at anything, for good: all capabilities
 * but CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH, being traced itself, new privileges,
 * and all system calls that are not in one table (confine.c). Left are: to read
 * files, to look at processes and take descriptors out of them, three of VFIO's
 * ioctls, and to talk over sockets that are open already. It can make no socket,
 * write to no file that it opens, start and signal no process.
 *
 * No Landlock: the kernel lets nobody inside a Landlock domain trace processes
 * outside of it (ptrace access checks), and tracing is what pidfd_getfd(2) is.
 */
#ifndef PLANECAST_SERVER_BROKER_CONFINE_H
#define PLANECAST_SERVER_BROKER_CONFINE_H

#include <stdbool.h>

/* 0, *ret_privileged: it had both capabilities, and has them still. Negative errno: do not go on. Once. */
int confine_broker(bool *ret_privileged);

#endif
