// SPDX-License-Identifier: GPL-2.0-or-later
/* Memory of a viewer's picture, and what needs nothing but that. */
#include "tests/bench/view_picture.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int view_picture_resize(struct view_picture *picture, uint32_t width, uint32_t height, uint64_t pixels_max)
{
	uint64_t count = (uint64_t)width * height;
	uint32_t *pixels;

	if (count == 0 || count > pixels_max)
		return -E2BIG;
	pixels = calloc(count, sizeof(*pixels));
	if (!pixels)
		return -ENOMEM;
	free(picture->pixels);
	*picture = (struct view_picture){ .width = width, .height = height, .pixels = pixels };
	return 0;
}

void view_picture_finish(struct view_picture *picture)
{
	free(picture->pixels);
	*picture = (struct view_picture){ .pixels = NULL };
}

void view_picture_fill(struct view_picture *picture, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
		uint32_t pixel)
{
	for (uint32_t row = 0; row < height; row++) {
		uint32_t *to = view_picture_at(picture, x, y + row);

		for (uint32_t column = 0; column < width; column++)
			to[column] = pixel;
	}
}

void view_picture_copy(struct view_picture *picture, uint32_t from_x, uint32_t from_y, uint32_t x, uint32_t y,
		uint32_t width, uint32_t height)
{
	for (uint32_t i = 0; i < height; i++) {
		/* The last row first where the picture moves down. */
		uint32_t row = y > from_y ? height - 1 - i : i;

		memmove(view_picture_at(picture, x, y + row), view_picture_at(picture, from_x, from_y + row),
				(size_t)width * 4);
	}
}
