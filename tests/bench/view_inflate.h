/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A zlib stream of a server, fed one rectangle's bytes at a time. Any thread. */
#ifndef PLANECAST_TESTS_BENCH_VIEW_INFLATE_H
#define PLANECAST_TESTS_BENCH_VIEW_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <zlib.h>

struct view_inflate {
	z_stream stream;
	bool open;
};

/* The next bytes begin a new stream. */
void view_inflate_reset(struct view_inflate *inflater);
void view_inflate_finish(struct view_inflate *inflater);

/*
 * Inflates all of in, which gives at most room bytes. -EPROTO: it is no such
 * stream, or it gives more; -ENOMEM.
 */
int view_inflate_bytes(struct view_inflate *inflater, const uint8_t *in, size_t in_bytes, uint8_t *out, size_t room,
		size_t *ret_bytes);

#endif
