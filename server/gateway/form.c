// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes forms apart, straight into the memory where passwords may be. */
#include "server/gateway/form.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "net/secret.h"

#define FIELDS_MAX 8

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)(at - digits) % 16 : -1;
}

int form_escaped(const char *at, const char *end)
{
	return end - at >= 3 && hex_digit(at[1]) >= 0 && hex_digit(at[2]) >= 0
			? hex_digit(at[1]) << 4 | hex_digit(at[2]) : -1;
}

static bool stands_for_itself(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c && strchr("*-._", c));
}

static int read_value(const char *at, const char *end, const struct form_field *field)
{
	size_t used = 0;

	while (at < end) {
		int c = *at;

		if (c == '%') {
			c = form_escaped(at, end);
			at += 3;
		} else if (c == '+' || stands_for_itself((char)c)) {
			c = c == '+' ? ' ' : c;
			at++;
		} else {
			return -EINVAL;
		}
		if (c <= 0)
			return -EINVAL;
		if (used + 1 >= field->size)
			return -E2BIG;
		field->value[used++] = (char)c;
	}
	field->value[used] = '\0';
	return 0;
}

static size_t find_field(const char *name, size_t bytes, const struct form_field *fields, size_t n_fields)
{
	size_t i = 0;

	while (i < n_fields && (strlen(fields[i].name) != bytes || memcmp(fields[i].name, name, bytes)))
		i++;
	return i;
}

static int read_fields(const char *at, const char *end, const struct form_field *fields, size_t n_fields)
{
	bool there[FIELDS_MAX] = { false };
	int r;

	for (size_t n = 0; n < n_fields; n++) {
		const char *next = memchr(at, '&', (size_t)(end - at));
		const char *equals = memchr(at, '=', (size_t)(end - at));
		size_t i;

		next = next ? next : end;
		if (!equals || equals > next || (next == end) != (n == n_fields - 1))
			return -EINVAL;
		i = find_field(at, (size_t)(equals - at), fields, n_fields);
		if (i == n_fields || there[i])
			return -EINVAL;
		there[i] = true;
		r = read_value(equals + 1, next, &fields[i]);
		if (r < 0)
			return r;
		at = next + 1;
	}
	return 0;
}

int form_read(const char *text, size_t bytes, const struct form_field *fields, size_t n_fields)
{
	int r = -EINVAL;

	if (bytes && n_fields && n_fields <= FIELDS_MAX)
		r = read_fields(text, text + bytes, fields, n_fields);

	for (size_t i = 0; r < 0 && i < n_fields; i++)
		secret_wipe(fields[i].value, fields[i].size);
	return r;
}
