/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drawing messages of one SPICE display: those that the library was given to make,
 * and those that have come out of its end. Pure; times are clock_now_ns().
 *
 * The library forgets what something else covers before it is sent, so some may
 * never come out. When none has for SPICE_TALLY_PATIENCE_NS they are counted anew. All
 * that is given at once lies side by side, so it takes a client that is lost, or was,
 * to come to that; who is only slow on a busy machine would be shown parts of two pictures.
 */
#ifndef PLANECAST_NET_SPICE_TALLY_H
#define PLANECAST_NET_SPICE_TALLY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/clock.h"

#define SPICE_TALLY_PATIENCE_NS (3 * NSEC_PER_SEC)

struct spice_tally {
	uint64_t given; /* which have to come out, and ... */
	uint64_t base; /* ... how many had come out when they began to be counted */
	uint64_t seen; /* how many had come out when that was last looked at */
	int64_t moved_ns; /* the last that was given, or was seen to have come out */
	int64_t stuck_ns; /* since when none comes out that has to; 0: none has to */
	size_t unread_bytes;
};

/* Nobody, or somebody else, is there to see it; none has come out yet, and so many will. */
void spice_tally_begin(struct spice_tally *tally, uint64_t given, int64_t now_ns);
void spice_tally_give(struct spice_tally *tally, uint64_t n, int64_t now_ns);
/* Has all come out that has to, or is not worth waiting for? drawn: how many, of all. */
bool spice_tally_is_done(struct spice_tally *tally, uint64_t drawn, int64_t now_ns);
/*
 * For how long none has come out that has to, nor has what the client has not read,
 * unread_bytes, become another amount: a client that acknowledges nothing is waited
 * for. 0: none has to. To be asked often; spice_tally_is_done() first.
 */
int64_t spice_tally_stuck_ns(struct spice_tally *tally, size_t unread_bytes, int64_t now_ns);

#endif
