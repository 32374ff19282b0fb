// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Somebody types in an editor amid the desktop: one to five letters a picture,
 * a caret, the caret's place in a line at the bottom. At the end of the page the
 * next line begins at its top, over what was there.
 */
#include <stdio.h>
#include <string.h>

#include "tests/bench/scene_desktop.h"
#include "tests/bench/scene_impl.h"
#include "tests/bench/scene_text.h"

#define SEED 7u
#define COLUMNS_MAX 100
#define ROWS_MAX 32
#define LINE_MIN 14
#define BLINK_PICTURES 12
#define PLACE_LETTERS 20
/* Both repeat, at lengths that keep the whole from repeating. */
#define LINES_PERIOD 251
#define PACE_PERIOD 97

struct typing {
	struct bench_scene scene; /* first */
	struct paint page;
	int x, y; /* of the page in the picture */
	int columns, rows;
	uint32_t line_begins[LINES_PERIOD + 1]; /* letters typed before it */
	uint32_t picture_begins[PACE_PERIOD + 1];
};

struct caret {
	uint32_t line;
	int column;
	bool shown;
};

static int line_length(const struct typing *typing, uint32_t line)
{
	uint32_t i = line % LINES_PERIOD;

	/* One stroke is the end of the line. */
	return (int)(typing->line_begins[i + 1] - typing->line_begins[i]) - 1;
}

static struct caret caret_at(const struct typing *typing, uint32_t n)
{
	uint64_t strokes = (uint64_t)(n / PACE_PERIOD) * typing->picture_begins[PACE_PERIOD] +
			typing->picture_begins[n % PACE_PERIOD];
	uint32_t period = typing->line_begins[LINES_PERIOD], rest = (uint32_t)(strokes % period), i = 0;

	while (typing->line_begins[i + 1] <= rest)
		i++;
	return (struct caret){
		/* One period stands there already, so that the page begins full. */
		.line = ((uint32_t)(strokes / period) + 1) * LINES_PERIOD + i,
		.column = (int)(rest - typing->line_begins[i]),
		.shown = n / BLINK_PICTURES % 2 == 0,
	};
}

/* Cells of a row from first to last; those at and behind end are empty. */
static void paint_cells(struct typing *typing, const struct paint *page, uint32_t line, int first, int last,
		int end)
{
	int length = line_length(typing, line), row = (int)(line % (uint32_t)typing->rows);
	uint32_t ink = text_ink(TEXT_DARK, SEED, line);
	char text[TEXT_LINE_MAX + 1];

	end = end < length ? end : length;
	text_write(SEED, line, (unsigned int)length, text);
	for (int i = first; i <= last; i++)
		text_paint_cell(page, i * TEXT_CELL_WIDTH, row * TEXT_CELL_HEIGHT, i < end ? text[i] : ' ', ink,
				text_paper(TEXT_DARK));
}

static void paint_caret(const struct typing *typing, const struct paint *page, const struct caret *caret)
{
	if (caret->shown)
		paint_fill(page, caret->column * TEXT_CELL_WIDTH,
				(int)(caret->line % (uint32_t)typing->rows) * TEXT_CELL_HEIGHT, 2,
				TEXT_CELL_HEIGHT, 0xfff0c040);
}

static void format_place(const struct caret *caret, char ret[PLACE_LETTERS + 1])
{
	char text[40];

	snprintf(text, sizeof(text), "line %6u, col %3d", caret->line, caret->column);
	memset(ret, ' ', PLACE_LETTERS);
	memcpy(ret, text, strlen(text) < PLACE_LETTERS ? strlen(text) : PLACE_LETTERS);
}

static void damage_cells(struct typing *typing, pixman_region32_t *damage, int column, int row, int columns)
{
	scene_damage(&typing->scene, damage, typing->x + column * TEXT_CELL_WIDTH,
			typing->y + row * TEXT_CELL_HEIGHT, columns * TEXT_CELL_WIDTH, TEXT_CELL_HEIGHT);
}

static void paint_place(struct typing *typing, const struct paint *page, const struct caret *caret,
		const struct caret *before, pixman_region32_t *damage)
{
	char text[PLACE_LETTERS + 1], old[PLACE_LETTERS + 1];
	int column = typing->columns - PLACE_LETTERS;

	format_place(caret, text);
	memset(old, 0, sizeof(old));
	if (before)
		format_place(before, old);
	for (int i = 0; i < PLACE_LETTERS; i++) {
		if (text[i] == old[i])
			continue;
		text_paint_cell(page, (column + i) * TEXT_CELL_WIDTH, typing->rows * TEXT_CELL_HEIGHT, text[i],
				0x9fb0c4, 0xff222b38);
		damage_cells(typing, damage, column + i, typing->rows, 1);
	}
}

static void paint_page(struct typing *typing, const struct paint *page, const struct caret *now)
{
	uint32_t rows = (uint32_t)typing->rows;

	paint_cells(typing, page, now->line, 0, typing->columns - 1, now->column);
	/* All lines but the one being typed are of this page or still of the one before. */
	for (uint32_t back = 1; back < rows; back++)
		paint_cells(typing, page, now->line - back, 0, typing->columns - 1, TEXT_LINE_MAX);
}

static void paint_step(struct typing *typing, const struct paint *page, const struct caret *before,
		const struct caret *now, pixman_region32_t *damage)
{
	for (uint32_t line = before->line; line != now->line + 1; line++) {
		int row = (int)(line % (uint32_t)typing->rows);
		int first = line == before->line ? before->column : 0;
		int last = line == now->line ? now->column : line_length(typing, line);

		if (line != before->line) {
			int old = line_length(typing, line - (uint32_t)typing->rows) - 1;

			last = last > old ? last : old;
		}
		paint_cells(typing, page, line, first, last, line == now->line ? now->column : TEXT_LINE_MAX);
		damage_cells(typing, damage, first, row, last - first + 1);
	}
}

static void typing_paint(struct bench_scene *scene, uint32_t n, bool whole, const struct paint *paint,
		pixman_region32_t *damage)
{
	struct typing *typing = (struct typing *)scene;
	struct paint page = paint_part(paint, typing->x, typing->y, typing->columns * TEXT_CELL_WIDTH,
			(typing->rows + 1) * TEXT_CELL_HEIGHT);
	struct caret now = caret_at(typing, n), before = now;

	if (whole) {
		paint_page(typing, &page, &now);
	} else {
		before = caret_at(typing, n - 1);
		paint_step(typing, &page, &before, &now, damage);
	}
	paint_caret(typing, &page, &now);
	paint_place(typing, &page, &now, whole ? NULL : &before, damage);
}

static int limit(int value, int most)
{
	return value < most ? value : most;
}

static int typing_init(struct bench_scene *scene)
{
	struct typing *typing = (struct typing *)scene;
	int chrome = 2 * TEXT_BORDER + 12, head = TEXT_TITLE_HEIGHT + 2 * TEXT_BORDER + 8;
	int width, height, x, y, r;
	struct paint page;

	r = scene_canvas_new(scene->width, scene->height, &scene->backdrop);
	if (!r)
		r = desktop_paint(&scene->backdrop);
	if (r < 0)
		return r;
	typing->columns = limit(COLUMNS_MAX, scene->width * 5 / 8 / TEXT_CELL_WIDTH);
	typing->rows = limit(ROWS_MAX, scene->height * 5 / 8 / TEXT_CELL_HEIGHT);
	width = typing->columns * TEXT_CELL_WIDTH + chrome;
	height = (typing->rows + 1) * TEXT_CELL_HEIGHT + head;
	x = (scene->width - width) * 5 / 9;
	y = (scene->height - height) * 4 / 9;
	page = text_window(&scene->backdrop, x, y, width, height, "Editor", TEXT_DARK);
	typing->x = (int)((page.pixels - scene->backdrop.pixels) % scene->width);
	typing->y = (int)((page.pixels - scene->backdrop.pixels) / scene->width);
	paint_fill(&page, 0, typing->rows * TEXT_CELL_HEIGHT, page.width, TEXT_CELL_HEIGHT, 0xff222b38);
	for (uint32_t i = 0; i < LINES_PERIOD; i++)
		typing->line_begins[i + 1] = typing->line_begins[i] + LINE_MIN + 1 +
				scene_hash(SEED, i) % (uint32_t)(typing->columns - LINE_MIN - 1);
	for (uint32_t i = 0; i < PACE_PERIOD; i++)
		typing->picture_begins[i + 1] = typing->picture_begins[i] + 1 + scene_hash(SEED + 1, i) % 5;
	return 0;
}

static void typing_finish(struct bench_scene *scene)
{
	(void)scene;
}

const struct scene_impl scene_typing = {
	.name = "typing",
	.bytes = sizeof(struct typing),
	.init = typing_init,
	.finish = typing_finish,
	.paint = typing_paint,
};
