// SPDX-License-Identifier: GPL-2.0-or-later
/* The pixel formats guests show, as one table, and their rows made XR24. */
#include "server/format.h"

#include <drm_fourcc.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ALWAYS_INLINE __attribute__((always_inline)) inline

static ALWAYS_INLINE uint32_t load16(const uint8_t *src)
{
	uint16_t value;

	memcpy(&value, src, sizeof(value));
	return value;
}

static ALWAYS_INLINE uint32_t load32(const uint8_t *src)
{
	uint32_t value;

	memcpy(&value, src, sizeof(value));
	return value;
}

static ALWAYS_INLINE void row_xb24(uint32_t *dst, const uint8_t *src, uint32_t width)
{
	for (uint32_t x = 0; x < width; x++) {
		uint32_t bgr = load32(src + (size_t)x * 4);

		dst[x] = (bgr & 0xff) << 16 | (bgr & 0xff00) | (bgr >> 16 & 0xff);
	}
}

static ALWAYS_INLINE void row_rg16(uint32_t *dst, const uint8_t *src, uint32_t width)
{
	for (uint32_t x = 0; x < width; x++) {
		uint32_t pixel = load16(src + (size_t)x * 2);
		uint32_t red = pixel >> 11, green = pixel >> 5 & 0x3f, blue = pixel & 0x1f;

		dst[x] = (red << 3 | red >> 2) << 16 | (green << 2 | green >> 4) << 8 |
				(blue << 3 | blue >> 2);
	}
}

static ALWAYS_INLINE void row_xr30(uint32_t *dst, const uint8_t *src, uint32_t width)
{
	for (uint32_t x = 0; x < width; x++) {
		uint32_t pixel = load32(src + (size_t)x * 4);

		dst[x] = (pixel >> 6 & 0xff0000) | (pixel >> 4 & 0xff00) | (pixel >> 2 & 0xff);
	}
}

static ALWAYS_INLINE void row_xb30(uint32_t *dst, const uint8_t *src, uint32_t width)
{
	for (uint32_t x = 0; x < width; x++) {
		uint32_t pixel = load32(src + (size_t)x * 4);

		dst[x] = (pixel << 14 & 0xff0000) | (pixel >> 4 & 0xff00) | (pixel >> 22 & 0xff);
	}
}

/* BT.709 limited range in 1/65536: 255/219, and the chroma terms by 255/224. */
#define YUV_SHIFT 16
#define YUV_Y 76309
#define YUV_RED_V 117489
#define YUV_GREEN_U 13975
#define YUV_GREEN_V 34925
#define YUV_BLUE_U 138438

static ALWAYS_INLINE uint32_t clamp8(int32_t value)
{
	value = value < 0 ? 0 : value;
	return value > 255 ? 255 : (uint32_t)value;
}

static ALWAYS_INLINE uint32_t yuv_pixel(int32_t luma, int32_t u, int32_t v)
{
	int32_t y = (luma - 16) * YUV_Y + (1 << (YUV_SHIFT - 1));
	uint32_t red = clamp8((y + v * YUV_RED_V) >> YUV_SHIFT);
	uint32_t green = clamp8((y - u * YUV_GREEN_U - v * YUV_GREEN_V) >> YUV_SHIFT);
	uint32_t blue = clamp8((y + u * YUV_BLUE_U) >> YUV_SHIFT);

	return red << 16 | green << 8 | blue;
}

/* Bit positions of the four samples in a little endian pair of pixels. */
static ALWAYS_INLINE void row_yuv422(uint32_t *dst, const uint8_t *src, uint32_t width,
		unsigned int y0, unsigned int y1, unsigned int u, unsigned int v)
{
	for (uint32_t pair = 0; pair < width / 2; pair++) {
		uint32_t word = load32(src + (size_t)pair * 4);
		int32_t cb = (int32_t)(word >> u & 0xff) - 128;
		int32_t cr = (int32_t)(word >> v & 0xff) - 128;

		dst[pair * 2] = yuv_pixel((int32_t)(word >> y0 & 0xff), cb, cr);
		dst[pair * 2 + 1] = yuv_pixel((int32_t)(word >> y1 & 0xff), cb, cr);
	}
}

static ALWAYS_INLINE void row_yuyv(uint32_t *dst, const uint8_t *src, uint32_t width)
{
	row_yuv422(dst, src, width, 0, 16, 8, 24);
}

static ALWAYS_INLINE void row_uyvy(uint32_t *dst, const uint8_t *src, uint32_t width)
{
	row_yuv422(dst, src, width, 8, 24, 0, 16);
}

static ALWAYS_INLINE void row_yvyu(uint32_t *dst, const uint8_t *src, uint32_t width)
{
	row_yuv422(dst, src, width, 0, 16, 24, 8);
}

static ALWAYS_INLINE void row_vyuy(uint32_t *dst, const uint8_t *src, uint32_t width)
{
	row_yuv422(dst, src, width, 8, 24, 16, 0);
}

/*
 * Each loop twice, for the compiler to make vectors of: as it is, and with AVX2
 * where the processor has it.
 */
#if defined(__x86_64__) || defined(__i386__)
#define CONVERTER(name) \
	__attribute__((target("avx2"))) static void avx2_##name( \
			uint32_t *dst, const uint8_t *src, uint32_t width) \
	{ \
		row_##name(dst, src, width); \
	} \
	static void convert_##name(uint32_t *dst, const uint8_t *src, uint32_t width) \
	{ \
		if (__builtin_cpu_supports("avx2")) \
			avx2_##name(dst, src, width); \
		else \
			row_##name(dst, src, width); \
	}
#else
#define CONVERTER(name) \
	static void convert_##name(uint32_t *dst, const uint8_t *src, uint32_t width) \
	{ \
		row_##name(dst, src, width); \
	}
#endif

CONVERTER(xb24)
CONVERTER(rg16)
CONVERTER(xr30)
CONVERTER(xb30)
CONVERTER(yuyv)
CONVERTER(uyvy)
CONVERTER(yvyu)
CONVERTER(vyuy)

/* clang-format off */
static const struct format formats[] = {
	{ DRM_FORMAT_XRGB8888,    "XR24", 4, 1, NULL,         NULL },
	{ DRM_FORMAT_ARGB8888,    "AR24", 4, 1, NULL,         NULL },
	{ DRM_FORMAT_XBGR8888,    "XB24", 4, 1, convert_xb24, NULL },
	{ DRM_FORMAT_ABGR8888,    "AB24", 4, 1, convert_xb24, NULL },
	{ DRM_FORMAT_RGB565,      "RG16", 2, 1, convert_rg16, NULL },
	{ DRM_FORMAT_XRGB2101010, "XR30", 4, 1, convert_xr30, NULL },
	{ DRM_FORMAT_XBGR2101010, "XB30", 4, 1, convert_xb30, NULL },
	{ DRM_FORMAT_YUYV,        "YUYV", 2, 2, convert_yuyv, NULL },
	{ DRM_FORMAT_UYVY,        "UYVY", 2, 2, convert_uyvy, NULL },
	{ DRM_FORMAT_YVYU,        "YVYU", 2, 2, convert_yvyu, NULL },
	{ DRM_FORMAT_VYUY,        "VYUY", 2, 2, convert_vyuy, NULL },
	{ DRM_FORMAT_C8,          "C8",   1, 1, NULL,
			"its colours are in a palette, which VFIO does not hand out" },
};
/* clang-format on */

#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

const struct format *format_find(uint32_t fourcc)
{
	for (size_t i = 0; i < N_FORMATS; i++) {
		if (formats[i].fourcc == fourcc)
			return &formats[i];
	}
	return NULL;
}

const struct format *format_table(unsigned int *ret_count)
{
	*ret_count = N_FORMATS;
	return formats;
}

const char *format_fourcc_name(uint32_t fourcc, char buf[12])
{
	for (unsigned int i = 0; i < 4; i++) {
		uint8_t c = fourcc >> (8 * i) & 0xff;

		if (c <= ' ' || c > '~') {
			snprintf(buf, 12, "0x%08x", fourcc);
			return buf;
		}
		buf[i] = (char)c;
	}
	buf[4] = '\0';
	return buf;
}
