// SPDX-License-Identifier: GPL-2.0-or-later
/* Polling the sockets of all viewers. */
#include "tests/bench/view_links.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "server/clock.h"
#include "tests/bench/scene.h"
#include "tests/bench/view_options.h"

static void complain(const struct view_links *links, unsigned int index, int error)
{
	const char *reason = links->links[index].session.decoder.reason;

	fprintf(stderr, "bench_view: viewer %u: %s\n", index, *reason ? reason : strerror(-error));
}

static int links_turn(struct view_loop *loop, int64_t deadline_ns, bool *ret_input)
{
	struct view_links *links = (struct view_links *)loop;
	struct pollfd polled[VIEW_LOOP_SCREENS_MAX + 1];
	int64_t now_ns = clock_now_ns(), wait_ns = deadline_ns > now_ns ? deadline_ns - now_ns : 0, after_ns;
	struct timespec wait;
	unsigned int n = loop->n_screens;

	for (unsigned int i = 0; i < n; i++) {
		int64_t link_ns;

		polled[i] = (struct pollfd){ .fd = links->links[i].fd };
		polled[i].events = view_link_events(&links->links[i], now_ns, &link_ns);
		wait_ns = link_ns < wait_ns ? link_ns : wait_ns;
	}
	polled[n] = (struct pollfd){ .fd = loop->input_fd, .events = POLLIN };
	wait = (struct timespec){ .tv_sec = wait_ns / NSEC_PER_SEC, .tv_nsec = wait_ns % NSEC_PER_SEC };
	if (ppoll(polled, n + 1, &wait, NULL) < 0 && errno != EINTR)
		return -errno;
	after_ns = clock_now_ns();
	loop->waited_ns += after_ns - now_ns;
	for (unsigned int i = 0; i < n; i++) {
		int r = polled[i].revents ? view_link_serve(&links->links[i]) : 0;

		if (r < 0) {
			complain(links, i, r);
			return r;
		}
	}
	*ret_input = polled[n].revents;
	return 0;
}

static void links_print(const struct view_loop *loop, unsigned int index, FILE *file)
{
	const struct view_link *link = &((const struct view_links *)loop)->links[index];

	view_counts_print(&link->session, &link->before, file);
}

static void links_reset(struct view_loop *loop)
{
	struct view_links *links = (struct view_links *)loop;

	for (unsigned int i = 0; i < loop->n_screens; i++)
		view_counts_read(&links->links[i].session, &links->links[i].before);
}

static const struct view_loop_impl links_impl = {
	.turn = links_turn,
	.print = links_print,
	.reset = links_reset,
};

int view_links_connect(struct view_links *links, const struct view_options *options)
{
	struct view_loop *loop = &links->loop;

	*loop = (struct view_loop){ .impl = &links_impl };
	links->links = calloc(options->viewers, sizeof(*links->links));
	if (!links->links)
		return -ENOMEM;
	for (unsigned int i = 0; i < options->viewers; i++) {
		const struct addrinfo *address = options->address;
		struct view_link *link = &links->links[i];
		int r;

		view_link_init(link, &options->session, options->mark_step);
		loop->screens[loop->n_screens++] = &link->screen;
		do {
			r = view_link_connect(link, address, options->rate_bps);
		} while (r < 0 && (address = address->ai_next));
		if (r < 0) {
			complain(links, i, r);
			return r;
		}
	}
	return 0;
}

void view_links_finish(struct view_links *links)
{
	for (unsigned int i = 0; i < links->loop.n_screens; i++)
		view_link_finish(&links->links[i]);
	free(links->links);
}
