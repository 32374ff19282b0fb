// SPDX-License-Identifier: GPL-2.0-or-later
/* Intel's tiled layouts, as one table, and rectangles copied out of them. */
#include "encoders/detile.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <string.h>

/* Within a row of a tile, so many bytes at least lie together. */
#define RUN 16
/* Of a tile, the shortest and the longest. */
#define ROW_MIN 128
#define RUNS_MAX (512 / RUN)

static const struct detile_layout layouts[] = {
	{ I915_FORMAT_MOD_X_TILED, "x-tiled", 512, 8, 0x1ff, 0xe00 },
	{ I915_FORMAT_MOD_Y_TILED, "y-tiled", 128, 32, 0xe0f, 0x1f0 },
	{ I915_FORMAT_MOD_Yf_TILED, "yf-tiled", 128, 32, 0xa8f, 0x570 },
};

const struct detile_layout *detile_table(unsigned int *ret_count)
{
	*ret_count = sizeof(layouts) / sizeof(layouts[0]);
	return layouts;
}

const struct detile_layout *detile_find(uint64_t modifier)
{
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		if (layouts[i].modifier == modifier)
			return &layouts[i];
	}
	return NULL;
}

int detile_check(const struct detile_picture *picture)
{
	const struct detile_layout *layout = picture->layout;
	uint64_t rows;

	if (!picture->width || picture->width > DETILE_SIZE_MAX || !picture->height ||
			picture->height > DETILE_SIZE_MAX ||
			picture->stride_bytes % layout->tile_width_bytes ||
			picture->stride_bytes < (size_t)picture->width * 4)
		return -EINVAL;
	rows = (picture->height + layout->tile_height - 1u) / layout->tile_height * layout->tile_height;
	return picture->stride_bytes <= picture->bytes / rows ? 0 : -ENOSPC;
}

/* The bits of value, spread over those of mask. */
static uint32_t spread(uint32_t value, uint32_t mask)
{
	uint32_t result = 0;

	for (uint32_t rest = mask; rest; rest &= rest - 1, value >>= 1)
		result |= value & 1 ? rest & -rest : 0;
	return result;
}

/* One tile's share of a box: [x1, x2) bytes and [y1, y2) rows within the tile. */
static void copy_part(const struct detile_layout *layout, const uint32_t *runs, const uint8_t *tile, uint32_t x1,
		uint32_t x2, uint32_t y1, uint32_t y2, uint8_t *dst, size_t dst_stride_bytes)
{
	for (uint32_t y = y1; y < y2; y++, dst += dst_stride_bytes) {
		const uint8_t *row = tile + spread(y, layout->y_bits);
		uint32_t take;

		if (x2 - x1 == layout->tile_width_bytes) {
			/* A number that the compiler knows: whole tiles are what nearly all time goes into. */
			for (uint32_t x = 0; x < x2; x += ROW_MIN) {
				for (uint32_t i = 0; i < ROW_MIN; i += RUN)
					memcpy(dst + x + i, row + runs[(x + i) / RUN], RUN);
			}
			continue;
		}
		for (uint32_t x = x1; x < x2; x += take) {
			take = RUN - x % RUN < x2 - x ? RUN - x % RUN : x2 - x;
			memcpy(dst + (x - x1), row + runs[x / RUN] + x % RUN, take);
		}
	}
}

static uint64_t max_of(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t min_of(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

int detile_copy(const struct detile_picture *picture, const struct detile_box *box, uint8_t *dst,
		size_t dst_stride_bytes)
{
	const struct detile_layout *layout = picture->layout;
	const uint32_t tile_width = layout->tile_width_bytes, tile_height = layout->tile_height;
	uint32_t runs[RUNS_MAX];
	uint64_t x1, x2, y2;
	int err = detile_check(picture);

	if (err)
		return err;
	if ((uint64_t)box->x + box->width > picture->width || (uint64_t)box->y + box->height > picture->height ||
			dst_stride_bytes < (size_t)box->width * 4)
		return -EINVAL;
	/* Tile by tile: their rows of 16 bytes lie far apart in both ways. */
	for (uint32_t x = 0; x < tile_width; x += RUN)
		runs[x / RUN] = spread(x, layout->x_bits);
	x1 = (uint64_t)box->x * 4;
	x2 = x1 + (uint64_t)box->width * 4;
	y2 = (uint64_t)box->y + box->height;
	for (uint64_t y = box->y / tile_height * tile_height; y < y2; y += tile_height) {
		const uint8_t *tiles = picture->data + y * picture->stride_bytes;
		uint64_t top = max_of(y, box->y), bottom = min_of(y + tile_height, y2);

		for (uint64_t x = x1 / tile_width * tile_width; x < x2; x += tile_width) {
			uint64_t left = max_of(x, x1), right = min_of(x + tile_width, x2);

			copy_part(layout, runs, tiles + x / tile_width * DETILE_TILE_BYTES, (uint32_t)(left - x),
					(uint32_t)(right - x), (uint32_t)(top - y), (uint32_t)(bottom - y),
					dst + (top - box->y) * dst_stride_bytes + (left - x1), dst_stride_bytes);
		}
	}
	return 0;
}
