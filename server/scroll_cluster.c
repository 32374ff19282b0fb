// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a picture changed: the largest cluster of tiles, and how tight the change in it is. */
#include <string.h>

#include "server/damage.h"
#include "server/damage_simd.h"
#include "server/damage_source.h"
#include "server/damage_tiles.h"
#include "server/frame.h"
#include "server/scroll_search.h"

/* The cluster around one tile, in tiles; returns how many it holds. */
static uint32_t flood(const struct scroll_search *search, uint32_t start, pixman_box32_t *ret_box)
{
	const struct damage_tiles *tiles = search->tiles;
	struct scroll_finder *finder = search->finder;
	int32_t columns = (int32_t)tiles->columns, bands = (int32_t)tiles->bands;
	pixman_box32_t box = { .x1 = columns, .y1 = bands };
	uint32_t depth = 0, count = 0;

	finder->seen[start] = 1;
	finder->stack[depth++] = start;
	while (depth) {
		uint32_t tile = finder->stack[--depth];
		int32_t column = (int32_t)(tile % tiles->columns);
		int32_t band = (int32_t)(tile / tiles->columns);

		count++;
		box.x1 = column < box.x1 ? column : box.x1;
		box.x2 = column >= box.x2 ? column + 1 : box.x2;
		box.y1 = band < box.y1 ? band : box.y1;
		box.y2 = band >= box.y2 ? band + 1 : box.y2;
		/* An empty line of text does not end a window. */
		for (int32_t b = band - 2; b <= band + 2; b++) {
			for (int32_t c = column - 1; c <= column + 1; c++) {
				uint32_t next = (uint32_t)(b * columns + c);

				if (b < 0 || c < 0 || b >= bands || c >= columns)
					continue;
				if (finder->seen[next] || !tiles->rows[next])
					continue;
				finder->seen[next] = 1;
				finder->stack[depth++] = next;
			}
		}
	}
	*ret_box = box;
	return count;
}

uint32_t scroll_cluster_find(const struct scroll_search *search, pixman_box32_t *ret_box)
{
	uint32_t n_tiles = search->tiles->columns * search->tiles->bands;
	uint32_t largest = 0;

	memset(search->finder->seen, 0, n_tiles);
	for (uint32_t tile = 0; tile < n_tiles; tile++) {
		pixman_box32_t box;
		uint32_t count;

		if (!search->tiles->rows[tile] || search->finder->seen[tile])
			continue;
		count = flood(search, tile, &box);
		if (count > largest) {
			largest = count;
			*ret_box = box;
		}
	}
	return largest;
}

/*
 * Which pixels differ anywhere in one column of tiles, until edge, the pixel that
 * cannot be beaten, is among them.
 */
static uint64_t column_difference(const struct scroll_search *search, uint32_t column, int32_t first,
		int32_t end, uint64_t edge)
{
	uint32_t x = column * DAMAGE_TILE_WIDTH;
	uint32_t width = search->tiles->width - x;
	uint64_t difference = 0;

	if (width > DAMAGE_TILE_WIDTH)
		width = DAMAGE_TILE_WIDTH;
	for (int32_t band = first; band < end; band++) {
		uint32_t rows = damage_tiles_band(search->tiles, (uint32_t)band)[column];

		for (; rows && !(difference & edge); rows &= rows - 1) {
			uint32_t y = (uint32_t)band * DAMAGE_TILE_HEIGHT +
					(uint32_t)__builtin_ctz(rows);

			difference |= search->kernels->differ(
					damage_source_row(search->source, x, y, width),
					damage_shadow_row(search->shadow, x, y), width);
		}
	}
	return difference;
}

static uint32_t band_difference(const struct scroll_search *search, int32_t band, int32_t first,
		int32_t end)
{
	const uint16_t *rows = damage_tiles_band(search->tiles, (uint32_t)band);
	uint32_t difference = 0;

	for (int32_t column = first; column < end; column++)
		difference |= rows[column];
	return difference;
}

bool scroll_cluster_tighten(const struct scroll_search *search, const pixman_box32_t *cluster,
		pixman_box32_t *ret_box)
{
	uint64_t left = column_difference(search, (uint32_t)cluster->x1, cluster->y1, cluster->y2,
			1);
	uint64_t right = column_difference(search, (uint32_t)cluster->x2 - 1, cluster->y1,
			cluster->y2, 1ull << (DAMAGE_TILE_WIDTH - 1));
	uint32_t top = band_difference(search, cluster->y1, cluster->x1, cluster->x2);
	uint32_t bottom = band_difference(search, cluster->y2 - 1, cluster->x1, cluster->x2);
	pixman_box32_t box;

	if (!left || !right || !top || !bottom)
		return false;
	box = (pixman_box32_t){
		.x1 = cluster->x1 * DAMAGE_TILE_WIDTH + __builtin_ctzll(left),
		.x2 = cluster->x2 * DAMAGE_TILE_WIDTH - __builtin_clzll(right),
		.y1 = cluster->y1 * DAMAGE_TILE_HEIGHT + __builtin_ctz(top),
		.y2 = cluster->y2 * DAMAGE_TILE_HEIGHT - (__builtin_clz(bottom) - 16),
	};
	/* A guest that draws between two reads can turn it inside out. */
	if (box.x1 >= box.x2)
		return false;
	*ret_box = box;
	return true;
}
