// SPDX-License-Identifier: GPL-2.0-or-later
/* Half a picture, or a whole one. */
#include "server/half.h"

/* Less than that part of what is usual is not whole. */
#define WHOLE_PART 15 / 16
/* What is usual becomes less by that part of itself with each picture. */
#define DECAY_PART 8

static enum half_verdict judge(struct half *half, unsigned int tiles, unsigned int usual)
{
	if (tiles < HALF_TILES_MIN) {
		half->steady = 0;
		return HALF_UNKNOWN;
	}
	if (half->steady < HALF_STEADY) {
		half->steady++;
		return HALF_UNKNOWN;
	}
	return tiles < usual * WHOLE_PART ? HALF_PERHAPS : HALF_WHOLE;
}

enum half_verdict half_note(struct half *half, unsigned int tiles)
{
	half->last = judge(half, tiles, half->usual);
	half->usual -= half->usual / DECAY_PART;
	if (half->usual < tiles)
		half->usual = tiles;
	return half->last;
}
