/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A token bucket: how many bytes may be read now so that a rate holds. Any thread. */
#ifndef PLANECAST_TESTS_BENCH_VIEW_BUCKET_H
#define PLANECAST_TESTS_BENCH_VIEW_BUCKET_H

#include <stdint.h>

#define VIEW_BUCKET_RATE_MAX 10000000000ull

struct view_bucket {
	uint64_t rate_bps; /* 0: no limit */
	uint64_t burst_bytes, piece_bytes; /* the most at once; less is not worth a call */
	uint64_t tokens_bytes;
	int64_t filled_ns;
};

void view_bucket_init(struct view_bucket *bucket, uint64_t rate_bps, int64_t now_ns);
/* How many bytes may be taken now: none, or at least a piece. UINT64_MAX: no limit. */
uint64_t view_bucket_allows(struct view_bucket *bucket, int64_t now_ns);
void view_bucket_take(struct view_bucket *bucket, uint64_t bytes);
/* Time until view_bucket_allows() says more than 0. */
int64_t view_bucket_wait_ns(const struct view_bucket *bucket);

#endif
