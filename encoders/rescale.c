// SPDX-License-Identifier: GPL-2.0-or-later
/* Scaling with pixman. */
#include "encoders/rescale.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <limits.h>
#include <pixman.h>
#include <stdbool.h>

#include "encoders/colour.h"

/* What lies in the bits of no colour may become anything. */
static const struct {
	uint32_t fourcc;
	pixman_format_code_t pixman;
} formats[] = {
	{ DRM_FORMAT_XRGB8888, PIXMAN_x8r8g8b8 },
	{ DRM_FORMAT_ARGB8888, PIXMAN_x8r8g8b8 },
	{ DRM_FORMAT_XBGR8888, PIXMAN_x8b8g8r8 },
	{ DRM_FORMAT_ABGR8888, PIXMAN_x8b8g8r8 },
	{ DRM_FORMAT_BGRX8888, PIXMAN_b8g8r8x8 },
	{ DRM_FORMAT_BGRA8888, PIXMAN_b8g8r8x8 },
	{ DRM_FORMAT_RGBX8888, PIXMAN_r8g8b8x8 },
	{ DRM_FORMAT_RGBA8888, PIXMAN_r8g8b8x8 },
	{ DRM_FORMAT_XRGB2101010, PIXMAN_x2r10g10b10 },
	{ DRM_FORMAT_ARGB2101010, PIXMAN_x2r10g10b10 },
	{ DRM_FORMAT_XBGR2101010, PIXMAN_x2b10g10r10 },
	{ DRM_FORMAT_ABGR2101010, PIXMAN_x2b10g10r10 },
};

static bool find_format(uint32_t fourcc, pixman_format_code_t *ret)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		if (formats[i].fourcc == fourcc) {
			*ret = formats[i].pixman;
			return true;
		}
	}
	return false;
}

/* pixman only reads what it composes from. */
static pixman_image_t *wrap(pixman_format_code_t format, const uint8_t *data, uint32_t width,
		uint32_t height, size_t stride_bytes)
{
	return pixman_image_create_bits_no_clear(format, (int)width, (int)height,
			(uint32_t *)(uintptr_t)data, (int)stride_bytes);
}

static pixman_fixed_t ratio(uint32_t from, uint32_t to)
{
	return (pixman_fixed_t)(((uint64_t)from << 16) / to);
}

static bool stretch(pixman_image_t *image, const struct colour_rgb *src, uint32_t width, uint32_t height)
{
	pixman_transform_t transform;

	pixman_transform_init_scale(&transform, ratio(src->width, width), ratio(src->height, height));
	/* The last pixels' places round to beyond the picture. */
	pixman_image_set_repeat(image, PIXMAN_REPEAT_PAD);
	return pixman_image_set_transform(image, &transform) &&
			pixman_image_set_filter(image, PIXMAN_FILTER_BILINEAR, NULL, 0);
}

int rescale_rgb(const struct colour_rgb *src, uint8_t *dst, uint32_t width, uint32_t height)
{
	pixman_image_t *from, *to;
	pixman_format_code_t format;
	int err = -ENOMEM;

	if (!find_format(src->fourcc, &format) || ((uintptr_t)src->data | src->stride_bytes) & 3 ||
			src->stride_bytes > INT_MAX)
		return -ENOTSUP;
	from = wrap(format, src->data, src->width, src->height, src->stride_bytes);
	to = wrap(format, dst, width, height, (size_t)width * 4);
	if (from && to && stretch(from, src, width, height)) {
		pixman_image_composite32(PIXMAN_OP_SRC, from, NULL, to, 0, 0, 0, 0, 0, 0, (int)width,
				(int)height);
		err = 0;
	}
	if (from)
		pixman_image_unref(from);
	if (to)
		pixman_image_unref(to);
	return err;
}
