// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads, writes and compares the values of each type of configuration key. */
#include "config/value.h"

#include "config/address.h"
#include "config/network.h"
#include "config/number.h"
#include "config/problem.h"
#include "config/role.h"
#include "config/server_name.h"
#include "config/suggest.h"
#include "config/web_origin.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#define LIST_BLANKS " \t,"
#define LAYOUT_NAME_MAX 31

struct parse {
	const struct schema_key *key;
	const char *text;
	value_report_fn report;
	void *user;
	struct value_places places;
	bool failed;
};

struct value_type {
	/* Reports and returns -EINVAL, or -ENOMEM; touches the field at the end only. */
	int (*parse)(struct parse *parse, void *field);
	int (*format)(const struct schema_key *key, const void *field, char **ret);
	/* NULL: compare size_bytes of memory. */
	bool (*equal)(const void *a, const void *b);
	/* NULL: nothing is owned. */
	void (*clear)(void *field);
	size_t size_bytes;
};

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

__attribute__((format(printf, 3, 4))) static int fail(struct parse *parse, size_t offset,
		const char *fmt, ...)
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

/* The usual sentence: what was written, what was expected, the nearest right word. */
static int fail_expected(struct parse *parse, const struct schema_word *words)
{
	char expected[VALUE_EXPECTED_MAX];
	struct suggest suggest;

	suggest_init(&suggest, parse->text);
	for (; words && words->name; words++)
		suggest_offer(&suggest, words->name);
	value_expected(parse->key, expected);
	if (suggest.best)
		return fail(parse, 0, "%s is \"%.64s\", expected %s; did you mean \"%s\"?",
				parse->key->name, parse->text, expected, suggest.best);
	return fail(parse, 0, "%s is \"%.64s\", expected %s", parse->key->name, parse->text,
			expected);
}

static int format_string(const char *text, char **ret)
{
	char *copy = strdup(text);

	if (!copy)
		return -ENOMEM;
	*ret = copy;
	return 0;
}

static const struct schema_word *find_word(const struct schema_word *words, const char *name)
{
	while (words->name && strcmp(words->name, name) != 0)
		words++;
	return words->name ? words : NULL;
}

static int parse_bool(struct parse *parse, void *field)
{
	const struct schema_word *word = find_word(bool_words, parse->text);

	if (!word)
		return fail_expected(parse, bool_words);
	*(bool *)field = word->value;
	return 0;
}

static int format_bool(const struct schema_key *key, const void *field, char **ret)
{
	(void)key;
	return format_string(*(const bool *)field ? "yes" : "no", ret);
}

static int parse_number(struct parse *parse, void *field)
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

	return format_string(number_format(*(const int64_t *)field, units_of(key), buf), ret);
}

static int parse_enum(struct parse *parse, void *field)
{
	const struct schema_word *word = find_word(parse->key->words, parse->text);

	if (!word)
		return fail_expected(parse, parse->key->words);
	*(int *)field = word->value;
	return 0;
}

static int format_enum(const struct schema_key *key, const void *field, char **ret)
{
	for (const struct schema_word *word = key->words; word->name; word++)
		if (word->value == *(const int *)field)
			return format_string(word->name, ret);
	return format_string("", ret);
}

static void clear_text(void *field)
{
	free(*(char **)field);
	*(char **)field = NULL;
}

static int store_text(struct parse *parse, void *field)
{
	size_t length = strlen(parse->text);
	char *copy = NULL;

	/* Empty: the default, which is "not set". */
	if (length > 0) {
		if ((int64_t)length < parse->key->min || (int64_t)length > parse->key->max)
			return fail(parse, 0, "%s is %zu bytes long, expected %s",
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

static int parse_text(struct parse *parse, void *field)
{
	if (parse->key->words && !find_word(parse->key->words, parse->text))
		return fail_expected(parse, parse->key->words);
	return store_text(parse, field);
}

static int parse_path(struct parse *parse, void *field)
{
	const struct schema_word *words = parse->key->words;

	if (parse->text[0] && parse->text[0] != '/' && !(words && find_word(words, parse->text)))
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

static int parse_device(struct parse *parse, void *field)
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
static int parse_layout(struct parse *parse, void *field)
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
static int parse_bus(struct parse *parse, void *field)
{
	static const char *const beginnings[] = { "unix:path=/", "unix:abstract=" };
	bool known = parse->text[0] == '\0' || !strcmp(parse->text, "p2p");

	for (size_t i = 0; i < sizeof(beginnings) / sizeof(beginnings[0]); i++)
		known = known || !strncmp(parse->text, beginnings[i], strlen(beginnings[i]));
	if (!known || strchr(parse->text, ';'))
		return fail_expected(parse, NULL);
	return store_text(parse, field);
}

static int parse_users(struct parse *parse, void *field)
{
	const char *error;
	size_t offset;

	if (role_list_check(parse->text, &offset, &error) < 0)
		return fail(parse, offset, "%s has \"%.64s\": %s", parse->key->name, parse->text + offset, error);
	return store_text(parse, field);
}

static int format_text(const struct schema_key *key, const void *field, char **ret)
{
	const char *text = *(char *const *)field;

	(void)key;
	return format_string(text ? text : "", ret);
}

static bool equal_text(const void *a, const void *b)
{
	const char *text_a = *(char *const *)a, *text_b = *(char *const *)b;

	return text_a && text_b ? strcmp(text_a, text_b) == 0 : text_a == text_b;
}

static int parse_size(struct parse *parse, void *field)
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
	return format_string(buf, ret);
}

static void clear_addresses(void *field)
{
	struct config_addresses *addresses = field;

	for (unsigned int i = 0; i < addresses->count; i++)
		free(addresses->text[i]);
	*addresses = (struct config_addresses){ 0 };
}

static int check_item(const struct schema_key *key, const char *text, const char **ret_error)
{
	struct sockaddr_storage address;
	struct network network;
	char host[WEB_HOST_MAX];
	socklen_t length;

	switch (key->type) {
	case SCHEMA_NETWORKS:
		return network_parse(text, &network, ret_error);
	case SCHEMA_ORIGINS:
		return web_origin_parse(text, host, ret_error);
	case SCHEMA_NAMES:
		return server_name_check(text, ret_error);
	default:
		return address_parse(text, &address, &length, ret_error);
	}
}

/* What lists are of. */
static const char *const item_words[] = {
	[SCHEMA_ADDRESSES] = "addresses",
	[SCHEMA_NETWORKS] = "addresses",
	[SCHEMA_ORIGINS] = "origins",
	[SCHEMA_NAMES] = "names",
};

/* -EINVAL when there are too many. One that is wrong is not kept, but those behind it are still looked at. */
static int add_address(struct parse *parse, struct config_addresses *list, size_t offset,
		size_t length)
{
	const char *error;
	char *text;

	if (list->count == CONFIG_ADDRESSES_MAX)
		return fail(parse, offset, "%s has more than %d %s", parse->key->name, CONFIG_ADDRESSES_MAX,
				item_words[parse->key->type]);
	text = strndup(parse->text + offset, length);
	if (!text)
		return -ENOMEM;
	if (check_item(parse->key, text, &error) < 0) {
		fail(parse, offset, "%s has \"%.128s\": %s", parse->key->name, text, error);
		free(text);
		return 0;
	}
	parse->places.offset[list->count] = (uint16_t)offset;
	list->text[list->count++] = text;
	return 0;
}

static int parse_addresses(struct parse *parse, void *field)
{
	struct config_addresses list = { 0 };
	size_t at = strspn(parse->text, LIST_BLANKS), length;
	int r = 0;

	for (; r == 0 && parse->text[at]; at += strspn(parse->text + at, LIST_BLANKS)) {
		length = strcspn(parse->text + at, LIST_BLANKS);
		r = add_address(parse, &list, at, length);
		at += length;
	}
	if (r == 0 && parse->failed)
		r = -EINVAL;
	if (r < 0) {
		clear_addresses(&list);
		return r;
	}
	clear_addresses(field);
	*(struct config_addresses *)field = list;
	return 0;
}

static int format_addresses(const struct schema_key *key, const void *field, char **ret)
{
	const struct config_addresses *list = field;
	size_t bytes = 1, at = 0;
	char *text;

	(void)key;
	for (unsigned int i = 0; i < list->count; i++)
		bytes += strlen(list->text[i]) + 1;
	text = malloc(bytes);
	if (!text)
		return -ENOMEM;
	text[0] = '\0';
	for (unsigned int i = 0; i < list->count; i++)
		at += (size_t)snprintf(text + at, bytes - at, "%s%s", i ? " " : "", list->text[i]);
	*ret = text;
	return 0;
}

static bool equal_addresses(const void *a, const void *b)
{
	const struct config_addresses *list_a = a, *list_b = b;

	if (list_a->count != list_b->count)
		return false;
	for (unsigned int i = 0; i < list_a->count; i++)
		if (strcmp(list_a->text[i], list_b->text[i]) != 0)
			return false;
	return true;
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
	[SCHEMA_ADDRESSES] = { parse_addresses, format_addresses, equal_addresses, clear_addresses, 0 },
	[SCHEMA_NETWORKS] = { parse_addresses, format_addresses, equal_addresses, clear_addresses, 0 },
	[SCHEMA_ORIGINS] = { parse_addresses, format_addresses, equal_addresses, clear_addresses, 0 },
	[SCHEMA_NAMES] = { parse_addresses, format_addresses, equal_addresses, clear_addresses, 0 },
};

int value_parse(const struct schema_key *key, void *object, const char *text,
		value_report_fn report, void *user, struct value_places *ret_places)
{
	struct parse parse = { .key = key,
		.text = *text ? text : key->default_text,
		.report = report,
		.user = user };
	int r = types[key->type].parse(&parse, (char *)object + key->offset);

	if (r == 0 && ret_places)
		*ret_places = parse.places;
	return r;
}

int value_format(const struct schema_key *key, const void *object, char **ret)
{
	return types[key->type].format(key, (const char *)object + key->offset, ret);
}

bool value_equal(const struct schema_key *key, const void *a, const void *b)
{
	const struct value_type *type = &types[key->type];
	const char *field_a = (const char *)a + key->offset, *field_b = (const char *)b + key->offset;

	return type->equal ? type->equal(field_a, field_b)
			   : memcmp(field_a, field_b, type->size_bytes) == 0;
}

void value_clear(const struct schema_key *key, void *object)
{
	if (types[key->type].clear)
		types[key->type].clear((char *)object + key->offset);
}

static void list_words(const struct schema_key *key, char *buf, size_t bytes)
{
	size_t at = (size_t)snprintf(buf, bytes, "one of");

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
		snprintf(buf, bytes, "at most %d %s", CONFIG_ADDRESSES_MAX, item_words[key->type]);
		break;
	case SCHEMA_TEXT:
	case SCHEMA_PATH:
		if (key->words)
			list_words(key, buf, bytes);
		else
			snprintf(buf, bytes, "%s %" PRId64 " bytes", names[key->type], key->max);
		break;
	case SCHEMA_ENUM:
		list_words(key, buf, bytes);
		break;
	default:
		snprintf(buf, bytes, "%s of %s to %s", names[key->type],
				number_format(key->min, units_of(key), least),
				number_format(key->max, units_of(key), most));
	}
	return buf;
}
