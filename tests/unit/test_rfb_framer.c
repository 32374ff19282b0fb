// SPDX-License-Identifier: GPL-2.0-or-later
/* RFB messages: every one whole, cut at every byte, at its limits and beyond them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <string.h>

#include "net/rfb.h"
#include "net/rfb_framer.h"

#define CUT_TEXT_MAX 1000

static struct evbuffer *input;
static struct rfb_framer framer;
static struct rfb_message message;

static int setup(void **state)
{
	(void)state;
	input = evbuffer_new();
	rfb_framer_init(&framer, CUT_TEXT_MAX);
	return input ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	evbuffer_free(input);
	return 0;
}

static void check_pixel_format(void)
{
	const struct rects_pixel_format *format = &message.pixel_format;

	assert_int_equal(format->bits_per_pixel, 16);
	assert_int_equal(format->depth, 15);
	assert_true(format->big_endian);
	assert_true(format->true_colour);
	assert_int_equal(format->red_max, 0x1f);
	assert_int_equal(format->green_max, 0x102);
	assert_int_equal(format->blue_max, 7);
	assert_int_equal(format->red_shift, 11);
	assert_int_equal(format->green_shift, 5);
	assert_int_equal(format->blue_shift, 1);
}

static void check_encodings(void)
{
	assert_int_equal(message.encodings.count, 2);
	assert_memory_equal(message.encodings.list, "\0\0\0\x10\xff\xff\xff\x11", 8);
}

static void check_request(void)
{
	assert_true(message.request.incremental);
	assert_int_equal(message.request.x, 0x0102);
	assert_int_equal(message.request.y, 0x0304);
	assert_int_equal(message.request.width, 0x0506);
	assert_int_equal(message.request.height, 0xffff);
}

static void check_key(void)
{
	assert_true(message.key.down);
	assert_int_equal(message.key.keysym, 0xff0d);
	assert_int_equal(message.key.keycode, 0);
}

static void check_qemu_key(void)
{
	assert_false(message.key.down);
	assert_int_equal(message.key.keysym, 0xff0d);
	assert_int_equal(message.key.keycode, 0x9c);
}

static void check_pointer(void)
{
	assert_int_equal(message.pointer.buttons, 0x81);
	assert_int_equal(message.pointer.x, 0x0203);
	assert_int_equal(message.pointer.y, 0x0405);
}

static void check_pointer_more(void)
{
	assert_int_equal(message.pointer.buttons, 0x101);
	assert_int_equal(message.pointer.x, 0x0203);
	assert_int_equal(message.pointer.y, 0x0405);
}

static void check_cut_text(void)
{
	assert_int_equal(message.cut_text.bytes, 3);
	assert_memory_equal(message.cut_text.text, "abc", 3);
}

static void check_empty_cut_text(void)
{
	assert_int_equal(message.cut_text.bytes, 0);
	assert_non_null(message.cut_text.text);
}

static void check_continuous(void)
{
	assert_true(message.continuous.enable);
	assert_int_equal(message.continuous.x, 1);
	assert_int_equal(message.continuous.y, 2);
	assert_int_equal(message.continuous.width, 3);
	assert_int_equal(message.continuous.height, 4);
}

static void check_fence(void)
{
	assert_int_equal(message.fence.flags, RFB_FENCE_REQUEST | RFB_FENCE_SYNC_NEXT);
	assert_int_equal(message.fence.bytes, 2);
	assert_memory_equal(message.fence.payload, "hi", 2);
}

static void check_desktop_size(void)
{
	assert_int_equal(message.desktop_size.width, 1366);
	assert_int_equal(message.desktop_size.height, 768);
	assert_int_equal(message.desktop_size.n_screens, 1);
	assert_int_equal(message.desktop_size.screens[0], 0xaa);
	assert_int_equal(message.desktop_size.screens[RFB_SCREEN_BYTES - 1], 0xbb);
}

#define BYTES(text) (const uint8_t *)(text), sizeof(text) - 1

static const struct {
	const uint8_t *data;
	size_t bytes;
	bool extended_buttons;
	void (*check)(void);
} valid[] = {
	{ BYTES("\0\0\0\0\x10\x0f\1\1\0\x1f\1\2\0\7\x0b\5\1\0\0\0"), false, check_pixel_format },
	{ BYTES("\2\0\0\2\0\0\0\x10\xff\xff\xff\x11"), false, check_encodings },
	{ BYTES("\3\1\1\2\3\4\5\6\xff\xff"), false, check_request },
	{ BYTES("\4\1\0\0\0\0\xff\x0d"), false, check_key },
	{ BYTES("\5\x81\2\3\4\5"), false, check_pointer },
	{ BYTES("\5\x81\2\3\4\5\xfe"), true, check_pointer_more },
	{ BYTES("\6\0\0\0\0\0\0\3" "abc"), false, check_cut_text },
	{ BYTES("\6\0\0\0\0\0\0\0"), false, check_empty_cut_text },
	{ BYTES("\x96\1\0\1\0\2\0\3\0\4"), false, check_continuous },
	{ BYTES("\xf8\0\0\0\x80\0\0\4\2hi"), false, check_fence },
	{ BYTES("\xfb\0\5\x56\3\0\1\0\xaa\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xbb"), false, check_desktop_size },
	{ BYTES("\xff\0\0\0\0\0\xff\x0d\0\0\0\x9c"), false, check_qemu_key },
};

#define N_VALID (sizeof(valid) / sizeof(valid[0]))

static void every_message_comes_whole_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_VALID; i++) {
		framer.extended_buttons = valid[i].extended_buttons;
		for (size_t n = 0; n < valid[i].bytes; n++) {
			assert_int_equal(rfb_framer_next(&framer, input, &message), 0);
			assert_int_equal(evbuffer_get_length(input), n);
			evbuffer_add(input, valid[i].data + n, 1);
		}
		/* Seen, not dropped: it comes again, the same. */
		for (int twice = 0; twice < 2; twice++) {
			memset(&message, 0x55, sizeof(message));
			assert_int_equal(rfb_framer_next(&framer, input, &message), 1);
			assert_int_equal(message.type, valid[i].data[0]);
			valid[i].check();
		}
		assert_int_equal(rfb_framer_drop(&framer, input), valid[i].bytes);
		assert_int_equal(evbuffer_get_length(input), 0);
	}
}

static void messages_follow_each_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_VALID; i++)
		evbuffer_add(input, valid[i].data, valid[i].bytes);
	for (size_t i = 0; i < N_VALID; i++) {
		framer.extended_buttons = valid[i].extended_buttons;
		assert_int_equal(rfb_framer_next(&framer, input, &message), 1);
		assert_int_equal(message.type, valid[i].data[0]);
		valid[i].check();
		rfb_framer_drop(&framer, input);
	}
	assert_int_equal(rfb_framer_next(&framer, input, &message), 0);
}

static void everything_else_is_refused(void **state)
{
	static const struct {
		const uint8_t *data;
		size_t bytes;
		const char *error;
	} bad[] = {
		{ BYTES("\2\0\2\1"), "too many encodings" },
		{ BYTES("\2\0\xff\xff"), "too many encodings" },
		{ BYTES("\6\0\0\0\x80\0\0\0"), "extended clipboard was not offered" },
		{ BYTES("\6\0\0\0\xff\xff\xff\xfc"), "extended clipboard was not offered" },
		{ BYTES("\xf8\0\0\0\0\0\0\0\x41"), "fence payload too long" },
		{ BYTES("\xff\1"), "unknown QEMU message" },
	};
	const uint8_t known[] = { 0, 2, 3, 4, 5, 6, 150, 248, 251, 255 };

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		rfb_framer_init(&framer, CUT_TEXT_MAX);
		evbuffer_drain(input, SIZE_MAX);
		/* Known to be bad from its head on, and not before. */
		evbuffer_add(input, bad[i].data, bad[i].bytes - 1);
		assert_int_equal(rfb_framer_next(&framer, input, &message), 0);
		evbuffer_add(input, bad[i].data + bad[i].bytes - 1, 1);
		assert_int_equal(rfb_framer_next(&framer, input, &message), -EPROTO);
		assert_string_equal(framer.error, bad[i].error);
	}
	for (unsigned int type = 0; type < 256; type++) {
		const uint8_t byte = (uint8_t)type;

		rfb_framer_init(&framer, CUT_TEXT_MAX);
		evbuffer_drain(input, SIZE_MAX);
		evbuffer_add(input, &byte, 1);
		assert_int_equal(rfb_framer_next(&framer, input, &message),
				memchr(known, byte, sizeof(known)) ? 0 : -EPROTO);
	}
}

static void limits_are_reached(void **state)
{
	static uint8_t data[RFB_FRAMER_MESSAGE_MAX];

	(void)state;
	memcpy(data, "\2\0\2\0", 4);
	evbuffer_add(input, data, 4 + 4 * RFB_FRAMER_ENCODINGS_MAX);
	assert_int_equal(rfb_framer_next(&framer, input, &message), 1);
	assert_int_equal(message.encodings.count, RFB_FRAMER_ENCODINGS_MAX);
	assert_int_equal(rfb_framer_drop(&framer, input), 4 + 4 * RFB_FRAMER_ENCODINGS_MAX);

	memcpy(data, "\xf8\0\0\0\0\0\0\0\x40", 9);
	evbuffer_add(input, data, 9 + RFB_FENCE_PAYLOAD_MAX);
	assert_int_equal(rfb_framer_next(&framer, input, &message), 1);
	assert_int_equal(rfb_framer_drop(&framer, input), 9 + RFB_FENCE_PAYLOAD_MAX);

	memcpy(data, "\xfb\0\0\1\0\1\xff\0", 8);
	evbuffer_add(input, data, 8 + 255 * RFB_SCREEN_BYTES);
	assert_int_equal(rfb_framer_next(&framer, input, &message), 1);
	assert_int_equal(message.desktop_size.n_screens, 255);
	assert_true(rfb_framer_drop(&framer, input) <= RFB_FRAMER_MESSAGE_MAX);
}

static void text_up_to_the_limit_is_held_longer_is_skipped(void **state)
{
	static uint8_t text[CUT_TEXT_MAX + 1];
	const uint8_t exact[8] = { 6, 0, 0, 0, 0, 0, CUT_TEXT_MAX >> 8, CUT_TEXT_MAX & 0xff };
	const uint8_t over[8] = { 6, 0, 0, 0, 0, 0, sizeof(text) >> 8, sizeof(text) & 0xff };

	(void)state;
	memset(text, 0xee, sizeof(text)); /* no message type */
	evbuffer_add(input, exact, sizeof(exact));
	evbuffer_add(input, text, CUT_TEXT_MAX);
	assert_int_equal(rfb_framer_next(&framer, input, &message), 1);
	assert_int_equal(message.cut_text.bytes, CUT_TEXT_MAX);
	assert_memory_equal(message.cut_text.text, text, CUT_TEXT_MAX);
	rfb_framer_drop(&framer, input);

	/* Told of at its head; the text is thrown away as it comes. */
	evbuffer_add(input, over, sizeof(over));
	assert_int_equal(rfb_framer_next(&framer, input, &message), 1);
	assert_int_equal(message.cut_text.bytes, sizeof(text));
	assert_null(message.cut_text.text);
	rfb_framer_drop(&framer, input);
	for (size_t i = 0; i < sizeof(text); i++) {
		assert_int_equal(evbuffer_get_length(input), 0);
		evbuffer_add(input, text + i, 1);
		assert_int_equal(rfb_framer_next(&framer, input, &message), 0);
	}
	evbuffer_add(input, valid[3].data, valid[3].bytes);
	assert_int_equal(rfb_framer_next(&framer, input, &message), 1);
	check_key();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(every_message_comes_whole_or_not_at_all, setup, teardown),
		cmocka_unit_test_setup_teardown(messages_follow_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(everything_else_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(limits_are_reached, setup, teardown),
		cmocka_unit_test_setup_teardown(text_up_to_the_limit_is_held_longer_is_skipped, setup,
				teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
