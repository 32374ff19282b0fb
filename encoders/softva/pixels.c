// SPDX-License-Identifier: GPL-2.0-or-later
/* Copies and conversions of whole pictures. */
#include "encoders/softva/pixels.h"

#include <errno.h>
#include <string.h>

struct picture pixels_crop(const struct picture *picture, const struct pixels_box *box)
{
	struct picture part = *picture;

	part.width = box->width;
	part.height = box->height;
	for (unsigned int i = 0; i < part.format->n_planes; i++) {
		unsigned int shift = part.format->planes[i].subsampled;

		part.planes[i] += (size_t)(box->y >> shift) * part.pitch_bytes[i] +
				(size_t)(box->x >> shift) * part.format->planes[i].bytes;
	}
	return part;
}

static void copy_planes(const struct picture *src, const struct picture *dst)
{
	for (unsigned int i = 0; i < src->format->n_planes; i++) {
		size_t row = (size_t)formats_plane_width(src->format, i, src->width) *
				src->format->planes[i].bytes;

		for (uint32_t y = 0; y < formats_plane_height(src->format, i, src->height); y++)
			memcpy(dst->planes[i] + (size_t)y * dst->pitch_bytes[i],
					src->planes[i] + (size_t)y * src->pitch_bytes[i], row);
	}
}

/* Where the samples of Y, U and V are, in any of the YUV formats. */
struct samples {
	uint8_t *at;
	size_t pitch_bytes, step;
};

static struct samples find_chroma(const struct picture *picture, unsigned int which)
{
	unsigned int plane;

	if (picture->format->n_planes == 2)
		return (struct samples){ picture->planes[1] + which, picture->pitch_bytes[1], 2 };
	/* YV12 has V first. */
	plane = picture->format->fourcc == VA_FOURCC_YV12 ? 2 - which : 1 + which;
	return (struct samples){ picture->planes[plane], picture->pitch_bytes[plane], 1 };
}

static void convert_yuv(const struct picture *src, const struct picture *dst)
{
	uint32_t width = (src->width + 1) / 2, height = (src->height + 1) / 2;

	for (uint32_t y = 0; y < src->height; y++)
		memcpy(dst->planes[0] + (size_t)y * dst->pitch_bytes[0],
				src->planes[0] + (size_t)y * src->pitch_bytes[0], src->width);
	for (unsigned int which = 0; which < 2; which++) {
		struct samples from = find_chroma(src, which), to = find_chroma(dst, which);

		for (uint32_t y = 0; y < height; y++)
			for (uint32_t x = 0; x < width; x++)
				to.at[y * to.pitch_bytes + x * to.step] =
						from.at[y * from.pitch_bytes + x * from.step];
	}
}

static uint32_t load(const uint8_t *at, unsigned int bytes)
{
	uint32_t pixel = 0;

	memcpy(&pixel, at, bytes);
	return pixel;
}

/* Where a channel is in a pixel, and how it becomes 8 bits and back. */
struct channel {
	unsigned int shift, bits;
};

static struct channel find_channel(uint32_t mask)
{
	return (struct channel){ mask ? (unsigned int)__builtin_ctz(mask) : 0,
		(unsigned int)__builtin_popcount(mask) };
}

/* Widened by repeating the high bits, narrowed by dropping the low ones. */
static uint32_t convert_bits(uint32_t value, unsigned int from, unsigned int to)
{
	if (from >= to)
		return value >> (from - to);
	value <<= to - from;
	for (unsigned int have = from; have < to; have *= 2)
		value |= value >> have;
	return value & ((1u << to) - 1);
}

static void convert_rgb(const struct picture *src, const struct picture *dst)
{
	const uint32_t from_masks[] = { src->format->red, src->format->green, src->format->blue,
		src->format->alpha };
	const uint32_t to_masks[] = { dst->format->red, dst->format->green, dst->format->blue,
		dst->format->alpha };
	struct channel from[4], to[4];
	unsigned int n_from = src->format->planes[0].bytes, n_to = dst->format->planes[0].bytes;

	for (unsigned int i = 0; i < 4; i++) {
		from[i] = find_channel(from_masks[i]);
		to[i] = find_channel(to_masks[i]);
	}
	for (uint32_t y = 0; y < src->height; y++) {
		const uint8_t *in = src->planes[0] + (size_t)y * src->pitch_bytes[0];
		uint8_t *out = dst->planes[0] + (size_t)y * dst->pitch_bytes[0];

		for (uint32_t x = 0; x < src->width; x++, in += n_from, out += n_to) {
			uint32_t pixel = load(in, n_from), made = 0;

			for (unsigned int i = 0; i < 4; i++) {
				if (!to[i].bits)
					continue;
				if (from[i].bits)
					made |= convert_bits((pixel & from_masks[i]) >>
										from[i].shift,
								from[i].bits, to[i].bits)
							<< to[i].shift;
				else
					made |= to_masks[i];
			}
			memcpy(out, &made, n_to);
		}
	}
}

static uint32_t round_up(uint32_t size)
{
	return (size + 1) & ~1u;
}

static struct colour_nv12 as_nv12(const struct picture *picture)
{
	return (struct colour_nv12){
		.luma = picture->planes[0],
		.chroma = picture->planes[1],
		.luma_stride_bytes = picture->pitch_bytes[0],
		.chroma_stride_bytes = picture->pitch_bytes[1],
		.width = round_up(picture->width),
		.height = round_up(picture->height),
	};
}

static int to_nv12(const struct picture *src, const struct picture *dst,
		const struct pixels_colour *colour)
{
	const struct colour_rgb rgb = {
		.data = src->planes[0],
		.stride_bytes = src->pitch_bytes[0],
		.width = src->width,
		.height = src->height,
		.fourcc = src->format->drm,
	};
	const struct colour_box all = { .width = src->width, .height = src->height };
	const struct colour_nv12 nv12 = as_nv12(dst);

	return colour_to_nv12(&rgb, &all, colour->matrix, colour->range, &nv12);
}

static int from_nv12(const struct picture *src, const struct picture *dst,
		const struct pixels_colour *colour)
{
	const struct colour_box all = { .width = src->width, .height = src->height };
	const struct colour_nv12 nv12 = as_nv12(src);

	return colour_from_nv12(&nv12, &all, colour->matrix, colour->range, dst->format->drm,
			dst->planes[0], dst->pitch_bytes[0]);
}

int pixels_convert(const struct picture *src, const struct picture *dst,
		const struct pixels_colour *colour)
{
	bool from_rgb = formats_is_rgb(src->format), to_rgb = formats_is_rgb(dst->format);

	if (src->width != dst->width || src->height != dst->height)
		return -EINVAL;
	if (src->format == dst->format)
		copy_planes(src, dst);
	else if (from_rgb && to_rgb)
		convert_rgb(src, dst);
	else if (!from_rgb && !to_rgb)
		convert_yuv(src, dst);
	else if (dst->format->fourcc == VA_FOURCC_NV12)
		return to_nv12(src, dst, colour);
	else if (src->format->fourcc == VA_FOURCC_NV12)
		return from_nv12(src, dst, colour);
	else
		return -ENOTSUP;
	return 0;
}

int pixels_fill(const struct picture *dst, uint32_t argb, const struct pixels_colour *colour)
{
	/* Four pixels show what one becomes. */
	uint32_t four[4] = { argb, argb, argb, argb };
	uint8_t made[FORMATS_PLANES_MAX][sizeof(four)];
	const struct picture src = {
		.format = formats_find(VA_FOURCC_BGRA),
		.width = 2,
		.height = 2,
		.planes = { (uint8_t *)four },
		.pitch_bytes = { 8 },
	};
	const struct picture sample = {
		.format = dst->format,
		.width = 2,
		.height = 2,
		.planes = { made[0], made[1], made[2] },
		.pitch_bytes = { 8, 8, 8 },
	};
	int err = pixels_convert(&src, &sample, colour);

	if (err)
		return err;
	for (unsigned int i = 0; i < dst->format->n_planes; i++) {
		unsigned int bytes = dst->format->planes[i].bytes;
		uint32_t width = formats_plane_width(dst->format, i, dst->width);

		for (uint32_t y = 0; y < formats_plane_height(dst->format, i, dst->height); y++)
			for (uint32_t x = 0; x < width; x++)
				memcpy(dst->planes[i] + (size_t)y * dst->pitch_bytes[i] +
								(size_t)x * bytes,
						made[i], bytes);
	}
	return 0;
}
