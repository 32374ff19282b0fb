// SPDX-License-Identifier: GPL-2.0-or-later
/* The bench's viewer: Raw, CopyRect, Zlib, Hextile, ZRLE and pseudo-encodings from bytes made by hand. */
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "tests/unit/bench_view_rig.h"

static struct rig rig;

static int setup(void **state)
{
	(void)state;
	rig_start(&rig, NULL, 70, 40);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	rig_stop(&rig);
	return 0;
}

static void begin(uint32_t x, uint32_t y, uint32_t width, uint32_t height, int32_t encoding)
{
	rig_update(&rig, 1);
	rig_rect(&rig, x, y, width, height, encoding);
}

static void expect_refused(const char *text)
{
	rig_expect_error(&rig, text);
	rig_stop(&rig);
	rig_start(&rig, NULL, 70, 40);
}

/* Each pixel says where it is. */
static void put_numbered(uint32_t width, uint32_t height, uint32_t extra)
{
	for (uint32_t i = 0; i < width * height; i++)
		rig_bytes(&rig, (uint8_t)(i % width), (uint8_t)(i / width), (uint8_t)extra, 0xee);
}

static uint32_t numbered(uint32_t x, uint32_t y, uint32_t extra)
{
	return x | y << 8 | extra << 16;
}

static void test_raw(void **state)
{
	(void)state;
	begin(0, 0, 70, 40, VIEW_RAW);
	put_numbered(70, 40, 5);
	rig_expect_read(&rig, 7);
	for (uint32_t y = 0; y < 40; y++)
		for (uint32_t x = 0; x < 70; x++)
			assert_int_equal(rig_pixel(&rig, x, y), numbered(x, y, 5));
	begin(3, 3, 0, 5, VIEW_RAW);
	rig_expect_read(&rig, 1);
	begin(3, 36, 2, 5, VIEW_RAW);
	expect_refused("raw: 2x5 at 3,36 is outside the picture");
}

static void test_copy_rect(void **state)
{
	static const struct { uint32_t from_x, from_y, x, y; } moves[] = {
		{ 10, 10, 12, 13 }, { 12, 13, 10, 10 }, { 5, 5, 9, 5 }, { 9, 5, 5, 5 }, { 0, 0, 40, 20 },
	};
	uint32_t expected[40][70];

	(void)state;
	begin(0, 0, 70, 40, VIEW_RAW);
	put_numbered(70, 40, 1);
	rig_expect_read(&rig, 0);
	for (uint32_t y = 0; y < 40; y++)
		for (uint32_t x = 0; x < 70; x++)
			expected[y][x] = numbered(x, y, 1);
	for (size_t i = 0; i < sizeof(moves) / sizeof(moves[0]); i++) {
		uint32_t before[40][70];

		memcpy(before, expected, sizeof(before));
		for (uint32_t y = 0; y < 20; y++)
			for (uint32_t x = 0; x < 30; x++)
				expected[moves[i].y + y][moves[i].x + x] =
						before[moves[i].from_y + y][moves[i].from_x + x];
		begin(moves[i].x, moves[i].y, 30, 20, VIEW_COPY_RECT);
		rig_u16(&rig, moves[i].from_x);
		rig_u16(&rig, moves[i].from_y);
		rig_expect_read(&rig, 1);
		for (uint32_t y = 0; y < 40; y++)
			for (uint32_t x = 0; x < 70; x++)
				assert_int_equal(rig_pixel(&rig, x, y), expected[y][x]);
	}
	begin(0, 0, 30, 20, VIEW_COPY_RECT);
	rig_bytes(&rig, 0, 41, 0, 0);
	expect_refused("copyrect: from 41,0, outside");
}

static void test_zlib(void **state)
{
	uint8_t pixels[9 * 4 * 4];

	(void)state;
	for (uint32_t round = 0; round < 3; round++) {
		for (size_t i = 0; i < sizeof(pixels); i++)
			pixels[i] = (uint8_t)(i + round * 50);
		begin(7, 9, 9, 4, VIEW_ZLIB);
		rig_deflate_u32(&rig, pixels, sizeof(pixels));
		rig_expect_read(&rig, round);
		for (uint32_t i = 0; i < 36; i++)
			assert_int_equal(rig_pixel(&rig, 7 + i % 9, 9 + i / 9), view_pixel_bgrx(pixels + i * 4));
	}
	begin(0, 0, 9, 4, VIEW_ZLIB);
	rig_u32(&rig, 5000);
	expect_refused("zlib: 5000 bytes for 144");
	begin(0, 0, 9, 4, VIEW_ZLIB);
	rig_deflate_reset(&rig);
	rig_deflate_u32(&rig, pixels, 140);
	expect_refused("140 bytes after inflating, not 144");
}

static void test_hextile(void **state)
{
	(void)state;
	/* 18 x 17: tiles of 16x16, 2x16, 16x1 and 2x1. */
	begin(50, 20, 18, 17, VIEW_HEXTILE);
	/* Background, foreground, two parts in it. */
	rig_bytes(&rig, 2 | 4 | 8, 1, 2, 3, 0, 4, 5, 6, 0, 2, 0x00, 0x00, 0xe1, 0x1e);
	/* The same background, parts with colours of their own. */
	rig_bytes(&rig, 8 | 16, 1, 9, 9, 9, 0, 0x0f, 0x10);
	/* Raw. */
	rig_u8(&rig, 1);
	put_numbered(16, 1, 0x77);
	/* Nothing new at all. */
	rig_bytes(&rig, 0);
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 50, 20), 0x060504);
	assert_int_equal(rig_pixel(&rig, 51, 20), 0x030201);
	assert_int_equal(rig_pixel(&rig, 64, 21), 0x060504);
	assert_int_equal(rig_pixel(&rig, 65, 35), 0x060504);
	assert_int_equal(rig_pixel(&rig, 63, 35), 0x030201);
	assert_int_equal(rig_pixel(&rig, 66, 34), 0x030201);
	assert_int_equal(rig_pixel(&rig, 66, 35), 0x090909);
	assert_int_equal(rig_pixel(&rig, 67, 35), 0x090909);
	assert_int_equal(rig_pixel(&rig, 57, 36), numbered(7, 0, 0x77));
	assert_int_equal(rig_pixel(&rig, 66, 36), 0x030201);
	assert_int_equal(rig_pixel(&rig, 49, 20), 0);
	begin(0, 0, 18, 17, VIEW_HEXTILE);
	rig_bytes(&rig, 4, 1, 1, 1, 1);
	expect_refused("no background");
	begin(0, 0, 18, 17, VIEW_HEXTILE);
	rig_bytes(&rig, 2, 0, 0, 0, 0, 8, 1, 0x10, 0x10);
	expect_refused("outside its tile");
}

static void put_zrle(uint32_t x, uint32_t y, uint32_t width, uint32_t height, const void *tiles, size_t n)
{
	begin(x, y, width, height, VIEW_ZRLE);
	rig_deflate_u32(&rig, tiles, n);
}

static void test_zrle(void **state)
{
	static const uint8_t solid[] = { 1, 0x33, 0x22, 0x11, 128, 4, 5, 6, 2, 7, 8, 9, 0 };
	static const uint8_t raw[] = { 0, 1, 2, 3, 4, 5, 6 };
	static const uint8_t two[] = { 2, 0, 0, 0, 1, 1, 1, 0xaa, 0x80, 0x55, 0x00 };
	static const uint8_t three[] = { 3, 0, 0, 0, 1, 1, 1, 2, 2, 2, 0x18, 0x40 };
	static const uint8_t five[] = { 5, 0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 0x40, 0x12, 0x30 };
	static const uint8_t runs[] = { 128, 9, 9, 9, 255, 43, 8, 8, 8, 0 };
	static const uint8_t palette_runs[] = { 130, 7, 7, 7, 6, 6, 6, 128, 2, 1, 129, 1 };

	(void)state;
	/* Two tiles: 64 and 4 wide. */
	put_zrle(0, 0, 68, 1, solid, sizeof(solid));
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 63, 0), 0x112233);
	assert_int_equal(rig_pixel(&rig, 64, 0), 0x060504);
	assert_int_equal(rig_pixel(&rig, 66, 0), 0x060504);
	assert_int_equal(rig_pixel(&rig, 67, 0), 0x090807);
	put_zrle(1, 1, 2, 1, raw, sizeof(raw));
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 1, 1), 0x030201);
	assert_int_equal(rig_pixel(&rig, 2, 1), 0x060504);
	put_zrle(0, 2, 10, 2, two, sizeof(two));
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 0, 2), 0x010101);
	assert_int_equal(rig_pixel(&rig, 1, 2), 0);
	assert_int_equal(rig_pixel(&rig, 8, 2), 0x010101);
	assert_int_equal(rig_pixel(&rig, 1, 3), 0x010101);
	put_zrle(0, 4, 5, 1, three, sizeof(three));
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 1, 4), 0x010101);
	assert_int_equal(rig_pixel(&rig, 2, 4), 0x020202);
	assert_int_equal(rig_pixel(&rig, 4, 4), 0x010101);
	put_zrle(0, 5, 5, 1, five, sizeof(five));
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 0, 5), 0x040404);
	assert_int_equal(rig_pixel(&rig, 2, 5), 0x010101);
	assert_int_equal(rig_pixel(&rig, 4, 5), 0x030303);
	/* 299 of one, one of another, over the ends of rows. */
	put_zrle(10, 10, 30, 10, runs, sizeof(runs));
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 10, 10), 0x090909);
	assert_int_equal(rig_pixel(&rig, 38, 19), 0x090909);
	assert_int_equal(rig_pixel(&rig, 39, 19), 0x080808);
	put_zrle(0, 6, 3, 2, palette_runs, sizeof(palette_runs));
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 2, 6), 0x070707);
	assert_int_equal(rig_pixel(&rig, 0, 7), 0x060606);
	assert_int_equal(rig_pixel(&rig, 1, 7), 0x060606);
	assert_int_equal(rig_pixel(&rig, 2, 7), 0x060606);
}

static void test_zrle_refused(void **state)
{
	/* Tiles of 4x1. */
	static const struct {
		uint8_t bytes[16], n;
	} broken[] = {
		{ { 17 }, 13 }, { { 127 }, 13 }, { { 129 }, 13 }, /* no such kinds */
		{ { 0, 1, 2, 3 }, 12 }, /* a byte short */
		{ { 2, 0, 0, 0, 1, 1 }, 6 }, /* palette cut off */
		{ { 3, 0, 0, 0, 1, 1, 1, 2, 2, 2, 0xff }, 11 }, /* index 3 of three */
		{ { 128, 0, 0, 0, 4 }, 5 }, /* a run of five */
		{ { 128, 0, 0, 0, 255 }, 5 }, /* that goes on */
		{ { 130, 0, 0, 0, 1, 1, 1, 2 }, 8 }, /* index 2 of two */
		{ { 130, 0, 0, 0, 1, 1, 1, 128 }, 8 }, /* a run without length */
		{ { 0 }, 0 }, /* nothing */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		put_zrle(0, 0, 4, 1, broken[i].bytes, broken[i].n);
		expect_refused("zrle: the tile at 0,0 is broken");
	}
	put_zrle(0, 0, 4, 1, (uint8_t[]){ 1, 0, 0, 0, 0 }, 5);
	expect_refused("bytes behind the last tile");
	begin(0, 0, 4, 1, VIEW_ZRLE);
	rig_u32(&rig, 100000);
	expect_refused("zrle: 100000 bytes for 4x1 pixels");
	begin(0, 0, 4, 1, VIEW_ZRLE);
	rig_u32(&rig, 4);
	rig_put(&rig, "junk", 4);
	expect_refused("zlib does not understand");
	/* A bomb: far more than any tile can need. */
	{
		static uint8_t zeros[100000];

		put_zrle(0, 0, 4, 1, zeros, sizeof(zeros));
		expect_refused("zlib does not understand");
	}
}

static void test_pseudo(void **state)
{
	(void)state;
	rig_update(&rig, 0xffff);
	rig_rect(&rig, 1, 2, 9, 3, VIEW_CURSOR);
	for (int i = 0; i < 9 * 3 * 4 + 2 * 3; i++)
		rig_u8(&rig, 0xcc);
	rig_rect(&rig, 1, 2, 2, 3, VIEW_CURSOR_WITH_ALPHA);
	rig_u32(&rig, VIEW_RAW);
	for (int i = 0; i < 2 * 3 * 4; i++)
		rig_u8(&rig, 0xcc);
	rig_rect(&rig, 0, 0, 0, 0, VIEW_CURSOR);
	rig_rect(&rig, 60000, 60000, 0, 0, VIEW_POINTER_POSITION);
	rig_rect(&rig, 0, 0, 0, 0, VIEW_DESKTOP_NAME);
	rig_u32(&rig, 3);
	rig_put(&rig, "new", 3);
	rig_rect(&rig, 9, 9, 1, 1, VIEW_RAW);
	rig_bytes(&rig, 1, 2, 3, 0);
	rig_rect(&rig, 0, 0, 0, 0, VIEW_LAST_RECT);
	rig_expect_read(&rig, 1);
	assert_int_equal(rig_pixel(&rig, 9, 9), 0x030201);
	assert_int_equal(rig_pixel(&rig, 1, 2), 0);
	begin(0, 0, 1025, 1, VIEW_CURSOR);
	expect_refused("cursor: 1025x1 is too large");
	begin(0, 0, 1, 1, VIEW_CURSOR_WITH_ALPHA);
	rig_u32(&rig, VIEW_TIGHT);
	expect_refused("in encoding 7");
	begin(0, 0, 0, 0, VIEW_DESKTOP_NAME);
	rig_u32(&rig, 70000);
	expect_refused("desktop name: 70000 bytes");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_raw, setup, teardown),
		cmocka_unit_test_setup_teardown(test_copy_rect, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zlib, setup, teardown),
		cmocka_unit_test_setup_teardown(test_hextile, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zrle, setup, teardown),
		cmocka_unit_test_setup_teardown(test_zrle_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_pseudo, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
