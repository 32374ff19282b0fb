/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JSON objects from somebody who is not trusted, and back to text: one line,
 * valid UTF-8, whatever came in. Any thread.
 */
#ifndef PLANECAST_SERVER_JSON_H
#define PLANECAST_SERVER_JSON_H

#include <stddef.h>
#include <stdint.h>

struct json_object;

/* Objects and arrays inside each other. */
#define JSON_DEPTH_MAX 8

/*
 * text is bytes long, blanks at its end aside one JSON object: printable UTF-8, numbers
 * that JSON knows, and no control characters, not even escaped, in its texts and names.
 * *ret is the caller's reference. 0, or -EINVAL with *ret_error (a sentence's end, lives
 * forever) saying what is wrong.
 */
int json_parse_object(const char *text, size_t bytes, struct json_object **ret, const char **ret_error);

/* One line without its end; lives as long as the object is not changed. NULL: no memory. */
const char *json_text(struct json_object *object);

/* The text or number of that name; NULL, or fallback, where there is none or it is something else. */
const char *json_get_text(struct json_object *object, const char *name);
int64_t json_get_number(struct json_object *object, const char *name, int64_t fallback);

/*
 * Adds a member; where memory runs out it is null or missing. object may be NULL. Of a text
 * what would not print comes out as '?'.
 */
void json_put_text(struct json_object *object, const char *name, const char *text);
void json_put_number(struct json_object *object, const char *name, int64_t number);
/* With so many decimals. */
void json_put_decimal(struct json_object *object, const char *name, double number, unsigned int decimals);
/* Takes member, which may be NULL. */
void json_put(struct json_object *object, const char *name, struct json_object *member);

#endif
