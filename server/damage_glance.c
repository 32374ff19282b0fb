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
static bool check_row(struct damage_glance *glance, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles, uint32_t y)
{
	const uint8_t *row = damage_source_row(source, 0, y, source->width);
	const uint8_t *old = damage_shadow_row(shadow, 0, y);
	uint16_t *marks = damage_tiles_band(tiles, y / DAMAGE_TILE_HEIGHT);
	uint16_t bit = (uint16_t)(1u << y % DAMAGE_TILE_HEIGHT), marked = 0;

	if (is_known(glance, y) &&
			kernels->fingerprint(row, source->width) == glance->fingerprints[y])
		return false;
	kernels->compare(row, old, source->width, bit, marks);
	for (uint32_t column = 0; column < tiles->columns; column++)
		marked |= marks[column] & bit;
	/* Of the shadow's row: the guest may draw into the other one by now. */
	if (!marked)
		glance->fingerprints[y] = kernels->fingerprint(old, source->width);
	return marked;
}

uint16_t damage_glance_take(struct damage_glance *glance, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles)
{
	uint16_t rows = 0;
	bool differs = false;

	for (uint32_t row = glance->first; row < DAMAGE_TILE_HEIGHT; row += DAMAGE_GLANCE_ROWS)
		rows |= (uint16_t)(1u << row);
	for (uint32_t y = glance->first; y < source->height; y += DAMAGE_GLANCE_ROWS) {
		if (y + DAMAGE_GLANCE_ROWS < source->height)
			announce(glance, source, shadow, y + DAMAGE_GLANCE_ROWS);
		differs |= check_row(glance, kernels, source, shadow, tiles, y);
	}
	glance->first = (glance->first + GLANCE_STEP) % DAMAGE_GLANCE_ROWS;
	glance->count++;
	return differs ? rows : 0;
}

void damage_glance_forget(struct damage_glance *glance, uint32_t first, uint32_t count)
{
	memset(glance->fingerprints + first, 0, count * sizeof(*glance->fingerprints));
}
