// SPDX-License-Identifier: GPL-2.0-or-later
/* The status card stays inside its frame and its box whatever it has to say. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>
#include <drm_fourcc.h>

#include "server/capture/card.h"
#include "server/capture/text_wrap.h"
#include "server/frame.h"

/* Brighter than any background or shadow, darker than any letter. */
#define BRIGHT 0x60
#define MARGIN_MIN 11u

static char long_word[5000], many_words[5000], broken_utf8[64];

static const struct {
	uint32_t width, height, expected_width, expected_height;
} sizes[] = {
	{ 0, 0, 320, 200 },
	{ 320, 200, 320, 200 },
	{ 321, 16384, 321, 2160 },
	{ 560, 331, 560, 331 },
	{ 719, 331, 719, 331 },
	{ 720, 330, 720, 330 },
	{ 720, 329, 720, 329 },
	{ 1366, 768, 1366, 768 },
	{ 1920, 1080, 1920, 1080 },
	{ 3840, 200, 3840, 200 },
	{ 0xffffffff, 0xffffffff, 3840, 2160 },
};

#define N_SIZES (sizeof(sizes) / sizeof(sizes[0]))

static const uint8_t *pixel(const struct frame *frame, uint32_t x, uint32_t y)
{
	return frame->data + (size_t)y * frame->planes[0].stride + (size_t)x * 4;
}

static unsigned int count_bright(const struct frame *frame, uint32_t x0, uint32_t y0, uint32_t x1, uint32_t y1)
{
	unsigned int count = 0;

	for (uint32_t y = y0; y < y1; y++)
		for (uint32_t x = x0; x < x1; x++)
			count += pixel(frame, x, y)[1] > BRIGHT;
	return count;
}

static void check(const char *name, const char *reason, size_t size)
{
	struct frame *frame;
	uint32_t width, height;

	assert_int_equal(card_render(name, reason, sizes[size].width, sizes[size].height, &frame), 0);
	width = frame->width;
	height = frame->height;
	assert_int_equal(width, sizes[size].expected_width);
	assert_int_equal(height, sizes[size].expected_height);
	assert_int_equal(frame->fourcc, DRM_FORMAT_XRGB8888);
	assert_int_equal(count_bright(frame, 0, 0, MARGIN_MIN, height), 0);
	assert_int_equal(count_bright(frame, width - MARGIN_MIN, 0, width, height), 0);
	assert_int_equal(count_bright(frame, 0, 0, width, MARGIN_MIN), 0);
	assert_int_equal(count_bright(frame, 0, height - MARGIN_MIN, width, height), 0);
	/* The hint at least is always there. */
	assert_true(count_bright(frame, 0, 0, width, height) > 100);
	frame_unref(frame);
}

static void test_hostile_text_and_sizes(void **state)
{
	const char *texts[] = { "", " ", "The guest is off.", long_word, many_words, broken_utf8,
		"\x1b[31m\n\t\r\x7f", "B\xc3\xbcro \xe6\xbc\xa2 \xf0\x9f\x98\x80", "\xc3", "%s%n" };
	size_t n_texts = sizeof(texts) / sizeof(texts[0]);

	(void)state;
	memset(long_word, 'W', sizeof(long_word) - 1);
	for (size_t i = 0; i < sizeof(many_words) - 1; i++)
		many_words[i] = i % 6 ? 'm' : ' ';
	for (size_t i = 0; i < sizeof(broken_utf8) - 1; i++)
		broken_utf8[i] = (char)(0xc0 + i);
	for (size_t i = 0; i < N_SIZES; i++)
		for (size_t j = 0; j < n_texts; j++)
			check(texts[n_texts - 1 - j], texts[j], i);
}

static void test_reason_shows(void **state)
{
	struct frame *one, *other;

	(void)state;
	assert_int_equal(card_render("vm", "Reason one.", 800, 600, &one), 0);
	assert_int_equal(card_render("vm", "Reason two.", 800, 600, &other), 0);
	assert_memory_not_equal(one->data, other->data, one->data_bytes);
	frame_unref(other);
	assert_int_equal(card_render("vn", "Reason one.", 800, 600, &other), 0);
	assert_memory_not_equal(one->data, other->data, one->data_bytes);
	frame_unref(other);
	assert_int_equal(card_render("vm", "Reason one.", 800, 600, &other), 0);
	assert_memory_equal(one->data, other->data, one->data_bytes);
	frame_unref(other);
	frame_unref(one);
}

static void wrap(const char *text, int letters, unsigned int max, const char *expected)
{
	int width = letters * font_width(FONT_MONO, "x", 1);
	struct text_line lines[8];
	const char *rest;
	char got[200];
	unsigned int count = text_wrap(text, FONT_MONO, width, lines, max, &rest);
	int at = 0;

	for (unsigned int i = 0; i < count; i++)
		at += snprintf(got + at, sizeof(got) - (size_t)at, "%.*s|", (int)lines[i].bytes,
				lines[i].text);
	snprintf(got + at, sizeof(got) - (size_t)at, "%s", rest);
	assert_string_equal(got, expected);
}

static void test_wrapping(void **state)
{
	(void)state;
	wrap("", 5, 8, "");
	wrap("   ", 5, 8, "");
	wrap("one two three", 7, 8, "one two|three|");
	wrap("one two three", 6, 8, "one|two|three|");
	wrap("one two three", 8, 1, "one two|three");
	wrap("  one   two", 20, 8, "one   two|");
	wrap("one   two", 4, 8, "one|two|");
	wrap("abcdefgh ij", 3, 8, "abc|def|gh|ij|");
	wrap("B\xc3\xbcrob\xc3\xbcro", 4, 8, "B\xc3\xbcro|b\xc3\xbcro|");
	wrap("abc", 0, 8, "a|b|c|");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hostile_text_and_sizes),
		cmocka_unit_test(test_reason_shows),
		cmocka_unit_test(test_wrapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
