// SPDX-License-Identifier: GPL-2.0-or-later
/* Joins small rectangles of damage to few, and bounds their number. */
#include "server/damage_boxes.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "server/damage.h"

/* A box may hold this many pixels that no change asked for, */
#define SLACK_PIXELS 256
/* or this part of those that one did. */
#define SLACK_DIVISOR 4
/* Bands with more boxes are noise; comparing them with the band above is not worth it. */
#define BAND_JOIN_MAX 64

int damage_boxes_init(struct damage_boxes *boxes, uint32_t width, uint32_t height, size_t capacity)
{
	*boxes = (struct damage_boxes){
		.picture = { .x2 = (int32_t)width, .y2 = (int32_t)height },
		.capacity = capacity,
	};
	boxes->boxes = calloc(capacity, sizeof(*boxes->boxes));
	boxes->held = calloc(capacity, sizeof(*boxes->held));
	if (!boxes->boxes || !boxes->held) {
		damage_boxes_finish(boxes);
		return -ENOMEM;
	}
	return 0;
}

void damage_boxes_finish(struct damage_boxes *boxes)
{
	free(boxes->boxes);
	free(boxes->held);
	*boxes = (struct damage_boxes){ 0 };
}

void damage_boxes_start(struct damage_boxes *boxes)
{
	boxes->count = boxes->band = boxes->previous = 0;
}

static int64_t area(const pixman_box32_t *box)
{
	return (int64_t)(box->x2 - box->x1) * (box->y2 - box->y1);
}

static int32_t smaller(int32_t a, int32_t b)
{
	return a < b ? a : b;
}

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static bool join(struct damage_boxes *boxes, size_t into, const pixman_box32_t *other,
		int64_t other_held)
{
	pixman_box32_t *box = &boxes->boxes[into];
	pixman_box32_t both = {
		.x1 = smaller(box->x1, other->x1),
		.y1 = smaller(box->y1, other->y1),
		.x2 = (int32_t)larger(box->x2, other->x2),
		.y2 = (int32_t)larger(box->y2, other->y2),
	};
	int64_t held = boxes->held[into] + other_held;

	if (area(&both) > held + larger(SLACK_PIXELS, held / SLACK_DIVISOR))
		return false;
	*box = both;
	boxes->held[into] = held;
	return true;
}

void damage_boxes_add(struct damage_boxes *boxes, const pixman_box32_t *box)
{
	if (boxes->count > boxes->band && join(boxes, boxes->count - 1, box, area(box)))
		return;
	assert(boxes->count < boxes->capacity);
	boxes->boxes[boxes->count] = *box;
	boxes->held[boxes->count++] = area(box);
}

static void move_down(struct damage_boxes *boxes, size_t to, size_t from)
{
	boxes->boxes[to] = boxes->boxes[from];
	boxes->held[to] = boxes->held[from];
}

void damage_boxes_end_band(struct damage_boxes *boxes)
{
	size_t kept = boxes->previous, band = boxes->band;

	if (boxes->count - band > BAND_JOIN_MAX || band - boxes->previous > BAND_JOIN_MAX) {
		boxes->previous = band;
		boxes->band = boxes->count;
		return;
	}
	/* Boxes of the band above grow downwards by moving into this band. */
	for (size_t above = boxes->previous; above < band; above++) {
		bool joined = false;

		for (size_t i = band; i < boxes->count && !joined; i++)
			joined = join(boxes, i, &boxes->boxes[above], boxes->held[above]);
		if (!joined)
			move_down(boxes, kept++, above);
	}
	boxes->previous = kept;
	for (size_t i = band; i < boxes->count; i++)
		move_down(boxes, kept++, i);
	boxes->band = boxes->count = kept;
}

/* Rounds all boxes outwards to a grid, so that they fall together. */
static void snap(struct damage_boxes *boxes, int32_t width, int32_t height)
{
	for (size_t i = 0; i < boxes->count; i++) {
		pixman_box32_t *box = &boxes->boxes[i];

		box->x1 -= box->x1 % width;
		box->y1 -= box->y1 % height;
		box->x2 = smaller((box->x2 + width - 1) / width * width, boxes->picture.x2);
		box->y2 = smaller((box->y2 + height - 1) / height * height, boxes->picture.y2);
	}
}

void damage_boxes_region(struct damage_boxes *boxes, pixman_region32_t *ret_region)
{
	int32_t width = DAMAGE_TILE_WIDTH, height = DAMAGE_TILE_HEIGHT;

	for (;;) {
		if (!pixman_region32_init_rects(ret_region, boxes->boxes, (int)boxes->count))
			break;
		if (pixman_region32_n_rects(ret_region) <= DAMAGE_BOXES_MAX)
			return;
		pixman_region32_fini(ret_region);
		snap(boxes, width, height);
		width *= 2;
		height *= 2;
	}
	/* Out of memory: all of the picture needs none. */
	pixman_region32_fini(ret_region);
	pixman_region32_init_with_extents(ret_region, &boxes->picture);
}
