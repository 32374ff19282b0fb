// SPDX-License-Identifier: GPL-2.0-or-later
/* The small parts the configuration is made of: numbers, near words, printable text, the table. */
#include "config/config.h"
#include "config/number.h"
#include "config/schema.h"
#include "config/suggest.h"
#include "config/text.h"
#include "config/value.h"
#include "server/capture/pattern_scene.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void reads_numbers_with_units(void **state)
{
	static const struct {
		const char *text;
		const struct number_unit *units;
		int result;
		int64_t number;
		const char *formatted;
	} cases[] = {
		{ "0", number_plain, 0, 0, "0" },
		{ "007", number_plain, 0, 7, "7" },
		{ "-5", number_plain, 0, -5, "-5" },
		{ "9223372036854775807", number_plain, 0, INT64_MAX, "9223372036854775807" },
		{ "9223372036854775808", number_plain, -ERANGE, 0, NULL },
		{ "99999999999999999999", number_plain, -ERANGE, 0, NULL },
		{ "", number_plain, -EINVAL, 0, NULL },
		{ "-", number_plain, -EINVAL, 0, NULL },
		{ "+1", number_plain, -EINVAL, 0, NULL },
		{ "1.5", number_plain, -EINVAL, 0, NULL },
		{ "0x10", number_plain, -EINVAL, 0, NULL },
		{ "1 ", number_plain, -EINVAL, 0, NULL },
		{ "1K", number_plain, -EINVAL, 0, NULL },
		{ "1023", number_bytes, 0, 1023, "1023" },
		{ "1024", number_bytes, 0, 1024, "1K" },
		{ "1k", number_bytes, 0, 1024, "1K" },
		{ "1536K", number_bytes, 0, 1536 << 10, "1536K" },
		{ "2048K", number_bytes, 0, 2 << 20, "2M" },
		{ "3g", number_bytes, 0, 3LL << 30, "3G" },
		{ "8589934592G", number_bytes, -ERANGE, 0, NULL },
		{ "1KB", number_bytes, -EINVAL, 0, NULL },
		{ "K", number_bytes, -EINVAL, 0, NULL },
		{ "0", number_duration, 0, 0, "0ns" },
		{ "0s", number_duration, 0, 0, "0ns" },
		{ "5", number_duration, -EINVAL, 0, NULL },
		{ "1500ms", number_duration, 0, 1500000000, "1500ms" },
		{ "2000ms", number_duration, 0, 2000000000, "2s" },
		{ "60s", number_duration, 0, 60000000000, "1m" },
		{ "90m", number_duration, 0, 5400000000000, "90m" },
		{ "24h", number_duration, 0, 86400000000000, "24h" },
		{ "7us", number_duration, 0, 7000, "7us" },
		{ "7ns", number_duration, 0, 7, "7ns" },
		{ "7S", number_duration, -EINVAL, 0, NULL },
		{ "2562048h", number_duration, -ERANGE, 0, NULL },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char buf[NUMBER_TEXT_MAX];
		int64_t number = 42;

		print_message("%s\n", cases[i].text);
		assert_int_equal(number_parse(cases[i].text, cases[i].units, &number),
				cases[i].result);
		if (cases[i].result < 0) {
			assert_int_equal(number, 42);
			continue;
		}
		assert_int_equal(number, cases[i].number);
		assert_string_equal(number_format(number, cases[i].units, buf), cases[i].formatted);
	}
}

static void counts_slips(void **state)
{
	static const struct {
		const char *a, *b;
		unsigned int distance;
	} cases[] = {
		{ "", "", 0 },
		{ "", "abc", 3 },
		{ "abc", "abc", 0 },
		{ "abc", "ABC", 0 },
		{ "abc", "abd", 1 },
		{ "abc", "ab", 1 },
		{ "abc", "abcd", 1 },
		{ "abc", "acb", 1 },
		{ "abcd", "badc", 2 },
		{ "kitten", "sitting", 3 },
		{ "ca", "abc", 3 },
	};
	char a[SUGGEST_WORD_MAX + 1], b[SUGGEST_WORD_MAX + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(suggest_distance(cases[i].a, cases[i].b), cases[i].distance);
		assert_int_equal(suggest_distance(cases[i].b, cases[i].a), cases[i].distance);
	}
	memset(a, 'a', SUGGEST_WORD_MAX);
	memset(b, 'b', SUGGEST_WORD_MAX);
	a[SUGGEST_WORD_MAX] = b[SUGGEST_WORD_MAX] = '\0';
	assert_int_equal(suggest_distance(a, b), SUGGEST_WORD_MAX);
}

static void suggests_what_is_near_only(void **state)
{
	static const struct {
		const char *word, *best;
	} cases[] = {
		{ "vcn", "vnc" },
		{ "VNC", "vnc" },
		{ "v", NULL },
		{ "", NULL },
		{ "max_viewers", "max-viewers" },
		{ "viewers", NULL },
		{ "max", "max-viewers" },
		{ "handshake", "handshake-timeout" },
		{ "handshake-time", "handshake-timeout" },
		{ "hand", NULL },
		{ "max-", NULL },
		{ "handshake-timout", "handshake-timeout" },
		{ "1234567890123456789012345678901234567890123456789012345678901234567890", NULL },
	};
	static const char *const offered[] = { "vnc", "vnc-auth", "max-viewers", "handshake-timeout" };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct suggest suggest;

		suggest_init(&suggest, cases[i].word);
		for (size_t k = 0; k < sizeof(offered) / sizeof(offered[0]); k++)
			suggest_offer(&suggest, offered[k]);
		if (cases[i].best)
			assert_string_equal(suggest.best, cases[i].best);
		else
			assert_null(suggest.best);
	}
}

static void tells_printable_text(void **state)
{
	static const struct {
		const char *text, *sanitized; /* NULL: printable as it is */
	} cases[] = {
		{ "", NULL },
		{ "tab\tand ~", NULL },
		{ "\xc2\xa0\xdf\xbf \xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf", NULL },
		{ "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", NULL },
		{ "a\x1b[2Jb\n\x7f", "a?[2Jb??" },
		{ "\xc2\x9b", "??" },
		{ "\x80\xbf", "??" },
		{ "\xc0\xaf\xc1\xbf", "????" },
		{ "\xe0\x9f\xbf", "???" },
		{ "\xed\xa0\x80", "???" },
		{ "\xf0\x8f\xbf\xbf", "????" },
		{ "\xf4\x90\x80\x80\xf5\xff", "??????" },
		{ "\xe2\x82", "??" },
		{ "\xe2\x82z", "??z" },
		{ "\xf0\x9f\x98\xe2\x82\xac", "???\xe2\x82\xac" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t bytes = strlen(cases[i].text);
		/* Exactly sized, so that a sanitizer sees a read past the end. */
		char *text = malloc(bytes + 1);

		assert_non_null(text);
		memcpy(text, cases[i].text, bytes + 1);
		assert_int_equal(text_printable(text, bytes) == bytes, !cases[i].sanitized);
		text_sanitize(text);
		assert_string_equal(text,
				cases[i].sanitized ? cases[i].sanitized : cases[i].text);
		free(text);

		text = malloc(bytes ? bytes : 1);
		assert_non_null(text);
		memcpy(text, cases[i].text, bytes);
		assert_int_equal(text_printable(text, bytes) == bytes, !cases[i].sanitized);
		free(text);
	}
}

static void each_row_of_the_table_is_sound(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCHEMA_KEYS; i++) {
		const struct schema_key *key = &schema_keys[i];
		struct config_server server = { 0 };
		struct config_vm vm = { 0 };
		void *object = key->section == SCHEMA_SERVER ? (void *)&server : &vm;
		size_t size = key->section == SCHEMA_SERVER ? sizeof(server) : sizeof(vm);
		char *text;

		assert_non_null(key->name);
		print_message("%s\n", key->name);
		assert_true(strlen(key->name) <= SUGGEST_WORD_MAX);
		assert_int_equal(strspn(key->name, "abcdefghijklmnopqrstuvwxyz-"), strlen(key->name));
		assert_true(key->offset < size);
		assert_non_null(key->doc);
		assert_true(key->doc[strlen(key->doc) - 1] == '.');
		for (size_t k = 0; k < i; k++) {
			/* A VM may have a key of its own for what is in [server] for all. */
			if (key->section != schema_keys[k].section)
				continue;
			assert_string_not_equal(key->name, schema_keys[k].name);
			assert_int_not_equal(key->offset, schema_keys[k].offset);
		}
		/* The default is a value, and is written the way the program writes it. */
		assert_int_equal(value_parse(key, object, "", NULL, NULL, NULL), 0);
		assert_int_equal(value_format(key, object, &text), 0);
		assert_string_equal(text, key->default_text);
		free(text);
		value_clear(key, object);
	}
}

/* The table cannot ask the source, which stands above it. */
static void knows_the_scenes_of_the_pattern_source(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCHEMA_KEYS; i++) {
		const struct schema_word *word = schema_keys[i].words;

		if (strcmp(schema_keys[i].name, "pattern-scene") != 0)
			continue;
		for (size_t k = 0; scene_names[k]; k++, word++) {
			assert_non_null(word->name);
			assert_string_equal(word->name, scene_names[k]);
		}
		assert_null(word->name);
	}
}

static void knows_the_sizes_of_the_pattern_source(void **state)
{
	(void)state;
	for (size_t i = 0; i < SCHEMA_KEYS; i++) {
		if (schema_keys[i].type != SCHEMA_SIZE)
			continue;
		assert_int_equal(schema_keys[i].min, SCENE_WIDTH_MIN);
		assert_int_equal(schema_keys[i].max, SCENE_WIDTH_MAX);
		assert_int_equal(schema_keys[i].height_min, SCENE_HEIGHT_MIN);
		assert_int_equal(schema_keys[i].height_max, SCENE_HEIGHT_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers_with_units),
		cmocka_unit_test(counts_slips),
		cmocka_unit_test(suggests_what_is_near_only),
		cmocka_unit_test(tells_printable_text),
		cmocka_unit_test(each_row_of_the_table_is_sound),
		cmocka_unit_test(knows_the_scenes_of_the_pattern_source),
		cmocka_unit_test(knows_the_sizes_of_the_pattern_source),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
