// SPDX-License-Identifier: GPL-2.0-or-later
/* RGB pictures scaled by the CPU: what pixels become in every format, and what is refused. */
#include <drm_fourcc.h>
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encoders/colour.h"
#include "encoders/rescale.h"

#define WIDTH 64
#define HEIGHT 48

/* Where a colour lies in a pixel, in bits. */
static const struct {
	uint32_t fourcc;
	unsigned int bits, red, green, blue;
} rows[] = {
	{ DRM_FORMAT_XRGB8888, 8, 16, 8, 0 },
	{ DRM_FORMAT_ARGB8888, 8, 16, 8, 0 },
	{ DRM_FORMAT_XBGR8888, 8, 0, 8, 16 },
	{ DRM_FORMAT_ABGR8888, 8, 0, 8, 16 },
	{ DRM_FORMAT_RGBX8888, 8, 24, 16, 8 },
	{ DRM_FORMAT_RGBA8888, 8, 24, 16, 8 },
	{ DRM_FORMAT_BGRX8888, 8, 8, 16, 24 },
	{ DRM_FORMAT_BGRA8888, 8, 8, 16, 24 },
	{ DRM_FORMAT_XRGB2101010, 10, 20, 10, 0 },
	{ DRM_FORMAT_ARGB2101010, 10, 20, 10, 0 },
	{ DRM_FORMAT_XBGR2101010, 10, 0, 10, 20 },
	{ DRM_FORMAT_ABGR2101010, 10, 0, 10, 20 },
};

/* Of 8 bits; alpha is anything. */
static unsigned int take(uint32_t pixel, unsigned int bits, unsigned int shift)
{
	return (pixel >> shift & ((1u << bits) - 1)) >> (bits - 8);
}

static unsigned int mean(const uint32_t *at, unsigned int stride, unsigned int bits, unsigned int shift)
{
	return (take(at[0], bits, shift) + take(at[1], bits, shift) + take(at[stride], bits, shift) +
			       take(at[stride + 1], bits, shift)) / 4;
}

static void test_half(void **state)
{
	uint32_t *src = malloc(WIDTH * HEIGHT * 4), *dst = malloc(WIDTH * HEIGHT);
	uint32_t seed = 1;

	(void)state;
	for (unsigned int i = 0; i < WIDTH * HEIGHT; i++)
		src[i] = seed = seed * 1664525 + 1013904223;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct colour_rgb picture = { (uint8_t *)src, WIDTH * 4, WIDTH, HEIGHT,
			rows[i].fourcc };

		assert_int_equal(rescale_rgb(&picture, (uint8_t *)dst, WIDTH / 2, HEIGHT / 2), 0);
		for (unsigned int y = 0; y < HEIGHT / 2; y++)
			for (unsigned int x = 0; x < WIDTH / 2; x++) {
				const uint32_t *from = &src[2 * y * WIDTH + 2 * x];
				uint32_t to = dst[y * WIDTH / 2 + x];
				const unsigned int shifts[] = { rows[i].red, rows[i].green, rows[i].blue };

				for (unsigned int j = 0; j < 3; j++)
					assert_in_range(take(to, rows[i].bits, shifts[j]) + 2,
							mean(from, WIDTH, rows[i].bits, shifts[j]),
							mean(from, WIDTH, rows[i].bits, shifts[j]) + 4);
			}
	}
	free(src);
	free(dst);
}

/* Any ratio, each way: a plain picture stays one up to its edges. */
static void test_ratios(void **state)
{
	static const struct {
		uint32_t width, height, to_width, to_height;
	} sizes[] = { { 539, 399, 320, 236 }, { 5120, 3, 4096, 2 }, { 3, 5120, 2, 4096 }, { 16384, 2, 4096, 2 },
		{ 127, 129, 126, 128 }, { 16, 16, 40, 30 } };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		size_t pixels = (size_t)sizes[i].width * sizes[i].height;
		size_t to_pixels = (size_t)sizes[i].to_width * sizes[i].to_height;
		uint32_t *src = malloc(pixels * 4), *dst = calloc(to_pixels, 4);
		const struct colour_rgb picture = { (uint8_t *)src, (size_t)sizes[i].width * 4,
			sizes[i].width, sizes[i].height, DRM_FORMAT_XRGB8888 };

		for (size_t j = 0; j < pixels; j++)
			src[j] = 0x123456;
		assert_int_equal(rescale_rgb(&picture, (uint8_t *)dst, sizes[i].to_width,
						 sizes[i].to_height),
				0);
		for (size_t j = 0; j < to_pixels; j++)
			assert_int_equal(dst[j] & 0xffffff, 0x123456);
		free(src);
		free(dst);
	}
}

static void test_refusals(void **state)
{
	static uint32_t src[20 * 20], dst[16 * 16];
	struct colour_rgb picture = { (uint8_t *)src, 80, 20, 20, DRM_FORMAT_RGB565 };

	(void)state;
	assert_int_equal(rescale_rgb(&picture, (uint8_t *)dst, 16, 16), -ENOTSUP);
	picture.fourcc = DRM_FORMAT_XRGB8888;
	assert_int_equal(rescale_rgb(&picture, (uint8_t *)dst, 16, 16), 0);
	picture.stride_bytes = 78;
	picture.width = 19;
	assert_int_equal(rescale_rgb(&picture, (uint8_t *)dst, 16, 16), -ENOTSUP);
	picture.stride_bytes = 80;
	picture.data++;
	picture.height = 19;
	assert_int_equal(rescale_rgb(&picture, (uint8_t *)dst, 16, 16), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_half),
		cmocka_unit_test(test_ratios),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
