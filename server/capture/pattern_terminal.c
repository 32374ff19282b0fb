// SPDX-License-Identifier: GPL-2.0-or-later
/* A terminal in which text is typed: by a script until a viewer presses a key. */
#include "server/capture/pattern_widget.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock.h"

#define CELL_WIDTH 8
#define CELL_HEIGHT 18
#define MARGIN 10
#define BACKGROUND 0xff10161f
#define LINE_MAX 200u
#define BLINK_NS (530 * NSEC_PER_MSEC)
/* The script goes on when the viewer's hands have been off the keys that long. */
#define HANDS_OFF_NS (15 * NSEC_PER_SEC)

enum colour { GREY, GREEN, BLUE, YELLOW, CYAN, WHITE, COLOURS };

static const uint32_t colours[COLOURS] = { 0xb8c4d6, 0x7ed491, 0x7db2f2, 0xf0c674, 0x6fd3d0, 0xf2f6fc };

struct cell {
	uint8_t letter, colour;
	bool caret;
};

/* One step of the script. */
struct act {
	enum { TYPE, PRINT, PAUSE, CLEAR } kind;
	unsigned int ms; /* a letter, a line, or the pause */
	const char *text; /* bytes below COLOURS + 1 choose a colour; lines are parted by newlines */
};

#define PROMPT "\002guest@planecast\001:\003~\001$ \006"

static const struct act script[] = {
	{ PRINT, 0, PROMPT },
	{ TYPE, 70, "cat welcome.txt" },
	{ PRINT, 60, "\n\001This desktop is drawn by planecast itself.\n"
		     "You are sent only what changes in it.\n"
		     "Move a window, press a button, or type here.\n" PROMPT },
	{ PAUSE, 1400, "" },
	{ TYPE, 75, "for n in 1 2 3 4 5; do frame $n; done" },
	{ PRINT, 320, "\n\005frame 1 \001read once, compared, 212 tiles sent\n"
		      "\005frame 2 \001a window moved: 38 tiles\n"
		      "\005frame 3 \001text scrolled: one copy, 4 tiles\n"
		      "\005frame 4 \001a letter was typed: 1 tile\n"
		      "\005frame 5 \001nothing changed: nothing sent\n" PROMPT },
	{ PAUSE, 1200, "" },
	{ TYPE, 70, "./render --samples 64 valley.scene" },
	{ PRINT, 100, "\n\001rendering \004[" },
	{ TYPE, 45, "########################" },
	{ PRINT, 100, "\004]\001 done\n" PROMPT },
	{ PAUSE, 900, "" },
	{ TYPE, 80, "cat haiku.txt" },
	{ PRINT, 500, "\n\001A pixel flickers.\nThe shadow takes note of it:\none small tile travels.\n" PROMPT },
	{ PAUSE, 2500, "" },
	{ TYPE, 90, "clear" },
	{ PAUSE, 400, "" },
	{ CLEAR, 0, "" },
};

#define ACTS (sizeof(script) / sizeof(script[0]))

static const struct {
	const char *command, *answer;
} answers[] = {
	{ "help", "Commands: help, about, clear. Or drag a window by its title.\n" },
	{ "about", "planecast shows a virtual machine's screen to VNC viewers.\n"
		   "This screen is its test pattern; no machine runs behind it.\n" },
};

struct terminal {
	struct widget widget; /* first */
	int columns, rows;
	struct cell *cells, *shown; /* rows * columns each */
	int column, row;
	uint8_t colour;
	bool caret;

	int64_t now_ns;
	/* The script: where it is, and when its next letter or line is due. */
	size_t act, at;
	int64_t next_ns;

	/* A viewer types. */
	bool taken;
	int64_t last_key_ns;
	char line[LINE_MAX];
	unsigned int length;
};

static void clear(struct terminal *t)
{
	for (int i = 0; i < t->rows * t->columns; i++)
		t->cells[i] = (struct cell){ ' ', GREY, false };
	t->column = t->row = 0;
}

static void line_feed(struct terminal *t)
{
	t->column = 0;
	if (++t->row < t->rows)
		return;
	t->row = t->rows - 1;
	memmove(t->cells, t->cells + t->columns,
			(size_t)(t->rows - 1) * (size_t)t->columns * sizeof(*t->cells));
	for (int i = 0; i < t->columns; i++)
		t->cells[t->row * t->columns + i] = (struct cell){ ' ', GREY, false };
}

static void put(struct terminal *t, uint8_t letter)
{
	if (letter == '\n') {
		line_feed(t);
		return;
	}
	if (letter <= COLOURS) {
		t->colour = letter - 1;
		return;
	}
	if (t->column == t->columns)
		line_feed(t);
	t->cells[t->row * t->columns + t->column++] = (struct cell){ letter, t->colour, false };
}

static void put_text(struct terminal *t, const char *text)
{
	for (; *text; text++)
		put(t, (uint8_t)*text);
}

static void draw_cell(struct terminal *t, int index)
{
	const struct cell *cell = &t->cells[index];
	int x = MARGIN + index % t->columns * CELL_WIDTH, y = MARGIN + index / t->columns * CELL_HEIGHT;
	/* A letter that reaches out of its cell would leave a speck behind. */
	struct paint part = paint_part(&t->widget.paint, x, y, CELL_WIDTH, CELL_HEIGHT);

	paint_fill(&part, 0, 0, CELL_WIDTH, CELL_HEIGHT, cell->caret ? 0xff000000 | colours[GREEN] : BACKGROUND);
	if (cell->letter != ' ')
		font_draw_letter(part.pixels, part.stride, part.width, part.height, 0, 0, FONT_MONO,
				cell->letter, cell->caret ? BACKGROUND & 0xffffff : colours[cell->colour]);
	widget_damage(&t->widget, x, y, CELL_WIDTH, CELL_HEIGHT);
}

/* Draws the cells that differ from what is shown. */
static void flush(struct terminal *t)
{
	int column = t->column < t->columns ? t->column : t->columns - 1;
	struct cell *under_caret = &t->cells[t->row * t->columns + column];

	under_caret->caret = t->caret;
	for (int i = 0; i < t->rows * t->columns; i++) {
		const struct cell *cell = &t->cells[i], *shown = &t->shown[i];

		if (cell->letter == shown->letter && cell->caret == shown->caret &&
				(cell->colour == shown->colour || cell->letter == ' '))
			continue;
		draw_cell(t, i);
		t->shown[i] = *cell;
	}
	under_caret->caret = false;
}

static int64_t act_duration_ns(const struct act *act)
{
	int64_t steps = act->kind == TYPE ? (int64_t)strlen(act->text) : 1;

	for (const char *p = act->text; act->kind == PRINT && *p; p++)
		steps += *p == '\n';
	return steps * act->ms * NSEC_PER_MSEC;
}

static void start_script(struct terminal *t, int64_t now_ns)
{
	clear(t);
	t->act = t->at = 0;
	t->next_ns = now_ns;
	t->taken = false;
}

/* One letter, line or pause; returns how long until the next. */
static int64_t step(struct terminal *t)
{
	const struct act *act = &script[t->act];
	int64_t delay_ns = act->ms * NSEC_PER_MSEC;

	if (act->kind == CLEAR)
		clear(t);
	if (act->kind == TYPE && act->text[t->at])
		put(t, (uint8_t)act->text[t->at++]);
	if (act->kind == PRINT) {
		while (act->text[t->at] && act->text[t->at] != '\n')
			put(t, (uint8_t)act->text[t->at++]);
		if (act->text[t->at])
			put(t, (uint8_t)act->text[t->at++]);
	}
	if (!act->text[t->at]) {
		t->act = (t->act + 1) % ACTS;
		t->at = 0;
	}
	return t->widget.mood == WIDGET_BUSY ? delay_ns / 2 : delay_ns;
}

static void run_script(struct terminal *t)
{
	int64_t round_ns = 0;

	for (size_t i = 0; i < ACTS; i++)
		round_ns += act_duration_ns(&script[i]);
	if (t->widget.mood == WIDGET_BUSY)
		round_ns /= 2;
	/* After a long time without a look, rounds that nobody saw are left out. */
	if (t->now_ns - t->next_ns > 2 * round_ns)
		t->next_ns += (t->now_ns - t->next_ns) / round_ns * round_ns;
	while (t->next_ns <= t->now_ns)
		t->next_ns += step(t);
}

static void terminal_advance(struct widget *widget, int64_t time_ns)
{
	struct terminal *t = (struct terminal *)widget;

	t->now_ns = time_ns;
	if (t->taken && time_ns - t->last_key_ns > HANDS_OFF_NS)
		start_script(t, time_ns);
	if (!t->taken)
		run_script(t);
	t->caret = time_ns / BLINK_NS % 2 == 0 || (t->taken && time_ns - t->last_key_ns < BLINK_NS);
	flush(t);
}

static void answer(struct terminal *t)
{
	t->line[t->length] = '\0';
	t->colour = GREY;
	put(t, '\n');
	if (!strcmp(t->line, "clear")) {
		clear(t);
	} else if (t->length) {
		size_t i = 0, count = sizeof(answers) / sizeof(answers[0]);

		while (i < count && strcmp(t->line, answers[i].command))
			i++;
		if (i < count) {
			put_text(t, answers[i].answer);
		} else {
			put_text(t, t->line);
			put_text(t, ": command not found (try help)\n");
		}
	}
	t->length = 0;
	put_text(t, PROMPT);
}

static void terminal_key(struct widget *widget, uint32_t letter)
{
	struct terminal *t = (struct terminal *)widget;

	t->last_key_ns = t->now_ns;
	if (!t->taken) {
		t->taken = true;
		t->length = 0;
		if (t->column)
			put(t, '\n');
		put_text(t, PROMPT);
	}
	if (letter == '\n') {
		answer(t);
	} else if (letter == '\b') {
		if (t->length) {
			t->length--;
			if (!t->column && t->row) {
				t->row--;
				t->column = t->columns;
			}
			if (t->column)
				t->cells[t->row * t->columns + --t->column].letter = ' ';
		}
	} else if (t->length < LINE_MAX - 1) {
		t->line[t->length++] = (char)letter;
		put(t, (uint8_t)letter);
	}
	t->caret = true;
	flush(t);
}

static int terminal_init(struct widget *widget)
{
	struct terminal *t = (struct terminal *)widget;
	const struct paint *paint = &widget->paint;
	size_t count;

	t->columns = (paint->width - 2 * MARGIN) / CELL_WIDTH;
	t->rows = (paint->height - 2 * MARGIN) / CELL_HEIGHT;
	t->columns = t->columns < 1 ? 1 : t->columns;
	t->rows = t->rows < 1 ? 1 : t->rows;
	count = (size_t)t->rows * (size_t)t->columns;
	t->cells = calloc(count, sizeof(*t->cells));
	t->shown = calloc(count, sizeof(*t->shown));
	if (!t->cells || !t->shown)
		return -ENOMEM;
	paint_fill(paint, 0, 0, paint->width, paint->height, BACKGROUND);
	widget_damage_all(widget);
	clear(t);
	memcpy(t->shown, t->cells, count * sizeof(*t->cells));
	if (widget->mood == WIDGET_STILL) {
		t->taken = true;
		put_text(t, "\001This desktop rests until you type or click.\n" PROMPT);
		t->caret = true;
		flush(t);
	}
	return 0;
}

static void terminal_finish(struct widget *widget)
{
	struct terminal *t = (struct terminal *)widget;

	free(t->cells);
	free(t->shown);
}

const struct widget_impl widget_terminal = {
	.title = "Terminal",
	.bytes = sizeof(struct terminal),
	.cursor = PATTERN_CURSOR_TEXT,
	.init = terminal_init,
	.finish = terminal_finish,
	.advance = terminal_advance,
	.key = terminal_key,
};
