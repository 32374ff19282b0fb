// SPDX-License-Identifier: GPL-2.0-or-later
/* UTF-8, Latin-1 and the ends of lines. */
#include "server/clip_text.h"

#include <stdlib.h>
#include <string.h>

#define BYTES_MAX (SIZE_MAX / 4)

/* Lead bytes with what the byte behind them may be; RFC 3629 section 4. */
static const struct {
	uint8_t lead_min, lead_max, second_min, second_max;
	size_t length;
} sequences[] = {
	{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
	{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
	{ 0xe1, 0xec, 0x80, 0xbf, 3 },
	{ 0xed, 0xed, 0x80, 0x9f, 3 },
	{ 0xee, 0xef, 0x80, 0xbf, 3 },
	{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
	{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
	{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
};

/* Bytes of the character at text; 0: it is none. */
static size_t character_length(const uint8_t *text, size_t bytes)
{
	if (text[0] < 0x80)
		return text[0] != '\0';
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		if (text[0] < sequences[i].lead_min || text[0] > sequences[i].lead_max)
			continue;
		if (bytes < sequences[i].length || text[1] < sequences[i].second_min ||
				text[1] > sequences[i].second_max)
			return 0;
		for (size_t k = 2; k < sequences[i].length; k++) {
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		}
		return sequences[i].length;
	}
	return 0;
}

bool clip_text_is_valid(const char *text, size_t bytes)
{
	size_t at = 0, length;

	while (at < bytes) {
		length = character_length((const uint8_t *)text + at, bytes - at);
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
		length = character_length(from + i, bytes - i);
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
