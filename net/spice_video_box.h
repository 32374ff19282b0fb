/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The box of one SPICE display that is shown as video, and what becomes of it after: all of
 * it is owed then, but a few rows at a time, so that what is new has not to wait for the
 * rest. Pure; the debt is the display's.
 */
#ifndef PLANECAST_NET_SPICE_VIDEO_BOX_H
#define PLANECAST_NET_SPICE_VIDEO_BOX_H

#include <pixman.h>
#include <stdbool.h>

struct packet_box;
struct rects_debt;

/* Pixels that become owed in one step, about: they take the library some ms. */
#define SPICE_VIDEO_BOX_STEP_PIXELS (256 * 1024)

/* All zero is none. */
struct spice_video_box {
	bool on;
	pixman_box32_t left; /* the debt's video box; empty: none */
};

/* NULL: shown as video no more. What another box does not cover is owed at once. */
void spice_video_box_set(struct spice_video_box *video, struct rects_debt *debt, const struct packet_box *box);
/* Is there anything that is video no more and not owed yet? */
bool spice_video_box_waits(const struct spice_video_box *video);
/* Makes some rows of that part of what is owed. */
void spice_video_box_step(struct spice_video_box *video, struct rects_debt *debt);

#endif
