// SPDX-License-Identifier: GPL-2.0-or-later
/* Generations of what was painted lossily. */
#include "encoders/rects_lossy.h"

#include <stddef.h>

/* More rectangles than that are too small to matter together. */
#define STEP_BOXES_MAX 256

/* pixman takes its operands as pointers to non-const although it only reads them. */
static pixman_region32_t *operand(const pixman_region32_t *region)
{
	return (pixman_region32_t *)(uintptr_t)region;
}

static bool is_empty(const pixman_region32_t *region)
{
	return !pixman_region32_not_empty(operand(region));
}

/* Neither allocates, so this is what every failed operation falls back to. */
static void all_due(struct rects_lossy *lossy)
{
	pixman_region32_clear(&lossy->fresh);
	pixman_region32_clear(&lossy->rested);
	pixman_region32_fini(&lossy->due);
	pixman_region32_init_rect(&lossy->due, 0, 0, lossy->width, lossy->height);
}

void rects_lossy_init(struct rects_lossy *lossy, uint32_t width, uint32_t height)
{
	pixman_region32_init(&lossy->fresh);
	pixman_region32_init(&lossy->rested);
	pixman_region32_init(&lossy->due);
	lossy->step_pixels = RECTS_LOSSY_STEP_MIN;
	lossy->before_pixels = 0;
	lossy->base_ns = -1;
	rects_lossy_reset(lossy, width, height);
}

void rects_lossy_finish(struct rects_lossy *lossy)
{
	pixman_region32_fini(&lossy->fresh);
	pixman_region32_fini(&lossy->rested);
	pixman_region32_fini(&lossy->due);
}

void rects_lossy_reset(struct rects_lossy *lossy, uint32_t width, uint32_t height)
{
	lossy->width = width;
	lossy->height = height;
	lossy->step_ns = 0;
	pixman_region32_clear(&lossy->fresh);
	pixman_region32_clear(&lossy->rested);
	pixman_region32_clear(&lossy->due);
}

static bool move(pixman_region32_t *marks, const pixman_region32_t *region, int32_t dx, int32_t dy)
{
	pixman_region32_t moved;
	bool ok;

	if (is_empty(marks))
		return true;
	pixman_region32_init(&moved);
	ok = pixman_region32_copy(&moved, marks);
	if (ok)
		pixman_region32_translate(&moved, dx, dy);
	ok = ok && pixman_region32_intersect(&moved, &moved, operand(region)) &&
			pixman_region32_subtract(marks, marks, operand(region)) &&
			pixman_region32_union(marks, marks, &moved);
	pixman_region32_fini(&moved);
	return ok;
}

void rects_lossy_copy(struct rects_lossy *lossy, const pixman_region32_t *region, int32_t dx,
		int32_t dy)
{
	if (!move(&lossy->fresh, region, dx, dy) || !move(&lossy->rested, region, dx, dy) ||
			!move(&lossy->due, region, dx, dy))
		all_due(lossy);
}

void rects_lossy_paint(struct rects_lossy *lossy, const pixman_region32_t *painted,
		const pixman_region32_t *lossily)
{
	if (!pixman_region32_subtract(&lossy->fresh, &lossy->fresh, operand(painted)) ||
			!pixman_region32_subtract(&lossy->rested, &lossy->rested, operand(painted)) ||
			!pixman_region32_subtract(&lossy->due, &lossy->due, operand(painted)) ||
			!pixman_region32_union(&lossy->fresh, &lossy->fresh, operand(lossily)))
		all_due(lossy);
}

void rects_lossy_forget(struct rects_lossy *lossy, const pixman_region32_t *region)
{
	if (!pixman_region32_subtract(&lossy->fresh, &lossy->fresh, operand(region)) ||
			!pixman_region32_subtract(&lossy->rested, &lossy->rested, operand(region)) ||
			!pixman_region32_subtract(&lossy->due, &lossy->due, operand(region)))
		all_due(lossy);
}

void rects_lossy_add_due(struct rects_lossy *lossy, const pixman_region32_t *region)
{
	pixman_region32_t inside;

	rects_lossy_forget(lossy, region);
	pixman_region32_init(&inside);
	if (!pixman_region32_intersect_rect(&inside, operand(region), 0, 0, lossy->width, lossy->height) ||
			!pixman_region32_union(&lossy->due, &lossy->due, &inside))
		all_due(lossy);
	pixman_region32_fini(&inside);
}

bool rects_lossy_waits(const struct rects_lossy *lossy)
{
	return !is_empty(&lossy->fresh) || !is_empty(&lossy->rested);
}

bool rects_lossy_turn(struct rects_lossy *lossy)
{
	if (!pixman_region32_union(&lossy->due, &lossy->due, &lossy->rested) ||
			!pixman_region32_copy(&lossy->rested, &lossy->fresh))
		all_due(lossy);
	pixman_region32_clear(&lossy->fresh);
	return !is_empty(&lossy->due);
}

bool rects_lossy_any_due(const struct rects_lossy *lossy, const pixman_region32_t *clip)
{
	pixman_region32_t both;
	bool found;

	if (!clip || is_empty(&lossy->due))
		return !is_empty(&lossy->due);
	pixman_region32_init(&both);
	found = pixman_region32_intersect(&both, operand(&lossy->due), operand(clip)) &&
			!is_empty(&both);
	pixman_region32_fini(&both);
	return found;
}

/* The first boxes that make up so many pixels; the last one is cut. */
bool rects_lossy_cut(const struct rects_lossy *lossy, pixman_region32_t *due)
{
	pixman_box32_t boxes[STEP_BOXES_MAX];
	int64_t pixels = lossy->step_pixels;
	int n, count = 0;
	const pixman_box32_t *box = pixman_region32_rectangles(due, &n);

	for (; n && pixels > 0 && count < STEP_BOXES_MAX; n--, box++) {
		int32_t width = box->x2 - box->x1, height = box->y2 - box->y1;
		int64_t rows = (pixels + width - 1) / width;

		rows = rows < height ? rows : height;
		boxes[count] = *box;
		boxes[count++].y2 = box->y1 + (int32_t)rows;
		pixels -= rows * width;
	}
	pixman_region32_fini(due);
	if (pixman_region32_init_rects(due, boxes, count))
		return true;
	pixman_region32_init(due);
	return false;
}

/* Two steps of different sizes tell what either would have taken at no size. */
static void estimate_base(struct rects_lossy *lossy, int64_t took_ns)
{
	int64_t grown = lossy->step_pixels - lossy->before_pixels, base_ns;

	if (!lossy->before_pixels || !grown)
		return;
	base_ns = (lossy->before_ns * lossy->step_pixels - took_ns * lossy->before_pixels) / grown;
	base_ns = base_ns < 0 ? 0 : base_ns > took_ns ? took_ns : base_ns;
	/* One estimate may be an accident. */
	lossy->base_ns = lossy->base_ns < 0 ? base_ns : (lossy->base_ns + base_ns) / 2;
}

static void adapt(struct rects_lossy *lossy, int64_t now_ns)
{
	int64_t took_ns = now_ns - lossy->step_ns;
	bool late;

	if (!lossy->step_ns)
		return;
	estimate_base(lossy, took_ns);
	lossy->before_pixels = lossy->step_pixels;
	lossy->before_ns = took_ns;
	late = lossy->base_ns >= 0 && took_ns - lossy->base_ns > RECTS_LOSSY_STEP_NS;
	/* Never for long the same size: what a size costs only another one tells. */
	if (late && lossy->step_pixels > RECTS_LOSSY_STEP_MIN)
		lossy->step_pixels /= 2;
	else if (lossy->step_pixels < RECTS_LOSSY_STEP_MAX)
		lossy->step_pixels *= 2;
}

bool rects_lossy_take(struct rects_lossy *lossy, const pixman_region32_t *clip, int64_t now_ns,
		pixman_region32_t *ret_due)
{
	pixman_region32_t due;

	pixman_region32_init(&due);
	if (!pixman_region32_copy(&due, &lossy->due) ||
			(clip && !pixman_region32_intersect(&due, &due, operand(clip))) ||
			is_empty(&due)) {
		pixman_region32_fini(&due);
		return false;
	}
	adapt(lossy, now_ns);
	lossy->step_ns = now_ns;
	*ret_due = due;
	return true;
}

void rects_lossy_interrupt(struct rects_lossy *lossy)
{
	lossy->step_ns = 0;
	lossy->step_pixels = RECTS_LOSSY_STEP_MIN;
}
