/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What net/gate.h wants of a VM, at ports that are no VM's: the limits of [server] that
 * begin with "shared-", as a VM's. Loop thread.
 */
#ifndef PLANECAST_SERVER_GATEWAY_LIMITS_H
#define PLANECAST_SERVER_GATEWAY_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

struct config;
struct config_server;
struct gate;

/* Zeroed but for punishes is finished. */
struct limits {
	bool punishes; /* whoever guesses, or comes to nothing */
	struct config *config; /* with one VM */
	struct gate *gate; /* borrowed by those who are at it */
};

/* With the defaults, until there is a configuration. -ENOMEM, -EIO: no random numbers. */
int limits_init(struct limits *limits, bool punishes);
/* When nobody is at the gate any more. */
void limits_finish(struct limits *limits);
/* They are others now, for who comes. On failure, which is logged, they are not. */
void limits_reconfigure(struct limits *limits, const struct config_server *server, int64_t now_ns);

#endif
