/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A session on a socket that never blocks, with what it measured. A rate limit
 * is felt by the server: what is not read fills a receive buffer of a few
 * packets, and packets are as small as on a real wire. One thread.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_LINK_H
#define PLANECAST_TESTS_BENCH_VIEW_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/view_bucket.h"
#include "tests/bench/view_counts.h"
#include "tests/bench/view_screen.h"
#include "tests/bench/view_session.h"

struct addrinfo;

struct view_link {
	int fd; /* -1: none */
	struct view_session session;
	struct view_screen screen;
	struct view_counts before; /* the reset: a session counts for ever */
	struct view_bucket bucket;
	uint8_t *input;
	size_t room, begin, end; /* of input: what has not been used yet */
	uint64_t need; /* bytes from begin on before anything can be used */
};

/* At a fixed address from then on. */
void view_link_init(struct view_link *link, const struct view_session_options *options, uint32_t mark_step);
void view_link_finish(struct view_link *link);
/* Negative errno: not connected. */
int view_link_connect(struct view_link *link, const struct addrinfo *address, uint64_t rate_bps);

/* What to poll for; *ret_wait_ns: after that long it wants to be served anyway, INT64_MAX: never. */
short view_link_events(struct view_link *link, int64_t now_ns, int64_t *ret_wait_ns);
/* Negative errno: the end, and session.decoder.reason says why, or is empty. */
int view_link_serve(struct view_link *link);

#endif
