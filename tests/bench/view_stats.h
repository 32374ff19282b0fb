/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one viewer got since the last reset: pictures told apart by their marks,
 * and how old they were.
 *
 * A picture counts when both marks are newer than they were when the last one
 * did; its age is that of the older mark. Where they differ the server sent
 * parts of two pictures (it read what was being painted): it is torn, and counts,
 * too, since all that is shown is new. One thread.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_STATS_H
#define PLANECAST_TESTS_BENCH_VIEW_STATS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "server/capture/mark.h"

struct view_picture;

struct view_stats {
	/* These outlive a reset. */
	bool has_mark;
	struct mark mark; /* of the newest picture, of a torn one the older */
	bool whole; /* the last update left two equal marks */
	int64_t moved_ns, updated_ns; /* when that was new, when the last update was in */
	uint64_t bytes, updates;
	uint32_t step; /* from one picture that differs to the next one */

	int64_t reset_ns, gap_ns; /* the longest time without a new picture, from the reset on */
	uint64_t pictures, torn, lost; /* the second are among the first */
	uint32_t *ages_us;
	uint64_t n_ages, room;
	uint64_t bytes_before, updates_before;
};

void view_stats_init(struct view_stats *stats, uint32_t step);
void view_stats_finish(struct view_stats *stats);
void view_stats_reset(struct view_stats *stats, int64_t now_ns);
/* The picture is as an update, or a piece of one, has left it. */
void view_stats_update(struct view_stats *stats, const struct view_picture *picture, int64_t now_ns);
/* Members of a JSON object. */
void view_stats_print(struct view_stats *stats, int64_t now_ns, FILE *file);

#endif
