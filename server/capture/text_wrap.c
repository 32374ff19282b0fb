// SPDX-License-Identifier: GPL-2.0-or-later
/* Line breaking for the status card. */
#include "server/capture/text_wrap.h"

#include <string.h>

/* The end of the longest beginning of text that fits; at least one letter. */
static const char *fit(const char *text, const char *end, enum font font, int width)
{
	const char *at = text, *next = text;

	while (next < end) {
		font_next_code(&next, end);
		if (at > text && font_width(font, text, (size_t)(next - text)) > width)
			break;
		at = next;
	}
	return at;
}

unsigned int text_wrap(const char *text, enum font font, int width, struct text_line *lines,
		unsigned int max, const char **ret_rest)
{
	const char *end = text + strlen(text);
	unsigned int count = 0;

	while (text < end && *text == ' ')
		text++;
	while (text < end && count < max) {
		const char *stop = fit(text, end, font, width), *blank = stop;

		if (stop < end && *stop != ' ') {
			while (blank > text && blank[-1] != ' ')
				blank--;
			if (blank > text)
				stop = blank;
		}
		lines[count].text = text;
		lines[count].bytes = (size_t)(stop - text);
		while (lines[count].bytes && text[lines[count].bytes - 1] == ' ')
			lines[count].bytes--;
		count++;
		text = stop;
		while (text < end && *text == ' ')
			text++;
	}
	if (ret_rest)
		*ret_rest = text;
	return count;
}
