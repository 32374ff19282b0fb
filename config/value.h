/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Values of configuration keys: from text to the field, back, and compared. The
 * row of the table says which type and range. "object" is the struct config_server
 * or config_vm that holds the field. Any thread.
 */
#ifndef PLANECAST_CONFIG_VALUE_H
#define PLANECAST_CONFIG_VALUE_H

#include "config/config.h"
#include "config/schema.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VALUE_EXPECTED_MAX 256

/* Offset of what is wrong in the text, and what was expected. */
typedef void (*value_report_fn)(void *user, size_t offset, const char *message);

/* Where the items of a list stood in the text; other types have one, at 0. */
struct value_places {
	uint16_t offset[CONFIG_ADDRESSES_MAX];
};

/*
 * Sets the field, of which only the last good value stays. Empty text is the
 * default. report is called for each thing that is wrong; the field is then
 * left alone. ret_places: NULL or where to put the items' offsets. text is at
 * most INI_LINE_MAX long. 0, -EINVAL when reported, -ENOMEM.
 */
int value_parse(const struct schema_key *key, void *object, const char *text,
		value_report_fn report, void *user, struct value_places *ret_places);
/* As value_parse() reads it, without quotes; "" where nothing is set. Allocated. 0 or -ENOMEM. */
int value_format(const struct schema_key *key, const void *object, char **ret);
bool value_equal(const struct schema_key *key, const void *a, const void *b);
/* Frees what the field owns and leaves it not set. */
void value_clear(const struct schema_key *key, void *object);

/* "a duration of 5ms to 10s": type and range in words. Returns buf. */
const char *value_expected(const struct schema_key *key, char buf[VALUE_EXPECTED_MAX]);

#endif
