/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture a viewer has: XR24, rows without gaps. The top byte of a pixel
 * means nothing. Rectangles given here lie inside. Any thread.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_PICTURE_H
#define PLANECAST_TESTS_BENCH_VIEW_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VIEW_PIXELS_MAX (7680ull * 4320)

struct view_picture {
	uint32_t width, height;
	uint32_t *pixels;
};

/* Black. -E2BIG: no size, or more pixels than that; -ENOMEM; the picture is then as before. */
int view_picture_resize(struct view_picture *picture, uint32_t width, uint32_t height, uint64_t pixels_max);
void view_picture_finish(struct view_picture *picture);

static inline uint32_t *view_picture_at(const struct view_picture *picture, uint32_t x, uint32_t y)
{
	return picture->pixels + (size_t)y * picture->width + x;
}

static inline size_t view_picture_stride(const struct view_picture *picture)
{
	return (size_t)picture->width * 4;
}

/* Sums do not overflow: all four numbers come from 16 bits. */
static inline bool view_picture_holds(const struct view_picture *picture, uint32_t x, uint32_t y, uint32_t width,
		uint32_t height)
{
	return x + width <= picture->width && y + height <= picture->height;
}

void view_picture_fill(struct view_picture *picture, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
		uint32_t pixel);
/* From may overlap to. */
void view_picture_copy(struct view_picture *picture, uint32_t from_x, uint32_t from_y, uint32_t x, uint32_t y,
		uint32_t width, uint32_t height);

#endif
