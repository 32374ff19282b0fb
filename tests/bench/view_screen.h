/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What commands see of a viewer, whatever it speaks. One thread. */
#ifndef PLANECAST_TESTS_BENCH_VIEW_SCREEN_H
#define PLANECAST_TESTS_BENCH_VIEW_SCREEN_H

#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/view_picture.h"
#include "tests/bench/view_sample.h"
#include "tests/bench/view_stats.h"

/* Kept up to date by the viewer, and looked at between two turns of its loop. */
struct view_screen {
	const struct view_picture *picture;
	bool drawn; /* something has been */
	/* It is between two pictures; pieces: nothing tells, for no viewer of this kind. */
	bool changing, pieces;
	struct view_stats stats;
	struct view_sample sample;
};

/* Borrows picture. mark_step: as in struct view_stats. */
void view_screen_init(struct view_screen *screen, const struct view_picture *picture, uint32_t mark_step);
void view_screen_finish(struct view_screen *screen);
/* The picture is as an update, or a piece of one, has left it. */
void view_screen_update(struct view_screen *screen, int64_t now_ns);

#endif
