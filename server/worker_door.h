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

struct channel_viewer;
struct event;
struct event_base;

/* All mandatory. fd, connected, non-blocking and close-on-exec, is the callee's. */
struct worker_door_events {
	/* As from a listener of that key. */
	void (*handed)(void *user, enum config_listeners key, int fd, const struct sockaddr *peer,
			socklen_t length);
	/* The gateway knows who it is, and goes between. */
	void (*viewer)(void *user, int fd, const struct channel_viewer *viewer);
};

/* All zero: there is none. */
struct worker_door {
	struct event *readable;
	int fd; /* while there is an event */
	const struct worker_door_events *events;
	void *user;
};

/* Takes fd, also on failure; in place of one before. -ENOMEM. */
int worker_door_open(struct worker_door *door, struct event_base *base, int fd,
		const struct worker_door_events *events, void *user);
void worker_door_close(struct worker_door *door);

#endif
