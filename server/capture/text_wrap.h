/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Breaks text into lines of a given width in pixels. Any thread. */
#ifndef PLANECAST_SERVER_CAPTURE_TEXT_WRAP_H
#define PLANECAST_SERVER_CAPTURE_TEXT_WRAP_H

#include <stddef.h>

#include "server/capture/font.h"

struct text_line {
	const char *text; /* into the wrapped text */
	size_t bytes; /* without the blank it was broken at */
};

/*
 * Breaks at blanks, inside a word only where it is wider than a line. Returns
 * how many lines there are, at most max; *ret_rest, where not NULL, is what did
 * not fit, "" if all did.
 */
unsigned int text_wrap(const char *text, enum font font, int width, struct text_line *lines,
		unsigned int max, const char **ret_rest);

#endif
