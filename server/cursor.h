/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pointer's picture. Lives apart from the frame and is never blended into
 * it, but for clients that cannot draw one.
 */
#ifndef PLANECAST_SERVER_CURSOR_H
#define PLANECAST_SERVER_CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#define CURSOR_SIZE_MAX 256

struct cursor {
	bool visible;
	uint32_t width, height; /* 1 .. CURSOR_SIZE_MAX */
	uint32_t hot_x, hot_y; /* inside the shape; 0, 0 where the source knows none */
	/* Where the guest shows it, hot spot at x, y; may lie outside the picture. */
	bool position_known;
	int32_t x, y;
	/* width * height words 0xAARRGGBB, not premultiplied; borrowed */
	const uint32_t *argb;
	uint64_t shape_serial; /* changes whenever the shape does */
};

/*
 * Makes a copy that has its own pixels, and begins as zeroes, show what news
 * shows. 1: another shape, or it came or went; 0: the place at most; -EINVAL:
 * no shape, -ENOMEM: the copy is as it was. Any thread, one at a time.
 */
int cursor_follow(struct cursor *copy, const struct cursor *news);
/* Frees the copy's pixels. */
void cursor_finish(struct cursor *copy);

#endif
