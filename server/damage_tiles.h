/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which rows of which tiles differ between a source and the shadow.
 *
 * A tile is DAMAGE_TILE_WIDTH x DAMAGE_TILE_HEIGHT pixels and has a word of 16
 * bits, one a row. Tiles at the right and lower edge may be smaller. A set bit
 * is a candidate: the source may have changed since. Loop thread.
 */
#ifndef PLANECAST_SERVER_DAMAGE_TILES_H
#define PLANECAST_SERVER_DAMAGE_TILES_H

#include <pixman.h>
#include <stddef.h>
#include <stdint.h>

struct damage_kernels;
struct damage_source;
struct frame;

struct damage_tiles {
	uint32_t width, height; /* pixels */
	uint32_t columns, bands; /* tiles */
	uint16_t *rows; /* [bands][columns] */
	uint8_t *wanted; /* [columns], scratch: what to compare in one band */
	uint8_t *seen; /* [bands][columns], see below */
	uint8_t *busy; /* [bands][columns]: all of it, or nearly, changed last time */
};

/* Bits of seen. */
enum {
	DAMAGE_TILE_SEEN = 1, /* rows says all that comparing would */
	DAMAGE_TILE_MOVED = 2, /* changed by moving, whatever rows says */
};

/* -ENOMEM. */
int damage_tiles_init(struct damage_tiles *tiles, uint32_t width, uint32_t height);
void damage_tiles_finish(struct damage_tiles *tiles);

static inline uint16_t *damage_tiles_band(const struct damage_tiles *tiles, uint32_t band)
{
	return tiles->rows + (size_t)band * tiles->columns;
}

/* One bit for each row that tiles of this band have. */
uint16_t damage_tiles_band_rows(const struct damage_tiles *tiles, uint32_t band);
/* Marks no row of any tile, and none as seen. */
void damage_tiles_clear(struct damage_tiles *tiles);
/* What a pass changed in one band, rows of each tile, NULL: nothing. Returns how many tiles it did. */
unsigned int damage_tiles_settle(struct damage_tiles *tiles, uint32_t band, const uint16_t *changed);
/* Marks every row of every tile. */
void damage_tiles_fill(struct damage_tiles *tiles);
/*
 * Compares, in address order. hint, where not NULL, says where; it is rounded
 * outwards to whole tiles. Returns how many tiles differ.
 */
unsigned int damage_tiles_compare(struct damage_tiles *tiles, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		const pixman_region32_t *hint);

/*
 * In place of a glance, where the same is about to change again: marks all of the
 * tiles that are busy, unread, and what differs in these rows of the others, of tiles
 * that are clear. For damage_tiles_spread().
 */
void damage_tiles_expect(struct damage_tiles *tiles, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow, uint16_t rows);
/*
 * After a glance at the rows of each tile that glanced has a bit for, which marked
 * those that differ: compares the tiles they are in and all around them and what
 * moved, but those that were seen, and goes on around those that differ. A tile of
 * which every glanced row differs, of two at least, is taken to differ everywhere:
 * as a rule it does, and will be read to be updated. Returns how many differ.
 */
unsigned int damage_tiles_spread(struct damage_tiles *tiles, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow, uint16_t glanced);

#endif
