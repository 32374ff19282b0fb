// SPDX-License-Identifier: GPL-2.0-or-later
/* The accounts of where a loop's time went. */
#include "tests/bench/view_loop.h"

#include <time.h>

#include "server/clock.h"

static int64_t process_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

void view_loop_reset(struct view_loop *loop)
{
	loop->reset_ns = clock_now_ns();
	loop->waited_ns = 0;
	loop->cpu_ns = process_ns();
	for (unsigned int i = 0; i < loop->n_screens; i++)
		view_stats_reset(&loop->screens[i]->stats, loop->reset_ns);
	if (loop->impl->reset)
		loop->impl->reset(loop);
}

void view_loop_shares(const struct view_loop *loop, int64_t now_ns, double *ret_cpu, double *ret_busy)
{
	double elapsed_ns = (double)(now_ns > loop->reset_ns ? now_ns - loop->reset_ns : 1);

	*ret_cpu = (double)(process_ns() - loop->cpu_ns) / elapsed_ns;
	*ret_busy = 1 - (double)loop->waited_ns / elapsed_ns;
}
