// SPDX-License-Identifier: GPL-2.0-or-later
/* What the bench's crowd of SPICE viewers reads: images, and LZ4 as its format's description has it. */
#include <errno.h>
#include <setjmp.h>
#include <spice/enums.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/bench/spice_skim.h"
#include "tests/bench/spice_skim_image.h"
#include "tests/bench/view_jpegs.h"

#define BYTES(...) (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ })

static void expect(const char *expected, size_t done, const uint8_t *in, size_t bytes)
{
	uint8_t out[64] = "abcdefgh";
	const size_t length = strlen(expected);

	assert_int_equal(spice_skim_image_expand(in, bytes, out, done, sizeof(out)), length);
	assert_memory_equal(out, expected, length);
	/* One byte less of room is too little. */
	assert_int_equal(spice_skim_image_expand(in, bytes, out, done, length - 1), -EPROTO);
}

static void lz4(void **state)
{
	(void)state;
	expect("abc", 0, BYTES(0x30, 'a', 'b', 'c'));
	/* A match of what came before the block, and literals behind it. */
	expect("abcdefghcdefgZ", 8, BYTES(0x01, 6, 0, 0x10, 'Z'));
	/* One that overlaps itself, of 4 + 15 + 1. */
	expect("xyxyxyxyxyxyxyxyxyxyxy!", 0, BYTES(0x2f, 'x', 'y', 2, 0, 1, 0x10, '!'));
	/* 15 + 2 literals. */
	expect("0123456789abcdefg", 0, BYTES(0xf0, 2, '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c',
			'd', 'e', 'f', 'g'));
}

static void lz4_that_is_none(void **state)
{
	static const struct {
		uint8_t bytes[8];
		size_t n;
	} rows[] = {
		{ { 0x30, 'a', 'b' }, 3 }, /* a literal is missing */
		{ { 0x10, 'a', 1 }, 3 }, /* half a distance */
		{ { 0x10, 'a', 2, 0 }, 4 }, /* before the first byte */
		{ { 0x10, 'a', 0, 0 }, 4 }, /* no distance */
		{ { 0xf0, 255, 255 }, 3 }, /* a length without its end */
	};
	uint8_t out[64];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		assert_int_equal(spice_skim_image_expand(rows[i].bytes, rows[i].n, out, 0, sizeof(out)), -EPROTO);
}

struct message {
	uint8_t bytes[4096];
	size_t n;
};

static void put(struct message *message, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++, value >>= 8)
		message->bytes[message->n++] = (uint8_t)value;
}

static void begin(struct spice_skim *skim, struct view_jpegs *jpegs, uint32_t width, uint32_t height)
{
	struct message surface = { .n = 0 };

	spice_skim_init(skim, NULL, jpegs, 1);
	put(&surface, 0, 4);
	put(&surface, width, 4);
	put(&surface, height, 4);
	put(&surface, SPICE_SURFACE_FMT_32_xRGB, 4);
	put(&surface, 0, 4);
	assert_int_equal(spice_skim_draw(skim, SPICE_MSG_DISPLAY_SURFACE_CREATE, surface.bytes, surface.n), 0);
}

/* 2x2 pixels, 1 2 above 3 4. */
static struct message make_copy(uint32_t x, uint32_t y, bool top_down)
{
	static const uint8_t order[2][4] = { { 3, 4, 1, 2 }, { 1, 2, 3, 4 } };
	struct message message = { .n = 0 };

	put(&message, 0, 4);
	put(&message, y, 4);
	put(&message, x, 4);
	put(&message, y + 2, 4);
	put(&message, x + 2, 4);
	put(&message, SPICE_CLIP_TYPE_NONE, 1);
	put(&message, 21 + 36, 4); /* where the image is */
	for (int i = 0; i < 2; i++)
		put(&message, 0, 8);
	put(&message, SPICE_ROPD_OP_PUT, 2);
	put(&message, 0, 1 + 1);
	put(&message, 0, 8);
	put(&message, 0, 4);
	assert_int_equal(message.n, 21 + 36);
	put(&message, 7, 8);
	put(&message, SPICE_IMAGE_TYPE_BITMAP, 1);
	put(&message, 0, 1);
	put(&message, 2, 4);
	put(&message, 2, 4);
	put(&message, SPICE_BITMAP_FMT_32BIT, 1);
	put(&message, top_down ? SPICE_BITMAP_FLAGS_TOP_DOWN : 0, 1);
	put(&message, 2, 4);
	put(&message, 2, 4);
	put(&message, 8, 4);
	put(&message, 0, 4);
	for (int i = 0; i < 4; i++)
		put(&message, order[top_down][i], 4);
	return message;
}

/* On a mark they are seen, whichever row comes first. */
static void images(void **state)
{
	struct view_jpegs jpegs = { .decoded = 0 };
	struct spice_skim skim;

	(void)state;
	begin(&skim, &jpegs, 640, 480);
	for (int top_down = 0; top_down < 2; top_down++) {
		const struct message message = make_copy(4, 2, top_down);

		memset(skim.decoder.picture.pixels, 0, 640 * 480 * 4);
		assert_int_equal(spice_skim_draw(&skim, SPICE_MSG_DISPLAY_DRAW_COPY, message.bytes, message.n), 0);
		for (uint32_t i = 0; i < 4; i++)
			assert_int_equal(*view_picture_at(&skim.decoder.picture, 4 + i % 2, 2 + i / 2), i + 1);
		assert_int_equal(*view_picture_at(&skim.decoder.picture, 6, 2), 0);
	}
	assert_true(skim.screen.drawn);
	spice_skim_finish(&skim);
}

/* However much of it is missing: an error, and nothing is touched that is not there. */
static void images_in_part(void **state)
{
	const struct message message = make_copy(4, 2, true), outside = make_copy(639, 2, true);
	struct view_jpegs jpegs = { .decoded = 0 };
	struct spice_skim skim;

	(void)state;
	begin(&skim, &jpegs, 640, 480);
	for (size_t n = 0; n < message.n; n++)
		assert_int_equal(spice_skim_draw(&skim, SPICE_MSG_DISPLAY_DRAW_COPY, message.bytes, n), -EPROTO);
	assert_int_equal(spice_skim_draw(&skim, SPICE_MSG_DISPLAY_DRAW_COPY, outside.bytes, outside.n), -EPROTO);
	spice_skim_finish(&skim);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lz4),
		cmocka_unit_test(lz4_that_is_none),
		cmocka_unit_test(images),
		cmocka_unit_test(images_in_part),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
