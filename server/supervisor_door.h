/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way from the gateway to one VM's worker, for connections that it hands over.
 * Both ends belong to the supervisor and outlive the processes, so that who comes
 * while a worker restarts waits there, as in a listening socket's backlog. Loop thread.
 */
#ifndef PLANECAST_SERVER_SUPERVISOR_DOOR_H
#define PLANECAST_SERVER_SUPERVISOR_DOOR_H

#include <stdbool.h>

struct supervisor_door {
	int worker_fd, gateway_fd; /* -1: there is none */
	bool gateway_knows;
};

#define SUPERVISOR_DOOR_NONE ((struct supervisor_door){ .worker_fd = -1, .gateway_fd = -1 })

/*
 * Makes it if there is none, or if one of the processes has shut it. 1: it is another one now;
 * 0; negative errno: there is none.
 */
int supervisor_door_open(struct supervisor_door *door);
/* Who waits there is turned away. */
void supervisor_door_close(struct supervisor_door *door);

#endif
