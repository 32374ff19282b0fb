/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A D-Bus connection (sd-bus, of libsystemd) on libevent's loop. Loop thread.
 *
 * sd-bus bounds what a peer may say (128 MiB a message, its own parser) and what it holds
 * back unsent; here a peer that never stops talking gets its turns like everything else.
 */
#ifndef PLANECAST_SERVER_BUS_PUMP_H
#define PLANECAST_SERVER_BUS_PUMP_H

#include <systemd/sd-bus.h>

struct bus_pump;
struct event_base;

struct bus_pump_events {
	/* Optional. What had arrived is handled, or so much of it that others have to have their turn. */
	void (*turned)(void *user);
	/* The connection has ended and is of no more use; bus_pump_free() is allowed in here. */
	void (*ended)(void *user, int why);
};

/* Takes the reference to bus, which was started, also on failure. -ENOMEM, or what sd-bus says. */
int bus_pump_new(struct event_base *base, sd_bus *bus, const struct bus_pump_events *events, void *user,
		struct bus_pump **ret);
/* Closes the connection without waiting for anything. Also from inside its own messages. NULL is fine. */
void bus_pump_free(struct bus_pump *pump);
/* The connection, borrowed. */
sd_bus *bus_pump_get(const struct bus_pump *pump);
/* Something was sent, or asked: has to follow each such call but those from inside the bus's own messages. */
void bus_pump_wake(struct bus_pump *pump);

#endif
