/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Endless text, a function of its line's number, and windows to show it in. Any thread. */
#ifndef PLANECAST_TESTS_BENCH_SCENE_TEXT_H
#define PLANECAST_TESTS_BENCH_SCENE_TEXT_H

#include <stdint.h>

#include "server/capture/paint.h"

#define TEXT_CELL_WIDTH 8
#define TEXT_CELL_HEIGHT 16
#define TEXT_LINE_MAX 512
#define TEXT_TITLE_HEIGHT 26
#define TEXT_BORDER 1

enum text_look { TEXT_DARK, TEXT_LIGHT };

/* Writes a line of exactly length letters, at most TEXT_LINE_MAX, and the NUL. */
void text_write(uint32_t seed, uint32_t line, unsigned int length, char *ret);
/* How long a paragraph's line is, most of them near the width; some are empty. */
unsigned int text_length(uint32_t seed, uint32_t line, unsigned int width);

uint32_t text_paper(enum text_look look);
/* Lines differ in colour, as in a log or a listing. */
uint32_t text_ink(enum text_look look, uint32_t seed, uint32_t line);
/* A line on its paper, across the whole surface, at y. */
void text_paint(const struct paint *paint, int y, enum text_look look, uint32_t seed, uint32_t line);
/* One letter in its cell and nothing outside of it. */
void text_paint_cell(const struct paint *paint, int x, int y, char letter, uint32_t ink, uint32_t paper);

/* Frame, title and paper; returns the part that the text goes on. */
struct paint text_window(const struct paint *paint, int x, int y, int width, int height, const char *title,
		enum text_look look);

#endif
