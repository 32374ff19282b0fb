/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A copy of one picture as the viewer showed it in the middle of motion, to be
 * compared when there is time for it: servers send better pixels soon after
 * something rests, and looking then would be looking at those. One thread.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_SAMPLE_H
#define PLANECAST_TESTS_BENCH_VIEW_SAMPLE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/capture/mark.h"
#include "tests/bench/view_picture.h"

struct view_stats;

/* Zeroed is finished. */
struct view_sample {
	bool wanted;
	uint32_t sequence; /* that one or the next whole one */
	struct mark mark; /* of the picture */
	struct view_picture picture; /* no pixels: not taken (yet) */
};

/* Forgets the last one. */
void view_sample_want(struct view_sample *sample, uint32_t sequence);
/* An update is in. Takes a copy if it is the wanted one; -ENOMEM. */
int view_sample_look(struct view_sample *sample, const struct view_stats *stats, const struct view_picture *picture);
void view_sample_finish(struct view_sample *sample);

#endif
