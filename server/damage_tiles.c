// SPDX-License-Identifier: GPL-2.0-or-later
/* Source against shadow, tile by tile, nothing written. */
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

#define ALL_ROWS UINT16_MAX
/* A tile with that part of its rows changed is busy. */
#define BUSY_PART 3 / 4
/* Most changes are whole after two or three. */
#define SPREAD_ROUNDS_MAX 16

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
	tiles->seen = calloc((size_t)tiles->columns * tiles->bands, sizeof(*tiles->seen));
	tiles->busy = calloc((size_t)tiles->columns * tiles->bands, sizeof(*tiles->busy));
	if (!tiles->rows || !tiles->wanted || !tiles->seen || !tiles->busy) {
		damage_tiles_finish(tiles);
		return -ENOMEM;
	}
	return 0;
}

void damage_tiles_finish(struct damage_tiles *tiles)
{
	free(tiles->rows);
	free(tiles->wanted);
	free(tiles->seen);
	free(tiles->busy);
	*tiles = (struct damage_tiles){ 0 };
}

void damage_tiles_clear(struct damage_tiles *tiles)
{
	size_t n_tiles = (size_t)tiles->columns * tiles->bands;

	memset(tiles->rows, 0, n_tiles * sizeof(*tiles->rows));
	memset(tiles->seen, 0, n_tiles * sizeof(*tiles->seen));
}

uint16_t damage_tiles_band_rows(const struct damage_tiles *tiles, uint32_t band)
{
	uint32_t rows = tiles->height - band * DAMAGE_TILE_HEIGHT;

	return rows < DAMAGE_TILE_HEIGHT ? (uint16_t)((1u << rows) - 1) : 0xffff;
}

void damage_tiles_fill(struct damage_tiles *tiles)
{
	for (uint32_t band = 0; band < tiles->bands; band++) {
		uint16_t *rows = damage_tiles_band(tiles, band), all = damage_tiles_band_rows(tiles, band);

		for (uint32_t column = 0; column < tiles->columns; column++)
			rows[column] = all;
	}
}

unsigned int damage_tiles_settle(struct damage_tiles *tiles, uint32_t band, const uint16_t *changed)
{
	uint8_t *busy = tiles->busy + (size_t)band * tiles->columns;
	int enough = __builtin_popcount(damage_tiles_band_rows(tiles, band)) * BUSY_PART;
	unsigned int dirty = 0;

	for (uint32_t column = 0; column < tiles->columns; column++) {
		busy[column] = changed && __builtin_popcount(changed[column]) > enough;
		dirty += changed && changed[column];
	}
	return dirty;
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

/* those: one bit a row. */
static void compare_columns(struct damage_tiles *tiles, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow, uint32_t band,
		uint16_t those, uint32_t first, uint32_t end)
{
	uint16_t *rows = damage_tiles_band(tiles, band) + first;
	uint32_t x = first * DAMAGE_TILE_WIDTH;
	uint32_t x_end = end == tiles->columns ? tiles->width : end * DAMAGE_TILE_WIDTH;
	uint32_t top = band * DAMAGE_TILE_HEIGHT;

	for (uint32_t i = 0; i < DAMAGE_TILE_HEIGHT && top + i < tiles->height; i++) {
		if (!(those >> i & 1))
			continue;
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

/* Compares those rows of those columns of a band that are wanted. */
static void compare_wanted(struct damage_tiles *tiles, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow, uint32_t band,
		uint16_t those)
{
	for (uint32_t first = 0, end; first < tiles->columns; first = end) {
		end = first + 1;
		if (!tiles->wanted[first])
			continue;
		while (end < tiles->columns && tiles->wanted[end])
			end++;
		compare_columns(tiles, kernels, source, shadow, band, those, first, end);
	}
}

unsigned int damage_tiles_compare(struct damage_tiles *tiles, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		const pixman_region32_t *hint)
{
	damage_tiles_clear(tiles);
	for (uint32_t band = 0; band < tiles->bands; band++) {
		if (!hint)
			compare_columns(tiles, kernels, source, shadow, band, ALL_ROWS, 0, tiles->columns);
		else if (mark_wanted(tiles, hint, band * DAMAGE_TILE_HEIGHT))
			compare_wanted(tiles, kernels, source, shadow, band, ALL_ROWS);
	}
	return count_dirty(tiles);
}

void damage_tiles_expect(struct damage_tiles *tiles, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow, uint16_t those)
{
	for (uint32_t band = 0; band < tiles->bands; band++) {
		uint16_t *rows = damage_tiles_band(tiles, band), all = damage_tiles_band_rows(tiles, band);
		size_t first = (size_t)band * tiles->columns;

		for (uint32_t column = 0; column < tiles->columns; column++) {
			bool busy = tiles->busy[first + column];

			tiles->wanted[column] = !busy;
			if (!busy)
				continue;
			rows[column] = all;
			tiles->seen[first + column] = DAMAGE_TILE_SEEN;
		}
		compare_wanted(tiles, kernels, source, shadow, band, those);
	}
}

/* A tile that differs, or did before what is in it moved. */
static bool is_seed(const struct damage_tiles *tiles, size_t tile)
{
	return tiles->rows[tile] || tiles->seen[tile] & DAMAGE_TILE_MOVED;
}

/* What is in or beside a seed and was not compared yet. */
static bool mark_near(struct damage_tiles *tiles, uint32_t band)
{
	size_t first = (size_t)band * tiles->columns;
	size_t above = band ? first - tiles->columns : first;
	size_t below = band + 1 < tiles->bands ? first + tiles->columns : first;
	uint8_t *seen = tiles->seen + first;
	bool any = false;

	memset(tiles->wanted, 0, tiles->columns);
	for (uint32_t column = 0; column < tiles->columns; column++) {
		if (!is_seed(tiles, first + column) && !is_seed(tiles, above + column) &&
				!is_seed(tiles, below + column))
			continue;
		if (column)
			tiles->wanted[column - 1] = 1;
		tiles->wanted[column] = 1;
		if (column + 1 < tiles->columns)
			tiles->wanted[column + 1] = 1;
	}
	for (uint32_t column = 0; column < tiles->columns; column++) {
		if (seen[column] & DAMAGE_TILE_SEEN)
			tiles->wanted[column] = 0;
		else if (tiles->wanted[column])
			seen[column] |= DAMAGE_TILE_SEEN;
		any |= tiles->wanted[column];
	}
	return any;
}

/* What was not compared yet, wherever. */
static bool mark_unseen(struct damage_tiles *tiles, uint32_t band)
{
	uint8_t *seen = tiles->seen + (size_t)band * tiles->columns;

	for (uint32_t column = 0; column < tiles->columns; column++)
		tiles->wanted[column] = !(seen[column] & DAMAGE_TILE_SEEN);
	return true;
}

/* What no comparing would tell more of. */
static void fill_busy(struct damage_tiles *tiles, uint16_t glanced)
{
	for (uint32_t band = 0; band < tiles->bands; band++) {
		uint16_t *rows = damage_tiles_band(tiles, band), all = damage_tiles_band_rows(tiles, band);
		uint8_t *seen = tiles->seen + (size_t)band * tiles->columns;
		uint16_t want = glanced & all;

		/* One row says little. */
		if (!(want & (want - 1)))
			continue;
		for (uint32_t column = 0; column < tiles->columns; column++) {
			if ((rows[column] & want) != want || seen[column] & DAMAGE_TILE_SEEN)
				continue;
			rows[column] = all;
			seen[column] |= DAMAGE_TILE_SEEN;
		}
	}
}

unsigned int damage_tiles_spread(struct damage_tiles *tiles, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow, uint16_t glanced)
{
	bool any = true;

	fill_busy(tiles, glanced);
	for (unsigned int round = 0; any; round++) {
		/* A trail that winds on is cheaper to find by comparing all that is left. */
		bool last = round == SPREAD_ROUNDS_MAX;

		any = false;
		for (uint32_t band = 0; band < tiles->bands; band++) {
			if (!(last ? mark_unseen(tiles, band) : mark_near(tiles, band)))
				continue;
			compare_wanted(tiles, kernels, source, shadow, band, ALL_ROWS);
			any = !last;
		}
	}
	return count_dirty(tiles);
}
