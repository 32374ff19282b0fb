/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What value.c and value_list.c share: how a type of value is read, and what is said of one that is wrong. */
#ifndef PLANECAST_CONFIG_VALUE_TYPE_H
#define PLANECAST_CONFIG_VALUE_TYPE_H

#include "config/value.h"

struct value_parse {
	const struct schema_key *key;
	const char *text;
	value_report_fn report;
	void *user;
	struct value_places places;
	bool failed;
};

struct value_type {
	/* Reports and returns -EINVAL, or -ENOMEM; touches the field at the end only. */
	int (*parse)(struct value_parse *parse, void *field);
	int (*format)(const struct schema_key *key, const void *field, char **ret);
	/* NULL: compare size_bytes of memory. */
	bool (*equal)(const void *a, const void *b);
	/* NULL: nothing is owned. */
	void (*clear)(void *field);
	size_t size_bytes;
};

extern const struct value_type value_type_words; /* struct config_words */
extern const struct value_type value_type_texts; /* struct config_addresses */
/* What lists of texts are of, by enum schema_type. */
extern const char *const value_item_words[];

/* Both report, and return -EINVAL. The offset is that of what is wrong in parse->text. */
int value_fail(struct value_parse *parse, size_t offset, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The usual sentence: what was written (the key "is" or "has" that), what was expected, the nearest of words. */
int value_fail_word(struct value_parse *parse, size_t offset, const char *verb, const char *word,
		const struct schema_word *words);

/* NULL: there is none of that name. */
const struct schema_word *value_find_word(const struct schema_word *words, const char *name);
/* A copy. 0 or -ENOMEM. */
int value_format_string(const char *text, char **ret);

#endif
