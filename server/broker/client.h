/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A worker as the broker knows it: which device it is to be given, what it was
 * given, and whether it lets go of it. Takes its word for nothing but that. Loop
 * thread; never blocks.
 */
#ifndef PLANECAST_SERVER_BROKER_CLIENT_H
#define PLANECAST_SERVER_BROKER_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "server/broker/owner.h"

struct client;
struct event_base;

/* Both mandatory. None frees the client from inside a call. */
struct client_events {
	/* It wants a device again, or has ended: look soon. */
	void (*changed)(void *user);
	/* It does not let go of its device: its process has to end. */
	void (*held)(void *user, const char *name);
};

/* Takes channel on success. name, of CHANNEL_NAME_MAX at most, and device are copied. -ENOMEM. */
int client_new(struct event_base *base, const char *name, const char *device, int channel,
		const struct client_events *events, void *user, struct client **ret);
/* NULL is fine. */
void client_free(struct client *client);

const char *client_name(const struct client *client);
/* Its worker is gone, or was: to be freed. */
bool client_has_ended(const struct client *client);
/* It waits for a device, and one may be given now. */
bool client_wants(const struct client *client, int64_t now_ns);
/* The same, at some time. */
bool client_waits(const struct client *client);
/* Looks the device up anew. 0 and borrowed; -ENODEV: there is none, and the client was told why. */
int client_find(struct client *client, const struct owner_device **ret);
/* For people: why it is not given its device now. Says it once. */
void client_refuse(struct client *client, const char *reason);
/* Gives it the device out of that process. -EAGAIN: look again at once; else 0, and it was given it or told why not. */
int client_give(struct client *client, pid_t pid);

#endif
