/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The box of what moves, from the squares that do. Pure, loop thread. */
#ifndef PLANECAST_SERVER_ACTIVITY_BOX_H
#define PLANECAST_SERVER_ACTIVITY_BOX_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

struct activity_cells;

/* 64-bit, whatever the box. */
int64_t activity_box_pixels(const pixman_box32_t *box);
bool activity_box_inside(const pixman_box32_t *inner, const pixman_box32_t *outer);
bool activity_box_intersects(const pixman_box32_t *a, const pixman_box32_t *b);
pixman_box32_t activity_box_union(const pixman_box32_t *a, const pixman_box32_t *b);

/* Whether enough of the box moves for it to be one region. */
bool activity_box_is_full(const struct activity_cells *cells, const pixman_box32_t *box);

/*
 * The largest group of squares that move and lie together; where present is given,
 * groups within it count twice. stack has room for a number a square. False: none
 * is large enough.
 */
bool activity_find_box(struct activity_cells *cells, uint32_t *stack, const pixman_box32_t *present,
		pixman_box32_t *ret_box);

#endif
