// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads, writes and compares the values of each type of configuration key. */
#include "config/value.h"

#include "config/number.h"
#include "config/problem.h"
#include "config/role.h"
#include "config/suggest.h"
#include "config/value_type.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LAYOUT_NAME_MAX 31

static const struct schema_word bool_words[] = {
	{ "yes", true },
	{ "no", false },
	{ "true", true },
	{ "false", false },
	{ "on", true },
	{ "off", false },
	{ NULL, 0 },
};

static const struct number_unit *units_of(const struct schema_key *key)
{
	return key->type == SCHEMA_BYTES ? number_bytes
			: key->type == SCHEMA_DURATION ? number_duration
						       : number_plain;
}

int value_fail(struct value_parse *parse, size_t offset, const char *fmt, ...)
{
	char message[PROBLEM_TEXT_MAX];
	va_list args;

	parse->failed = true;
	va_start(args, fmt);
	vsnprintf(message, sizeof(message), fmt, args);
	va_end(args);
	if (parse->report)
		parse->report(parse->user, offset, message);
	return -EINVAL;
}

int value_fail_word(struct value_parse *parse, size_t offset, const char *verb, const char *word,
		const struct schema_word *words)
{
	char expected[VALUE_EXPECTED_MAX];
	struct suggest suggest;

	suggest_init(&suggest, word);
	for (; words && words->name; words++)
		suggest_offer(&suggest, words->name);
	value_expected(parse->key, expected);
	if (suggest.best)
		return value_fail(parse, offset, "%s %s \"%.64s\", expected %s; did you mean \"%s\"?",
				parse->key->name, verb, word, expected, suggest.best);
	return value_fail(parse, offset, "%s %s \"%.64s\", expected %s", parse->key->name, verb, word, expected);
}

static int fail_expected(struct value_parse *parse, const struct schema_word *words)
{
	return value_fail_word(parse, 0, "is", parse->text, words);
}

int value_format_string(const char *text, char **ret)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

const struct schema_word *value_find_word(const struct schema_word *words, const char *name)
{
	while (words->name && strcmp(words->name, name) != 0)
		words++;
	return words->name ? words : NULL;
}

static int parse_bool(struct value_parse *parse, void *field)
{
	const struct schema_word *word = value_find_word(bool_words, parse->text);

	if (!word)
		return fail_expected(parse, bool_words);
	*(bool *)field = word->value;
	return 0;
}

static int format_bool(const struct schema_key *key, const void *field, char **ret)
{
	(void)key;
	return value_format_string(*(const bool *)field ? "yes" : "no", ret);
}

static int parse_number(struct value_parse *parse, void *field)
{
	int64_t number;

	/* Too large for 64 bits is out of range like any other. */
	if (number_parse(parse->text, units_of(parse->key), &number) < 0 ||
			number < parse->key->min || number > parse->key->max)
		return fail_expected(parse, NULL);
	*(int64_t *)field = number;
	return 0;
}

static int format_number(const struct schema_key *key, const void *field, char **ret)
{
	char buf[NUMBER_TEXT_MAX];

	return value_format_string(number_format(*(const int64_t *)field, units_of(key), buf), ret);
}

static int parse_enum(struct value_parse *parse, void *field)
{
	const struct schema_word *word = value_find_word(parse->key->words, parse->text);

	if (!word)
		return fail_expected(parse, parse->key->words);
	*(int *)field = word->value;
	return 0;
}

static int format_enum(const struct schema_key *key, const void *field, char **ret)
{
	for (const struct schema_word *word = key->words; word->name; word++)
		if (word->value == *(const int *)field)
			return value_format_string(word->name, ret);
	return value_format_string("", ret);
}

static void clear_text(void *field)
{
	free(*(char **)field);
	*(char **)field = NULL;
}

static int store_text(struct value_parse *parse, void *field)
{
	size_t length = strlen(parse->text);
	char *copy = NULL;

	/* Empty: the default, which is "not set". */
	if (length > 0) {
		if ((int64_t)length < parse->key->min || (int64_t)length > parse->key->max)
			return value_fail(parse, 0, "%s is %zu bytes long, expected %s",
					parse->key->name, length,
					value_expected(parse->key, (char[VALUE_EXPECTED_MAX]){ 0 }));
		copy = strdup(parse->text);
		if (!copy)
			return -ENOMEM;
	}
	clear_text(field);
	*(char **)field = copy;
	return 0;
}

static int parse_text(struct value_parse *parse, void *field)
{
	if (parse->key->words && !value_find_word(parse->key->words, parse->text))
		return fail_expected(parse, parse->key->words);
	return store_text(parse, field);
}

static int parse_path(struct value_parse *parse, void *field)
{
	const struct schema_word *words = parse->key->words;

	if (parse->text[0] && parse->text[0] != '/' && !(words && value_find_word(words, parse->text)))
		return fail_expected(parse, words);
	return store_text(parse, field);
}

/* 'x' stands for a hexadecimal digit, 'o' for an octal one, anything else for itself. */
static bool matches(const char *text, const char *shape)
{
	for (; *text && *shape; text++, shape++) {
		bool fits = *shape == 'x' ? isxdigit((unsigned char)*text) != 0
				: *shape == 'o' ? *text >= '0' && *text <= '7'
						: *text == *shape;

		if (!fits)
			return false;
	}
	return *text == *shape;
}

static int parse_device(struct value_parse *parse, void *field)
{
	static const char *const shapes[] = { "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx",
		"xxxx:xx:xx.o", "xx:xx.o" };
	bool known = parse->text[0] == '\0' || parse->text[0] == '/';

	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		known = known || matches(parse->text, shapes[i]);
	if (!known)
		return fail_expected(parse, NULL);
	return store_text(parse, field);
}

/* Letters of XKB's file names only: the name is looked up as a file. */
static int parse_layout(struct value_parse *parse, void *field)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	const char *at = parse->text;
	size_t layout = strspn(at, letters), variant = 0;

	at += layout;
	if (*at == '(') {
		variant = strspn(at + 1, letters);
		at += 1 + variant;
		if (variant == 0 || *at++ != ')')
			return fail_expected(parse, NULL);
	}
	if (layout == 0 || layout > LAYOUT_NAME_MAX || variant > LAYOUT_NAME_MAX || *at)
		return fail_expected(parse, NULL);
	return store_text(parse, field);
}

/* D-Bus knows other kinds, and one of them runs programs. */
static int parse_bus(struct value_parse *parse, void *field)
{
	static const char *const beginnings[] = { "unix:path=/", "unix:abstract=" };
	bool known = parse->text[0] == '\0' || !strcmp(parse->text, "p2p");

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		known = known || !strncmp(parse->text, beginnings[i], strlen(beginnings[i]));
	if (!known || strchr(parse->text, ';'))
		return fail_expected(parse, NULL);
	return store_text(parse, field);
}

static int parse_users(struct value_parse *parse, void *field)
{
	const char *error;
	size_t offset;

	if (role_list_check(parse->text, &offset, &error) < 0)
		return value_fail(parse, offset, "%s has \"%.64s\": %s", parse->key->name, parse->text + offset, error);
	return store_text(parse, field);
}

static int format_text(const struct schema_key *key, const void *field, char **ret)
{
	const char *text = *(char *const *)field;

	(void)key;
	return value_format_string(text ? text : "", ret);
}

static bool equal_text(const void *a, const void *b)
{
	const char *text_a = *(char *const *)a, *text_b = *(char *const *)b;

	return text_a && text_b ? strcmp(text_a, text_b) == 0 : text_a == text_b;
}

static int parse_size(struct value_parse *parse, void *field)
{
	const struct schema_key *key = parse->key;
	char width_text[NUMBER_TEXT_MAX];
	const char *x = strchr(parse->text, 'x');
	int64_t width, height;

	if (!x || (size_t)(x - parse->text) >= sizeof(width_text))
		return fail_expected(parse, NULL);
	memcpy(width_text, parse->text, (size_t)(x - parse->text));
	width_text[x - parse->text] = '\0';
	if (number_parse(width_text, number_plain, &width) < 0 ||
			number_parse(x + 1, number_plain, &height) < 0 || width < key->min ||
			width > key->max || height < key->height_min || height > key->height_max)
		return fail_expected(parse, NULL);
	*(struct config_size *)field = (struct config_size){ (uint32_t)width, (uint32_t)height };
	return 0;
}

static int format_size(const struct schema_key *key, const void *field, char **ret)
{
	const struct config_size *size = field;
	char buf[NUMBER_TEXT_MAX];

	(void)key;
	snprintf(buf, sizeof(buf), "%ux%u", size->width, size->height);
	return value_format_string(buf, ret);
}

static const struct value_type types[] = {
	[SCHEMA_BOOL] = { parse_bool, format_bool, .size_bytes = sizeof(bool) },
	[SCHEMA_INTEGER] = { parse_number, format_number, .size_bytes = sizeof(int64_t) },
	[SCHEMA_BYTES] = { parse_number, format_number, .size_bytes = sizeof(int64_t) },
	[SCHEMA_DURATION] = { parse_number, format_number, .size_bytes = sizeof(int64_t) },
	[SCHEMA_ENUM] = { parse_enum, format_enum, .size_bytes = sizeof(int) },
	[SCHEMA_TEXT] = { parse_text, format_text, equal_text, clear_text, 0 },
	[SCHEMA_PATH] = { parse_path, format_text, equal_text, clear_text, 0 },
	[SCHEMA_DEVICE] = { parse_device, format_text, equal_text, clear_text, 0 },
	[SCHEMA_BUS] = { parse_bus, format_text, equal_text, clear_text, 0 },
	[SCHEMA_LAYOUT] = { parse_layout, format_text, equal_text, clear_text, 0 },
	[SCHEMA_USERS] = { parse_users, format_text, equal_text, clear_text, 0 },
	[SCHEMA_SIZE] = { parse_size, format_size, .size_bytes = sizeof(struct config_size) },
};

static const struct value_type *type_of(const struct schema_key *key)
{
	switch (key->type) {
	case SCHEMA_ENUMS:
		return &value_type_words;
	case SCHEMA_ADDRESSES:
	case SCHEMA_NETWORKS:
	case SCHEMA_ORIGINS:
	case SCHEMA_NAMES:
		return &value_type_texts;
	default:
		return &types[key->type];
	}
}

int value_parse(const struct schema_key *key, void *object, const char *text,
		value_report_fn report, void *user, struct value_places *ret_places)
{
	struct value_parse parse = { .key = key,
		.text = *text ? text : key->default_text,
		.report = report,
		.user = user };
	int r = type_of(key)->parse(&parse, (char *)object + key->offset);

	if (r == 0 && ret_places)
		*ret_places = parse.places;
	return r;
}

int value_format(const struct schema_key *key, const void *object, char **ret)
{
	return type_of(key)->format(key, (const char *)object + key->offset, ret);
}

bool value_equal(const struct schema_key *key, const void *a, const void *b)
{
	const struct value_type *type = type_of(key);
	const char *field_a = (const char *)a + key->offset, *field_b = (const char *)b + key->offset;

	return type->equal ? type->equal(field_a, field_b)
			   : memcmp(field_a, field_b, type->size_bytes) == 0;
}

void value_clear(const struct schema_key *key, void *object)
{
	if (type_of(key)->clear)
		type_of(key)->clear((char *)object + key->offset);
}

static void list_words(const struct schema_key *key, char *buf, size_t bytes)
{
	const char *lead = key->type == SCHEMA_ENUMS ? "one or more of" : "one of";
	size_t at = (size_t)snprintf(buf, bytes, "%s", lead);

	for (size_t i = 0; key->words[i].name && at < bytes; i++)
		at += (size_t)snprintf(buf + at, bytes - at, "%s %s", i ? "," : "", key->words[i].name);
	if (key->type == SCHEMA_PATH && at < bytes)
		snprintf(buf + at, bytes - at, ", or an absolute path");
}

const char *value_expected(const struct schema_key *key, char buf[VALUE_EXPECTED_MAX])
{
	static const char *const names[] = {
		[SCHEMA_INTEGER] = "a number",
		[SCHEMA_BYTES] = "a size",
		[SCHEMA_DURATION] = "a duration",
		[SCHEMA_TEXT] = "a text of at most",
		[SCHEMA_PATH] = "an absolute path of at most",
	};
	char least[NUMBER_TEXT_MAX], most[NUMBER_TEXT_MAX];
	size_t bytes = VALUE_EXPECTED_MAX;

	switch (key->type) {
	case SCHEMA_BOOL:
		snprintf(buf, bytes, "yes or no");
		break;
	case SCHEMA_DEVICE:
		snprintf(buf, bytes, "a UUID, a PCI address or an absolute path");
		break;
	case SCHEMA_LAYOUT:
		snprintf(buf, bytes, "a layout like us or de(nodeadkeys)");
		break;
	case SCHEMA_BUS:
		snprintf(buf, bytes, "p2p or an address like unix:path=/run/qemu/vm.bus");
		break;
	case SCHEMA_USERS:
		snprintf(buf, bytes, "users like alice bob:view *:view");
		break;
	case SCHEMA_SIZE:
		snprintf(buf, bytes,
				"WIDTHxHEIGHT of %" PRId64 "x%" PRId64 " to %" PRId64 "x%" PRId64,
				key->min, key->height_min, key->max, key->height_max);
		break;
	case SCHEMA_ADDRESSES:
	case SCHEMA_NETWORKS:
	case SCHEMA_ORIGINS:
	case SCHEMA_NAMES:
		snprintf(buf, bytes, "at most %d %s", CONFIG_ADDRESSES_MAX, value_item_words[key->type]);
		break;
	case SCHEMA_TEXT:
	case SCHEMA_PATH:
		if (key->words)
			list_words(key, buf, bytes);
		else
			snprintf(buf, bytes, "%s %" PRId64 " bytes", names[key->type], key->max);
		break;
	case SCHEMA_ENUM:
	case SCHEMA_ENUMS:
		list_words(key, buf, bytes);
		break;
	default:
		snprintf(buf, bytes, "%s of %s to %s", names[key->type],
				number_format(key->min, units_of(key), least),
				number_format(key->max, units_of(key), most));
	}
	return buf;
}
