// SPDX-License-Identifier: GPL-2.0-or-later
/* Text of clipboards: what is UTF-8, the ends of lines, and Latin-1. */
#include "server/clip_text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void tells_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t bytes;
		bool valid;
	} rows[] = {
#define ROW(text, valid) { text, sizeof(text) - 1, valid }
		ROW("", true), ROW("a\tb\n\r\x1b[1m\x7f", true), ROW("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", true),
		ROW("\xc2\x80", true), ROW("\xef\xbf\xbf\xf4\x8f\xbf\xbf", true),
		ROW("a\0b", false), ROW("\xff", false), ROW("\x80", false), ROW("\xc3", false), ROW("\xc3\x28", false),
		ROW("\xc0\xaf", false), ROW("\xe0\x80\xaf", false), ROW("\xed\xa0\x80", false), ROW("\xe2\x82", false),
		ROW("\xf0\x8f\xbf\xbf", false), ROW("\xf4\x90\x80\x80", false), ROW("\xf8\x88\x80\x80\x80", false),
		ROW("good\xf0\x9f\x98", false),
#undef ROW
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* Of just that size, so that a step beyond it is seen. */
		char *text = malloc(rows[i].bytes + 1);

		text = realloc(text, rows[i].bytes ? rows[i].bytes : 1);
		memcpy(text, rows[i].text, rows[i].bytes);
		assert_int_equal(clip_text_is_valid(text, rows[i].bytes), rows[i].valid);
		free(text);
	}
}

static void changes_the_ends_of_lines(void **state)
{
	static const struct {
		const char *any, *lf, *crlf;
	} rows[] = {
		{ "", "", "" },
		{ "a", "a", "a" },
		{ "a\r\nb\r\n", "a\nb\n", "a\r\nb\r\n" },
		{ "a\nb\rc\r", "a\nb\nc\n", "a\r\nb\r\nc\r\n" },
		{ "\r\r\n\n", "\n\n\n", "\r\n\r\n\r\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char text[32], *crlf;
		size_t bytes = strlen(rows[i].any);

		memcpy(text, rows[i].any, bytes);
		bytes = clip_text_to_lf(text, bytes);
		assert_int_equal(bytes, strlen(rows[i].lf));
		assert_memory_equal(text, rows[i].lf, bytes);
		crlf = clip_text_to_crlf(text, bytes, &bytes);
		assert_non_null(crlf);
		assert_int_equal(bytes, strlen(rows[i].crlf));
		assert_memory_equal(crlf, rows[i].crlf, bytes);
		free(crlf);
	}
}

static void knows_latin1(void **state)
{
	uint8_t all[256], *back;
	size_t bytes, back_bytes;
	char *text;

	(void)state;
	for (unsigned int i = 0; i < sizeof(all); i++)
		all[i] = (uint8_t)i;
	text = clip_text_from_latin1(all, sizeof(all), &bytes);
	assert_non_null(text);
	assert_int_equal(bytes, 128 + 2 * 128);
	assert_true(clip_text_is_valid(text + 1, bytes - 1));
	back = clip_text_to_latin1(text + 1, bytes - 1, &back_bytes);
	assert_int_equal(back_bytes, sizeof(all) - 1);
	assert_memory_equal(back, all + 1, back_bytes);
	free(back);
	free(text);
	/* What it has not: the euro, a letter of two bytes, a face. */
	back = clip_text_to_latin1("a\xe2\x82\xac\xc5\x82\xf0\x9f\x98\x80z", 11, &back_bytes);
	assert_int_equal(back_bytes, 5);
	assert_memory_equal(back, "a???z", 5);
	free(back);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_utf8),
		cmocka_unit_test(changes_the_ends_of_lines),
		cmocka_unit_test(knows_latin1),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
