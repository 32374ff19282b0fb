/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Rectangles on their way to the library: fewer that hold many, and in which order they are copied. Pure. */
#ifndef PLANECAST_NET_SPICE_REGION_H
#define PLANECAST_NET_SPICE_REGION_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * Grows region inside a picture of width x height until it has at most rects_max
 * rectangles: they widen to a grid, which gets coarser as long as need be. 0,
 * -ENOMEM: region is then as it was, or everything.
 */
int spice_region_simplify(pixman_region32_t *region, int rects_max, uint32_t width, uint32_t height);

typedef bool (*spice_region_copy_fn)(void *user, const pixman_box32_t *box, int32_t dx, int32_t dy);
/*
 * Calls copy for each rectangle of region, whose pixels come from (x - dx, y - dy), in an
 * order in which none is painted over before another has been copied from there. Ends when
 * copy says false, and says so.
 */
bool spice_region_copy(const pixman_region32_t *region, int32_t dx, int32_t dy,
		spice_region_copy_fn copy, void *user);

#endif
