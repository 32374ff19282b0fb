// SPDX-License-Identifier: GPL-2.0-or-later
/* Half a picture, or a whole one. */
#include "server/half.h"

/* Less than that part of what is usual is not whole. */
#define WHOLE_PART 15 / 16
/* What is usual becomes less by that part of itself with each picture that is. */
#define DECAY_PART 8
/* What has not become whole with so many changes does not. */
#define PARTS_MAX 3

static enum half_verdict judge(struct half *half, unsigned int tiles)
{
	if (half->steady < HALF_STEADY) {
		half->steady = tiles < HALF_TILES_MIN ? 0 : half->steady + 1;
		return HALF_UNKNOWN;
	}
	/* Perhaps the guest has just begun to draw, but not each time. */
	if (tiles < HALF_TILES_MIN && !half->parts && half->last != HALF_WHOLE) {
		half->steady = 0;
		return HALF_UNKNOWN;
	}
	return half->sum < half->usual * WHOLE_PART ? HALF_PERHAPS : HALF_WHOLE;
}

enum half_verdict half_note(struct half *half, unsigned int tiles)
{
	half->sum = half->parts ? half->sum + tiles : tiles;
	half->most = half->parts && half->most > tiles ? half->most : tiles;
	half->last = judge(half, tiles);
	half->parts++;
	if (half->last == HALF_PERHAPS && half->parts < PARTS_MAX)
		return half->last;

	/* Parts may lie over each other, so that their sum is no measure for others. */
	half->usual -= half->usual / DECAY_PART;
	if (half->usual < half->most)
		half->usual = half->most;
	half->parts = 0;
	return half->last;
}
