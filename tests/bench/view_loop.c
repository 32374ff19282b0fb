// SPDX-License-Identifier: GPL-2.0-or-later
/* Polling, and the accounts of where the time went. */
#include "tests/bench/view_loop.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
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
	for (unsigned int i = 0; i < loop->n_links; i++)
		view_stats_reset(&loop->links[i].stats, &loop->links[i].session, loop->reset_ns);
}

void view_loop_shares(const struct view_loop *loop, int64_t now_ns, double *ret_cpu, double *ret_busy)
{
	double elapsed_ns = (double)(now_ns > loop->reset_ns ? now_ns - loop->reset_ns : 1);

	*ret_cpu = (double)(process_ns() - loop->cpu_ns) / elapsed_ns;
	*ret_busy = 1 - (double)loop->waited_ns / elapsed_ns;
}

static void complain(const struct view_loop *loop, unsigned int index, int error)
{
	const char *reason = loop->links[index].session.decoder.reason;

	fprintf(stderr, "bench_view: viewer %u: %s\n", index, *reason ? reason : strerror(-error));
}

int view_loop_turn(struct view_loop *loop, int64_t deadline_ns, bool *ret_input)
{
	struct pollfd polled[VIEW_LOOP_LINKS_MAX + 1];
	int64_t now_ns = clock_now_ns(), wait_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0, after_ns;
	struct timespec wait;
	unsigned int n = loop->n_links;

	for (unsigned int i = 0; i < n; i++) {
		int64_t link_ns;

		polled[i] = (struct pollfd){ .fd = loop->links[i].fd };
		polled[i].events = view_link_events(&loop->links[i], now_ns, &link_ns);
		wait_ns = link_ns < wait_ns ? link_ns : wait_ns;
	}
	polled[n] = (struct pollfd){ .fd = loop->input_fd, .events = POLLIN };
	wait = (struct timespec){ .tv_sec = wait_ns / NSEC_PER_SEC, .tv_nsec = wait_ns % NSEC_PER_SEC };
	if (ppoll(polled, n + 1, &wait, NULL) < 0 && errno != EINTR)
		return -errno;
	after_ns = clock_now_ns();
	loop->waited_ns += after_ns - now_ns;
	for (unsigned int i = 0; i < n; i++) {
		int r = polled[i].revents ? view_link_serve(&loop->links[i]) : 0;

		if (r < 0) {
			complain(loop, i, r);
			return r;
		}
	}
	*ret_input = polled[n].revents;
	return 0;
}
