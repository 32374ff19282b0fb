/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A screen whose damage is made up, and the activity measure that is told of it.
 * Whatever is shown, what must always hold of a region is checked; failing ends the test.
 */
#ifndef PLANECAST_TESTS_ACTIVITY_RIG_H
#define PLANECAST_TESTS_ACTIVITY_RIG_H

#include <pixman.h>
#include <stdint.h>

#include "server/activity.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/update.h"

#define MS NSEC_PER_MSEC
#define NEVER_ASKED INT32_MIN

/* A screen, and what was seen of its region. */
struct rig {
	struct activity *activity;
	struct frame frame; /* nothing but a size */
	struct update update;
	int64_t now_ns;
	uint64_t chance;
	int photo; /* answer to whoever asks */
	unsigned int questions, boxes;
	int64_t box_ns; /* last change of the box */
	struct activity_region before;
	pixman_box32_t damaged; /* extents of all that changed since the last mode; empty: nothing */
	int64_t began_ns, rested_ns, ended_ns; /* last time each; 0: never */
};

void rig_init(struct rig *rig, uint32_t width, uint32_t height);
void rig_finish(struct rig *rig);
/* Chance, the same each time. */
uint32_t rig_below(struct rig *rig, uint32_t limit);

/* Damage of the next picture; empty rectangles are none. */
void rig_add(struct rig *rig, int x, int y, int width, int height);
void rig_add_box(struct rig *rig, const pixman_box32_t *box);
void rig_copy(struct rig *rig, const pixman_box32_t *to, int dx, int dy);
/* Time goes on by that much, as the caller's timer would have it; then comes what was added. */
void rig_show(struct rig *rig, int64_t after_ns);
/* The first picture of a mode. */
void rig_show_whole(struct rig *rig);
void rig_play(struct rig *rig, const pixman_box32_t *film, int fps, int64_t duration_ns);

/* After each note; rig_show() does so itself. */
void rig_check(struct rig *rig);
enum activity_state rig_state(const struct rig *rig);
/* The region moves and is the film, rounded outwards to even numbers within the picture. */
void rig_assert_box(const struct rig *rig, const pixman_box32_t *film);

#endif
