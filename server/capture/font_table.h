/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The shape of the generated letters: between fontgen/ (at build time) and font.c. */
#ifndef PLANECAST_SERVER_CAPTURE_FONT_TABLE_H
#define PLANECAST_SERVER_CAPTURE_FONT_TABLE_H

#include <stdint.h>

/* Printable ASCII, then the printable upper half of Latin-1. */
#define FONT_GLYPHS_ASCII (0x7f - 0x20)
#define FONT_GLYPHS (FONT_GLYPHS_ASCII + 0x100 - 0xa0)

struct font_glyph {
	uint32_t offset; /* of its first row in the coverage table */
	int8_t left, top; /* from the pen, and up from the base line, to the bitmap's corner */
	uint8_t width, height;
	uint8_t advance;
};

struct font_face {
	const uint8_t *coverage; /* 0..255 a pixel */
	const struct font_glyph *glyphs;
	int ascent, height;
};

extern const struct font_face font_face_mono;
extern const struct font_face font_face_small;
extern const struct font_face font_face_body;
extern const struct font_face font_face_bold;
extern const struct font_face font_face_large;
extern const struct font_face font_face_huge;

static inline unsigned int font_glyph_code(unsigned int index)
{
	return index < FONT_GLYPHS_ASCII ? 0x20 + index : 0xa0 + index - FONT_GLYPHS_ASCII;
}

#endif
