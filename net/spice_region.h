/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Many rectangles become fewer that hold them. Pure. */
#ifndef PLANECAST_NET_SPICE_REGION_H
#define PLANECAST_NET_SPICE_REGION_H

#include <pixman.h>
#include <stdint.h>

/*
 * Grows region inside a picture of width x height until it has at most rects_max
 * rectangles: they widen to a grid, which gets coarser as long as need be. 0,
 * -ENOMEM: region is then as it was, or everything.
 */
int spice_region_simplify(pixman_region32_t *region, int rects_max, uint32_t width, uint32_t height);

#endif
