/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where a worker is handed connections that have come in at a port which VMs
 * share. The gateway may be in a client's hands: what comes is checked as if a
 * stranger had sent it, and who the peer is, is asked of the kernel. Loop thread.
 */
#ifndef PLANECAST_SERVER_WORKER_DOOR_H
#define PLANECAST_SERVER_WORKER_DOOR_H

#include <sys/socket.h>

#include "config/config.h"

struct event;
struct event_base;

/* fd, connected, non-blocking and close-on-exec, is the callee's; as from a listener of that key. */
typedef void (*worker_door_fn)(void *user, enum config_listeners key, int fd, const struct sockaddr *peer,
		socklen_t length);

/* All zero: there is none. */
struct worker_door {
	struct event *readable;
	int fd; /* while there is an event */
	worker_door_fn accept;
	void *user;
};

/* Takes fd, also on failure; in place of one before. -ENOMEM. */
int worker_door_open(struct worker_door *door, struct event_base *base, int fd, worker_door_fn accept, void *user);
void worker_door_close(struct worker_door *door);

#endif
