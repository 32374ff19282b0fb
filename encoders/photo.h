/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tells photographs and film from everything else a screen shows.
 *
 * The measure is the step from a pixel to its right neighbour. Text, controls
 * and flat colour mostly repeat a pixel and then jump; a photograph, however
 * soft or sharp, is full of small steps. So a cell of the picture is a photograph
 * when enough of its steps are small but not nothing. Noise and stipple, which
 * JPEG is no good at, are not. What is measured are the pixels in question, not
 * the still ones beside them: a film that ends in the middle of a cell is
 * found up to its edge.
 *
 * Pure, any thread.
 */
#ifndef PLANECAST_ENCODERS_PHOTO_H
#define PLANECAST_ENCODERS_PHOTO_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

struct frame;

/* Edge of a cell in pixels. */
#define PHOTO_CELL 64
/* The largest picture, each way. */
#define PHOTO_SIZE_MAX 8192
/* Less than that in all is not worth the loss. */
#define PHOTO_PIXELS_MIN 8000
/* A JPEG has half a kilobyte of tables: smaller boxes do not earn them. */
#define PHOTO_BOX_PIXELS_MIN 1024
#define PHOTO_BOXES_MAX 128

/* Boxes that do not overlap; few and large rather than many. */
struct photo {
	unsigned int n;
	pixman_box32_t boxes[PHOTO_BOXES_MAX];
};

/*
 * The photographic part of region, which lies inside the frame: linear XR24, CPU
 * readable, within frame_begin_read(). Boxes hold no pixel outside the region.
 */
void photo_find(const struct frame *frame, const pixman_region32_t *region, struct photo *ret);

#endif
