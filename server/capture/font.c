// SPDX-License-Identifier: GPL-2.0-or-later
/* Draws the letters that were rendered at build time. */
#include "server/capture/font.h"

#include <string.h>

#include "server/capture/font_table.h"
#include "server/capture/paint.h"

static const struct font_face *const faces[] = {
	[FONT_MONO] = &font_face_mono,
	[FONT_SMALL] = &font_face_small,
	[FONT_BODY] = &font_face_body,
	[FONT_BOLD] = &font_face_bold,
	[FONT_LARGE] = &font_face_large,
	[FONT_HUGE] = &font_face_huge,
};

static const struct font_glyph *find_glyph(const struct font_face *face, uint32_t code)
{
	if (code >= 0x20 && code < 0x7f)
		return &face->glyphs[code - 0x20];
	if (code >= 0xa0 && code <= 0xff)
		return &face->glyphs[FONT_GLYPHS_ASCII + code - 0xa0];
	return &face->glyphs['?' - 0x20];
}

uint32_t font_next_code(const char **text, const char *end)
{
	const uint8_t *p = (const uint8_t *)*text;
	unsigned int more = p[0] < 0x80 ? 0 : p[0] >= 0xf0 ? 3 : p[0] >= 0xe0 ? 2 : p[0] >= 0xc2 ? 1 : 4;
	uint32_t code = p[0] & (0x7f >> more);

	*text += 1;
	if (!more)
		return code >= 0x20 && code < 0x7f ? code : '?';
	if (more > 3 || (size_t)(end - *text) < more)
		return '?';
	for (unsigned int i = 1; i <= more; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return '?';
		code = code << 6 | (p[i] & 0x3f);
	}
	*text += more;
	return code >= 0xa0 ? code : '?';
}

int font_height(enum font font)
{
	return faces[font]->height;
}

int font_width(enum font font, const char *text, size_t bytes)
{
	const char *end = text + strnlen(text, bytes);
	int width = 0;

	while (text < end)
		width += find_glyph(faces[font], font_next_code(&text, end))->advance;
	return width;
}

int font_draw_letter(void *pixels, size_t stride, int width, int height, int x, int y, enum font font,
		uint32_t code, uint32_t fg)
{
	const struct font_face *face = faces[font];
	const struct font_glyph *glyph = find_glyph(face, code);
	const uint8_t *coverage = face->coverage + glyph->offset;
	int left = x + glyph->left, top = y + face->ascent - glyph->top;

	for (int row = top < 0 ? -top : 0; row < glyph->height && top + row < height; row++) {
		uint32_t *line = (uint32_t *)((uint8_t *)pixels + (size_t)(top + row) * stride);

		for (int column = left < 0 ? -left : 0;
				column < glyph->width && left + column < width; column++) {
			uint32_t *pixel = &line[left + column];

			/* With an opaque colour this is right for premultiplied alpha too. */
			*pixel = paint_mix(*pixel, 0xff000000 | fg,
					coverage[row * glyph->width + column]);
		}
	}
	return x + glyph->advance;
}

int font_draw(void *pixels, size_t stride, int width, int height, int x, int y, enum font font,
		const char *text, size_t bytes, uint32_t fg)
{
	const char *end = text + strnlen(text, bytes);

	while (text < end && x < width)
		x = font_draw_letter(pixels, stride, width, height, x, y, font,
				font_next_code(&text, end), fg);
	return x;
}
