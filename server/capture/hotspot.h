/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where in a pointer's shape its hot spot is, when the device does not say.
 *
 * The guest puts the hot spot where a viewer points, and the shape that much to
 * the left of it and above. So where both have rested for a while, the distance
 * is the hot spot; and as a guest may be late, or move its pointer by itself, it
 * counts once two places that are apart say the same. Near the left and upper
 * edge nothing is learnt: there i915 tells the place without its sign.
 *
 * What is learnt is kept by shape. Pure; loop thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_HOTSPOT_H
#define PLANECAST_SERVER_CAPTURE_HOTSPOT_H

#include <stdbool.h>
#include <stdint.h>

#include "server/clock.h"

/* Desktops have a few dozen shapes; the one not seen for longest is forgotten. */
#define HOTSPOTS_MAX 32
/* For the guest to follow its viewer. */
#define HOTSPOT_REST_NS (150 * NSEC_PER_MSEC)
/* From one place to another, in both directions together. */
#define HOTSPOT_APART 8

/* A shape as it is shown. */
struct hotspot_place {
	uint64_t shape; /* its name: a hash of its pixels */
	uint32_t width, height;
	int32_t x, y; /* of its left upper corner */
};

/* All zero: nothing known. */
struct hotspots {
	struct hotspot {
		uint64_t shape;
		uint32_t x, y;
		uint64_t used; /* 0: free */
	} table[HOTSPOTS_MAX];
	uint64_t clock;
	bool pointed; /* by a viewer, there: */
	int32_t x, y;
	int64_t since_ns; /* neither has moved */
	struct hotspot_place place; /* at the last look */
	struct { /* what one place said */
		bool is;
		uint64_t shape;
		int32_t x, y, hot_x, hot_y;
	} guess;
};

/* A viewer points there, in the picture's pixels. */
void hotspots_point(struct hotspots *spots, int32_t x, int32_t y, int64_t now_ns);
/* The pointer is moved otherwise. */
void hotspots_lose_pointer(struct hotspots *spots);
/* The guest shows a shape there. True: its hot spot is known anew, or another one. */
bool hotspots_see(struct hotspots *spots, const struct hotspot_place *place, int64_t now_ns);
/* False: not known. */
bool hotspots_find(struct hotspots *spots, uint64_t shape, uint32_t *ret_x, uint32_t *ret_y);

#endif
