// SPDX-License-Identifier: GPL-2.0-or-later
/* The RGB formats that colour conversion knows, as one table. */
#include "encoders/colour_formats.h"

#include <drm_fourcc.h>
#include <stddef.h>
#include <string.h>

#include "encoders/colour.h"

static inline uint32_t load32(const uint8_t *src)
{
	uint32_t value;

	memcpy(&value, src, sizeof(value));
	return value;
}

/* The upper 8 of each 10 bits, in the order they have. */
static void unpack_30(uint8_t *dst, const uint8_t *src, uint32_t pixels)
{
	for (uint32_t x = 0; x < pixels; x++) {
		uint32_t from = load32(src + (size_t)x * 4);
		uint32_t to = (from >> 2 & 0xff) | (from >> 4 & 0xff00) | (from >> 6 & 0xff0000);

		memcpy(dst + (size_t)x * 4, &to, sizeof(to));
	}
}

static void unpack_rg16(uint8_t *dst, const uint8_t *src, uint32_t pixels)
{
	for (uint32_t x = 0; x < pixels; x++) {
		uint32_t red, green, blue, to;
		uint16_t from;

		memcpy(&from, src + (size_t)x * 2, sizeof(from));
		red = from >> 11;
		green = from >> 5 & 0x3f;
		blue = from & 0x1f;
		to = (red << 3 | red >> 2) << 16 | (green << 2 | green >> 4) << 8 | (blue << 3 | blue >> 2);
		memcpy(dst + (size_t)x * 4, &to, sizeof(to));
	}
}

static const struct colour_format formats[] = {
	{ DRM_FORMAT_XRGB8888, 4, { 0, 1, 2 }, NULL },
	{ DRM_FORMAT_ARGB8888, 4, { 0, 1, 2 }, NULL },
	{ DRM_FORMAT_XBGR8888, 4, { 2, 1, 0 }, NULL },
	{ DRM_FORMAT_ABGR8888, 4, { 2, 1, 0 }, NULL },
	{ DRM_FORMAT_RGBX8888, 4, { 1, 2, 3 }, NULL },
	{ DRM_FORMAT_RGBA8888, 4, { 1, 2, 3 }, NULL },
	{ DRM_FORMAT_BGRX8888, 4, { 3, 2, 1 }, NULL },
	{ DRM_FORMAT_BGRA8888, 4, { 3, 2, 1 }, NULL },
	{ DRM_FORMAT_XRGB2101010, 4, { 0, 1, 2 }, unpack_30 },
	{ DRM_FORMAT_ARGB2101010, 4, { 0, 1, 2 }, unpack_30 },
	{ DRM_FORMAT_XBGR2101010, 4, { 2, 1, 0 }, unpack_30 },
	{ DRM_FORMAT_ABGR2101010, 4, { 2, 1, 0 }, unpack_30 },
	{ DRM_FORMAT_RGB565, 2, { 0, 1, 2 }, unpack_rg16 },
};

const struct colour_format *colour_format_find(uint32_t fourcc)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (formats[i].fourcc == fourcc)
			return &formats[i];
	}
	return NULL;
}

bool colour_knows(uint32_t fourcc)
{
	return colour_format_find(fourcc) != NULL;
}
