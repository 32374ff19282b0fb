// SPDX-License-Identifier: GPL-2.0-or-later
/* Groups of squares, and where their edges are. */
#include "server/activity_box.h"

#include "server/activity.h"
#include "server/activity_cells.h"

/* One in so many squares of a box must move. */
#define FULL_PART 3
/* An edge lies where one in so many squares along it reaches: not where a single one does. */
#define EDGE_PART 4

int64_t activity_box_pixels(const pixman_box32_t *box)
{
	return ((int64_t)box->x2 - box->x1) * ((int64_t)box->y2 - box->y1);
}

bool activity_box_inside(const pixman_box32_t *inner, const pixman_box32_t *outer)
{
	return inner->x1 >= outer->x1 && inner->y1 >= outer->y1 && inner->x2 <= outer->x2 &&
			inner->y2 <= outer->y2;
}

bool activity_box_intersects(const pixman_box32_t *a, const pixman_box32_t *b)
{
	return a->x1 < b->x2 && b->x1 < a->x2 && a->y1 < b->y2 && b->y1 < a->y2;
}

static int32_t min(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static int32_t max(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

pixman_box32_t activity_box_union(const pixman_box32_t *a, const pixman_box32_t *b)
{
	return (pixman_box32_t){ min(a->x1, b->x1), min(a->y1, b->y1), max(a->x2, b->x2), max(a->y2, b->y2) };
}

bool activity_box_is_full(const struct activity_cells *cells, const pixman_box32_t *box)
{
	int64_t all = 0, moving = 0;

	for (int row = box->y1 / ACTIVITY_CELL; row * ACTIVITY_CELL < box->y2; row++) {
		for (int column = box->x1 / ACTIVITY_CELL; column * ACTIVITY_CELL < box->x2; column++) {
			moving += activity_cell_at(cells, column, row)->moving;
			all++;
		}
	}
	return moving * FULL_PART >= all;
}

struct group {
	pixman_box32_t bounds; /* in squares */
	int64_t n;
};

/*
 * All squares that are reached from the given one. A still square between two that
 * move does not part them: films have dark corners.
 */
static struct group take_group(struct activity_cells *cells, uint32_t *stack, int column, int row)
{
	static const int8_t steps[][2] = { { -1, -1 }, { 0, -1 }, { 1, -1 }, { -1, 0 }, { 1, 0 }, { -1, 1 },
		{ 0, 1 }, { 1, 1 }, { -2, 0 }, { 2, 0 }, { 0, -2 }, { 0, 2 } };
	struct group group = { { column, row, column, row }, 0 };
	uint32_t top = 0;

	activity_cell_at(cells, column, row)->taken = true;
	stack[top++] = (uint32_t)(row * cells->columns + column);
	while (top) {
		int at = (int)stack[--top], x = at % cells->columns, y = at / cells->columns;
		pixman_box32_t square = { x, y, x + 1, y + 1 };

		group.bounds = activity_box_union(&group.bounds, &square);
		group.n++;
		for (unsigned int i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
			int to_x = x + steps[i][0], to_y = y + steps[i][1];
			struct activity_cell *cell;

			if (to_x < 0 || to_y < 0 || to_x >= cells->columns || to_y >= cells->rows)
				continue;
			cell = activity_cell_at(cells, to_x, to_y);
			if (!cell->moving || cell->taken)
				continue;
			cell->taken = true;
			stack[top++] = (uint32_t)(to_y * cells->columns + to_x);
		}
	}
	return group;
}

/* A side of a group: lines of squares are columns where it is upright, else rows. */
struct side {
	bool upright, far; /* far: right, bottom */
};

static struct activity_cell *line_cell(const struct activity_cells *cells, struct side side, int line, int i)
{
	return side.upright ? activity_cell_at(cells, line, i) : activity_cell_at(cells, i, line);
}

static bool knows_side(const struct activity_extent *extent, struct side side)
{
	return side.upright ? extent->x2 : extent->y2;
}

static int side_of(const struct activity_extent *extent, struct side side)
{
	if (side.upright)
		return side.far ? extent->x2 : extent->x1;
	return side.far ? extent->y2 : extent->y1;
}

/*
 * How far the square changes towards that side; -1: it did not change lately. As far
 * as it did in two terms one after the other: a change of the whole picture, or a
 * window that opens, is no edge.
 */
static int reach(const struct activity_cell *cell, struct side side)
{
	int best = -1, only = -1;

	for (unsigned int i = 0; i < ACTIVITY_TERMS; i++) {
		const struct activity_extent *a = &cell->lately[i], *b = &cell->lately[i + 1];
		int both;

		if (!knows_side(a, side))
			continue;
		only = side_of(a, side);
		if (i + 1 == ACTIVITY_TERMS || !knows_side(b, side))
			continue;
		both = side.far ? min(only, side_of(b, side)) : max(only, side_of(b, side));
		if (best < 0 || (side.far ? both > best : both < best))
			best = both;
	}
	return best < 0 ? only : best;
}

/* In pixels. */
static int32_t edge(const struct activity_cells *cells, const pixman_box32_t *bounds, struct side side)
{
	int from = side.upright ? bounds->y1 : bounds->x1, to = side.upright ? bounds->y2 : bounds->x2;
	int lines = side.upright ? cells->columns : cells->rows;
	int line = side.upright ? (side.far ? bounds->x2 - 1 : bounds->x1) :
			(side.far ? bounds->y2 - 1 : bounds->y1);
	int beyond = side.far ? line + 1 : line - 1, frequent = 0, known = 0, seen, at;
	int reaches[ACTIVITY_CELL + 1] = { 0 };

	/* The film may reach so little into the next squares that it never is much of them. */
	if (beyond >= 0 && beyond < lines) {
		for (int i = from; i < to; i++)
			frequent += line_cell(cells, side, beyond, i)->frequent;
		if (frequent * 2 >= to - from)
			line = beyond;
	}
	for (int i = from; i < to; i++) {
		const struct activity_cell *cell = line_cell(cells, side, line, i);
		int where = cell->frequent ? reach(cell, side) : -1;

		if (where >= 0) {
			reaches[where]++;
			known++;
		}
	}
	/* A line of which nothing is known is left out. */
	if (!known)
		return (side.far ? line : line + 1) * ACTIVITY_CELL;
	at = side.far ? ACTIVITY_CELL : 0;
	for (seen = reaches[at]; seen * EDGE_PART < known; seen += reaches[at])
		at += side.far ? -1 : 1;
	return line * ACTIVITY_CELL + at;
}

static pixman_box32_t pixels_of(const struct activity_cells *cells, const pixman_box32_t *bounds)
{
	pixman_box32_t box = {
		.x1 = edge(cells, bounds, (struct side){ true, false }) & ~1,
		.y1 = edge(cells, bounds, (struct side){ false, false }) & ~1,
		.x2 = (edge(cells, bounds, (struct side){ true, true }) + 1) & ~1,
		.y2 = (edge(cells, bounds, (struct side){ false, true }) + 1) & ~1,
	};

	box.x2 = min(box.x2, cells->width);
	box.y2 = min(box.y2, cells->height);
	return box;
}

bool activity_find_box(struct activity_cells *cells, uint32_t *stack, const pixman_box32_t *present,
		pixman_box32_t *ret_box)
{
	int64_t best = 0;
	int n = cells->columns * cells->rows;

	if (!cells->n_moving)
		return false;
	for (int i = 0; i < n; i++)
		cells->cells[i].taken = false;
	for (int i = 0; i < n; i++) {
		struct group group;
		pixman_box32_t box;
		int64_t weight;

		if (!cells->cells[i].moving || cells->cells[i].taken)
			continue;
		group = take_group(cells, stack, i % cells->columns, i / cells->columns);
		/* Cheap before dear. */
		if (group.n * 2 <= best || activity_box_pixels(&group.bounds) > group.n * FULL_PART)
			continue;
		box = pixels_of(cells, &group.bounds);
		weight = present && activity_box_intersects(present, &box) ? group.n * 2 : group.n;
		/* Where a single line of squares agrees on nothing, edges cross: less than nothing. */
		if (weight <= best || activity_box_pixels(&box) < ACTIVITY_PIXELS_MIN)
			continue;
		best = weight;
		*ret_box = box;
	}
	return best > 0;
}
