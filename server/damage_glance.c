// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks at a few rows, and remembers those that were as they should be. */
#include "server/damage_glance.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "server/damage.h"
#include "server/damage_simd.h"
#include "server/damage_source.h"
#include "server/damage_tiles.h"
#include "server/frame.h"

/*
 * From one glance's rows to the next one's. A step that is prime to the rows visits
 * all of them, and this one spreads the first few: two glances see what is five
 * rows high, three what is three.
 */
#define GLANCE_STEP 3
/* A peek reads each so manieth row of a glance. */
#define PEEK_PART 8
/* A row is compared again, whatever its fingerprint, at each so manieth glance at it. */
#define GLANCE_TRUST 64

#define CACHE_LINE_BYTES 64

_Static_assert(DAMAGE_TILE_HEIGHT % DAMAGE_GLANCE_ROWS == 0, "the same rows of every tile");

int damage_glance_init(struct damage_glance *glance, uint32_t height)
{
	*glance = (struct damage_glance){ 0 };
	glance->fingerprints = calloc(height, sizeof(*glance->fingerprints));
	return glance->fingerprints ? 0 : -ENOMEM;
}

void damage_glance_finish(struct damage_glance *glance)
{
	free(glance->fingerprints);
	*glance = (struct damage_glance){ 0 };
}

/*
 * Rows so far apart are in other pages, and the processor sees them coming only
 * after some lines of each. Into the second level cache: the first takes too few
 * requests at a time.
 */
static void prefetch(const uint8_t *row, size_t bytes)
{
	for (size_t byte = 0; byte < bytes; byte += CACHE_LINE_BYTES)
		__builtin_prefetch(row + byte, 0, 1);
}

static bool is_known(const struct damage_glance *glance, uint32_t row)
{
	return glance->fingerprints[row] &&
			(row / DAMAGE_GLANCE_ROWS + glance->count / DAMAGE_GLANCE_ROWS) % GLANCE_TRUST;
}

static void announce(const struct damage_glance *glance, const struct damage_source *source,
		const struct frame *shadow, uint32_t row)
{
	prefetch(source->data + row * source->stride,
			(size_t)source->width * source->format->bytes_per_pixel);
	if (!is_known(glance, row))
		prefetch(damage_shadow_row(shadow, 0, row), (size_t)source->width * 4);
}

/* Whether the row differs; marks where. */
static bool compare_row(const struct damage_kernels *kernels, const struct damage_source *source,
		const struct frame *shadow, struct damage_tiles *tiles, uint32_t y)
{
	uint16_t *marks = damage_tiles_band(tiles, y / DAMAGE_TILE_HEIGHT);
	uint16_t bit = (uint16_t)(1u << y % DAMAGE_TILE_HEIGHT), marked = 0;

	kernels->compare(damage_source_row(source, 0, y, source->width), damage_shadow_row(shadow, 0, y),
			source->width, bit, marks);
	for (uint32_t column = 0; column < tiles->columns; column++)
		marked |= marks[column] & bit;
	return marked;
}

/* As compare_row(), without the shadow's where that is known. */
static bool check_row(struct damage_glance *glance, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles, uint32_t y)
{
	if (is_known(glance, y) && glance->fingerprints[y] ==
			kernels->fingerprint(damage_source_row(source, 0, y, source->width), source->width))
		return false;
	if (compare_row(kernels, source, shadow, tiles, y))
		return true;
	/* Of the shadow's row: the guest may draw into the other one by now. */
	glance->fingerprints[y] = kernels->fingerprint(damage_shadow_row(shadow, 0, y), source->width);
	return false;
}

/* To the next one's rows. Returns those of this one. */
static uint16_t go_on(struct damage_glance *glance)
{
	uint16_t rows = 0;

	for (uint32_t row = glance->first; row < DAMAGE_TILE_HEIGHT; row += DAMAGE_GLANCE_ROWS)
		rows |= (uint16_t)(1u << row);
	glance->first = (glance->first + GLANCE_STEP) % DAMAGE_GLANCE_ROWS;
	glance->count++;
	glance->peeks = 0;
	return rows;
}

uint16_t damage_glance_take(struct damage_glance *glance, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles)
{
	bool differs = false;
	uint16_t rows;

	for (uint32_t y = glance->first; y < source->height; y += DAMAGE_GLANCE_ROWS) {
		if (y + DAMAGE_GLANCE_ROWS < source->height)
			announce(glance, source, shadow, y + DAMAGE_GLANCE_ROWS);
		differs |= check_row(glance, kernels, source, shadow, tiles, y);
	}
	rows = go_on(glance);
	return differs ? rows : 0;
}

uint16_t damage_glance_peek(struct damage_glance *glance, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles)
{
	uint32_t skipped = glance->peeks++ % PEEK_PART;

	for (uint32_t y = glance->first + skipped * DAMAGE_GLANCE_ROWS; y < source->height;
			y += PEEK_PART * DAMAGE_GLANCE_ROWS) {
		if (compare_row(kernels, source, shadow, tiles, y))
			return go_on(glance);
	}
	return 0;
}

void damage_glance_forget(struct damage_glance *glance, uint32_t first, uint32_t count)
{
	memset(glance->fingerprints + first, 0, count * sizeof(*glance->fingerprints));
}
