// SPDX-License-Identifier: GPL-2.0-or-later
/* Draws the pointer into copies of the picture. */
#include "net/soft_cursor.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "server/cursor.h"
#include "server/frame.h"

struct copy {
	struct frame *frame; /* NULL: not allocated */
	pixman_region32_t stale; /* where it differs from the picture without pointer */
};

struct soft_cursor {
	struct frame *picture;
	struct cursor cursor;
	pixman_box32_t box; /* of the pointer as it is now; empty: nowhere */
	struct copy copies[SOFT_CURSOR_COPIES];
	struct copy *current; /* the one that shows picture and pointer as they are; NULL: none does */
};

static bool is_empty(const pixman_box32_t *box)
{
	return box->x1 >= box->x2 || box->y1 >= box->y2;
}

static int32_t clamp(int64_t value, int64_t max)
{
	return (int32_t)(value < 0 ? 0 : value > max ? max : value);
}

pixman_box32_t soft_cursor_box(const struct cursor *cursor, const struct frame *picture)
{
	pixman_box32_t box = { 0 };
	int64_t left, top;

	if (!cursor->visible || !cursor->position_known || !cursor->argb || !picture)
		return box;
	left = (int64_t)cursor->x - cursor->hot_x;
	top = (int64_t)cursor->y - cursor->hot_y;
	box.x1 = clamp(left, picture->width);
	box.y1 = clamp(top, picture->height);
	box.x2 = clamp(left + cursor->width, picture->width);
	box.y2 = clamp(top + cursor->height, picture->height);
	return is_empty(&box) ? (pixman_box32_t){ 0 } : box;
}

static void add_box(pixman_region32_t *region, const pixman_box32_t *box)
{
	if (!is_empty(box))
		pixman_region32_union_rect(region, region, box->x1, box->y1,
				(unsigned int)(box->x2 - box->x1), (unsigned int)(box->y2 - box->y1));
}

int soft_cursor_new(struct soft_cursor **ret)
{
	struct soft_cursor *soft = calloc(1, sizeof(*soft));

	if (!soft)
		return -ENOMEM;
	for (unsigned int i = 0; i < SOFT_CURSOR_COPIES; i++)
		pixman_region32_init(&soft->copies[i].stale);
	*ret = soft;
	return 0;
}

static void drop_copies(struct soft_cursor *soft)
{
	for (unsigned int i = 0; i < SOFT_CURSOR_COPIES; i++)
		soft->copies[i].frame = frame_unref(soft->copies[i].frame);
	soft->current = NULL;
}

void soft_cursor_free(struct soft_cursor *soft)
{
	if (!soft)
		return;
	drop_copies(soft);
	for (unsigned int i = 0; i < SOFT_CURSOR_COPIES; i++)
		pixman_region32_fini(&soft->copies[i].stale);
	frame_unref_loosely(soft->picture);
	free(soft);
}

static void set_all_stale(struct copy *copy)
{
	pixman_region32_fini(&copy->stale);
	pixman_region32_init_rect(&copy->stale, 0, 0, copy->frame->width, copy->frame->height);
}

void soft_cursor_set_picture(struct soft_cursor *soft, struct frame *picture,
		const pixman_region32_t *changed)
{
	struct frame *before = soft->picture;

	soft->picture = frame_ref_loosely(picture);
	if (!before || before->width != picture->width || before->height != picture->height) {
		drop_copies(soft);
		soft->box = soft_cursor_box(&soft->cursor, picture);
	}
	frame_unref_loosely(before);
	for (unsigned int i = 0; i < SOFT_CURSOR_COPIES; i++) {
		struct copy *copy = &soft->copies[i];

		if (copy->frame && changed)
			pixman_region32_union(&copy->stale, &copy->stale, (pixman_region32_t *)changed);
		else if (copy->frame)
			set_all_stale(copy);
	}
	soft->current = NULL;
}

void soft_cursor_set_cursor(struct soft_cursor *soft, const struct cursor *cursor,
		pixman_region32_t *damage)
{
	bool same_shape = soft->cursor.shape_serial == cursor->shape_serial;
	pixman_box32_t box = soft_cursor_box(cursor, soft->picture);

	soft->cursor = *cursor;
	if (same_shape && !memcmp(&box, &soft->box, sizeof(box)))
		return;
	add_box(damage, &soft->box);
	add_box(damage, &box);
	soft->box = box;
	soft->current = NULL;
}

static const uint32_t *row_of(const struct frame *frame, int32_t y)
{
	return (const uint32_t *)(const void *)(frame->data + (size_t)y * frame->planes[0].stride);
}

static uint32_t *writable_row(struct frame *frame, int32_t y)
{
	return (uint32_t *)(void *)(frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride);
}

static int refresh(struct copy *copy, struct frame *picture)
{
	const pixman_box32_t *boxes;
	int n;
	int r = frame_begin_read(picture);

	if (r < 0)
		return r;
	boxes = pixman_region32_rectangles(&copy->stale, &n);
	for (int i = 0; i < n; i++) {
		size_t bytes = (size_t)(boxes[i].x2 - boxes[i].x1) * sizeof(uint32_t);

		for (int32_t y = boxes[i].y1; y < boxes[i].y2; y++)
			memcpy(writable_row(copy->frame, y) + boxes[i].x1, row_of(picture, y) + boxes[i].x1,
					bytes);
	}
	frame_end_read(picture);
	pixman_region32_clear(&copy->stale);
	return 0;
}

static uint32_t blend_channel(uint32_t over, uint32_t under, uint32_t alpha)
{
	return (over * alpha + under * (255 - alpha) + 127) / 255;
}

static uint32_t blend(uint32_t over, uint32_t under)
{
	uint32_t alpha = over >> 24;

	return blend_channel(over >> 16 & 0xff, under >> 16 & 0xff, alpha) << 16 |
			blend_channel(over >> 8 & 0xff, under >> 8 & 0xff, alpha) << 8 |
			blend_channel(over & 0xff, under & 0xff, alpha);
}

static void draw(struct soft_cursor *soft, struct copy *copy)
{
	const struct cursor *cursor = &soft->cursor;
	const pixman_box32_t *box = &soft->box;
	int64_t left = (int64_t)cursor->x - cursor->hot_x;
	int64_t top = (int64_t)cursor->y - cursor->hot_y;

	for (int32_t y = box->y1; y < box->y2; y++) {
		const uint32_t *shape = cursor->argb + (size_t)(y - top) * cursor->width;
		uint32_t *row = writable_row(copy->frame, y);

		for (int32_t x = box->x1; x < box->x2; x++)
			row[x] = blend(shape[x - left], row[x]);
	}
	add_box(&copy->stale, box);
}

static struct copy *find_free(struct soft_cursor *soft)
{
	struct copy *unused = NULL;

	for (unsigned int i = 0; i < SOFT_CURSOR_COPIES; i++) {
		struct copy *copy = &soft->copies[i];

		if (!copy->frame)
			unused = copy;
		/* Nobody else's: only those who hold one can take another. */
		else if (frame_may_be_drawn(copy->frame))
			return copy;
	}
	return unused;
}

int soft_cursor_compose(struct soft_cursor *soft, struct frame **ret)
{
	struct frame *picture = soft->picture;
	struct copy *copy;
	int r;

	if (!picture)
		return -ENODATA;
	if (is_empty(&soft->box)) {
		*ret = frame_ref(picture);
		return 0;
	}
	if (soft->current) {
		*ret = frame_ref(soft->current->frame);
		return 0;
	}
	copy = find_free(soft);
	if (!copy)
		return -EBUSY;
	if (!copy->frame) {
		r = frame_new_memory(picture->width, picture->height, &copy->frame);
		if (r < 0)
			return r;
		set_all_stale(copy);
	}
	r = refresh(copy, picture);
	if (r < 0)
		return r;
	copy->frame->sequence = picture->sequence;
	copy->frame->capture_ns = picture->capture_ns;
	copy->frame->stamp = frame_new_stamp();
	draw(soft, copy);
	soft->current = copy;
	*ret = frame_ref(copy->frame);
	return 0;
}
