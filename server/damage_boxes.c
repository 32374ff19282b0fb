// SPDX-License-Identifier: GPL-2.0-or-later
/* Joins small rectangles of damage to few, and bounds their number. */
#include "server/damage_boxes.h"

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "server/damage.h"

/* Two boxes may be joined at the cost of this many needless pixels, */
#define SLACK_PIXELS 256
/* or of this part of what they hold. */
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
	return boxes->boxes ? 0 : -ENOMEM;
}

void damage_boxes_finish(struct damage_boxes *boxes)
{
	free(boxes->boxes);
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

static int32_t larger(int32_t a, int32_t b)
{
	return a > b ? a : b;
}

static bool join(pixman_box32_t *box, const pixman_box32_t *other)
{
	pixman_box32_t both = {
		.x1 = smaller(box->x1, other->x1),
		.y1 = smaller(box->y1, other->y1),
		.x2 = larger(box->x2, other->x2),
		.y2 = larger(box->y2, other->y2),
	};
	int64_t held = area(box) + area(other);
	int64_t slack = held / SLACK_DIVISOR;

	if (slack < SLACK_PIXELS)
		slack = SLACK_PIXELS;
	if (area(&both) > held + slack)
		return false;
	*box = both;
	return true;
}

void damage_boxes_add(struct damage_boxes *boxes, const pixman_box32_t *box)
{
	if (boxes->count > boxes->band && join(&boxes->boxes[boxes->count - 1], box))
		return;
	assert(boxes->count < boxes->capacity);
	boxes->boxes[boxes->count++] = *box;
}

void damage_boxes_end_band(struct damage_boxes *boxes)
{
	size_t kept = boxes->previous, new_band;

	if (boxes->count - boxes->band > BAND_JOIN_MAX ||
			boxes->band - boxes->previous > BAND_JOIN_MAX) {
		boxes->previous = boxes->band;
		boxes->band = boxes->count;
		return;
	}
	/* Boxes of the band above grow downwards by moving into this band. */
	for (size_t above = boxes->previous; above < boxes->band; above++) {
		bool joined = false;

		for (size_t i = boxes->band; i < boxes->count && !joined; i++)
			joined = join(&boxes->boxes[i], &boxes->boxes[above]);
		if (!joined)
			boxes->boxes[kept++] = boxes->boxes[above];
	}
	new_band = kept;
	for (size_t i = boxes->band; i < boxes->count; i++)
		boxes->boxes[kept++] = boxes->boxes[i];
	boxes->previous = new_band;
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
