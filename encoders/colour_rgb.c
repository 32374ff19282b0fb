// SPDX-License-Identifier: GPL-2.0-or-later
/* NV12 to RGB, pixel by pixel. */
#include <errno.h>

#include "encoders/colour.h"
#include "encoders/colour_formats.h"

#define SHIFT 13

/* In 1 / 2^SHIFT. */
struct weights {
	int32_t black; /* luma's; not scaled */
	int32_t luma, red_v, green_u, green_v, blue_u;
};

static const struct weights all_weights[COLOUR_MATRICES][COLOUR_RANGES] = {
	[COLOUR_BT601] = {
		[COLOUR_LIMITED] = { 16, 9539, 13075, 3209, 6660, 16525 },
		[COLOUR_FULL] = { 0, 8192, 11485, 2819, 5850, 14516 },
	},
	[COLOUR_BT709] = {
		[COLOUR_LIMITED] = { 16, 9539, 14686, 1747, 4366, 17305 },
		[COLOUR_FULL] = { 0, 8192, 12901, 1535, 3835, 15201 },
	},
};

static uint8_t channel(int32_t value)
{
	value = (value + (1 << (SHIFT - 1))) >> SHIFT;
	return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static void convert_pixel(const struct weights *weights, const struct colour_format *format,
		uint8_t luma, const uint8_t *chroma, uint8_t *dst)
{
	int32_t y = (luma - weights->black) * weights->luma;
	int32_t u = chroma[0] - 128, v = chroma[1] - 128;

	/* Alpha is the byte that is none of the three. */
	dst[6 - format->order[0] - format->order[1] - format->order[2]] = 255;
	dst[format->order[0]] = channel(y + u * weights->blue_u);
	dst[format->order[1]] = channel(y - u * weights->green_u - v * weights->green_v);
	dst[format->order[2]] = channel(y + v * weights->red_v);
}

int colour_from_nv12(const struct colour_nv12 *src, const struct colour_box *box,
		enum colour_matrix matrix, enum colour_range range, uint32_t fourcc, uint8_t *dst,
		size_t dst_stride_bytes)
{
	const struct colour_format *format = colour_format_find(fourcc);
	const struct weights *weights;

	if (!format || format->unpack)
		return -ENOTSUP;
	if ((unsigned int)matrix >= COLOUR_MATRICES || (unsigned int)range >= COLOUR_RANGES ||
			src->width % 2 || src->height % 2 ||
			src->width > COLOUR_SIZE_MAX || src->height > COLOUR_SIZE_MAX ||
			(uint64_t)box->x + box->width > src->width ||
			(uint64_t)box->y + box->height > src->height ||
			src->luma_stride_bytes < src->width || src->chroma_stride_bytes < src->width ||
			dst_stride_bytes < (size_t)box->width * 4)
		return -EINVAL;
	weights = &all_weights[matrix][range];
	for (uint32_t y = 0; y < box->height; y++) {
		const uint8_t *luma = src->luma + (box->y + y) * src->luma_stride_bytes;
		const uint8_t *chroma = src->chroma + (box->y + y) / 2 * src->chroma_stride_bytes;

		for (uint32_t x = box->x; x < box->x + box->width; x++)
			convert_pixel(weights, format, luma[x], chroma + x / 2 * 2,
					dst + y * dst_stride_bytes + (size_t)(x - box->x) * 4);
	}
	return 0;
}
