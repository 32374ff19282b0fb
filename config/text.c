// SPDX-License-Identifier: GPL-2.0-or-later
/* Tells printable UTF-8 from everything else. */
#include "config/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

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

size_t text_character_length(const uint8_t *text, size_t bytes)
{
	if (!bytes || text[0] < 0x80)
		return bytes && text[0] != '\0';
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		if (text[0] < sequences[i].lead_min || text[0] > sequences[i].lead_max)
			continue;
		if (bytes < sequences[i].length || text[1] < sequences[i].second_min ||
				text[1] > sequences[i].second_max)
			return 0;
		for (size_t k = 2; k < sequences[i].length; k++)
			if ((text[k] & 0xc0) != 0x80)
				return 0;
		return sequences[i].length;
	}
	return 0;
}

/* Bytes of the character at text; 0: not a printable one. */
static size_t printable_length(const uint8_t *text, size_t bytes)
{
	if (text[0] < 0x80)
		return text[0] == '\t' || (text[0] >= ' ' && text[0] != 0x7f);
	/* U+0080 to U+009F are control characters. */
	if (text[0] == 0xc2 && bytes > 1 && text[1] < 0xa0)
		return 0;
	return text_character_length(text, bytes);
}

size_t text_printable(const char *text, size_t bytes)
{
	size_t at = 0;

	while (at < bytes) {
		size_t length = printable_length((const uint8_t *)text + at, bytes - at);

		if (length == 0)
			break;
		at += length;
	}
	return at;
}

void text_sanitize(char *text)
{
	size_t bytes = strlen(text);

	for (size_t at = 0; (at += text_printable(text + at, bytes - at)) < bytes; at++)
		text[at] = '?';
}
