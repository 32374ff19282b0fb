// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of pixel formats, and where pictures of them lie in memory. */
#include "encoders/softva/formats.h"

#include "encoders/detile.h"

#include <drm_fourcc.h>
#include <errno.h>

#define RGB(va, drm_name, rt, r, g, b, a) \
	{ \
		.fourcc = VA_FOURCC_##va, .drm = DRM_FORMAT_##drm_name, .rt_format = VA_RT_FORMAT_##rt, \
		.n_planes = 1, .planes = { { (rt##_BYTES), 0, DRM_FORMAT_##drm_name } }, \
		.red = r, .green = g, .blue = b, .alpha = a \
	}
#define RGB16_BYTES 2
#define RGB32_BYTES 4
#define RGB32_10_BYTES 4

/* VA names bytes in memory, DRM bits of a little endian word. */
static const struct format formats[] = {
	{
		.fourcc = VA_FOURCC_NV12,
		.drm = DRM_FORMAT_NV12,
		.rt_format = VA_RT_FORMAT_YUV420,
		.n_planes = 2,
		.planes = { { 1, 0, DRM_FORMAT_R8 }, { 2, 1, DRM_FORMAT_GR88 } },
	},
	RGB(BGRX, XRGB8888, RGB32, 0x00ff0000, 0x0000ff00, 0x000000ff, 0),
	RGB(BGRA, ARGB8888, RGB32, 0x00ff0000, 0x0000ff00, 0x000000ff, 0xff000000),
	RGB(RGBX, XBGR8888, RGB32, 0x000000ff, 0x0000ff00, 0x00ff0000, 0),
	RGB(RGBA, ABGR8888, RGB32, 0x000000ff, 0x0000ff00, 0x00ff0000, 0xff000000),
	RGB(XRGB, BGRX8888, RGB32, 0x0000ff00, 0x00ff0000, 0xff000000, 0),
	RGB(ARGB, BGRA8888, RGB32, 0x0000ff00, 0x00ff0000, 0xff000000, 0x000000ff),
	RGB(XBGR, RGBX8888, RGB32, 0xff000000, 0x00ff0000, 0x0000ff00, 0),
	RGB(ABGR, RGBA8888, RGB32, 0xff000000, 0x00ff0000, 0x0000ff00, 0x000000ff),
	RGB(RGB565, RGB565, RGB16, 0xf800, 0x07e0, 0x001f, 0),
	RGB(X2R10G10B10, XRGB2101010, RGB32_10, 0x3ff00000, 0x000ffc00, 0x000003ff, 0),
	RGB(A2R10G10B10, ARGB2101010, RGB32_10, 0x3ff00000, 0x000ffc00, 0x000003ff, 0xc0000000),
	RGB(X2B10G10R10, XBGR2101010, RGB32_10, 0x000003ff, 0x000ffc00, 0x3ff00000, 0),
	RGB(A2B10G10R10, ABGR2101010, RGB32_10, 0x000003ff, 0x000ffc00, 0x3ff00000, 0xc0000000),
	{ .fourcc = VA_FOURCC_I420,
			.rt_format = VA_RT_FORMAT_YUV420,
			.n_planes = 3,
			.planes = { { 1, 0, 0 }, { 1, 1, 0 }, { 1, 1, 0 } } },
	{ .fourcc = VA_FOURCC_YV12,
			.rt_format = VA_RT_FORMAT_YUV420,
			.n_planes = 3,
			.planes = { { 1, 0, 0 }, { 1, 1, 0 }, { 1, 1, 0 } } },
};

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

const struct format *formats_at(unsigned int index)
{
	return index < N_FORMATS ? &formats[index] : NULL;
}

const struct format *formats_find(uint32_t fourcc)
{
	for (size_t i = 0; i < N_FORMATS; i++)
		if (formats[i].fourcc == fourcc)
			return &formats[i];
	return NULL;
}

const struct format *formats_find_default(uint32_t rt_format)
{
	for (size_t i = 0; i < N_FORMATS; i++)
		if (formats[i].rt_format == rt_format)
			return &formats[i];
	return NULL;
}

void formats_describe(const struct format *format, VAImageFormat *ret)
{
	*ret = (VAImageFormat){ .fourcc = format->fourcc, .byte_order = VA_LSB_FIRST };
	if (!formats_is_rgb(format)) {
		ret->bits_per_pixel = 12;
		return;
	}
	ret->bits_per_pixel = format->planes[0].bytes * 8u;
	ret->depth = (uint32_t)__builtin_popcount(
			format->red | format->green | format->blue | format->alpha);
	ret->red_mask = format->red;
	ret->green_mask = format->green;
	ret->blue_mask = format->blue;
	ret->alpha_mask = format->alpha;
}

static uint64_t align(uint64_t value, uint64_t to)
{
	return (value + to - 1) / to * to;
}

void formats_lay_out(
		const struct format *format, uint32_t width, uint32_t height, struct layout *ret)
{
	*ret = (struct layout){ .modifier = DRM_FORMAT_MOD_LINEAR };
	width = (uint32_t)align(width, 16);
	height = (uint32_t)align(height, 16);
	for (unsigned int i = 0; i < format->n_planes; i++) {
		ret->offset_bytes[i] = ret->bytes;
		ret->pitch_bytes[i] = (uint32_t)align(
				(uint64_t)formats_plane_width(format, i, width) *
						format->planes[i].bytes,
				64);
		ret->bytes += (uint64_t)ret->pitch_bytes[i] *
				formats_plane_height(format, i, height);
	}
}

static const char *check_tiled(const struct format *format, uint32_t width, uint32_t height,
		uint64_t bytes, struct layout *layout)
{
	struct detile_picture picture = {
		.layout = detile_find(layout->modifier),
		.stride_bytes = layout->pitch_bytes[0],
		.width = width,
		.height = height,
	};

	if (!picture.layout)
		return "format modifier is neither linear nor X-, Y- or Yf-tiled";
	if (format->n_planes != 1 || format->planes[0].bytes != 4)
		return "only pictures of 32 bits a pixel may be tiled";
	if (layout->offset_bytes[0] % DETILE_TILE_BYTES)
		return "tiles do not begin at a page";
	if (layout->offset_bytes[0] > bytes)
		return "memory is smaller than the picture";
	picture.bytes = (size_t)(bytes - layout->offset_bytes[0]);
	switch (detile_check(&picture)) {
	case 0:
		layout->bytes = bytes;
		return NULL;
	case -ENOSPC:
		return "memory is smaller than the picture";
	default:
		return "pitch is no whole number of tiles, or less than a row";
	}
}

const char *formats_check_layout(const struct format *format, uint32_t width, uint32_t height,
		uint64_t bytes, struct layout *layout)
{
	uint64_t needed = 0;

	if (layout->modifier != DRM_FORMAT_MOD_LINEAR)
		return check_tiled(format, width, height, bytes, layout);
	for (unsigned int i = 0; i < format->n_planes; i++) {
		uint64_t row = (uint64_t)formats_plane_width(format, i, width) *
				format->planes[i].bytes;
		uint64_t last = formats_plane_height(format, i, height) - 1;
		uint64_t end;

		/* Whoever fills in a pair of rows or columns may write both. */
		if (format->planes[i].subsampled && (width | height) & 1)
			return "odd size of a picture with chroma for every other pixel";
		if (layout->pitch_bytes[i] < row)
			return "pitch is less than a row";
		if (layout->pitch_bytes[i] % format->planes[i].bytes ||
				layout->offset_bytes[i] % format->planes[i].bytes)
			return "pitch or offset is no whole number of pixels";
		if (layout->offset_bytes[i] > bytes)
			return "a plane begins behind the memory's end";
		end = layout->offset_bytes[i] + last * layout->pitch_bytes[i] + row;
		if (end > bytes)
			return "memory is smaller than the picture";
		if (end > needed)
			needed = end;
	}
	layout->bytes = needed;
	return NULL;
}
