// SPDX-License-Identifier: GPL-2.0-or-later
/* Feeds the activity measure and checks its answers. */
#include "tests/unit/activity_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

uint32_t rig_below(struct rig *rig, uint32_t limit)
{
	rig->chance = rig->chance * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(rig->chance >> 33) % limit;
}

void rig_init(struct rig *rig, uint32_t width, uint32_t height)
{
	*rig = (struct rig){ .frame = { .width = width, .height = height }, .photo = 1000, .now_ns = 5 * NSEC_PER_SEC };
	rig->update.frame = &rig->frame;
	pixman_region32_init(&rig->update.damage);
	pixman_region32_init(&rig->update.copy_region);
	assert_int_equal(activity_new(&rig->activity), 0);
}

void rig_finish(struct rig *rig)
{
	activity_free(rig->activity);
	pixman_region32_fini(&rig->update.damage);
	pixman_region32_fini(&rig->update.copy_region);
}

/* What has to hold after each note. */
void rig_check(struct rig *rig)
{
	const struct activity_region *region = activity_region(rig->activity);
	const struct activity_region *before = &rig->before;
	const pixman_box32_t *box = &region->box;
	int64_t due_ns = activity_due_ns(rig->activity);
	bool began = region->state != ACTIVITY_STILL && before->state == ACTIVITY_STILL;

	if (region->state == ACTIVITY_STILL) {
		assert_int_equal(due_ns, 0);
		if (before->state != ACTIVITY_STILL)
			rig->ended_ns = rig->now_ns;
	} else {
		assert_true(due_ns > rig->now_ns);
		assert_true(box->x1 >= 0 && box->y1 >= 0);
		assert_true(box->x2 <= (int32_t)rig->frame.width && box->y2 <= (int32_t)rig->frame.height);
		assert_true(box->x1 < box->x2 && box->y1 < box->y2);
		assert_true(box->x1 % 2 == 0 && box->y1 % 2 == 0);
		assert_true(box->x2 % 2 == 0 || box->x2 == (int32_t)rig->frame.width);
		assert_true(box->y2 % 2 == 0 || box->y2 == (int32_t)rig->frame.height);
		/* Nothing is taken in that never changed. */
		assert_true(box->x1 >= (rig->damaged.x1 & ~1) && box->y1 >= (rig->damaged.y1 & ~1));
		assert_true(box->x2 - 1 <= rig->damaged.x2 && box->y2 - 1 <= rig->damaged.y2);
		assert_true((int64_t)(box->x2 - box->x1) * (box->y2 - box->y1) >= ACTIVITY_PIXELS_MIN);
		if (!began && region->serial == before->serial)
			assert_memory_equal(box, &before->box, sizeof(*box));
		if (region->serial != before->serial) {
			assert_true(began || rig->now_ns - rig->box_ns >= 500 * MS);
			rig->box_ns = rig->now_ns;
			rig->boxes++;
		}
	}
	if (began) {
		rig->began_ns = rig->now_ns;
		assert_int_not_equal(region->serial, before->serial);
		assert_int_equal(region->state, ACTIVITY_MOVING);
	}
	if (region->state == ACTIVITY_RESTING && before->state != ACTIVITY_RESTING)
		rig->rested_ns = rig->now_ns;
	rig->before = *region;
}

void rig_add(struct rig *rig, int x, int y, int width, int height)
{
	if (width > 0 && height > 0)
		pixman_region32_union_rect(&rig->update.damage, &rig->update.damage, x, y, (unsigned int)width,
				(unsigned int)height);
}

void rig_add_box(struct rig *rig, const pixman_box32_t *box)
{
	rig_add(rig, box->x1, box->y1, box->x2 - box->x1, box->y2 - box->y1);
}

static void note_damaged(struct rig *rig)
{
	const pixman_box32_t *now = pixman_region32_extents(&rig->update.damage);
	pixman_box32_t *all = &rig->damaged;

	if (rig->update.resized || all->x1 >= all->x2) {
		*all = rig->update.resized ? (pixman_box32_t){ 0 } : *now;
		return;
	}
	all->x1 = now->x1 < all->x1 ? now->x1 : all->x1;
	all->y1 = now->y1 < all->y1 ? now->y1 : all->y1;
	all->x2 = now->x2 > all->x2 ? now->x2 : all->x2;
	all->y2 = now->y2 > all->y2 ? now->y2 : all->y2;
}

/* Time goes on by that much, as the caller's timer would have it; then comes what was added. */
void rig_show(struct rig *rig, int64_t after_ns)
{
	int64_t until_ns = rig->now_ns + after_ns, due_ns;
	pixman_box32_t box;

	while ((due_ns = activity_due_ns(rig->activity)) && due_ns < until_ns) {
		rig->now_ns = due_ns;
		activity_note_time(rig->activity, rig->now_ns);
		rig_check(rig);
	}
	rig->now_ns = until_ns;
	note_damaged(rig);
	if (pixman_region32_not_empty(&rig->update.damage) ||
			pixman_region32_not_empty(&rig->update.copy_region)) {
		assert_int_equal(activity_note_update(rig->activity, &rig->update, rig->now_ns), 0);
		rig_check(rig);
		if (activity_wants_photo(rig->activity, &box)) {
			rig->questions++;
			/* There is something to judge. */
			assert_true(pixman_region32_contains_rectangle(&rig->update.damage, &box) !=
					PIXMAN_REGION_OUT);
			if (rig->photo != NEVER_ASKED)
				activity_note_photo(rig->activity, rig->photo);
			rig_check(rig);
		}
	}
	rig->update.resized = false;
	pixman_region32_clear(&rig->update.damage);
	pixman_region32_clear(&rig->update.copy_region);
}

void rig_show_whole(struct rig *rig)
{
	rig_add(rig, 0, 0, (int)rig->frame.width, (int)rig->frame.height);
	rig->update.resized = true;
	rig_show(rig, 20 * MS);
}

void rig_play(struct rig *rig, const pixman_box32_t *film, int fps, int64_t duration_ns)
{
	int64_t n = duration_ns * fps / NSEC_PER_SEC;

	for (int64_t i = 0; i < n; i++) {
		rig_add_box(rig, film);
		rig_show(rig, NSEC_PER_SEC / fps);
	}
}

enum activity_state rig_state(const struct rig *rig)
{
	return activity_region(rig->activity)->state;
}

void rig_assert_box(const struct rig *rig, const pixman_box32_t *film)
{
	const struct activity_region *region = activity_region(rig->activity);

	assert_int_equal(region->state, ACTIVITY_MOVING);
	assert_int_equal(region->box.x1, film->x1 & ~1);
	assert_int_equal(region->box.y1, film->y1 & ~1);
	assert_int_equal(region->box.x2, film->x2 == (int32_t)rig->frame.width ? film->x2 : (film->x2 + 1) & ~1);
	assert_int_equal(region->box.y2, film->y2 == (int32_t)rig->frame.height ? film->y2 : (film->y2 + 1) & ~1);
}

void rig_copy(struct rig *rig, const pixman_box32_t *to, int dx, int dy)
{
	pixman_region32_fini(&rig->update.copy_region);
	pixman_region32_init_with_extents(&rig->update.copy_region, to);
	rig->update.copy_dx = dx;
	rig->update.copy_dy = dy;
}
