// SPDX-License-Identifier: GPL-2.0-or-later
/* Follows a move that goes on at the same place, and reads what moved only once. */
#include <errno.h>

#include "server/damage.h"
#include "server/damage_simd.h"
#include "server/damage_source.h"
#include "server/damage_tiles.h"
#include "server/frame.h"
#include "server/scroll_search.h"

/* It goes on where it leaves less than that part of what changed, */
#define SPOILT_PART 4
/* and less than this part of what changed is elsewhere. */
#define BESIDE_PART 16
/* So many rows of it without a change: the guest has not come as far yet. */
#define CUT_ROWS (4 * DAMAGE_TILE_HEIGHT)

static int32_t smaller(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static int32_t larger(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

/* Of the band that row y is in. */
static int32_t first_row(int32_t y)
{
	return y / DAMAGE_TILE_HEIGHT * DAMAGE_TILE_HEIGHT;
}

/*
 * Leaves of the last move's place those bands in which a glance found something, and
 * the one above and below. False: not enough to be the move.
 */
static bool find_in_place(const struct damage_tiles *tiles, pixman_box32_t *box)
{
	const pixman_box32_t picture = { .x2 = (int32_t)tiles->width, .y2 = (int32_t)tiles->height };
	int64_t inside = scroll_count_rows(tiles, tiles->rows, box);
	int64_t outside = scroll_count_rows(tiles, tiles->rows, &picture) - inside;
	pixman_box32_t row = *box;

	if (inside * DAMAGE_GLANCE_ROWS * DAMAGE_TILE_WIDTH < SCROLL_PIXELS_MIN ||
			outside > inside / BESIDE_PART)
		return false;
	for (row.y2 = row.y1 + 1; !scroll_count_rows(tiles, tiles->rows, &row); row.y2 = row.y1 + 1)
		row.y1 += DAMAGE_TILE_HEIGHT;
	box->y1 = larger(box->y1, first_row(row.y1) - DAMAGE_TILE_HEIGHT);
	row.y2 = box->y2;
	for (row.y1 = row.y2 - 1; !scroll_count_rows(tiles, tiles->rows, &row); row.y1 = row.y2 - 1)
		row.y2 -= DAMAGE_TILE_HEIGHT;
	box->y2 = smaller(box->y2, first_row(row.y1) + 2 * DAMAGE_TILE_HEIGHT);
	return true;
}

/* Whether a part of the box is left out that is no mere line or two. */
static bool is_cut(const pixman_box32_t *part, const pixman_box32_t *box)
{
	return part->y1 - box->y1 >= CUT_ROWS || box->y2 - part->y2 >= CUT_ROWS;
}

/* Whether the move explains what the glance found: that did change, and there is more of it. */
static bool explains(const struct scroll_search *search, const struct scroll *scroll)
{
	const struct damage_tiles *tiles = search->tiles;
	int32_t first = scroll->box.x1 / DAMAGE_TILE_WIDTH;
	int32_t end = (scroll->box.x2 - 1) / DAMAGE_TILE_WIDTH + 1;
	unsigned int found = 0, left = 0;

	for (int32_t y = scroll->box.y1; y < scroll->box.y2; y++) {
		size_t band = (size_t)(y / DAMAGE_TILE_HEIGHT) * tiles->columns;
		pixman_box32_t row = { scroll->box.x1, y, scroll->box.x2, y + 1 };
		unsigned int bit = 1u << y % DAMAGE_TILE_HEIGHT, before = found;

		for (int32_t column = first; column < end; column++)
			found += tiles->rows[band + (size_t)column] & bit ? 1 : 0;
		if (found == before)
			continue;
		scroll_compare(search, &row, scroll->dx, scroll->dy);
		for (int32_t column = first; column < end; column++) {
			size_t tile = band + (size_t)column;

			left += tiles->rows[tile] & search->finder->differ[tile] & bit ? 1 : 0;
		}
	}
	return left <= found / SPOILT_PART;
}

int scroll_repeat(struct scroll_finder *finder, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles, struct scroll *ret_scroll)
{
	const struct scroll_search search = { finder, kernels, source, shadow, tiles };
	struct scroll scroll = finder->last;

	if ((!scroll.dx && !scroll.dy) || !find_in_place(tiles, &scroll.box) ||
			!explains(&search, &scroll))
		return 0;
	if (is_cut(&scroll.box, &finder->last.box) && !finder->waited) {
		finder->waited = true;
		return -EAGAIN;
	}
	finder->waited = false;
	*ret_scroll = scroll;
	return 1;
}

/* What is known of tiles after the move: all, where the box covers them, else what it covers. */
static void mark_moved(const struct scroll_search *search, const pixman_box32_t *box)
{
	struct damage_tiles *tiles = search->tiles;
	int32_t end = (box->x2 - 1) / DAMAGE_TILE_WIDTH + 1, right = (int32_t)tiles->width;

	for (int32_t band = box->y1 / DAMAGE_TILE_HEIGHT; band * DAMAGE_TILE_HEIGHT < box->y2;
			band++) {
		unsigned int rows = scroll_rows_inside(box, band);
		bool inside = rows == damage_tiles_band_rows(tiles, (uint32_t)band);

		for (int32_t column = box->x1 / DAMAGE_TILE_WIDTH; column < end; column++) {
			size_t tile = (size_t)band * tiles->columns + (size_t)column;
			int32_t x1 = column * DAMAGE_TILE_WIDTH;
			bool covered = inside && box->x1 <= x1 &&
					box->x2 >= smaller(x1 + DAMAGE_TILE_WIDTH, right);

			tiles->rows[tile] = (uint16_t)(search->finder->differ[tile] & rows);
			tiles->seen[tile] = covered ? DAMAGE_TILE_SEEN | DAMAGE_TILE_MOVED : 0;
		}
	}
}

void scroll_follow(struct scroll_finder *finder, const struct damage_kernels *kernels,
		const struct damage_source *source, struct frame *shadow,
		struct damage_tiles *tiles, const struct scroll *scroll)
{
	const struct scroll_search search = { finder, kernels, source, shadow, tiles };
	struct scroll band = *scroll;

	/* A band at a time, while it is in the cache; in the order of scroll_apply(). */
	for (int32_t rows = scroll->box.y2 - scroll->box.y1; rows > 0;
			rows -= band.box.y2 - band.box.y1) {
		if (scroll->dy > 0) {
			band.box.y2 = scroll->box.y1 + rows;
			band.box.y1 = larger(scroll->box.y1, first_row(band.box.y2 - 1));
		} else {
			band.box.y1 = scroll->box.y2 - rows;
			band.box.y2 = smaller(scroll->box.y2,
					first_row(band.box.y1) + DAMAGE_TILE_HEIGHT);
		}
		scroll_compare(&search, &band.box, scroll->dx, scroll->dy);
		scroll_apply(&band, shadow);
	}
	mark_moved(&search, &scroll->box);
}
