// SPDX-License-Identifier: GPL-2.0-or-later
/* Words by chance, in lines. */
#include "tests/bench/scene_text.h"

#include <string.h>

#include "server/capture/font.h"
#include "tests/bench/scene_impl.h"

#define INKS 4
#define FRAME_COLOUR 0xff0d1218
#define TITLE_COLOUR 0xff2b3544
#define TITLE_INK 0xdde5ef

static const char *const words[] = {
	"the", "of", "and", "to", "in", "is", "that", "for", "it", "was", "on", "are", "as", "with",
	"river", "harbour", "window", "signal", "garden", "morning", "winter", "letter", "mountain",
	"engine", "station", "paper", "silver", "quiet", "northern", "between", "measure", "distance",
	"picture", "yesterday", "several", "because", "against", "through", "carried", "weather",
	"return", "value", "length", "struct", "offset", "buffer", "(count)", "size_t", "->next", "!=",
	"0x4f", "1987", "42", "+12", "x[i]", "//", "\"name\"", "{", "};", "=", "&&", "3.14", "ok", "...",
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

static const struct {
	uint32_t paper;
	uint32_t inks[INKS];
} looks[] = {
	[TEXT_DARK] = { 0xff10151c, { 0xc8d3e0, 0x8fd18a, 0xe2c07a, 0x7fb4ea } },
	[TEXT_LIGHT] = { 0xfffbfaf7, { 0x20242a, 0x5a3d8a, 0x1d5c3a, 0x8a2f2f } },
};

void text_write(uint32_t seed, uint32_t line, unsigned int length, char *ret)
{
	uint32_t key = scene_hash(seed, line);
	unsigned int at = 0;

	for (uint32_t i = 0; at < length; i++) {
		const char *word = words[scene_hash(key, i) % N_WORDS];
		unsigned int bytes = (unsigned int)strlen(word);

		bytes = bytes < length - at ? bytes : length - at;
		memcpy(ret + at, word, bytes);
		at += bytes;
		if (at < length)
			ret[at++] = ' ';
	}
	ret[length] = '\0';
}

unsigned int text_length(uint32_t seed, uint32_t line, unsigned int width)
{
	uint32_t chance = scene_hash(seed ^ 0x51, line);

	width = width < TEXT_LINE_MAX ? width : TEXT_LINE_MAX;
	switch (chance % 8) {
	case 0:
		return 0;
	case 1:
	case 2:
		return chance / 8 % (width + 1);
	default:
		return width - chance / 8 % (width / 6 + 1);
	}
}

uint32_t text_paper(enum text_look look)
{
	return looks[look].paper;
}

uint32_t text_ink(enum text_look look, uint32_t seed, uint32_t line)
{
	uint32_t chance = scene_hash(seed ^ 0x77, line) % (2 * INKS);

	return looks[look].inks[chance < INKS ? chance : 0];
}

void text_paint(const struct paint *paint, int y, enum text_look look, uint32_t seed, uint32_t line)
{
	struct paint strip = paint_part(paint, 0, y, paint->width, TEXT_CELL_HEIGHT);
	char text[TEXT_LINE_MAX + 1];

	text_write(seed, line, text_length(seed, line, (unsigned int)paint->width / TEXT_CELL_WIDTH), text);
	paint_fill(&strip, 0, 0, strip.width, strip.height, looks[look].paper);
	paint_text(&strip, 0, 0, FONT_MONO, text, text_ink(look, seed, line));
}

void text_paint_cell(const struct paint *paint, int x, int y, char letter, uint32_t ink, uint32_t paper)
{
	struct paint cell = paint_part(paint, x, y, TEXT_CELL_WIDTH, TEXT_CELL_HEIGHT);

	paint_fill(&cell, 0, 0, cell.width, cell.height, paper);
	font_draw_letter(cell.pixels, cell.stride, cell.width, cell.height, 0, 0, FONT_MONO, (uint8_t)letter,
			ink);
}

struct paint text_window(const struct paint *paint, int x, int y, int width, int height, const char *title,
		enum text_look look)
{
	int top = TEXT_BORDER + TEXT_TITLE_HEIGHT;

	paint_fill(paint, x, y, width, height, FRAME_COLOUR);
	paint_fill(paint, x + TEXT_BORDER, y + TEXT_BORDER, width - 2 * TEXT_BORDER, TEXT_TITLE_HEIGHT,
			TITLE_COLOUR);
	paint_text(paint, x + 12, y + 6, FONT_BOLD, title, TITLE_INK);
	paint_fill(paint, x + TEXT_BORDER, y + top, width - 2 * TEXT_BORDER, height - top - TEXT_BORDER,
			looks[look].paper);
	return paint_part(paint, x + TEXT_BORDER + 6, y + top + 4, width - 2 * TEXT_BORDER - 12,
			height - top - TEXT_BORDER - 8);
}
