// SPDX-License-Identifier: GPL-2.0-or-later
/* Accumulates damage and copies for a client that is told of them later. */
#include "encoders/rects_debt.h"

#include <stdlib.h>

/*
 * pixman takes its operands as pointers to non-const although it only reads them.
 */
static pixman_region32_t *operand(const pixman_region32_t *region)
{
	return (pixman_region32_t *)(uintptr_t)region;
}

static bool is_empty(const pixman_region32_t *region)
{
	return !pixman_region32_not_empty(operand(region));
}

static uint64_t area(const pixman_region32_t *region)
{
	uint64_t sum = 0;
	int n;
	const pixman_box32_t *box = pixman_region32_rectangles(operand(region), &n);

	for (int i = 0; i < n; i++)
		sum += (uint64_t)(box[i].x2 - box[i].x1) * (uint64_t)(box[i].y2 - box[i].y1);
	return sum;
}

/* Neither allocates, so this is what every failed operation falls back to. */
static void damage_all(struct rects_debt *debt)
{
	pixman_region32_fini(&debt->damage);
	pixman_region32_fini(&debt->copy);
	pixman_region32_init_rect(&debt->damage, 0, 0, debt->width, debt->height);
	pixman_region32_init(&debt->copy);
	debt->dx = 0;
	debt->dy = 0;
}

void rects_debt_init(struct rects_debt *debt, uint32_t width, uint32_t height)
{
	debt->width = width;
	debt->height = height;
	pixman_region32_init(&debt->damage);
	pixman_region32_init(&debt->copy);
	pixman_region32_init(&debt->video);
	damage_all(debt);
}

void rects_debt_finish(struct rects_debt *debt)
{
	pixman_region32_fini(&debt->video);
	pixman_region32_fini(&debt->damage);
	pixman_region32_fini(&debt->copy);
}

void rects_debt_reset(struct rects_debt *debt, uint32_t width, uint32_t height)
{
	debt->width = width;
	debt->height = height;
	pixman_region32_clear(&debt->video);
	damage_all(debt);
}

/* Takes the video box out of what is owed; what would have been copied out of it is painted. */
static bool spare_video(struct rects_debt *debt)
{
	pixman_region32_t read;
	bool ok;

	if (is_empty(&debt->video))
		return true;
	pixman_region32_init(&read);
	ok = pixman_region32_copy(&read, &debt->video);
	pixman_region32_translate(&read, debt->dx, debt->dy);
	ok = ok && pixman_region32_intersect(&read, &read, &debt->copy) &&
			pixman_region32_union(&debt->damage, &debt->damage, &read) &&
			pixman_region32_subtract(&debt->copy, &debt->copy, &read) &&
			pixman_region32_subtract(&debt->copy, &debt->copy, &debt->video) &&
			pixman_region32_subtract(&debt->damage, &debt->damage, &debt->video);
	pixman_region32_fini(&read);
	return ok;
}

void rects_debt_set_video(struct rects_debt *debt, const pixman_box32_t *box)
{
	if (box)
		pixman_region32_reset(&debt->video, (pixman_box32_t *)(uintptr_t)box);
	else
		pixman_region32_clear(&debt->video);
	if (!spare_video(debt))
		damage_all(debt);
}

void rects_debt_damage(struct rects_debt *debt, const pixman_region32_t *region)
{
	pixman_region32_t inside;
	bool ok;

	pixman_region32_init(&inside);
	ok = pixman_region32_intersect_rect(&inside, operand(region), 0, 0, debt->width,
			debt->height) &&
			pixman_region32_union(&debt->damage, &debt->damage, &inside) &&
			pixman_region32_subtract(&debt->copy, &debt->copy, &inside);
	pixman_region32_fini(&inside);
	if (!ok || !spare_video(debt))
		damage_all(debt);
}

void rects_debt_drop_copy(struct rects_debt *debt)
{
	bool ok = pixman_region32_union(&debt->damage, &debt->damage, &debt->copy);

	pixman_region32_clear(&debt->copy);
	if (!ok)
		damage_all(debt);
}

/* One group of pixels that the client can get by copying by one displacement. */
struct group {
	pixman_region32_t region;
	int64_t dx, dy;
};

/*
 * The new copy reads what the client gets from the pending one, so its pixels
 * fall into three groups: sources that the pending copy moves (composed: both
 * displacements together), sources that lie still (fresh), and what of the
 * pending copy the new one does not overwrite (kept). One displacement fits in
 * an update: the largest group wins, the others are painted.
 */
static bool regroup(struct rects_debt *debt, const pixman_region32_t *region, int32_t dx,
		int32_t dy)
{
	enum { COMPOSED, FRESH, KEPT, N };
	struct group group[N] = {
		[COMPOSED] = { .dx = (int64_t)debt->dx + dx, .dy = (int64_t)debt->dy + dy },
		[FRESH] = { .dx = dx, .dy = dy },
		[KEPT] = { .dx = debt->dx, .dy = debt->dy },
	};
	pixman_region32_t target, stale, moved, paint;
	unsigned int best = FRESH;
	uint64_t best_area = 0;
	bool ok;

	for (unsigned int i = 0; i < N; i++)
		pixman_region32_init(&group[i].region);
	pixman_region32_init_rect(&target, 0, 0, debt->width, debt->height);
	pixman_region32_init(&stale);
	pixman_region32_init(&moved);
	pixman_region32_init(&paint);

	/* Where both the pixel and its source lie inside the picture. */
	pixman_region32_translate(&target, dx, dy);
	ok = pixman_region32_intersect_rect(&target, &target, 0, 0, debt->width, debt->height) &&
			pixman_region32_intersect(&target, &target, operand(region)) &&
			pixman_region32_copy(&stale, &debt->damage) &&
			pixman_region32_copy(&moved, &debt->copy);
	if (!ok)
		goto out;
	pixman_region32_translate(&stale, dx, dy);
	pixman_region32_translate(&moved, dx, dy);
	/* paint: what the copy cannot explain; damage: what it does not touch, and paint. */
	ok = pixman_region32_intersect_rect(&paint, operand(region), 0, 0, debt->width,
			debt->height) &&
			pixman_region32_subtract(&debt->damage, &debt->damage, &target) &&
			pixman_region32_subtract(&target, &target, &stale) &&
			pixman_region32_subtract(&paint, &paint, &target) &&
			pixman_region32_intersect(&group[COMPOSED].region, &target, &moved) &&
			pixman_region32_subtract(&group[FRESH].region, &target, &moved) &&
			pixman_region32_subtract(&group[KEPT].region, &debt->copy, operand(region)) &&
			pixman_region32_union(&debt->damage, &debt->damage, &paint);
	if (!ok)
		goto out;

	/* Moved there and back: the client has it already. */
	if (!group[COMPOSED].dx && !group[COMPOSED].dy)
		pixman_region32_clear(&group[COMPOSED].region);
	if (group[FRESH].dx == group[KEPT].dx && group[FRESH].dy == group[KEPT].dy) {
		ok = pixman_region32_union(&group[FRESH].region, &group[FRESH].region,
				&group[KEPT].region);
		pixman_region32_clear(&group[KEPT].region);
	}
	for (unsigned int i = 0; i < N; i++) {
		uint64_t size = area(&group[i].region);

		if (size > best_area) {
			best = i;
			best_area = size;
		}
	}
	for (unsigned int i = 0; i < N; i++)
		if (i != best)
			ok = ok && pixman_region32_union(&debt->damage, &debt->damage,
							&group[i].region);
	ok = ok && pixman_region32_copy(&debt->copy, &group[best].region);
	debt->dx = (int32_t)group[best].dx;
	debt->dy = (int32_t)group[best].dy;
out:
	for (unsigned int i = 0; i < N; i++)
		pixman_region32_fini(&group[i].region);
	pixman_region32_fini(&target);
	pixman_region32_fini(&stale);
	pixman_region32_fini(&moved);
	pixman_region32_fini(&paint);
	return ok;
}

void rects_debt_copy(struct rects_debt *debt, const pixman_region32_t *region, int32_t dx, int32_t dy)
{
	if (!dx && !dy)
		return;
	/* Further than the picture is wide: no source lies inside it. */
	if (llabs(dx) >= debt->width || llabs(dy) >= debt->height)
		rects_debt_damage(debt, region);
	else if (!regroup(debt, region, dx, dy) || !spare_video(debt))
		damage_all(debt);
}

static bool overlaps(const pixman_region32_t *a, const pixman_region32_t *b)
{
	pixman_region32_t both;
	bool found;

	pixman_region32_init(&both);
	/* Out of memory: say yes, the caller will take what there is. */
	found = !pixman_region32_intersect(&both, operand(a), operand(b)) || !is_empty(&both);
	pixman_region32_fini(&both);
	return found;
}

bool rects_debt_any(const struct rects_debt *debt, const pixman_region32_t *clip)
{
	if (!clip)
		return !is_empty(&debt->damage) || !is_empty(&debt->copy);
	return overlaps(&debt->damage, clip) || overlaps(&debt->copy, clip);
}

/* Keeps the first max rectangles of region. */
static bool limit(pixman_region32_t *region, int max)
{
	pixman_region32_t first;
	int n;
	const pixman_box32_t *box = pixman_region32_rectangles(region, &n);
	bool ok = true;

	if (n <= max)
		return true;
	if (!pixman_region32_init_rects(&first, box, max))
		return false;
	ok = pixman_region32_copy(region, &first);
	pixman_region32_fini(&first);
	return ok;
}

static bool take(struct rects_debt *debt, const pixman_region32_t *clip, int rects_max,
		pixman_region32_t *damage, pixman_region32_t *copy)
{
	pixman_region32_t source;
	bool ok;

	pixman_region32_init(&source);
	ok = pixman_region32_copy(copy, &debt->copy);
	if (clip) {
		ok = ok && pixman_region32_intersect(copy, copy, operand(clip)) &&
				pixman_region32_copy(&source, operand(clip));
		if (ok)
			pixman_region32_translate(&source, debt->dx, debt->dy);
		ok = ok && pixman_region32_intersect(copy, copy, &source);
	}
	pixman_region32_fini(&source);
	if (ok && pixman_region32_n_rects(copy) > rects_max)
		pixman_region32_clear(copy);
	/* A copy that is not made now never is: its source is about to change at the client. */
	ok = ok && pixman_region32_subtract(&debt->copy, &debt->copy, copy) &&
			pixman_region32_union(&debt->damage, &debt->damage, &debt->copy) &&
			pixman_region32_copy(damage, &debt->damage);
	if (clip)
		ok = ok && pixman_region32_intersect(damage, damage, operand(clip));
	ok = ok && limit(damage, rects_max) &&
			pixman_region32_subtract(&debt->damage, &debt->damage, damage);
	pixman_region32_clear(&debt->copy);
	return ok;
}

bool rects_debt_take(struct rects_debt *debt, const pixman_region32_t *clip, int rects_max,
		pixman_region32_t *ret_damage, pixman_region32_t *ret_copy, int32_t *ret_dx,
		int32_t *ret_dy)
{
	pixman_region32_t damage, copy;

	if (!rects_debt_any(debt, clip))
		return false;
	pixman_region32_init(&damage);
	pixman_region32_init(&copy);
	if (!take(debt, clip, rects_max, &damage, &copy)) {
		/* The whole picture now stays owed; with luck there is memory next time. */
		damage_all(debt);
		pixman_region32_fini(&damage);
		pixman_region32_fini(&copy);
		return false;
	}
	*ret_damage = damage;
	*ret_copy = copy;
	*ret_dx = debt->dx;
	*ret_dy = debt->dy;
	debt->dx = 0;
	debt->dy = 0;
	return true;
}
