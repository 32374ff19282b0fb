// SPDX-License-Identifier: GPL-2.0-or-later
/* One pass over all squares a picture. */
#include "server/activity_cells.h"

#include <errno.h>
#include <stdlib.h>

/* Where "often" begins and ends, in ACTIVITY_OFTEN. */
#define OFTEN_ON (ACTIVITY_OFTEN * 65 / 100)
#define OFTEN_OFF (ACTIVITY_OFTEN * 30 / 100)
#define OFTEN_NOTHING (ACTIVITY_OFTEN / 1024)
/* And "much", of 255. */
#define MUCH_ON (255 * 3 / 8)
#define MUCH_OFF (255 / 8)
/* A change weighs so much against those before it. */
#define MUCH_PART 4
#define NEVER (-1)

_Static_assert(ACTIVITY_CELL * ACTIVITY_CELL <= UINT16_MAX, "pixels of a square overflow");

int activity_cells_init(struct activity_cells *cells, uint32_t width, uint32_t height, int64_t now_ns)
{
	struct activity_cells new = { .now_ns = now_ns, .term_ns = now_ns };
	size_t n;

	if (!width || !height || width > ACTIVITY_SIZE_MAX || height > ACTIVITY_SIZE_MAX)
		return -EINVAL;
	new.width = (int32_t)width;
	new.height = (int32_t)height;
	new.columns = (new.width + ACTIVITY_CELL - 1) / ACTIVITY_CELL;
	new.rows = (new.height + ACTIVITY_CELL - 1) / ACTIVITY_CELL;
	n = (size_t)new.columns * (size_t)new.rows;
	new.cells = calloc(n, sizeof(*new.cells));
	if (!new.cells)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		new.cells[i].changed_ns = new.cells[i].scrolled_ns = NEVER;
	*cells = new;
	return 0;
}

void activity_cells_finish(struct activity_cells *cells)
{
	free(cells->cells);
	*cells = (struct activity_cells){ 0 };
}

static void widen(uint8_t *first, uint8_t *end, int from, int to)
{
	if (!*end || from < *first)
		*first = (uint8_t)from;
	if (to > *end)
		*end = (uint8_t)to;
}

static int min(int a, int b)
{
	return a < b ? a : b;
}

static int max(int a, int b)
{
	return a > b ? a : b;
}

static bool is_scrolled(const struct activity_cell *cell, int64_t now_ns)
{
	return cell->scrolled_ns >= 0 && now_ns - cell->scrolled_ns < ACTIVITY_SCROLL_NS;
}

static void add_box(struct activity_cells *cells, const pixman_box32_t *box)
{
	int x1 = max(box->x1, 0), y1 = max(box->y1, 0);
	int x2 = min(box->x2, cells->width), y2 = min(box->y2, cells->height);

	if (x1 >= x2 || y1 >= y2)
		return;
	for (int top = y1 & ~(ACTIVITY_CELL - 1); top < y2; top += ACTIVITY_CELL) {
		int from_y = max(y1 - top, 0), to_y = min(y2 - top, ACTIVITY_CELL);
		struct activity_cell *row = activity_cell_at(cells, 0, top / ACTIVITY_CELL);

		for (int left = x1 & ~(ACTIVITY_CELL - 1); left < x2; left += ACTIVITY_CELL) {
			int from_x = max(x1 - left, 0), to_x = min(x2 - left, ACTIVITY_CELL);
			struct activity_cell *cell = &row[left / ACTIVITY_CELL];

			if (is_scrolled(cell, cells->now_ns))
				continue;
			/* Boxes that overlap after all must not overflow it. */
			cell->pixels = (uint16_t)min(cell->pixels + (to_x - from_x) * (to_y - from_y),
					ACTIVITY_CELL * ACTIVITY_CELL);
			widen(&cell->lately[0].x1, &cell->lately[0].x2, from_x, to_x);
			if (to_x - from_x >= ACTIVITY_CELL / 2)
				widen(&cell->lately[0].y1, &cell->lately[0].y2, from_y, to_y);
		}
	}
}

void activity_cells_scroll(struct activity_cells *cells, int64_t now_ns, const pixman_box32_t *box)
{
	for (int row = box->y1 / ACTIVITY_CELL; row * ACTIVITY_CELL < box->y2; row++)
		for (int column = box->x1 / ACTIVITY_CELL; column * ACTIVITY_CELL < box->x2; column++)
			activity_cell_at(cells, column, row)->scrolled_ns = now_ns;
}

/* Of the time from the last picture to this one, how long the square counted as changing. */
static int64_t busy_ns(const struct activity_cell *cell, int64_t before_ns, int64_t now_ns)
{
	int64_t end_ns = cell->changed_ns + ACTIVITY_HOLD_NS;

	if (cell->changed_ns < 0 || end_ns <= before_ns)
		return 0;
	return (end_ns < now_ns ? end_ns : now_ns) - before_ns;
}

static uint32_t decay(uint32_t often, int64_t busy, int64_t elapsed)
{
	/* Else it would never get there: steps are whole. */
	if (!busy && often < OFTEN_NOTHING)
		return 0;
	/* Beyond that the sum would overshoot; all is forgotten then anyway. */
	if (elapsed > ACTIVITY_MEMORY_NS)
		return (uint32_t)((busy > ACTIVITY_MEMORY_NS ? ACTIVITY_MEMORY_NS : busy) *
				ACTIVITY_OFTEN / ACTIVITY_MEMORY_NS);
	return (uint32_t)(often + (busy * ACTIVITY_OFTEN - often * elapsed) / ACTIVITY_MEMORY_NS);
}

static void begin_term(struct activity_cells *cells)
{
	struct activity_cell *cell = cells->cells;

	for (int64_t n = (int64_t)cells->columns * cells->rows; n > 0; n--, cell++) {
		for (unsigned int i = ACTIVITY_TERMS - 1; i > 0; i--)
			cell->lately[i] = cell->lately[i - 1];
		cell->lately[0] = (struct activity_extent){ 0 };
	}
}

static void note_change(struct activity_cell *cell, int pixels_of_cell, int64_t now_ns)
{
	int share = min(cell->pixels * 255 / pixels_of_cell, 255);

	cell->much = (uint8_t)(cell->much + (share - cell->much) / MUCH_PART);
	cell->changed_ns = now_ns;
}

void activity_cells_pass(struct activity_cells *cells, int64_t now_ns, const pixman_box32_t *boxes, int n)
{
	int64_t before_ns = cells->now_ns, elapsed;
	bool new_term;
	struct activity_cell *cell = cells->cells;

	if (now_ns < before_ns)
		now_ns = before_ns;
	elapsed = now_ns - before_ns;
	cells->now_ns = now_ns;
	cells->n_moving = 0;
	new_term = now_ns - cells->term_ns >= ACTIVITY_TERM_NS;
	if (new_term) {
		cells->term_ns = now_ns;
		begin_term(cells);
	}
	for (int i = 0; i < n; i++)
		add_box(cells, &boxes[i]);
	for (int row = 0; row < cells->rows; row++) {
		int height = min(cells->height - row * ACTIVITY_CELL, ACTIVITY_CELL);

		for (int column = 0; column < cells->columns; column++, cell++) {
			if (!cell->often && !cell->pixels && cell->changed_ns + ACTIVITY_HOLD_NS < before_ns)
				continue;
			cell->often = decay(cell->often, busy_ns(cell, before_ns, now_ns), elapsed);
			if (cell->pixels)
				note_change(cell, height * min(cells->width - column * ACTIVITY_CELL,
						ACTIVITY_CELL), now_ns);
			cell->pixels = 0;
			cell->frequent = cell->often >= (cell->frequent ? OFTEN_OFF : OFTEN_ON);
			cell->moving = cell->frequent && cell->much >= (cell->moving ? MUCH_OFF : MUCH_ON);
			cells->n_moving += cell->moving;
		}
	}
}
