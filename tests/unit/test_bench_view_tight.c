// SPDX-License-Identifier: GPL-2.0-or-later
/* Tight as the bench's viewer reads it: bytes made by hand for each filter, and what has to be refused. */
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <turbojpeg.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/bench/view_jpegs.h"
#include "tests/unit/bench_view_rig.h"

static struct rig rig;

static int setup(void **state)
{
	(void)state;
	rig_start(&rig, NULL, 64, 48);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

static void begin(uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	rig_update(&rig, 1);
	rig_rect(&rig, x, y, width, height, VIEW_TIGHT);
}

static uint64_t kind(enum view_tight_kind which)
{
	return rig.session.decoder.tight_kinds[which];
}

static void test_fill(void **state)
{
	(void)state;
	begin(3, 4, 5, 6);
	rig_bytes(&rig, 0x80, 0x12, 0x34, 0x56);
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 3, 4), 0x123456);
	assert_int_equal(rig_pixel(&rig, 7, 9), 0x123456);
	assert_int_equal(rig_pixel(&rig, 2, 4), 0);
	assert_int_equal(rig_pixel(&rig, 8, 9), 0);
	assert_int_equal(rig_pixel(&rig, 7, 10), 0);
	assert_int_equal(kind(VIEW_TIGHT_FILL), 1);
}

/* Three pixels are 9 bytes: without length and zlib. */
static void test_copy_short(void **state)
{
	(void)state;
	begin(0, 0, 3, 1);
	rig_bytes(&rig, 0x00, 1, 2, 3, 4, 5, 6, 7, 8, 9);
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 0, 0), 0x010203);
	assert_int_equal(rig_pixel(&rig, 2, 0), 0x070809);
	assert_int_equal(kind(VIEW_TIGHT_COPY), 1);
}

static void test_copy_streams(void **state)
{
	uint8_t pixels[8 * 8 * 3];

	(void)state;
	/* Each of the four streams begins, goes on, and begins anew. */
	for (uint32_t i = 0; i < 4; i++) {
		for (uint32_t round = 0; round < 3; round++) {
			if (round != 1)
				rig_deflate_reset(&rig);
			for (size_t k = 0; k < sizeof(pixels); k++)
				pixels[k] = (uint8_t)(k * 7 + i * 31 + round);
			begin(8 * i, 8 * round, 8, 8);
			rig_u8(&rig, i << 4 | (round == 2 ? 1u << i : 0));
			rig_deflate_compact(&rig, pixels, sizeof(pixels));
			rig_expect_read(&rig, round == 1 ? 0 : 1);
			for (uint32_t k = 0; k < 64; k++)
				assert_int_equal(rig_pixel(&rig, 8 * i + k % 8, 8 * round + k / 8),
						view_pixel_rgb(pixels + k * 3));
		}
	}
}

/* A reset is for the streams it names, whatever rectangle it comes with. */
static void test_reset_of_others(void **state)
{
	static const uint8_t pixels[8 * 8 * 3] = { 1, 2, 3 };

	(void)state;
	begin(0, 0, 8, 8);
	rig_u8(&rig, 0x10);
	rig_deflate_compact(&rig, pixels, sizeof(pixels));
	rig_expect_read(&rig, 0);
	begin(0, 8, 8, 8);
	rig_bytes(&rig, 0x8d, 4, 5, 6);
	rig_expect_read(&rig, 0);
	begin(0, 16, 8, 8);
	rig_u8(&rig, 0x10);
	rig_deflate_compact(&rig, pixels, sizeof(pixels));
	rig_expect_read(&rig, 0);
	assert_int_equal(rig_pixel(&rig, 0, 16), 0x010203);
	begin(0, 24, 8, 8);
	rig_bytes(&rig, 0x82, 4, 5, 6);
	rig_expect_read(&rig, 0);
	begin(0, 32, 8, 8);
	rig_u8(&rig, 0x10);
	rig_deflate_compact(&rig, pixels, sizeof(pixels));
	rig_expect_error(&rig, "zlib does not understand");
}

/* With a filter byte that says copy. */
static void test_copy_explicit(void **state)
{
	(void)state;
	begin(0, 0, 1, 1);
	rig_bytes(&rig, 0x40, 0, 9, 8, 7);
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 0, 0), 0x090807);
}

static void test_palette_of_two(void **state)
{
	(void)state;
	/* 10 pixels a row take 2 bytes; 3 rows are 6 bytes, sent as they are. */
	begin(1, 1, 10, 3);
	rig_bytes(&rig, 0x40, 1, 1, 0xaa, 0xbb, 0xcc, 0x11, 0x22, 0x33);
	rig_bytes(&rig, 0x80, 0x40, 0xff, 0xc0, 0x00, 0x3f);
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 1, 1), 0x112233);
	assert_int_equal(rig_pixel(&rig, 2, 1), 0xaabbcc);
	assert_int_equal(rig_pixel(&rig, 10, 1), 0x112233);
	assert_int_equal(rig_pixel(&rig, 9, 1), 0xaabbcc);
	assert_int_equal(rig_pixel(&rig, 10, 2), 0x112233);
	assert_int_equal(rig_pixel(&rig, 10, 3), 0xaabbcc);
	assert_int_equal(rig_pixel(&rig, 11, 1), 0);
	assert_int_equal(kind(VIEW_TIGHT_PALETTE), 1);
}

static void test_palette_of_many(void **state)
{
	uint8_t indices[16 * 16];

	(void)state;
	begin(4, 4, 16, 16);
	rig_bytes(&rig, 0x40, 1, 255);
	for (uint32_t i = 0; i < 256; i++) {
		rig_bytes(&rig, (uint8_t)i, (uint8_t)(255 - i), 7);
		indices[i] = (uint8_t)(i * 5);
	}
	rig_deflate_compact(&rig, indices, sizeof(indices));
	rig_expect_read(&rig, 1);
	for (uint32_t i = 0; i < 256; i++) {
		uint32_t colour = i * 5 & 255;

		assert_int_equal(rig_pixel(&rig, 4 + i % 16, 4 + i / 16), colour << 16 | (255 - colour) << 8 | 7);
	}
}

/* The filter undone by the book, from a picture that over- and underflows the prediction. */
static void test_gradient(void **state)
{
	uint8_t picture[12][10][3], sent[12][10][3];

	(void)state;
	for (int i = 0; i < 12 * 10 * 3; i++)
		((uint8_t *)picture)[i] = (uint8_t)(i * i * 37 % 256);
	for (int y = 0; y < 12; y++) {
		for (int x = 0; x < 10; x++) {
			for (int c = 0; c < 3; c++) {
				int left = x ? picture[y][x - 1][c] : 0, up = y ? picture[y - 1][x][c] : 0;
				int expected = left + up - (x && y ? picture[y - 1][x - 1][c] : 0);

				expected = expected < 0 ? 0 : expected > 255 ? 255 : expected;
				sent[y][x][c] = (uint8_t)(picture[y][x][c] - expected);
			}
		}
	}
	begin(5, 6, 10, 12);
	rig_bytes(&rig, 0x60, 2); /* stream 2 */
	rig_deflate_compact(&rig, sent, sizeof(sent));
	rig_expect_read(&rig, 1);
	for (uint32_t y = 0; y < 12; y++)
		for (uint32_t x = 0; x < 10; x++)
			assert_int_equal(rig_pixel(&rig, 5 + x, 6 + y), view_pixel_rgb(picture[y][x]));
	assert_int_equal(kind(VIEW_TIGHT_GRADIENT), 1);
}

/* libvncserver's way when no compression is wanted. */
static void test_no_zlib(void **state)
{
	(void)state;
	begin(0, 0, 5, 1);
	rig_bytes(&rig, 0xa0, 15, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 4, 0), 0x0d0e0f);
	begin(0, 1, 96 / 2, 2);
	rig_bytes(&rig, 0xe0, 1, 1, 0, 0, 0, 255, 255, 255, 12);
	rig_bytes(&rig, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 7, 1), 0xffffff);
	assert_int_equal(rig_pixel(&rig, 8, 1), 0);
	assert_int_equal(rig_pixel(&rig, 47, 2), 0xffffff);
}

static size_t make_jpeg(uint32_t width, uint32_t height, uint8_t *out, size_t room)
{
	unsigned long bytes = room;
	tjhandle turbo = tjInitCompress();
	uint32_t *pixels = malloc((size_t)width * height * 4);

	assert_non_null(pixels);
	for (uint32_t i = 0; i < width * height; i++)
		pixels[i] = (i % width * 4) << 16 | (i / width * 4) << 8 | 0x60;
	assert_int_equal(tjCompress2(turbo, (uint8_t *)pixels, (int)width, 0, (int)height, TJPF_BGRX, &out, &bytes,
				 TJSAMP_444, 100, TJFLAG_NOREALLOC), 0);
	free(pixels);
	tjDestroy(turbo);
	return bytes;
}

static void put_jpeg(const uint8_t *jpeg, size_t bytes)
{
	rig_bytes(&rig, 0x90, (uint8_t)(bytes & 127) | 128, (uint8_t)(bytes >> 7));
	rig_put(&rig, jpeg, bytes);
}

static void test_jpeg(void **state)
{
	uint8_t jpeg[16384];
	size_t bytes = make_jpeg(40, 24, jpeg, sizeof(jpeg));
	uint32_t pixel;

	(void)state;
	assert_in_range(bytes, 128, 16383);
	begin(8, 8, 40, 24);
	put_jpeg(jpeg, bytes);
	rig_expect_read(&rig, 1);
	pixel = rig_pixel(&rig, 8 + 20, 8 + 12);
	assert_in_range(pixel >> 16, 78, 82);
	assert_in_range(pixel >> 8 & 255, 46, 50);
	assert_in_range(pixel & 255, 94, 98);
	assert_int_equal(rig_pixel(&rig, 48, 12), 0);
	assert_int_equal(rig_pixel(&rig, 7, 12), 0);
	assert_int_equal(rig_pixel(&rig, 20, 32), 0);
	assert_int_equal(kind(VIEW_TIGHT_JPEG), 1);
}

static struct rig skimming;
static struct view_jpegs jpegs;

static void skim(uint32_t x, uint32_t y, const uint8_t *jpeg, size_t bytes)
{
	const struct view_session_options options = { .quality = 8, .compression = -1, .skim = &jpegs };

	rig_start(&skimming, &options, 600, 200);
	rig_update(&skimming, 1);
	rig_rect(&skimming, x, y, 40, 24, VIEW_TIGHT);
	rig_bytes(&skimming, 0x90, (uint8_t)(bytes & 127) | 128, (uint8_t)(bytes >> 7));
	rig_put(&skimming, jpeg, bytes);
	rig_expect_read(&skimming, 0);
	assert_int_equal(skimming.session.decoder.skimmed, 1);
}

/* On the marks as it is, elsewhere not at all; marks are 0,0 to 256,32 and 344,168 to 600,200. */
static void test_skim(void **state)
{
	static const struct { uint32_t x, y; bool touches; } cases[] = {
		{ 0, 0, true }, { 300, 0, false }, { 255, 31, true }, { 256, 0, false }, { 0, 32, false },
		{ 310, 150, true }, { 300, 100, false }, { 560, 170, true }, { 400, 144, false },
	};
	uint8_t jpeg[16384];
	size_t bytes = make_jpeg(40, 24, jpeg, sizeof(jpeg));

	(void)state;
	begin(0, 0, 40, 24);
	put_jpeg(jpeg, bytes);
	rig_expect_read(&rig, 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int drawn = 0;

		skim(cases[i].x, cases[i].y, jpeg, bytes);
		for (uint32_t y = 0; y < 24; y++) {
			for (uint32_t x = 0; x < 40; x++) {
				uint32_t at_x = cases[i].x + x, at_y = cases[i].y + y;
				bool marked = (at_x < 256 && at_y < 32) || (at_x >= 344 && at_y >= 168);

				drawn += marked;
				assert_int_equal(rig_pixel(&skimming, at_x, at_y),
						marked ? rig_pixel(&rig, x, y) : 0);
			}
		}
		assert_int_equal(drawn != 0, cases[i].touches);
		rig_stop(&skimming);
	}
	/* All the same JPEG. */
	assert_int_equal(jpegs.decoded, 1);
	assert_int_equal(jpegs.found, 3);
	/* One that differs in a single byte (a density) is another; what is none stays out of it. */
	jpeg[15] ^= 128;
	for (int i = 0; i < 2; i++) {
		skim(0, 0, jpeg, bytes);
		rig_stop(&skimming);
	}
	assert_int_equal(jpegs.decoded, 2);
	assert_int_equal(jpegs.found, 4);
	skim(300, 0, (const uint8_t *)"not looked at", 14);
	rig_stop(&skimming);
	/* So many that the first is forgotten. */
	jpeg[15] ^= 128;
	for (uint32_t i = 0; i < VIEW_JPEGS; i++) {
		jpeg[15]++;
		skim(0, 0, jpeg, bytes);
		rig_stop(&skimming);
	}
	assert_int_equal(jpegs.decoded, 2 + VIEW_JPEGS);
	jpeg[15] = (uint8_t)(jpeg[15] - VIEW_JPEGS);
	skim(0, 0, jpeg, bytes);
	rig_stop(&skimming);
	assert_int_equal(jpegs.decoded, 3 + VIEW_JPEGS);
	view_jpegs_finish(&jpegs);
}

static void expect_refused(const char *text)
{
	rig_expect_error(&rig, text);
	rig_stop(&rig);
	rig_start(&rig, NULL, 64, 48);
}

static void test_refused(void **state)
{
	uint8_t jpeg[16384], some[300] = { 1, 2, 3 };
	size_t bytes = make_jpeg(40, 24, jpeg, sizeof(jpeg));

	(void)state;
	begin(0, 0, 4, 4);
	rig_bytes(&rig, 0xb0, 0);
	expect_refused("control byte 0xb0");
	begin(0, 0, 4, 4);
	rig_bytes(&rig, 0x40, 3);
	expect_refused("filter 3");
	begin(61, 0, 4, 4);
	expect_refused("tight: 4x4 at 61,0 is outside the picture");
	/* One pixel less and one more than the rectangle has. */
	begin(0, 0, 8, 8);
	rig_u8(&rig, 0);
	rig_deflate_compact(&rig, some, 189);
	expect_refused("189 bytes after inflating, not 192");
	begin(0, 0, 8, 8);
	rig_u8(&rig, 0);
	rig_deflate_compact(&rig, some, 193);
	expect_refused("zlib does not understand");
	begin(0, 0, 8, 8);
	rig_bytes(&rig, 0, 4, 'j', 'u', 'n', 'k');
	expect_refused("zlib does not understand");
	begin(0, 0, 5, 1);
	rig_bytes(&rig, 0xa0, 14, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);
	expect_refused("14 bytes of pixels, not 15");
	/* Index 2 of a palette of two, when it has three colours and a byte a pixel; index 1 of one. */
	begin(0, 0, 2, 1);
	rig_bytes(&rig, 0x40, 1, 2, 0, 0, 0, 1, 1, 1, 2, 2, 2, 2, 3);
	expect_refused("beyond the palette's 3");
	begin(0, 0, 2, 1);
	rig_bytes(&rig, 0x40, 1, 0, 0, 0, 0, 0x40);
	expect_refused("beyond the palette's 1");
	begin(0, 0, 24, 40);
	put_jpeg(jpeg, bytes);
	expect_refused("a JPEG of 40x24 for 24x40 pixels");
	begin(0, 0, 40, 24);
	put_jpeg(jpeg, bytes / 2);
	expect_refused("tight: JPEG: ");
	begin(0, 0, 40, 24);
	rig_bytes(&rig, 0x90, 3, 'n', 'o', 't');
	expect_refused("tight: JPEG: ");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fill, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copy_short, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copy_streams, setup, teardown),
		cmocka_unit_test_setup_teardown(test_reset_of_others, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copy_explicit, setup, teardown),
		cmocka_unit_test_setup_teardown(test_palette_of_two, setup, teardown),
		cmocka_unit_test_setup_teardown(test_palette_of_many, setup, teardown),
		cmocka_unit_test_setup_teardown(test_gradient, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_zlib, setup, teardown),
		cmocka_unit_test_setup_teardown(test_jpeg, setup, teardown),
		cmocka_unit_test_setup_teardown(test_skim, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
