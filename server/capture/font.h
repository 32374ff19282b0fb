/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Text with smooth edges from letters rendered at build time: printable ASCII
 * and Latin-1; anything else, broken UTF-8 and control bytes too, shows as '?'.
 * Any thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_FONT_H
#define PLANECAST_SERVER_CAPTURE_FONT_H

#include <stddef.h>
#include <stdint.h>

enum font {
	FONT_MONO, /* 14 px, every letter equally wide */
	FONT_SMALL, /* 11 px */
	FONT_BODY, /* 14 px */
	FONT_BOLD, /* 13 px */
	FONT_LARGE, /* 18 px */
	FONT_HUGE, /* 28 px, bold */
};

/* Line height, and the width of so many bytes of UTF-8, in pixels. */
int font_height(enum font font);
int font_width(enum font font, const char *text, size_t bytes);

/*
 * Draws one line with its upper left corner at x, y, blended with what is there,
 * clipped to width x height; text ends at bytes or its NUL. Pixels are XR24 or
 * premultiplied AR24, stride in bytes, fg 0xRRGGBB. Returns where the pen ends.
 */
int font_draw(void *pixels, size_t stride, int width, int height, int x, int y, enum font font,
		const char *text, size_t bytes, uint32_t fg);
/* The same for one letter by its code point. */
int font_draw_letter(void *pixels, size_t stride, int width, int height, int x, int y, enum font font,
		uint32_t code, uint32_t fg);

/* The next code point of UTF-8, at most end; '?' for what is none. *text moves on by at least 1. */
uint32_t font_next_code(const char **text, const char *end);

#endif
