/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes few good rectangles of many small ones.
 *
 * Boxes come in bands from top to bottom, inside a band from left to right.
 * Neighbours are joined where that adds few pixels that did not change: a line
 * of text becomes one rectangle, two carets far apart stay two. Loop thread.
 */
#ifndef PLANECAST_SERVER_DAMAGE_BOXES_H
#define PLANECAST_SERVER_DAMAGE_BOXES_H

#include <pixman.h>
#include <stddef.h>
#include <stdint.h>

/* A region never has more rectangles than this. */
#define DAMAGE_BOXES_MAX 512

struct damage_boxes {
	pixman_box32_t picture;
	pixman_box32_t *boxes;
	int64_t *held; /* pixels of the boxes that each was joined from */
	size_t count, capacity;
	size_t band, previous; /* where this band and the one above start in boxes */
};

/* At most capacity boxes are added between two starts. -ENOMEM. */
int damage_boxes_init(struct damage_boxes *boxes, uint32_t width, uint32_t height, size_t capacity);
void damage_boxes_finish(struct damage_boxes *boxes);

void damage_boxes_start(struct damage_boxes *boxes);
void damage_boxes_add(struct damage_boxes *boxes, const pixman_box32_t *box);
void damage_boxes_end_band(struct damage_boxes *boxes);

/* Initialises *ret_region: every added box is inside it, it is inside the picture. */
void damage_boxes_region(struct damage_boxes *boxes, pixman_region32_t *ret_region);

#endif
