// SPDX-License-Identifier: GPL-2.0-or-later
/* Every value of every channel of every format, and damage over all of them. */
#include "tests/unit/damage_picture.h"

#include <errno.h>

#include "server/damage.h"
#include "server/format.h"

static uint32_t convert(uint32_t fourcc, uint32_t pixel)
{
	const struct format *format = format_find(fourcc);
	uint32_t result = 0xdeadbeef;

	assert_non_null(format);
	format->to_xr24(&result, (const uint8_t *)&pixel, 1);
	return result;
}

static void test_table_is_complete(void **state)
{
	static const char *const names[] = { "XR24", "AR24", "XB24", "AB24", "RG16", "XR30",
		"XB30", "C8", "YUYV", "UYVY", "YVYU", "VYUY" };
	const struct format *formats;
	unsigned int count;
	char buf[12];

	(void)state;
	formats = format_table(&count);
	assert_int_equal(count, sizeof(names) / sizeof(names[0]));
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char padded[5] = "    ";
		const struct format *format;

		memcpy(padded, names[i], strlen(names[i]));
		format = format_find(fourcc_code(padded[0], padded[1], padded[2], padded[3]));
		assert_non_null(format);
		assert_string_equal(format->name, names[i]);
		if (strlen(names[i]) == 4)
			assert_string_equal(format_fourcc_name(format->fourcc, buf), names[i]);
	}
	for (unsigned int i = 0; i < count; i++)
		assert_ptr_equal(format_find(formats[i].fourcc), &formats[i]);
	assert_null(format_find(DRM_FORMAT_NV12));
	assert_null(format_find(0));
}

static void test_c8_is_refused_with_a_reason(void **state)
{
	const struct format *format = format_find(DRM_FORMAT_C8);

	(void)state;
	assert_non_null(format);
	assert_null(format->to_xr24);
	assert_non_null(strstr(format->refusal, "palette"));
	assert_null(format_find(DRM_FORMAT_RGB565)->refusal);
}

static void test_names_of_unprintable_codes(void **state)
{
	char buf[12];

	(void)state;
	assert_string_equal(format_fourcc_name(DRM_FORMAT_C8, buf), "0x20203843");
	assert_string_equal(format_fourcc_name(0, buf), "0x00000000");
	assert_string_equal(format_fourcc_name(0xffffffff, buf), "0xffffffff");
	assert_string_equal(format_fourcc_name(0x0a343258, buf), "0x0a343258");
}

static void test_rgb565_repeats_the_high_bits(void **state)
{
	(void)state;
	for (uint32_t pixel = 0; pixel < 0x10000; pixel++) {
		uint32_t result = convert(DRM_FORMAT_RGB565, pixel);
		uint32_t red = pixel >> 11, green = pixel >> 5 & 63, blue = pixel & 31;

		/* Known ends, exact in the high bits, and at most 1 from the true share. */
		assert_int_equal(result >> 24, 0);
		assert_int_equal(result >> 19, red);
		assert_int_equal(result >> 10 & 63, green);
		assert_int_equal(result >> 3 & 31, blue);
		assert_true(abs((int)(result >> 16) * 31 - (int)red * 255) <= 31);
		assert_true(abs((int)(result >> 8 & 255) * 63 - (int)green * 255) <= 63);
		assert_true(abs((int)(result & 255) * 31 - (int)blue * 255) <= 31);
	}
	assert_int_equal(convert(DRM_FORMAT_RGB565, 0xffff), 0xffffff);
	assert_int_equal(convert(DRM_FORMAT_RGB565, 0xf800), 0xff0000);
	assert_int_equal(convert(DRM_FORMAT_RGB565, 0x07e0), 0x00ff00);
	assert_int_equal(convert(DRM_FORMAT_RGB565, 0x001f), 0x0000ff);
	assert_int_equal(convert(DRM_FORMAT_RGB565, 0x8410), 0x848284);
}

static void test_10_bits_lose_two(void **state)
{
	(void)state;
	for (uint32_t value = 0; value < 1024; value++) {
		uint32_t want = value / 4;

		for (uint32_t top = 0; top < 4; top++) {
			uint32_t high = top << 30;

			assert_int_equal(convert(DRM_FORMAT_XRGB2101010, high | value << 20), want << 16);
			assert_int_equal(convert(DRM_FORMAT_XRGB2101010, high | value << 10), want << 8);
			assert_int_equal(convert(DRM_FORMAT_XRGB2101010, high | value), want);
			assert_int_equal(convert(DRM_FORMAT_XBGR2101010, high | value << 20), want);
			assert_int_equal(convert(DRM_FORMAT_XBGR2101010, high | value << 10), want << 8);
			assert_int_equal(convert(DRM_FORMAT_XBGR2101010, high | value), want << 16);
		}
	}
}

static void test_bgr_swaps(void **state)
{
	(void)state;
	for (uint32_t value = 0; value < 256; value++) {
		assert_int_equal(convert(DRM_FORMAT_XBGR8888, value), value << 16);
		assert_int_equal(convert(DRM_FORMAT_XBGR8888, value << 8), value << 8);
		assert_int_equal(convert(DRM_FORMAT_XBGR8888, value << 16), value);
		assert_int_equal(convert(DRM_FORMAT_XBGR8888, value << 24), 0);
		assert_int_equal(convert(DRM_FORMAT_ABGR8888, value << 24 | 0x010203), 0x030201);
	}
}

/* BT.709 limited range in floating point, as ITU-R BT.709 and BT.2100 annex give it. */
static int yuv_reference(int y, int u, int v, unsigned int channel)
{
	double luma = (y - 16) / 219.0, cb = (u - 128) / 224.0, cr = (v - 128) / 224.0;
	double kr = 0.2126, kb = 0.0722, kg = 1 - kr - kb, value;

	if (channel == 2)
		value = luma + 2 * (1 - kr) * cr;
	else if (channel == 0)
		value = luma + 2 * (1 - kb) * cb;
	else
		value = luma - 2 * (1 - kb) * kb / kg * cb - 2 * (1 - kr) * kr / kg * cr;
	value = value < 0 ? 0 : value > 1 ? 1 : value;
	return (int)(value * 255 + 0.5);
}

static void test_yuv_is_bt709_limited(void **state)
{
	/* The eight corners of the RGB cube, as BT.709 codes them in 8 bits. */
	static const struct {
		uint8_t y, u, v;
		uint32_t rgb;
	} known[] = {
		{ 16, 128, 128, 0x000000 }, { 235, 128, 128, 0xffffff }, { 126, 128, 128, 0x808080 },
		{ 63, 102, 240, 0xff0000 }, { 173, 42, 26, 0x00ff00 }, { 32, 240, 118, 0x0000ff },
		{ 219, 16, 138, 0xffff00 }, { 188, 154, 16, 0x00ffff }, { 78, 214, 230, 0xff00ff },
		{ 0, 128, 128, 0x000000 }, { 255, 128, 128, 0xffffff },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		uint32_t y = known[i].y, u = known[i].u, v = known[i].v, pixels[2];
		const uint32_t words[4] = { y | u << 8 | y << 16 | v << 24,
			u | y << 8 | v << 16 | y << 24, y | v << 8 | y << 16 | u << 24,
			v | y << 8 | u << 16 | y << 24 };
		static const uint32_t fourccs[4] = { DRM_FORMAT_YUYV, DRM_FORMAT_UYVY,
			DRM_FORMAT_YVYU, DRM_FORMAT_VYUY };

		for (unsigned int j = 0; j < 4; j++) {
			format_find(fourccs[j])->to_xr24(pixels, (const uint8_t *)&words[j], 2);
			assert_int_equal(pixels[0], pixels[1]);
			/* 8 bit codes of saturated colours are up to 2 off. */
			for (unsigned int shift = 0; shift < 24; shift += 8) {
				int got = pixels[0] >> shift & 255;

				assert_true(abs(got - (int)(known[i].rgb >> shift & 255)) <= 2);
			}
		}
	}
}

static void test_yuv_equals_floating_point(void **state)
{
	(void)state;
	for (int y = 0; y < 256; y += 3) {
		for (int u = 0; u < 256; u += 5) {
			for (int v = 0; v < 256; v += 5) {
				uint8_t bytes[4] = { (uint8_t)y, (uint8_t)u, (uint8_t)(255 - y),
					(uint8_t)v };
				uint32_t pixels[2];

				format_find(DRM_FORMAT_YUYV)->to_xr24(pixels, bytes, 2);
				for (unsigned int c = 0; c < 3; c++) {
					int first = pixels[0] >> 8 * c & 255;
					int second = pixels[1] >> 8 * c & 255;

					assert_true(abs(first - yuv_reference(y, u, v, c)) <= 1);
					assert_true(abs(second - yuv_reference(255 - y, u, v, c)) <= 1);
				}
			}
		}
	}
}

/* Wide rows go through vectors, one or two pixels do not: both have to agree. */
static void test_rows_convert_as_their_pixels_do(void **state)
{
	const struct format *formats;
	unsigned int count;
	uint32_t seed = 1;

	(void)state;
	formats = format_table(&count);
	for (unsigned int i = 0; i < count; i++) {
		const struct format *format = &formats[i];
		uint32_t unit = format->width_multiple;

		for (uint32_t width = unit; format->to_xr24 && width < 150; width += unit) {
			size_t bytes = (size_t)width * format->bytes_per_pixel;
			size_t lead = picture_below(&seed, 32);
			uint8_t *memory = malloc(lead + bytes);
			uint32_t *row = calloc(width + 1, 4), pixels[2];

			assert_non_null(memory);
			assert_non_null(row);
			for (size_t b = 0; b < bytes; b++)
				memory[lead + b] = (uint8_t)picture_random(&seed);
			row[width] = 0x5a5a5a5a;
			format->to_xr24(row, memory + lead, width);
			for (uint32_t x = 0; x < width; x += unit) {
				format->to_xr24(pixels, memory + lead +
						(size_t)x * format->bytes_per_pixel, unit);
				assert_memory_equal(row + x, pixels, unit * 4);
			}
			assert_int_equal(row[width], 0x5a5a5a5a);
			free(row);
			free(memory);
		}
	}
}

/* Noise in memory, seen through each format: the shadow is its conversion. */
static void check_damage_of_format(const struct format *format, uint32_t *seed)
{
	uint32_t width = 150, height = 50;
	uint32_t *line = calloc(width, 4);
	struct picture picture;
	struct damage *damage;

	assert_non_null(line);
	picture_init(&picture, width, height, 615, 3);
	picture_noise(&picture, 0, 0, width, height, seed);
	picture.frame.fourcc = format->fourcc;
	assert_int_equal(damage_new(2, &damage), 0);
	for (unsigned int pass = 0; pass < 20; pass++) {
		struct update update;
		int result = damage_run(damage, &picture.frame, NULL, &update);

		assert_true(result == 0 || result == 1);
		if (result)
			update_finish(&update);
		for (uint32_t y = 0; y < height; y++) {
			const struct frame *shadow = damage_shadow(damage);
			const uint8_t *row = picture.pixels + y * picture.stride;

			if (format->to_xr24)
				format->to_xr24(line, row, width);
			else
				memcpy(line, row, (size_t)width * 4);
			for (uint32_t x = 0; x < width; x++) {
				uint32_t got;

				memcpy(&got, shadow->data + y * shadow->planes[0].stride + x * 4, 4);
				assert_int_equal(got, line[x] & 0xffffff);
			}
		}
		picture_noise(&picture, picture_below(seed, 100), picture_below(seed, 40),
				1 + picture_below(seed, 50), 1 + picture_below(seed, 10), seed);
		if (pass % 4 == 3)
			picture_scroll(&picture, 0, 0, width, height, pass % 8 == 3 ? 6 : 0, 5);
	}
	damage_free(damage);
	picture_finish(&picture);
	free(line);
}

static void test_damage_sees_through_every_format(void **state)
{
	const struct format *formats;
	unsigned int count;
	uint32_t seed = 3;

	(void)state;
	formats = format_table(&count);
	for (unsigned int i = 0; i < count; i++) {
		if (!formats[i].refusal)
			check_damage_of_format(&formats[i], &seed);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table_is_complete),
		cmocka_unit_test(test_c8_is_refused_with_a_reason),
		cmocka_unit_test(test_names_of_unprintable_codes),
		cmocka_unit_test(test_rgb565_repeats_the_high_bits),
		cmocka_unit_test(test_10_bits_lose_two),
		cmocka_unit_test(test_bgr_swaps),
		cmocka_unit_test(test_yuv_is_bt709_limited),
		cmocka_unit_test(test_yuv_equals_floating_point),
		cmocka_unit_test(test_rows_convert_as_their_pixels_do),
		cmocka_unit_test(test_damage_sees_through_every_format),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
