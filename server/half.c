// SPDX-License-Identifier: GPL-2.0-or-later
/* Half a picture, or a whole one. */
#include "server/half.h"

#include <stdbool.h>

/* After a look in vain twice what was missing may be, up to that part of what is usual, */
#define SLACK_PART 16
/* and less by that part of itself with each picture, rounded up. */
#define FORGET_PART 64
/* What is usual becomes less by that part of itself with each picture that is. */
#define DECAY_PART 8
/* Where it came in parts, what it would have been as one is not known. */
#define SLOW_DECAY_PART 32
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
	return half->sum + half->slack < half->usual ? HALF_PERHAPS : HALF_WHOLE;
}

static void end_picture(struct half *half)
{
	const bool in_parts = half->parts && half->last == HALF_WHOLE;

	/* Parts may lie over each other, so that their sum is no measure for others. */
	half->usual -= half->usual / (in_parts ? SLOW_DECAY_PART : DECAY_PART);
	if (half->usual < half->most)
		half->usual = half->most;
	half->slack -= (half->slack + FORGET_PART - 1) / FORGET_PART;
	half->parts = 0;
}

enum half_verdict half_note(struct half *half, unsigned int tiles)
{
	half->sum = half->parts ? half->sum + tiles : tiles;
	half->most = half->parts && half->most > tiles ? half->most : tiles;
	half->last = judge(half, tiles);
	if (half->last != HALF_PERHAPS || ++half->parts == PARTS_MAX)
		end_picture(half);
	return half->last;
}

void half_note_still(struct half *half)
{
	const unsigned int missing = half->usual - half->sum;

	if (!half->parts)
		return;
	end_picture(half);
	half->slack = missing < half->usual / SLACK_PART / 2 ? 2 * missing : half->usual / SLACK_PART;
}
