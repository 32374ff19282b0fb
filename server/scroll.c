// SPDX-License-Identifier: GPL-2.0-or-later
/* Proves a guessed displacement by comparing, and chooses where it pays. */
#include "server/scroll.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/damage.h"
#include "server/damage_simd.h"
#include "server/damage_source.h"
#include "server/damage_tiles.h"
#include "server/frame.h"
#include "server/scroll_guess.h"
#include "server/scroll_search.h"

/*
 * Film is no scroll, again and again: after so many passes in a row that found none,
 * this many are not searched before the next one is, then more, up to a second of film.
 */
#define FAILURES_PATIENT 8
#define SKIP_PASSES 7
#define SKIP_PASSES_MAX 31
/* The last move is tried first, and taken where it leaves less than that part of the change. */
#define LEFT_PART 4

int scroll_finder_new(uint32_t width, uint32_t height, struct scroll_finder **ret)
{
	struct scroll_finder *finder = calloc(1, sizeof(*finder));
	size_t columns = (width + DAMAGE_TILE_WIDTH - 1) / DAMAGE_TILE_WIDTH;
	size_t n_tiles = columns * ((height + DAMAGE_TILE_HEIGHT - 1) / DAMAGE_TILE_HEIGHT);
	size_t lines = width > height ? width : height;

	if (!finder)
		return -ENOMEM;
	finder->seen = calloc(n_tiles, sizeof(*finder->seen));
	finder->stack = calloc(n_tiles, sizeof(*finder->stack));
	finder->differ = calloc(n_tiles, sizeof(*finder->differ));
	finder->gains = calloc(lines, sizeof(*finder->gains));
	if (!finder->seen || !finder->stack || !finder->differ || !finder->gains ||
			scroll_guess_init(&finder->guess, (uint32_t)lines)) {
		scroll_finder_free(finder);
		return -ENOMEM;
	}
	*ret = finder;
	return 0;
}

void scroll_finder_free(struct scroll_finder *finder)
{
	if (!finder)
		return;
	free(finder->seen);
	free(finder->stack);
	free(finder->differ);
	free(finder->gains);
	scroll_guess_finish(&finder->guess);
	free(finder);
}

/* Leaves of the box what came from inside the picture. */
static bool clip_to_origin(const struct damage_tiles *tiles, int32_t dx, int32_t dy,
		pixman_box32_t *box)
{
	int32_t right = (int32_t)tiles->width + dx, bottom = (int32_t)tiles->height + dy;

	box->x1 = box->x1 < dx ? dx : box->x1;
	box->y1 = box->y1 < dy ? dy : box->y1;
	box->x2 = box->x2 > right ? right : box->x2;
	box->y2 = box->y2 > bottom ? bottom : box->y2;
	return box->x1 < box->x2 && box->y1 < box->y2;
}

void scroll_compare(const struct scroll_search *search, const pixman_box32_t *box, int32_t dx,
		int32_t dy)
{
	const struct damage_tiles *tiles = search->tiles;
	uint32_t x = (uint32_t)box->x1, width = (uint32_t)(box->x2 - box->x1);
	uint32_t lead = DAMAGE_TILE_WIDTH - x % DAMAGE_TILE_WIDTH;

	/* Up to the first edge of tiles, then from edge to edge. */
	if (lead > width)
		lead = width;
	for (uint32_t y = (uint32_t)box->y1; y < (uint32_t)box->y2; y++) {
		const uint8_t *src = damage_source_row(search->source, x, y, width);
		const uint8_t *old = damage_shadow_row(search->shadow, (uint32_t)(box->x1 - dx),
				(uint32_t)((int32_t)y - dy));
		uint16_t bit = (uint16_t)(1u << y % DAMAGE_TILE_HEIGHT);
		uint16_t *differ = search->finder->differ +
				(size_t)(y / DAMAGE_TILE_HEIGHT) * tiles->columns +
				x / DAMAGE_TILE_WIDTH;

		if (y == (uint32_t)box->y1 || y % DAMAGE_TILE_HEIGHT == 0) {
			uint32_t end = ((uint32_t)box->x2 - 1) / DAMAGE_TILE_WIDTH + 1;

			memset(differ, 0, (end - x / DAMAGE_TILE_WIDTH) * sizeof(*differ));
		}
		search->kernels->compare(src, old, lead, bit, differ);
		search->kernels->compare(src + (size_t)lead * 4, old + (size_t)lead * 4, width - lead,
				bit, differ + 1);
	}
}

/* The stretch of gains with the largest sum, which is returned. */
static int64_t best_stretch(const int64_t *gains, int32_t count, int32_t *ret_first,
		int32_t *ret_end)
{
	int64_t best = 0, sum = 0;
	int32_t first = 0;

	*ret_first = *ret_end = 0;
	for (int32_t i = 0; i < count; i++) {
		if (sum <= 0) {
			sum = 0;
			first = i;
		}
		sum += gains[i];
		if (sum > best) {
			best = sum;
			*ret_first = first;
			*ret_end = i + 1;
		}
	}
	return best;
}

/* Pixels of a column of tiles that are inside the box. */
static int32_t covered(const pixman_box32_t *box, int32_t column)
{
	int32_t x1 = column * DAMAGE_TILE_WIDTH, x2 = x1 + DAMAGE_TILE_WIDTH;

	return (x2 < box->x2 ? x2 : box->x2) - (x1 > box->x1 ? x1 : box->x1);
}

unsigned int scroll_rows_inside(const pixman_box32_t *box, int32_t band)
{
	int32_t top = band * DAMAGE_TILE_HEIGHT;
	int32_t first = box->y1 > top ? box->y1 - top : 0;
	int32_t end = box->y2 - top < DAMAGE_TILE_HEIGHT ? box->y2 - top : DAMAGE_TILE_HEIGHT;

	return (1u << end) - (1u << first);
}

/*
 * What a move is worth, in GAIN_UNITs. A row of a tile that it spares counts for it,
 * one that it spoils against it, and one that has to be sent with it or without it a
 * little against it: nothing is gained there, and pixels of the tile that did not
 * change would be moved away. Adds weight times that to each row of the band.
 */
#define GAIN_UNIT 8

static void add_gains(const struct scroll_search *search, size_t tile, int32_t weight,
		int32_t gains[DAMAGE_TILE_HEIGHT])
{
	unsigned int before = search->tiles->rows[tile], after = search->finder->differ[tile];

	for (unsigned int row = 0; row < DAMAGE_TILE_HEIGHT; row++) {
		int32_t was = before >> row & 1, is = after >> row & 1;

		gains[row] += weight * (GAIN_UNIT * (was - is) - (was & is));
	}
}

/* The columns of tiles inside whole where moving the part's rows pays. */
static int64_t choose_columns(const struct scroll_search *search, const pixman_box32_t *whole,
		pixman_box32_t *part)
{
	int64_t *gains = search->finder->gains;
	int32_t column = whole->x1 / DAMAGE_TILE_WIDTH;
	int32_t columns = (whole->x2 - 1) / DAMAGE_TILE_WIDTH + 1 - column;
	int32_t end_band = (part->y2 - 1) / DAMAGE_TILE_HEIGHT + 1;
	int32_t first, end;
	int64_t saved;

	memset(gains, 0, (size_t)columns * sizeof(*gains));
	for (int32_t band = part->y1 / DAMAGE_TILE_HEIGHT; band < end_band; band++) {
		unsigned int inside = scroll_rows_inside(part, band);
		size_t tile = (size_t)band * search->tiles->columns + (size_t)column;

		for (int32_t i = 0; i < columns; i++) {
			int32_t rows[DAMAGE_TILE_HEIGHT] = { 0 };

			add_gains(search, tile + (size_t)i, covered(whole, column + i), rows);
			for (unsigned int row = 0; row < DAMAGE_TILE_HEIGHT; row++)
				gains[i] += inside >> row & 1 ? rows[row] : 0;
		}
	}
	saved = best_stretch(gains, columns, &first, &end);
	part->x1 = first ? (column + first) * DAMAGE_TILE_WIDTH : whole->x1;
	part->x2 = end < columns ? (column + end) * DAMAGE_TILE_WIDTH : whole->x2;
	return saved;
}

/* The rows inside whole where moving the part's columns pays. */
static int64_t choose_rows(const struct scroll_search *search, const pixman_box32_t *whole,
		pixman_box32_t *part)
{
	int64_t *gains = search->finder->gains;
	int32_t end_column = (part->x2 - 1) / DAMAGE_TILE_WIDTH + 1;
	int32_t first, end;
	int64_t saved;

	for (int32_t band = whole->y1 / DAMAGE_TILE_HEIGHT; band * DAMAGE_TILE_HEIGHT < whole->y2;
			band++) {
		int32_t rows[DAMAGE_TILE_HEIGHT] = { 0 }, top = band * DAMAGE_TILE_HEIGHT;

		for (int32_t column = part->x1 / DAMAGE_TILE_WIDTH; column < end_column; column++)
			add_gains(search, (size_t)band * search->tiles->columns + (size_t)column,
					covered(part, column), rows);
		for (int32_t row = 0; row < DAMAGE_TILE_HEIGHT; row++) {
			if (top + row >= whole->y1 && top + row < whole->y2)
				gains[top + row - whole->y1] = rows[row];
		}
	}
	saved = best_stretch(gains, whole->y2 - whole->y1, &first, &end);
	part->y1 = whole->y1 + first;
	part->y2 = whole->y1 + end;
	return saved;
}

/*
 * Shrinks the box to where the move pays; returns what it is worth there, 0: nothing.
 * Columns that looked poor over the height of all that changed may be good over
 * the height of what moved, so both are chosen twice.
 */
static int64_t choose_part(const struct scroll_search *search, pixman_box32_t *box)
{
	pixman_box32_t part = *box;
	int64_t saved = 0;

	for (unsigned int round = 0; round < 2; round++) {
		if (choose_columns(search, box, &part) < SCROLL_PIXELS_MIN * GAIN_UNIT)
			return 0;
		saved = choose_rows(search, box, &part);
		if (saved < SCROLL_PIXELS_MIN * GAIN_UNIT)
			return 0;
	}
	*box = part;
	return saved;
}

/*
 * Which pixels of a column of tiles are not as the move says, in those rows of
 * the part where the column beside it is. Pixels outside whole never are.
 */
static uint64_t edge_difference(const struct scroll_search *search, const pixman_box32_t *whole,
		const pixman_box32_t *part, const struct scroll *scroll, int32_t column,
		int32_t beside)
{
	int32_t tile = column * DAMAGE_TILE_WIDTH, width = covered(whole, column);
	int32_t x = whole->x1 > tile ? whole->x1 : tile;
	uint64_t inside = (~0ull >> (DAMAGE_TILE_WIDTH - width)) << (x - tile);
	uint64_t difference = ~inside;

	for (int32_t y = part->y1; y < part->y2 && ~difference; y++) {
		size_t band = (size_t)(y / DAMAGE_TILE_HEIGHT) * search->tiles->columns;

		if (search->finder->differ[band + (size_t)beside] >> y % DAMAGE_TILE_HEIGHT & 1)
			continue;
		difference |= search->kernels->differ(
				damage_source_row(search->source, (uint32_t)x, (uint32_t)y,
						(uint32_t)width),
				damage_shadow_row(search->shadow, (uint32_t)(x - scroll->dx),
						(uint32_t)(y - scroll->dy)),
				(uint32_t)width) << (x - tile);
	}
	return difference;
}

/* Tiles at the edge of a window are only partly worth moving: takes those parts in. */
static void extend_sideways(const struct scroll_search *search, const pixman_box32_t *whole,
		const struct scroll *scroll, pixman_box32_t *part)
{
	int32_t first = part->x1 / DAMAGE_TILE_WIDTH, last = (part->x2 - 1) / DAMAGE_TILE_WIDTH;
	uint64_t difference;

	if (part->x1 > whole->x1) {
		difference = edge_difference(search, whole, part, scroll, first - 1, first);
		part->x1 -= difference ? __builtin_clzll(difference) : DAMAGE_TILE_WIDTH;
	}
	if (part->x2 < whole->x2) {
		difference = edge_difference(search, whole, part, scroll, last + 1, last);
		part->x2 += difference ? __builtin_ctzll(difference) : DAMAGE_TILE_WIDTH;
	}
}

/* tiles: from what differs now to what will differ after the move. */
static void take_over(const struct scroll_search *search, const pixman_box32_t *box)
{
	int32_t first = box->x1 / DAMAGE_TILE_WIDTH, end = (box->x2 - 1) / DAMAGE_TILE_WIDTH + 1;
	int32_t right = (int32_t)search->tiles->width;

	for (int32_t band = box->y1 / DAMAGE_TILE_HEIGHT; band * DAMAGE_TILE_HEIGHT < box->y2;
			band++) {
		unsigned int inside = scroll_rows_inside(box, band);

		for (int32_t column = first; column < end; column++) {
			size_t tile = (size_t)band * search->tiles->columns + (size_t)column;
			int32_t x1 = column * DAMAGE_TILE_WIDTH;
			int32_t x2 = x1 + DAMAGE_TILE_WIDTH < right ? x1 + DAMAGE_TILE_WIDTH : right;
			unsigned int rows = search->tiles->rows[tile];

			/* Beside the box, but in its tiles, nothing moves. */
			if (box->x1 <= x1 && box->x2 >= x2)
				rows &= ~inside;
			rows |= search->finder->differ[tile] & inside;
			search->tiles->rows[tile] = (uint16_t)rows;
		}
	}
}

/* What a move by (dx, dy) is worth; not 0: ret_scroll says of which part of the box. */
static int64_t try_move(const struct scroll_search *search, const pixman_box32_t *around, int32_t dx,
		int32_t dy, struct scroll *ret_scroll)
{
	int64_t saved;
	pixman_box32_t box = *around;
	struct scroll scroll = { .dx = dx, .dy = dy };

	if ((!dx && !dy) || !clip_to_origin(search->tiles, dx, dy, &box))
		return 0;
	scroll_compare(search, &box, dx, dy);
	scroll.box = box;
	saved = choose_part(search, &scroll.box);
	if (!saved)
		return 0;
	extend_sideways(search, &box, &scroll, &scroll.box);
	*ret_scroll = scroll;
	return saved;
}

int64_t scroll_count_rows(const struct damage_tiles *tiles, const uint16_t *rows,
		const pixman_box32_t *box)
{
	int32_t end = (box->x2 - 1) / DAMAGE_TILE_WIDTH + 1;
	int64_t count = 0;

	for (int32_t band = box->y1 / DAMAGE_TILE_HEIGHT; band * DAMAGE_TILE_HEIGHT < box->y2;
			band++) {
		for (int32_t column = box->x1 / DAMAGE_TILE_WIDTH; column < end; column++)
			count += __builtin_popcount(rows[(size_t)band * tiles->columns +
					(size_t)column]);
	}
	return count;
}

static bool search_cluster(const struct scroll_search *search, const pixman_box32_t *cluster,
		struct scroll *ret_scroll)
{
	struct scroll_finder *finder = search->finder;
	pixman_box32_t box;
	int32_t dx = 0, dy;
	int64_t all;

	if (!scroll_cluster_tighten(search, cluster, &box))
		return false;
	/* Text has much that is alike, so that a wrong move may seem worth something. */
	all = scroll_count_rows(search->tiles, search->tiles->rows, &box) * DAMAGE_TILE_WIDTH * GAIN_UNIT;
	if (try_move(search, &box, finder->last.dx, finder->last.dy, ret_scroll) >
			all - all / LEFT_PART)
		return true;
	dy = scroll_guess_dy(&finder->guess, search->kernels, search->source, search->shadow, &box);
	if (!dy)
		dx = scroll_guess_dx(&finder->guess, search->kernels, search->source,
				search->shadow, &box);
	return try_move(search, &box, dx, dy, ret_scroll) > 0;
}

bool scroll_is_unlikely(const struct scroll_finder *finder)
{
	return finder->skip;
}

bool scroll_find(struct scroll_finder *finder, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles, struct scroll *ret_scroll)
{
	const struct scroll_search search = { finder, kernels, source, shadow, tiles };
	const pixman_box32_t all = { 0, 0, (int32_t)tiles->width, (int32_t)tiles->height };
	pixman_box32_t cluster = { 0 };

	if (finder->skip) {
		finder->skip -= scroll_count_rows(tiles, tiles->rows, &all) * DAMAGE_TILE_WIDTH >=
				SCROLL_PIXELS_MIN;
		return false;
	}
	if (scroll_cluster_find(&search, &cluster) * DAMAGE_TILE_WIDTH * DAMAGE_TILE_HEIGHT <
			SCROLL_PIXELS_MIN)
		return false;
	if (!search_cluster(&search, &cluster, ret_scroll)) {
		finder->last = (struct scroll){ 0 };
		if (++finder->failures > FAILURES_PATIENT) {
			finder->skip = SKIP_PASSES * (finder->failures - FAILURES_PATIENT);
			if (finder->skip > SKIP_PASSES_MAX)
				finder->skip = SKIP_PASSES_MAX;
		}
		return false;
	}
	finder->last = *ret_scroll;
	finder->failures = 0;
	take_over(&search, &ret_scroll->box);
	return true;
}

void scroll_apply(const struct scroll *scroll, struct frame *shadow)
{
	const pixman_box32_t *box = &scroll->box;
	uint8_t *pixels = frame_memory_pixels(shadow);
	size_t stride = shadow->planes[0].stride;
	size_t bytes = (size_t)(box->x2 - box->x1) * 4;
	int32_t rows = box->y2 - box->y1;

	for (int32_t i = 0; i < rows; i++) {
		/* Away from where rows come from, so that none is overwritten before it moved. */
		int32_t y = scroll->dy > 0 ? box->y2 - 1 - i : box->y1 + i;
		uint8_t *dst = pixels + (size_t)y * stride + (size_t)box->x1 * 4;
		const uint8_t *src = pixels + (size_t)(y - scroll->dy) * stride +
				(size_t)(box->x1 - scroll->dx) * 4;

		memmove(dst, src, bytes);
	}
}
