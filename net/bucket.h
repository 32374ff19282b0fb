/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often a source may do what costs us much: BUCKET_BURST times at once, and
 * again after a while, so many a second. A source is as in penalty.h. A
 * full table forgets the source that has been quiet for longest. Pure
 * arithmetic; the clock is the caller's.
 */
#ifndef PLANECAST_NET_BUCKET_H
#define PLANECAST_NET_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

#include "net/penalty.h"
#include "server/clock.h"

#define BUCKET_SOURCES 256
#define BUCKET_BURST 16

struct bucket {
	struct {
		struct penalty_source source;
		int64_t full_ns; /* when it will be full again */
	} sources[BUCKET_SOURCES];
};

/* False: not now. True: it may, and is one less. */
bool bucket_take(struct bucket *bucket, struct penalty_source source, int64_t per_second, int64_t now_ns);

#endif
