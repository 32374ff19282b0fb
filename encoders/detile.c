// SPDX-License-Identifier: GPL-2.0-or-later
/* Intel's tiled layouts, as one table, and rectangles copied out of them. */
#include "encoders/detile.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <string.h>

/* Within a row of a tile, so many bytes at least lie together. */
#define RUN_MIN 16

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

static void copy_row(const struct detile_picture *picture, const struct detile_box *box, uint32_t y, uint8_t *dst)
{
	const struct detile_layout *layout = picture->layout;
	const uint8_t *tiles = picture->data + y / layout->tile_height * layout->tile_height * picture->stride_bytes;
	const uint32_t in_tile = spread(y % layout->tile_height, layout->y_bits);
	const uint32_t run = layout->x_bits == 0x1ff ? 512 : RUN_MIN;
	size_t end = ((size_t)box->x + box->width) * 4, take;

	for (size_t x = (size_t)box->x * 4; x < end; x += take, dst += take) {
		size_t column = x / layout->tile_width_bytes;
		uint32_t inside = (uint32_t)(x % layout->tile_width_bytes);

		take = run - x % run < end - x ? run - x % run : end - x;
		memcpy(dst, tiles + column * DETILE_TILE_BYTES + (in_tile | spread(inside, layout->x_bits)), take);
	}
}

int detile_copy(const struct detile_picture *picture, const struct detile_box *box, uint8_t *dst,
		size_t dst_stride_bytes)
{
	int err = detile_check(picture);

	if (err)
		return err;
	if ((uint64_t)box->x + box->width > picture->width || (uint64_t)box->y + box->height > picture->height ||
			dst_stride_bytes < (size_t)box->width * 4)
		return -EINVAL;
	for (uint32_t y = 0; y < box->height; y++)
		copy_row(picture, box, box->y + y, dst + y * dst_stride_bytes);
	return 0;
}
