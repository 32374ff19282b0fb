// SPDX-License-Identifier: GPL-2.0-or-later
/* The arithmetic of a token bucket. */
#include "tests/bench/view_bucket.h"

#include "server/clock.h"

/* What a slow link's last buffer would hold. */
#define BURST_NS (20 * NSEC_PER_MSEC)
#define BURST_BYTES_MIN 3000u

void view_bucket_init(struct view_bucket *bucket, uint64_t rate_bps, int64_t now_ns)
{
	uint64_t burst = rate_bps * (uint64_t)(BURST_NS / NSEC_PER_MSEC) / 1000;

	*bucket = (struct view_bucket){ .rate_bps = rate_bps, .filled_ns = now_ns };
	bucket->burst_bytes = burst > BURST_BYTES_MIN ? burst : BURST_BYTES_MIN;
	bucket->piece_bytes = bucket->burst_bytes / 4;
}

uint64_t view_bucket_allows(struct view_bucket *bucket, int64_t now_ns)
{
	uint64_t elapsed_ns = (uint64_t)(now_ns - bucket->filled_ns), full_ns, fresh;

	if (!bucket->rate_bps)
		return UINT64_MAX;
	full_ns = bucket->burst_bytes * NSEC_PER_SEC / bucket->rate_bps + 1;
	fresh = (elapsed_ns < full_ns ? elapsed_ns : full_ns) * bucket->rate_bps / NSEC_PER_SEC;
	if (fresh) {
		bucket->filled_ns = now_ns;
		bucket->tokens_bytes += fresh;
		if (bucket->tokens_bytes > bucket->burst_bytes)
			bucket->tokens_bytes = bucket->burst_bytes;
	}
	return bucket->tokens_bytes >= bucket->piece_bytes ? bucket->tokens_bytes : 0;
}

void view_bucket_take(struct view_bucket *bucket, uint64_t bytes)
{
	if (bucket->rate_bps)
		bucket->tokens_bytes -= bytes;
}

int64_t view_bucket_wait_ns(const struct view_bucket *bucket)
{
	if (!bucket->rate_bps || bucket->tokens_bytes >= bucket->piece_bytes)
		return 0;
	return (int64_t)((bucket->piece_bytes - bucket->tokens_bytes) * NSEC_PER_SEC / bucket->rate_bps) + 1;
}
