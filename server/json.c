// SPDX-License-Identifier: GPL-2.0-or-later
/* json-c, held to what JSON is and to limits. */
#include "server/json.h"

#include <errno.h>
#include <json-c/json.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/text.h"

static bool prints(const char *text, size_t bytes)
{
	return text_printable(text, bytes) == bytes;
}

/* The parser takes NaN and Infinity, and would print them again; and so any character that was escaped. */
static const char *find_fault(struct json_object *value)
{
	const char *fault = NULL;

	switch (json_object_get_type(value)) {
	case json_type_double:
		return isfinite(json_object_get_double(value)) ? NULL : "has a number in it that is none";
	case json_type_string:
		return prints(json_object_get_string(value), (size_t)json_object_get_string_len(value)) ? NULL :
				"has control characters in it";
	case json_type_array:
		for (size_t i = 0; !fault && i < json_object_array_length(value); i++)
			fault = find_fault(json_object_array_get_idx(value, i));
		return fault;
	case json_type_object: {
		json_object_object_foreach(value, name, member)
		{
			if (!fault && !prints(name, strlen(name)))
				fault = "has control characters in it";
			fault = fault ? fault : find_fault(member);
		}
		return fault;
	}
	default:
		return NULL;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int json_parse_object(const char *text, size_t bytes, struct json_object **ret, const char **ret_error)
{
	struct json_tokener *tokener;
	struct json_object *object;
	const char *fault;

	while (bytes && is_blank(text[bytes - 1]))
		bytes--;
	*ret_error = "is no JSON object";
	if (!bytes || bytes > INT32_MAX)
		return -EINVAL;
	/* The parser looks less closely, and takes a NUL for the end. */
	if (!prints(text, bytes)) {
		*ret_error = "is not all printable UTF-8";
		return -EINVAL;
	}
	tokener = json_tokener_new_ex(JSON_DEPTH_MAX);
	if (!tokener) {
		*ret_error = "finds no memory";
		return -EINVAL;
	}
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	object = json_tokener_parse_ex(tokener, text, (int)bytes);
	switch (json_tokener_get_error(tokener)) {
	case json_tokener_success:
		if (json_tokener_get_parse_end(tokener) != bytes || !json_object_is_type(object, json_type_object))
			break;
		fault = find_fault(object);
		if (fault) {
			*ret_error = fault;
			break;
		}
		json_tokener_free(tokener);
		*ret = object;
		return 0;
	case json_tokener_error_depth:
		*ret_error = "is nested too deeply";
		break;
	case json_tokener_continue:
		*ret_error = "is a JSON object without an end";
		break;
	default:
		break;
	}
	json_object_put(object);
	json_tokener_free(tokener);
	return -EINVAL;
}

const char *json_text(struct json_object *object)
{
	return object ? json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
			JSON_C_TO_STRING_NOSLASHESCAPE) : NULL;
}

const char *json_get_text(struct json_object *object, const char *name)
{
	struct json_object *member = json_object_object_get(object, name);

	return json_object_is_type(member, json_type_string) ? json_object_get_string(member) : NULL;
}

int64_t json_get_number(struct json_object *object, const char *name, int64_t fallback)
{
	struct json_object *member = json_object_object_get(object, name);

	return json_object_is_type(member, json_type_int) ? json_object_get_int64(member) : fallback;
}

void json_put(struct json_object *object, const char *name, struct json_object *member)
{
	if (!object || json_object_object_add(object, name, member) < 0)
		json_object_put(member);
}

/* What would not print comes out as '?', which makes whatever it was valid UTF-8. */
void json_put_text(struct json_object *object, const char *name, const char *text)
{
	char *copy = strdup(text);

	if (copy)
		text_sanitize(copy);
	json_put(object, name, copy ? json_object_new_string(copy) : NULL);
	free(copy);
}

void json_put_number(struct json_object *object, const char *name, int64_t number)
{
	json_put(object, name, json_object_new_int64(number));
}

void json_put_decimal(struct json_object *object, const char *name, double number, unsigned int decimals)
{
	char text[64];

	snprintf(text, sizeof(text), "%.*f", (int)decimals, isfinite(number) ? number : 0);
	json_put(object, name, json_object_new_double_s(number, text));
}
