// SPDX-License-Identifier: GPL-2.0-or-later
/* The first look: source against shadow, tile by tile, nothing written. */
#include "server/damage_tiles.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "server/damage.h"
#include "server/damage_simd.h"
#include "server/damage_source.h"
#include "server/frame.h"

_Static_assert(DAMAGE_SPAN == DAMAGE_TILE_WIDTH, "kernels and tiles agree on the width");
_Static_assert(DAMAGE_TILE_HEIGHT == 16, "one bit a row");

int damage_tiles_init(struct damage_tiles *tiles, uint32_t width, uint32_t height)
{
	*tiles = (struct damage_tiles){
		.width = width,
		.height = height,
		.columns = (width + DAMAGE_TILE_WIDTH - 1) / DAMAGE_TILE_WIDTH,
		.bands = (height + DAMAGE_TILE_HEIGHT - 1) / DAMAGE_TILE_HEIGHT,
	};
	tiles->rows = calloc((size_t)tiles->columns * tiles->bands, sizeof(*tiles->rows));
	tiles->wanted = calloc(tiles->columns, sizeof(*tiles->wanted));
	if (!tiles->rows || !tiles->wanted) {
		damage_tiles_finish(tiles);
		return -ENOMEM;
	}
	return 0;
}

void damage_tiles_finish(struct damage_tiles *tiles)
{
	free(tiles->rows);
	free(tiles->wanted);
	*tiles = (struct damage_tiles){ 0 };
}

void damage_tiles_fill(struct damage_tiles *tiles)
{
	unsigned int last = (tiles->height - 1) % DAMAGE_TILE_HEIGHT + 1;
	uint16_t *band = damage_tiles_band(tiles, tiles->bands - 1);

	memset(tiles->rows, 0xff, (size_t)tiles->columns * tiles->bands * sizeof(*tiles->rows));
	for (uint32_t column = 0; column < tiles->columns; column++)
		band[column] = (uint16_t)((1u << last) - 1);
}

/* What the hint touches in the band that starts at row y. Returns whether anything. */
static bool mark_wanted(struct damage_tiles *tiles, const pixman_region32_t *hint, uint32_t y)
{
	int n_boxes;
	const pixman_box32_t *boxes = pixman_region32_rectangles(hint, &n_boxes);
	int64_t top = y, bottom = top + DAMAGE_TILE_HEIGHT;
	bool any = false;

	memset(tiles->wanted, 0, tiles->columns);
	for (int i = 0; i < n_boxes && boxes[i].y1 < bottom; i++) {
		int64_t x1 = boxes[i].x1 < 0 ? 0 : boxes[i].x1;
		int64_t x2 = boxes[i].x2;

		if (x2 > tiles->width)
			x2 = tiles->width;
		if (boxes[i].y2 <= top || x1 >= x2)
			continue;
		x1 /= DAMAGE_TILE_WIDTH;
		x2 = (x2 + DAMAGE_TILE_WIDTH - 1) / DAMAGE_TILE_WIDTH;
		memset(tiles->wanted + x1, 1, (size_t)(x2 - x1));
		any = true;
	}
	return any;
}

static void compare_columns(struct damage_tiles *tiles, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow, uint32_t band,
		uint32_t first, uint32_t end)
{
	uint16_t *rows = damage_tiles_band(tiles, band) + first;
	uint32_t x = first * DAMAGE_TILE_WIDTH;
	uint32_t x_end = end == tiles->columns ? tiles->width : end * DAMAGE_TILE_WIDTH;
	uint32_t top = band * DAMAGE_TILE_HEIGHT;

	for (uint32_t i = 0; i < DAMAGE_TILE_HEIGHT && top + i < tiles->height; i++) {
		kernels->compare(damage_source_row(source, x, top + i, x_end - x),
				damage_shadow_row(shadow, x, top + i), x_end - x,
				(uint16_t)(1u << i), rows);
	}
}

static unsigned int count_dirty(const struct damage_tiles *tiles)
{
	size_t n_tiles = (size_t)tiles->columns * tiles->bands;
	unsigned int dirty = 0;

	for (size_t i = 0; i < n_tiles; i++)
		dirty += tiles->rows[i] != 0;
	return dirty;
}

unsigned int damage_tiles_compare(struct damage_tiles *tiles, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		const pixman_region32_t *hint)
{
	memset(tiles->rows, 0, (size_t)tiles->columns * tiles->bands * sizeof(*tiles->rows));
	for (uint32_t band = 0; band < tiles->bands; band++) {
		uint32_t first = 0, end = tiles->columns;

		if (hint && !mark_wanted(tiles, hint, band * DAMAGE_TILE_HEIGHT))
			continue;
		while (first < tiles->columns) {
			if (hint) {
				while (first < tiles->columns && !tiles->wanted[first])
					first++;
				for (end = first; end < tiles->columns && tiles->wanted[end];)
					end++;
				if (first == end)
					break;
			}
			compare_columns(tiles, kernels, source, shadow, band, first, end);
			first = end;
		}
	}
	return count_dirty(tiles);
}
