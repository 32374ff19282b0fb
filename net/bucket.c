// SPDX-License-Identifier: GPL-2.0-or-later
/* A bucket that is not full is known by when it will be. */
#include "net/bucket.h"

bool bucket_take(struct bucket *bucket, struct penalty_source source, int64_t per_second, int64_t now_ns)
{
	const int64_t refill_ns = NSEC_PER_SEC / per_second;
	unsigned int at = 0;

	for (unsigned int i = 0; i < BUCKET_SOURCES; i++) {
		if (bucket->sources[i].source.id == source.id) {
			at = i;
			break;
		}
		/* Free places have been full for ever. */
		if (bucket->sources[i].full_ns < bucket->sources[at].full_ns)
			at = i;
	}
	if (bucket->sources[at].source.id != source.id) {
		bucket->sources[at].source = source;
		bucket->sources[at].full_ns = now_ns;
	}
	if (bucket->sources[at].full_ns < now_ns)
		bucket->sources[at].full_ns = now_ns;
	if (bucket->sources[at].full_ns - now_ns > (BUCKET_BURST - 1) * refill_ns)
		return false;
	bucket->sources[at].full_ns += refill_ns;
	return true;
}
