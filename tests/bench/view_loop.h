/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All viewers of a process in one loop, and how much of the time that took: a
 * client that is busy most of the time measures itself. One thread.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_LOOP_H
#define PLANECAST_TESTS_BENCH_VIEW_LOOP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/bench/view_screen.h"

#define VIEW_LOOP_SCREENS_MAX 256u
/* Past this share of one core or of the time, what was measured may be the client. */
#define VIEW_LOOP_LIMIT 0.8

struct view_loop;

struct view_loop_impl {
	/*
	 * Waits for bytes and uses them, until deadline_ns at most, and adds what it
	 * waited to waited_ns. Negative errno: a viewer is at its end, and one line on
	 * stderr says why. *ret_input: there is something to read from input_fd.
	 */
	int (*turn)(struct view_loop *loop, int64_t deadline_ns, bool *ret_input);
	/* What else there is to a viewer's statistics: members of a JSON object, with a comma in front. May be NULL. */
	void (*print)(const struct view_loop *loop, unsigned int index, FILE *file);
	/* They begin anew. May be NULL. */
	void (*reset)(struct view_loop *loop);
};

struct view_loop {
	const struct view_loop_impl *impl;
	struct view_screen *screens[VIEW_LOOP_SCREENS_MAX];
	unsigned int n_screens;
	int input_fd; /* watched as well; -1: not */
	int64_t reset_ns, waited_ns, cpu_ns; /* since the reset; process time at the reset */
};

static inline int view_loop_turn(struct view_loop *loop, int64_t deadline_ns, bool *ret_input)
{
	return loop->impl->turn(loop, deadline_ns, ret_input);
}

/* Resets the statistics of all viewers. */
void view_loop_reset(struct view_loop *loop);
/* Process time and time not spent waiting, as shares of the time since the reset. */
void view_loop_shares(const struct view_loop *loop, int64_t now_ns, double *ret_cpu, double *ret_busy);

#endif
