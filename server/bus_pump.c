// SPDX-License-Identifier: GPL-2.0-or-later
/* What sd-bus waits for, as events of libevent. */
#include "server/bus_pump.h"

#include <errno.h>
#include <event2/event.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#include "server/clock.h"

/* Between them others have their turn. */
#define MESSAGES_PER_TURN 64

struct bus_pump {
	struct event_base *base;
	sd_bus *bus;
	const struct bus_pump_events *events;
	void *user;
	struct event *io; /* NULL: none made yet */
	short io_mask;
	struct event *timer;
	bool turning, doomed, ended;
};

static void handle(evutil_socket_t fd, short what, void *user);

static int arm_io(struct bus_pump *pump)
{
	int fd = sd_bus_get_fd(pump->bus), events = sd_bus_get_events(pump->bus);
	short mask = EV_PERSIST;

	if (fd < 0 || events < 0)
		return fd < 0 ? fd : events;
	mask |= events & POLLIN ? EV_READ : 0;
	mask |= events & POLLOUT ? EV_WRITE : 0;
	if (pump->io && mask == pump->io_mask)
		return 0;
	if (pump->io)
		event_free(pump->io);
	pump->io = event_new(pump->base, fd, mask, handle, pump);
	pump->io_mask = mask;
	return pump->io && !event_add(pump->io, NULL) ? 0 : -ENOMEM;
}

static int arm(struct bus_pump *pump)
{
	uint64_t until_us;
	int64_t delay_ns;
	struct timeval delay;
	int r = arm_io(pump);

	if (r >= 0)
		r = sd_bus_get_timeout(pump->bus, &until_us);
	if (r < 0)
		return r;
	if (until_us == UINT64_MAX) {
		event_del(pump->timer);
		return 0;
	}
	/* An absolute time, or 0: at once. */
	delay_ns = (int64_t)(until_us > INT64_MAX / NSEC_PER_USEC ? INT64_MAX : until_us * NSEC_PER_USEC) -
			clock_now_ns();
	delay = clock_timeval(delay_ns > 0 ? delay_ns : 0);
	return event_add(pump->timer, &delay) < 0 ? -ENOMEM : 0;
}

static void destroy(struct bus_pump *pump)
{
	if (pump->io)
		event_free(pump->io);
	if (pump->timer)
		event_free(pump->timer);
	sd_bus_close(pump->bus);
	sd_bus_unref(pump->bus);
	free(pump);
}

static void handle(evutil_socket_t fd, short what, void *user)
{
	struct bus_pump *pump = user;
	int r = 1;

	(void)fd;
	(void)what;
	pump->turning = true;
	for (int i = 0; i < MESSAGES_PER_TURN && r > 0 && !pump->doomed; i++)
		r = sd_bus_process(pump->bus, NULL);
	if (!pump->doomed && pump->events->turned)
		pump->events->turned(pump->user);
	if (!pump->doomed && r >= 0)
		r = arm(pump);
	if (!pump->doomed && r < 0) {
		pump->ended = true;
		event_del(pump->timer);
		if (pump->io)
			event_del(pump->io);
		pump->events->ended(pump->user, r);
	}
	pump->turning = false;
	if (pump->doomed)
		destroy(pump);
}

int bus_pump_new(struct event_base *base, sd_bus *bus, const struct bus_pump_events *events, void *user,
		struct bus_pump **ret)
{
	struct bus_pump *pump = calloc(1, sizeof(*pump));
	int r = -ENOMEM;

	if (!pump) {
		sd_bus_close(bus);
		sd_bus_unref(bus);
		return r;
	}
	*pump = (struct bus_pump){ .base = base, .bus = bus, .events = events, .user = user };
	pump->timer = evtimer_new(base, handle, pump);
	if (pump->timer)
		r = arm(pump);
	if (r < 0) {
		destroy(pump);
		return r;
	}
	*ret = pump;
	return 0;
}

void bus_pump_free(struct bus_pump *pump)
{
	if (!pump)
		return;
	if (pump->turning)
		pump->doomed = true;
	else
		destroy(pump);
}

sd_bus *bus_pump_get(const struct bus_pump *pump)
{
	return pump->bus;
}

void bus_pump_wake(struct bus_pump *pump)
{
	struct timeval now = { 0 };

	/* The end is told from the loop only. */
	if (!pump->turning && !pump->ended && arm(pump) < 0)
		event_add(pump->timer, &now);
}
