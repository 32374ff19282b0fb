/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often somebody may do what costs others: as often at once as he may in a
 * second, and then as time goes by. Pure arithmetic; the clock is the caller's,
 * and all zeros is a new one.
 */
#ifndef PLANECAST_NET_RATE_H
#define PLANECAST_NET_RATE_H

#include <stdint.h>

struct rate {
	int64_t full_ns; /* when all of a second's worth is there again */
};

/* How long until he may; 0: now. A rate of 0 limits nobody. */
int64_t rate_wait_ns(const struct rate *rate, int64_t per_second, int64_t now_ns);
/* He has, so many times; also when he should have waited. */
void rate_take(struct rate *rate, int64_t per_second, int64_t times, int64_t now_ns);

#endif
