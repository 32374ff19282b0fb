// SPDX-License-Identifier: GPL-2.0-or-later
/* What was taken is known by when it will be there again. */
#include "net/rate.h"

#include "server/clock.h"

int64_t rate_wait_ns(const struct rate *rate, int64_t per_second, int64_t now_ns)
{
	int64_t wait_ns;

	if (!per_second)
		return 0;
	wait_ns = rate->full_ns - now_ns + NSEC_PER_SEC / per_second - NSEC_PER_SEC;
	return wait_ns > 0 ? wait_ns : 0;
}

void rate_take(struct rate *rate, int64_t per_second, int64_t times, int64_t now_ns)
{
	if (!per_second)
		return;
	if (rate->full_ns < now_ns)
		rate->full_ns = now_ns;
	rate->full_ns += NSEC_PER_SEC / per_second * times;
}
