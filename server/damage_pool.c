// SPDX-License-Identifier: GPL-2.0-or-later
/* A few shadows of one size, of which only those that nobody reads are written. */
#include "server/damage_pool.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "server/frame.h"

/* A shadow that is held for long: past this, copying all is as cheap. */
#define STALE_RECTS_MAX 2048

void damage_pool_init(struct damage_pool *pool, unsigned int limit)
{
	*pool = (struct damage_pool){ .limit = limit };
	for (unsigned int i = 0; i < DAMAGE_POOL_MAX; i++)
		pixman_region32_init(&pool->shadows[i].stale);
}

void damage_pool_clear(struct damage_pool *pool)
{
	for (unsigned int i = 0; i < DAMAGE_POOL_MAX; i++) {
		pool->shadows[i].frame = frame_unref(pool->shadows[i].frame);
		pixman_region32_clear(&pool->shadows[i].stale);
	}
	pool->current = 0;
}

int damage_pool_resize(struct damage_pool *pool, uint32_t width, uint32_t height)
{
	struct frame *frame;
	int result = frame_new_memory(width, height, &frame);

	if (result)
		return result;
	damage_pool_clear(pool);
	pool->shadows[0].frame = frame;
	return 0;
}

struct frame *damage_pool_current(const struct damage_pool *pool)
{
	return pool->shadows[pool->current].frame;
}

static void copy_region(struct frame *dst, const struct frame *src,
		const pixman_region32_t *region)
{
	int n_boxes;
	const pixman_box32_t *boxes = pixman_region32_rectangles(region, &n_boxes);
	uint8_t *pixels = frame_memory_pixels(dst);
	size_t stride = src->planes[0].stride;

	for (int i = 0; i < n_boxes; i++) {
		const pixman_box32_t *box = &boxes[i];
		size_t bytes = (size_t)(box->x2 - box->x1) * 4;

		for (int32_t y = box->y1; y < box->y2; y++) {
			size_t offset = (size_t)y * stride + (size_t)box->x1 * 4;

			memcpy(pixels + offset, src->data + offset, bytes);
		}
	}
}

static void mark_all_stale(struct damage_shadow *shadow)
{
	/* One rectangle needs no memory, so this cannot fail. */
	pixman_region32_fini(&shadow->stale);
	pixman_region32_init_rect(&shadow->stale, 0, 0, shadow->frame->width, shadow->frame->height);
}

int damage_pool_writable(struct damage_pool *pool, struct frame **ret_frame)
{
	struct frame *current = damage_pool_current(pool);
	struct damage_shadow *shadow = NULL;
	int result;

	if (frame_may_be_drawn(current)) {
		*ret_frame = current;
		return 0;
	}
	for (unsigned int i = 0; i < pool->limit && !shadow; i++) {
		if (pool->shadows[i].frame && frame_may_be_drawn(pool->shadows[i].frame))
			shadow = &pool->shadows[i];
	}
	for (unsigned int i = 0; i < pool->limit && !shadow; i++) {
		if (pool->shadows[i].frame)
			continue;
		result = frame_new_memory(current->width, current->height, &pool->shadows[i].frame);
		if (result)
			return result;
		shadow = &pool->shadows[i];
		mark_all_stale(shadow);
	}
	if (!shadow)
		return -EBUSY;
	copy_region(shadow->frame, current, &shadow->stale);
	pixman_region32_clear(&shadow->stale);
	pool->current = (unsigned int)(shadow - pool->shadows);
	*ret_frame = shadow->frame;
	return 0;
}

void damage_pool_changed(struct damage_pool *pool, const pixman_region32_t *region)
{
	for (unsigned int i = 0; i < pool->limit; i++) {
		struct damage_shadow *shadow = &pool->shadows[i];

		if (i == pool->current || !shadow->frame)
			continue;
		if (!pixman_region32_union(&shadow->stale, &shadow->stale, region) ||
				pixman_region32_n_rects(&shadow->stale) > STALE_RECTS_MAX)
			mark_all_stale(shadow);
	}
}
