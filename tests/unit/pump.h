/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests around an event loop: run it until something is so, with a deadline. */
#ifndef PLANECAST_TESTS_PUMP_H
#define PLANECAST_TESTS_PUMP_H

#include <event2/event.h>
#include <stdio.h>

#include "server/clock.h"

#define PUMP_DEADLINE_NS (20 * NSEC_PER_SEC)

static inline void pump_wake(evutil_socket_t fd, short what, void *data)
{
	(void)fd;
	(void)what;
	(void)data;
}

/* One round of the loop, which waits at most 10 ms for something to happen. */
static inline void pump_round(struct event_base *base)
{
	const struct timeval nap = { .tv_usec = 10000 };

	event_base_once(base, -1, EV_TIMEOUT, pump_wake, NULL, &nap);
	event_base_loop(base, EVLOOP_ONCE);
}

/* False, with a line saying so, when it never came true. */
#define PUMP_UNTIL(base, condition)                                                                \
	do {                                                                                       \
		int64_t pump_end_ns = clock_now_ns() + PUMP_DEADLINE_NS;                           \
		while (!(condition)) {                                                             \
			if (clock_now_ns() > pump_end_ns)                                          \
				fail_msg("never came true: %s", #condition);                       \
			pump_round(base);                                                          \
		}                                                                                  \
	} while (0)

#endif
