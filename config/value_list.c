// SPDX-License-Identifier: GPL-2.0-or-later
/* Values that are lists: of words that the key knows, and of texts. */
#include "config/value_type.h"

#include "config/address.h"
#include "config/network.h"
#include "config/server_name.h"
#include "config/web_origin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIST_BLANKS " \t,"

/* One item of a list. One that is wrong is not kept, but those behind it are still looked at. */
static void add_word(struct value_parse *parse, struct config_words *list, size_t offset, const char *name)
{
	const struct schema_word *word = value_find_word(parse->key->words, name);

	if (!word) {
		value_fail_word(parse, offset, "has", name, parse->key->words);
		return;
	}
	for (unsigned int i = 0; i < list->count; i++) {
		if (list->value[i] != word->value)
			continue;
		value_fail(parse, offset, "%s has \"%s\" twice", parse->key->name, name);
		return;
	}
	/* Each once, so that there is room. */
	parse->places.offset[list->count] = (uint16_t)offset;
	list->value[list->count++] = word->value;
}

static int parse_words(struct value_parse *parse, void *field)
{
	struct config_words list = { 0 };
	size_t at = strspn(parse->text, LIST_BLANKS), length;
	char *name;

	for (; parse->text[at]; at += length + strspn(parse->text + at + length, LIST_BLANKS)) {
		length = strcspn(parse->text + at, LIST_BLANKS);
		name = strndup(parse->text + at, length);
		if (!name)
			return -ENOMEM;
		add_word(parse, &list, at, name);
		free(name);
	}
	/* Empty: the default, which is "not set". */
	if (!list.count && !parse->failed && parse->text[0])
		return value_fail_word(parse, 0, "is", parse->text, NULL);
	if (parse->failed)
		return -EINVAL;
	*(struct config_words *)field = list;
	return 0;
}

static int format_words(const struct schema_key *key, const void *field, char **ret)
{
	const struct config_words *list = field;
	char text[VALUE_EXPECTED_MAX] = "";
	size_t at = 0;

	for (unsigned int i = 0; i < list->count; i++) {
		for (const struct schema_word *word = key->words; word->name; word++)
			if (word->value == list->value[i] && at < sizeof(text))
				at += (size_t)snprintf(text + at, sizeof(text) - at, "%s%s", at ? " " : "",
						word->name);
	}
	return value_format_string(text, ret);
}

const struct value_type value_type_words = {
	parse_words, format_words, .size_bytes = sizeof(struct config_words)
};

static void clear_texts(void *field)
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
const char *const value_item_words[] = {
	[SCHEMA_ADDRESSES] = "addresses",
	[SCHEMA_NETWORKS] = "addresses",
	[SCHEMA_ORIGINS] = "origins",
	[SCHEMA_NAMES] = "names",
};

/* -EINVAL when there are too many. One that is wrong is not kept, but those behind it are still looked at. */
static int add_text(struct value_parse *parse, struct config_addresses *list, size_t offset,
		size_t length)
{
	const char *error;
	char *text;

	if (list->count == CONFIG_ADDRESSES_MAX)
		return value_fail(parse, offset, "%s has more than %d %s", parse->key->name, CONFIG_ADDRESSES_MAX,
				value_item_words[parse->key->type]);
	text = strndup(parse->text + offset, length);
	if (!text)
		return -ENOMEM;
	if (check_item(parse->key, text, &error) < 0) {
		value_fail(parse, offset, "%s has \"%.128s\": %s", parse->key->name, text, error);
		free(text);
		return 0;
	}
	parse->places.offset[list->count] = (uint16_t)offset;
	list->text[list->count++] = text;
	return 0;
}

static int parse_texts(struct value_parse *parse, void *field)
{
	struct config_addresses list = { 0 };
	size_t at = strspn(parse->text, LIST_BLANKS), length;
	int r = 0;

	for (; r == 0 && parse->text[at]; at += strspn(parse->text + at, LIST_BLANKS)) {
		length = strcspn(parse->text + at, LIST_BLANKS);
		r = add_text(parse, &list, at, length);
		at += length;
	}
	if (r == 0 && parse->failed)
		r = -EINVAL;
	if (r < 0) {
		clear_texts(&list);
		return r;
	}
	clear_texts(field);
	*(struct config_addresses *)field = list;
	return 0;
}

static int format_texts(const struct schema_key *key, const void *field, char **ret)
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

static bool equal_texts(const void *a, const void *b)
{
	const struct config_addresses *list_a = a, *list_b = b;

	if (list_a->count != list_b->count)
		return false;
	for (unsigned int i = 0; i < list_a->count; i++)
		if (strcmp(list_a->text[i], list_b->text[i]) != 0)
			return false;
	return true;
}

const struct value_type value_type_texts = { parse_texts, format_texts, equal_texts, clear_texts, 0 };
