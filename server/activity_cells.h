/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often and how much each square of the picture changes; server/activity.h says
 * what that is for. Loop thread.
 */
#ifndef PLANECAST_SERVER_ACTIVITY_CELLS_H
#define PLANECAST_SERVER_ACTIVITY_CELLS_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

/* Edge of a square in pixels. */
#define ACTIVITY_CELL 64
/* The largest picture, each way: squares are bounded. */
#define ACTIVITY_SIZE_MAX 16384
/* How long after a change a square counts as changing. */
#define ACTIVITY_HOLD_NS (150 * 1000000LL)
/* For so long after a scroll its squares cannot change: not each step of it is found. */
#define ACTIVITY_SCROLL_NS (500 * 1000000LL)
/* Time over which "often" forgets. */
#define ACTIVITY_MEMORY_NS (500 * 1000000LL)

/* Where it changes is kept for that many terms of ACTIVITY_TERM_NS. */
#define ACTIVITY_TERMS 3
#define ACTIVITY_TERM_NS (500 * 1000000LL)

/*
 * Where a square changed, from its own corner; x2 or y2 0: nowhere. Only what is half
 * a square wide tells of upper and lower edges: letters above a film are not its own.
 */
struct activity_extent {
	uint8_t x1, y1, x2, y2;
};

struct activity_cell {
	int64_t changed_ns; /* last change; less than 0: none yet */
	int64_t scrolled_ns; /* last scroll or move; less than 0: none yet */
	uint32_t often; /* 0 .. ACTIVITY_OFTEN */
	uint16_t pixels; /* that the present picture changes */
	uint8_t much; /* smoothed share of the square that a change is about, 0 .. 255 */
	bool frequent; /* changes often */
	bool moving; /* and much */
	bool taken; /* scratch of activity_find_box() */
	struct activity_extent lately[ACTIVITY_TERMS]; /* in this term, in the one before, ... */
};

#define ACTIVITY_OFTEN 65536u

struct activity_cells {
	int32_t width, height; /* of the picture; 0: no squares */
	int32_t columns, rows;
	struct activity_cell *cells; /* [rows][columns] */
	int64_t now_ns;
	int64_t term_ns; /* when this term began */
	unsigned int n_moving;
};

/* Zeroed has no squares. -EINVAL: empty or too large; -ENOMEM. */
int activity_cells_init(struct activity_cells *cells, uint32_t width, uint32_t height, int64_t now_ns);
void activity_cells_finish(struct activity_cells *cells);

/*
 * Time goes on to now_ns, and a picture changes there as the boxes say (they may
 * reach beyond the picture, but do not overlap).
 */
void activity_cells_pass(struct activity_cells *cells, int64_t now_ns, const pixman_box32_t *boxes, int n);

/*
 * What a scroll moved or uncovered in the picture that comes next: squares that the
 * box touches, because scrolls are not found to their very ends. Box inside the picture.
 */
void activity_cells_scroll(struct activity_cells *cells, int64_t now_ns, const pixman_box32_t *box);

static inline struct activity_cell *activity_cell_at(const struct activity_cells *cells, int column, int row)
{
	return &cells->cells[(int64_t)row * cells->columns + column];
}

#endif
