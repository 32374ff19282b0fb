// SPDX-License-Identifier: GPL-2.0-or-later
/* Copies one picture out of the stream. */
#include "tests/bench/view_sample.h"

#include <string.h>

#include "tests/bench/view_stats.h"

void view_sample_want(struct view_sample *sample, uint32_t sequence)
{
	view_sample_finish(sample);
	sample->wanted = true;
	sample->sequence = sequence;
}

int view_sample_look(struct view_sample *sample, const struct view_stats *stats, const struct view_picture *picture)
{
	int r;

	if (!sample->wanted || !stats->whole || stats->mark.sequence < sample->sequence)
		return 0;
	sample->wanted = false;
	r = view_picture_resize(&sample->picture, picture->width, picture->height, VIEW_PIXELS_MAX);
	if (r < 0)
		return r;
	memcpy(sample->picture.pixels, picture->pixels, view_picture_stride(picture) * picture->height);
	sample->mark = stats->mark;
	return 0;
}

void view_sample_finish(struct view_sample *sample)
{
	view_picture_finish(&sample->picture);
	*sample = (struct view_sample){ .wanted = false };
}
