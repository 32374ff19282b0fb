/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A pointer's shape as a viewer is to show it, from a file: width, height, hot spot,
 * then each pixel as 0xAARRGGBB in hexadecimal, not premultiplied.
 */
#ifndef PLANECAST_TESTS_SHAPE_H
#define PLANECAST_TESTS_SHAPE_H

#include <stdbool.h>
#include <stdint.h>

struct shape {
	uint32_t width, height, hot_x, hot_y;
	uint32_t *argb;
};

/* False: there is no such file, or it is none. Finish it in any case. */
bool shape_read(const char *path, struct shape *ret);
void shape_finish(struct shape *shape);

#endif
