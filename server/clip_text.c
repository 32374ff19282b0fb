// SPDX-License-Identifier: GPL-2.0-or-later
/* UTF-8, Latin-1 and the ends of lines. */
#include "server/clip_text.h"

#include <stdlib.h>
#include <string.h>

#include "config/text.h"

#define BYTES_MAX (SIZE_MAX / 4)

bool clip_text_is_valid(const char *text, size_t bytes)
{
	size_t at = 0, length;

	while (at < bytes) {
		length = text_character_length((const uint8_t *)text + at, bytes - at);
		if (!length)
			return false;
		at += length;
	}
	return true;
}

size_t clip_text_to_lf(char *text, size_t bytes)
{
	size_t to = 0;

	for (size_t from = 0; from < bytes; from++) {
		if (text[from] != '\r')
			text[to++] = text[from];
		else if (from + 1 == bytes || text[from + 1] != '\n')
			text[to++] = '\n';
	}
	return to;
}

char *clip_text_to_crlf(const char *text, size_t bytes, size_t *ret_bytes)
{
	size_t lines = 0, to = 0;
	char *out;

	if (bytes > BYTES_MAX)
		return NULL;
	for (size_t i = 0; i < bytes; i++)
		lines += text[i] == '\n';
	out = malloc(bytes + lines + 1);
	if (!out)
		return NULL;
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] == '\n')
			out[to++] = '\r';
		out[to++] = text[i];
	}
	*ret_bytes = to;
	return out;
}

char *clip_text_from_latin1(const uint8_t *text, size_t bytes, size_t *ret_bytes)
{
	size_t to = 0;
	char *out;

	if (bytes > BYTES_MAX)
		return NULL;
	out = malloc(2 * bytes + 1);
	if (!out)
		return NULL;
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] < 0x80) {
			out[to++] = (char)text[i];
		} else {
			out[to++] = (char)(0xc0 | text[i] >> 6);
			out[to++] = (char)(0x80 | (text[i] & 0x3f));
		}
	}
	*ret_bytes = to;
	return out;
}

uint8_t *clip_text_to_latin1(const char *text, size_t bytes, size_t *ret_bytes)
{
	const uint8_t *from = (const uint8_t *)text;
	uint8_t *out;
	size_t to = 0, length;

	if (bytes > BYTES_MAX)
		return NULL;
	out = malloc(bytes + 1);
	if (!out)
		return NULL;
	for (size_t i = 0; i < bytes; i += length) {
		length = text_character_length(from + i, bytes - i);
		length = length ? length : 1;
		if (from[i] < 0x80)
			out[to++] = from[i];
		else if (length == 2 && from[i] <= 0xc3)
			out[to++] = (uint8_t)(from[i] << 6 | (from[i + 1] & 0x3f));
		else
			out[to++] = '?';
	}
	*ret_bytes = to;
	return out;
}
