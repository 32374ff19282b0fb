/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What damage found in one look at the picture, and what every protocol is
 * handed. Regions are pixman_region32_t; rectangles lie inside the picture.
 *
 * A reader brings its older picture up to date by applying the copy first
 * (each pixel of copy_region becomes what the OLD picture had at
 * (x - copy_dx, y - copy_dy)), then painting damage from frame. damage already
 * holds everything that the copy does not explain; the two may overlap.
 */
#ifndef PLANECAST_SERVER_UPDATE_H
#define PLANECAST_SERVER_UPDATE_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

struct frame;

struct update {
	struct frame *frame; /* linear XR24 in CPU memory; borrowed: ref, or ref loosely, to keep */
	pixman_region32_t damage;
	pixman_region32_t copy_region; /* destination; empty: no copy */
	int32_t copy_dx, copy_dy;
	bool resized; /* first update of a new size: all is damaged, no copy */
};

#endif
