// SPDX-License-Identifier: GPL-2.0-or-later
/* RGB to NV12 and back, against floating point and itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/colour.h"

#define SIZE_MAX_TEST 200
#define GUARD 0xa5

static const struct {
	double red, blue;
} shares[COLOUR_MATRICES] = { { 0.299, 0.114 }, { 0.2126, 0.0722 } };

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

struct yuv {
	double y, u, v;
};

static double clip(double value)
{
	return fmin(fmax(value, 0), 255);
}

/* What the standards say, of values from 0 to 255. */
static struct yuv exact(enum colour_matrix matrix, enum colour_range range, double r, double g, double b)
{
	double kr = shares[matrix].red, kb = shares[matrix].blue;
	double y = kr * r + (1 - kr - kb) * g + kb * b;
	double u = (b - y) / (2 * (1 - kb)), v = (r - y) / (2 * (1 - kr));

	if (range == COLOUR_FULL)
		return (struct yuv){ y, clip(u + 128), clip(v + 128) };
	return (struct yuv){ 16 + y * 219 / 255, u * 224 / 255 + 128, v * 224 / 255 + 128 };
}

/* One block of four equal pixels. */
static void convert_one(enum colour_matrix matrix, enum colour_range range, uint32_t fourcc, uint32_t pixel,
		uint8_t luma[4], uint8_t chroma[2])
{
	uint32_t pixels[4] = { pixel, pixel, pixel, pixel };
	const struct colour_rgb src = { (const uint8_t *)pixels, 8, 2, 2, fourcc };
	const struct colour_nv12 dst = { luma, chroma, 2, 2, 2, 2 };
	const struct colour_box box = { 0, 0, 2, 2 };

	assert_int_equal(colour_to_nv12(&src, &box, matrix, range, &dst), 0);
}

static void check_colour(enum colour_matrix matrix, enum colour_range range, uint32_t r, uint32_t g, uint32_t b,
		double tolerance)
{
	struct yuv want = exact(matrix, range, r, g, b);
	uint8_t luma[4], chroma[2];

	convert_one(matrix, range, DRM_FORMAT_XRGB8888, 0xff000000 | r << 16 | g << 8 | b, luma, chroma);
	for (unsigned int i = 0; i < 4; i++)
		assert_true(fabs(luma[i] - want.y) <= tolerance);
	assert_true(fabs(chroma[0] - want.u) <= tolerance);
	assert_true(fabs(chroma[1] - want.v) <= tolerance);
}

static void test_close_to_floating_point(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned int matrix = 0; matrix < COLOUR_MATRICES; matrix++) {
		for (unsigned int range = 0; range < COLOUR_RANGES; range++) {
			/* The sums are linear: the corners of the cube hold the largest errors. */
			for (uint32_t i = 0; i < 8; i++)
				check_colour(matrix, range, i & 1 ? 255 : 0, i & 2 ? 255 : 0, i & 4 ? 255 : 0, 0.55);
			for (unsigned int i = 0; i < 20000; i++) {
				uint32_t colour = next_random(&seed);

				check_colour(matrix, range, colour & 255, colour >> 8 & 255, colour >> 16 & 255, 0.55);
			}
		}
	}
}

static void test_greys_are_exact(void **state)
{
	(void)state;
	for (unsigned int matrix = 0; matrix < COLOUR_MATRICES; matrix++) {
		for (unsigned int range = 0; range < COLOUR_RANGES; range++) {
			for (uint32_t grey = 0; grey < 256; grey++) {
				double want = exact(matrix, range, grey, grey, grey).y;
				uint8_t luma[4], chroma[2];

				convert_one(matrix, range, DRM_FORMAT_XRGB8888, grey * 0x10101, luma, chroma);
				assert_int_equal(luma[0], (int)floor(want + 0.5));
				assert_int_equal(chroma[0], 128);
				assert_int_equal(chroma[1], 128);
			}
		}
	}
}

static void test_known_values(void **state)
{
	/* BT.709, limited: red, green, blue, white. */
	static const uint8_t want[][4] = { { 63, 102, 240 }, { 173, 42, 26 }, { 32, 240, 118 }, { 235, 128, 128 } };
	static const uint32_t colours[] = { 0xff0000, 0x00ff00, 0x0000ff, 0xffffff };
	uint8_t luma[4], chroma[2];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		convert_one(COLOUR_BT709, COLOUR_LIMITED, DRM_FORMAT_XRGB8888, colours[i], luma, chroma);
		assert_int_equal(luma[3], want[i][0]);
		assert_int_equal(chroma[0], want[i][1]);
		assert_int_equal(chroma[1], want[i][2]);
	}
}

/* The same colour in every format there is. */
static void test_formats(void **state)
{
	static const struct {
		uint32_t fourcc, pixel;
	} same[] = {
		{ DRM_FORMAT_XRGB8888, 0x77c66384 }, { DRM_FORMAT_ARGB8888, 0xffc66384 },
		{ DRM_FORMAT_XBGR8888, 0x778463c6 }, { DRM_FORMAT_ABGR8888, 0x008463c6 },
		{ DRM_FORMAT_RGBX8888, 0xc6638477 }, { DRM_FORMAT_RGBA8888, 0xc6638400 },
		{ DRM_FORMAT_BGRX8888, 0x8463c677 }, { DRM_FORMAT_BGRA8888, 0x8463c6ff },
		{ DRM_FORMAT_XRGB2101010, 3u << 30 | 0x31bu << 20 | 0x18fu << 10 | 0x213u },
		{ DRM_FORMAT_ARGB2101010, 0x318u << 20 | 0x18cu << 10 | 0x210u },
		{ DRM_FORMAT_XBGR2101010, 1u << 30 | 0x211u << 20 | 0x18eu << 10 | 0x31au },
		{ DRM_FORMAT_ABGR2101010, 0x210u << 20 | 0x18cu << 10 | 0x318u },
	};
	uint8_t luma[4], chroma[2], first_luma[4], first_chroma[2];

	(void)state;
	convert_one(COLOUR_BT709, COLOUR_LIMITED, same[0].fourcc, same[0].pixel, first_luma, first_chroma);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		assert_true(colour_knows(same[i].fourcc));
		convert_one(COLOUR_BT709, COLOUR_LIMITED, same[i].fourcc, same[i].pixel, luma, chroma);
		assert_memory_equal(luma, first_luma, sizeof(luma));
		assert_memory_equal(chroma, first_chroma, sizeof(chroma));
	}
	assert_false(colour_knows(DRM_FORMAT_YUYV));
	assert_false(colour_knows(0));
}

static void test_rgb565(void **state)
{
	uint8_t luma[4], chroma[2], want_luma[4], want_chroma[2];

	(void)state;
	for (uint32_t pixel = 0; pixel < 0x10000; pixel += 7) {
		uint32_t r = pixel >> 11, g = pixel >> 5 & 63, b = pixel & 31;
		uint16_t pixels[4] = { (uint16_t)pixel, (uint16_t)pixel, (uint16_t)pixel, (uint16_t)pixel };
		const struct colour_rgb src = { (const uint8_t *)pixels, 4, 2, 2, DRM_FORMAT_RGB565 };
		const struct colour_nv12 dst = { luma, chroma, 2, 2, 2, 2 };
		const struct colour_box box = { 0, 0, 2, 2 };

		assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_FULL, &dst), 0);
		convert_one(COLOUR_BT709, COLOUR_FULL, DRM_FORMAT_XRGB8888,
				(r << 3 | r >> 2) << 16 | (g << 2 | g >> 4) << 8 | (b << 3 | b >> 2),
				want_luma, want_chroma);
		assert_memory_equal(luma, want_luma, sizeof(luma));
		assert_memory_equal(chroma, want_chroma, sizeof(chroma));
	}
}

struct picture {
	uint32_t width, height, even_width, even_height;
	size_t stride, luma_stride, chroma_stride;
	uint8_t *rgb, *luma, *chroma;
};

static void picture_init(struct picture *picture, uint32_t width, uint32_t height, uint32_t *seed)
{
	memset(picture, 0, sizeof(*picture));
	picture->width = width;
	picture->height = height;
	picture->even_width = (width + 1) & ~1u;
	picture->even_height = (height + 1) & ~1u;
	picture->stride = (size_t)width * 4 + next_random(seed) % 40;
	picture->luma_stride = picture->even_width + next_random(seed) % 40;
	picture->chroma_stride = picture->even_width + next_random(seed) % 40;
	/* Exactly as large as they are said to be, for the sanitizer. */
	picture->rgb = malloc(picture->stride * (height - 1) + (size_t)width * 4);
	picture->luma = malloc(picture->luma_stride * picture->even_height);
	picture->chroma = malloc(picture->chroma_stride * picture->even_height / 2);
	assert_true(picture->rgb && picture->luma && picture->chroma);
	for (size_t i = 0; i < picture->stride * (height - 1) + (size_t)width * 4; i++)
		picture->rgb[i] = (uint8_t)next_random(seed);
	memset(picture->luma, GUARD, picture->luma_stride * picture->even_height);
	memset(picture->chroma, GUARD, picture->chroma_stride * picture->even_height / 2);
}

static void picture_finish(struct picture *picture)
{
	free(picture->rgb);
	free(picture->luma);
	free(picture->chroma);
}

static const uint8_t *pixel_of(const struct picture *picture, uint32_t x, uint32_t y)
{
	x = x < picture->width ? x : picture->width - 1;
	y = y < picture->height ? y : picture->height - 1;
	return picture->rgb + y * picture->stride + (size_t)x * 4;
}

static bool inside(uint32_t at, uint32_t start, uint32_t length)
{
	return at >= start && at < start + ((length + 1) & ~1u);
}

/* All bytes of dst: those of the box right, and all others as they were. */
static void check_picture(const struct picture *picture, const struct colour_box *box)
{
	for (uint32_t y = 0; y < picture->even_height; y++) {
		for (uint32_t x = 0; x < picture->luma_stride; x++) {
			uint8_t got = picture->luma[y * picture->luma_stride + x];
			const uint8_t *p;

			if (!inside(x, box->x, box->width) || !inside(y, box->y, box->height)) {
				assert_int_equal(got, GUARD);
				continue;
			}
			p = pixel_of(picture, x, y);
			assert_true(fabs(got - exact(COLOUR_BT709, COLOUR_LIMITED, p[2], p[1], p[0]).y) < 1);
		}
	}
	for (uint32_t y = 0; y < picture->even_height / 2; y++) {
		for (uint32_t x = 0; x < picture->chroma_stride; x++) {
			uint8_t got = picture->chroma[y * picture->chroma_stride + x];
			double sum[3] = { 0 };
			struct yuv want;

			if (!inside(x, box->x, box->width) || !inside(y * 2, box->y, box->height)) {
				assert_int_equal(got, GUARD);
				continue;
			}
			for (unsigned int i = 0; i < 4; i++) {
				const uint8_t *p = pixel_of(picture, (x & ~1u) + i % 2, y * 2 + i / 2);

				for (unsigned int c = 0; c < 3; c++)
					sum[c] += p[c] / 4.0;
			}
			want = exact(COLOUR_BT709, COLOUR_LIMITED, sum[2], sum[1], sum[0]);
			assert_true(fabs(got - (x % 2 ? want.v : want.u)) < 1);
		}
	}
}

static void test_any_box(void **state)
{
	uint32_t seed = 2;

	(void)state;
	for (unsigned int i = 0; i < 300; i++) {
		struct picture picture;
		struct colour_box box;
		struct colour_rgb src;
		struct colour_nv12 dst;

		picture_init(&picture, 1 + next_random(&seed) % SIZE_MAX_TEST, 1 + next_random(&seed) % 20, &seed);
		src = (struct colour_rgb){ picture.rgb, picture.stride, picture.width, picture.height,
			DRM_FORMAT_XRGB8888 };
		dst = (struct colour_nv12){ picture.luma, picture.chroma, picture.luma_stride,
			picture.chroma_stride, picture.even_width, picture.even_height };
		box.x = next_random(&seed) % picture.width & ~1u;
		box.y = next_random(&seed) % picture.height & ~1u;
		box.width = next_random(&seed) % (picture.width - box.x + 1);
		box.height = next_random(&seed) % (picture.height - box.y + 1);
		if (box.x + box.width < picture.width)
			box.width &= ~1u;
		if (box.y + box.height < picture.height)
			box.height &= ~1u;
		assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_LIMITED, &dst), 0);
		check_picture(&picture, &box);
		picture_finish(&picture);
	}
}

static void test_refusals(void **state)
{
	static uint8_t rgb[64 * 64 * 4], luma[64 * 64], chroma[64 * 32];
	const struct colour_rgb good = { rgb, 63 * 4, 63, 63, DRM_FORMAT_XRGB8888 };
	const struct colour_nv12 whole = { luma, chroma, 64, 64, 64, 64 };
	static const struct colour_box boxes[] = {
		{ 1, 0, 2, 2 }, { 0, 1, 2, 2 }, { 0, 0, 3, 2 }, { 0, 0, 2, 3 }, { 62, 0, 2, 2 }, { 0, 62, 2, 2 },
		{ 64, 0, 0, 2 }, { 2, 0, UINT32_MAX - 1, 2 }, { 0, 2, 2, UINT32_MAX - 1 }, { UINT32_MAX - 1, 0, 2, 2 },
	};
	const struct colour_box box = { 0, 0, 63, 63 };
	struct colour_nv12 dst = whole;
	struct colour_rgb src = good;

	(void)state;
	assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_LIMITED, &dst), 0);
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++)
		assert_int_equal(colour_to_nv12(&src, &boxes[i], COLOUR_BT709, COLOUR_LIMITED, &dst), -EINVAL);
	assert_int_equal(colour_to_nv12(&src, &box, COLOUR_MATRICES, COLOUR_LIMITED, &dst), -EINVAL);
	assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_RANGES, &dst), -EINVAL);
	src.stride_bytes--;
	assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_LIMITED, &dst), -EINVAL);
	src = good;
	src.fourcc = DRM_FORMAT_NV12;
	assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_LIMITED, &dst), -ENOTSUP);
	src = good;
	dst.width = 62;
	assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_LIMITED, &dst), -EINVAL);
	dst.width = 63;
	assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_LIMITED, &dst), -EINVAL);
	dst = whole;
	dst.height = 62;
	assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_LIMITED, &dst), -EINVAL);
	dst = whole;
	dst.luma_stride_bytes = 63;
	assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_LIMITED, &dst), -EINVAL);
	dst = whole;
	dst.chroma_stride_bytes = 63;
	assert_int_equal(colour_to_nv12(&src, &box, COLOUR_BT709, COLOUR_LIMITED, &dst), -EINVAL);
}

/* Half a step of luma and of chroma each way, in RGB. */
static void test_back_again(void **state)
{
	static const uint32_t fourccs[] = { DRM_FORMAT_XRGB8888, DRM_FORMAT_ABGR8888, DRM_FORMAT_RGBX8888,
		DRM_FORMAT_BGRA8888 };
	static const uint8_t shifts[][4] = { { 16, 8, 0, 24 }, { 0, 8, 16, 24 }, { 24, 16, 8, 0 }, { 8, 16, 24, 0 } };
	uint32_t seed = 3;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		unsigned int matrix = i % COLOUR_MATRICES, range = i / COLOUR_MATRICES % COLOUR_RANGES;
		uint32_t colour = next_random(&seed) & 0xffffff, back[4] = { 0 };
		const uint8_t *shift = shifts[i / 4 % 4];
		const struct colour_box box = { 0, 0, 2, 2 };
		uint8_t luma[4], chroma[2];
		const struct colour_nv12 nv12 = { luma, chroma, 2, 2, 2, 2 };

		convert_one(matrix, range, DRM_FORMAT_XRGB8888, colour, luma, chroma);
		assert_int_equal(colour_from_nv12(&nv12, &box, matrix, range, fourccs[i / 4 % 4],
				(uint8_t *)back, 8), 0);
		for (unsigned int p = 0; p < 4; p++) {
			assert_int_equal(back[p] >> shift[3] & 255, 255);
			for (unsigned int c = 0; c < 3; c++) {
				int was = (int)(colour >> (16 - c * 8) & 255), is = (int)(back[p] >> shift[c] & 255);

				assert_true(abs(was - is) <= 3);
			}
		}
	}
}

static void test_back_of_any_box(void **state)
{
	static uint8_t luma[16 * 8], chroma[16 * 4];
	const struct colour_nv12 src = { luma, chroma, 16, 16, 16, 8 };
	uint32_t whole[16 * 8], part[5 * 3];
	const struct colour_box all = { 0, 0, 16, 8 }, box = { 3, 5, 5, 3 };
	const struct colour_box bad[] = { { 12, 0, 5, 1 }, { 0, 6, 1, 3 }, { UINT32_MAX, 0, 2, 1 } };
	uint32_t seed = 4;

	(void)state;
	for (size_t i = 0; i < sizeof(luma); i++)
		luma[i] = (uint8_t)next_random(&seed);
	for (size_t i = 0; i < sizeof(chroma); i++)
		chroma[i] = (uint8_t)next_random(&seed);
	assert_int_equal(colour_from_nv12(&src, &all, COLOUR_BT709, COLOUR_FULL, DRM_FORMAT_XRGB8888,
			(uint8_t *)whole, 64), 0);
	assert_int_equal(colour_from_nv12(&src, &box, COLOUR_BT709, COLOUR_FULL, DRM_FORMAT_XRGB8888,
			(uint8_t *)part, 20), 0);
	for (uint32_t y = 0; y < box.height; y++)
		assert_memory_equal(part + y * 5, whole + (y + box.y) * 16 + box.x, 20);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(colour_from_nv12(&src, &bad[i], COLOUR_BT709, COLOUR_FULL,
				DRM_FORMAT_XRGB8888, (uint8_t *)part, 20), -EINVAL);
	assert_int_equal(colour_from_nv12(&src, &box, COLOUR_BT709, COLOUR_FULL, DRM_FORMAT_XRGB8888,
			(uint8_t *)part, 19), -EINVAL);
	assert_int_equal(colour_from_nv12(&src, &box, COLOUR_BT709, COLOUR_FULL, DRM_FORMAT_RGB565,
			(uint8_t *)part, 20), -ENOTSUP);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_close_to_floating_point),
		cmocka_unit_test(test_greys_are_exact),
		cmocka_unit_test(test_known_values),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_rgb565),
		cmocka_unit_test(test_any_box),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_back_again),
		cmocka_unit_test(test_back_of_any_box),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
