// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes video and what does not, by made-up damage; and what holds whatever the damage is. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/activity.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/update.h"

#define MS NSEC_PER_MSEC
#define NEVER_ASKED INT32_MIN

/* A screen, and what was seen of its region. */
struct rig {
	struct activity *activity;
	struct frame frame; /* nothing but a size */
	struct update update;
	int64_t now_ns;
	uint64_t chance;
	int photo; /* answer to whoever asks */
	unsigned int questions, boxes;
	int64_t box_ns; /* last change of the box */
	struct activity_region before;
	int64_t began_ns, rested_ns, ended_ns; /* last time each; 0: never */
};

static uint32_t below(struct rig *rig, uint32_t limit)
{
	rig->chance = rig->chance * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(rig->chance >> 33) % limit;
}

static void rig_init(struct rig *rig, uint32_t width, uint32_t height)
{
	*rig = (struct rig){ .frame = { .width = width, .height = height }, .photo = 1000, .now_ns = 5 * NSEC_PER_SEC };
	rig->update.frame = &rig->frame;
	pixman_region32_init(&rig->update.damage);
	pixman_region32_init(&rig->update.copy_region);
	assert_int_equal(activity_new(&rig->activity), 0);
}

static void rig_finish(struct rig *rig)
{
	activity_free(rig->activity);
	pixman_region32_fini(&rig->update.damage);
	pixman_region32_fini(&rig->update.copy_region);
}

/* What has to hold after each note. */
static void check(struct rig *rig)
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

static void add(struct rig *rig, int x, int y, int width, int height)
{
	if (width > 0 && height > 0)
		pixman_region32_union_rect(&rig->update.damage, &rig->update.damage, x, y, (unsigned int)width,
				(unsigned int)height);
}

static void add_box(struct rig *rig, const pixman_box32_t *box)
{
	add(rig, box->x1, box->y1, box->x2 - box->x1, box->y2 - box->y1);
}

/* Time goes on by that much, as the caller's timer would have it; then comes what was added. */
static void show(struct rig *rig, int64_t after_ns)
{
	int64_t until_ns = rig->now_ns + after_ns, due_ns;
	pixman_box32_t box;

	while ((due_ns = activity_due_ns(rig->activity)) && due_ns < until_ns) {
		rig->now_ns = due_ns;
		activity_note_time(rig->activity, rig->now_ns);
		check(rig);
	}
	rig->now_ns = until_ns;
	if (pixman_region32_not_empty(&rig->update.damage) ||
			pixman_region32_not_empty(&rig->update.copy_region)) {
		assert_int_equal(activity_note_update(rig->activity, &rig->update, rig->now_ns), 0);
		check(rig);
		if (activity_wants_photo(rig->activity, &box)) {
			rig->questions++;
			if (rig->photo != NEVER_ASKED)
				activity_note_photo(rig->activity, rig->photo);
			check(rig);
		}
	}
	rig->update.resized = false;
	pixman_region32_clear(&rig->update.damage);
	pixman_region32_clear(&rig->update.copy_region);
}

static void show_whole(struct rig *rig)
{
	add(rig, 0, 0, (int)rig->frame.width, (int)rig->frame.height);
	rig->update.resized = true;
	show(rig, 20 * MS);
}

static void play(struct rig *rig, const pixman_box32_t *film, int fps, int64_t duration_ns)
{
	int64_t n = duration_ns * fps / NSEC_PER_SEC;

	for (int64_t i = 0; i < n; i++) {
		add_box(rig, film);
		show(rig, NSEC_PER_SEC / fps);
	}
}

static enum activity_state state_of(const struct rig *rig)
{
	return activity_region(rig->activity)->state;
}

static void assert_box(const struct rig *rig, const pixman_box32_t *film)
{
	const struct activity_region *region = activity_region(rig->activity);

	assert_int_equal(region->state, ACTIVITY_MOVING);
	assert_int_equal(region->box.x1, film->x1 & ~1);
	assert_int_equal(region->box.y1, film->y1 & ~1);
	assert_int_equal(region->box.x2, film->x2 == (int32_t)rig->frame.width ? film->x2 : (film->x2 + 1) & ~1);
	assert_int_equal(region->box.y2, film->y2 == (int32_t)rig->frame.height ? film->y2 : (film->y2 + 1) & ~1);
}

/* Wherever it is, however fast; somebody types beside it and a clock ticks. */
static void test_film_anywhere(void **state)
{
	(void)state;
	for (uint32_t seed = 0; seed < 60; seed++) {
		static const int rates[] = { 10, 12, 15, 24, 25, 30, 50, 60 };
		int fps = rates[seed % 8];
		struct rig rig;
		pixman_box32_t film;

		rig_init(&rig, 1279 + seed % 3, 799 + seed % 2);
		rig.chance = seed;
		film.x1 = (int32_t)below(&rig, 600);
		film.y1 = (int32_t)below(&rig, 400);
		film.x2 = film.x1 + 230 + (int32_t)below(&rig, rig.frame.width - (uint32_t)film.x1 - 230);
		film.y2 = film.y1 + 180 + (int32_t)below(&rig, rig.frame.height - (uint32_t)film.y1 - 180);
		show_whole(&rig);
		for (int i = 0; i < fps * 4; i++) {
			add_box(&rig, &film);
			if (i * 10 / fps != (i - 1) * 10 / fps)
				add(&rig, 40 + i * 10 / fps * 9 % 700, 5, 9, 16);
			if (i % fps == 0)
				add(&rig, 1200, 780, 60, 12);
			show(&rig, NSEC_PER_SEC / fps);
		}
		assert_box(&rig, &film);
		assert_int_equal(rig.boxes, 1);
		assert_true(rig.began_ns < 5 * NSEC_PER_SEC + 1500 * MS);
		assert_int_equal(rig.rested_ns, 0);
		rig_finish(&rig);
	}
}

/* Squares in which nothing happens for a while, as in an interview: neither jitter nor holes. */
static void test_still_parts(void **state)
{
	static const pixman_box32_t film = { 333, 177, 1293, 717 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1920, 1080);
	show_whole(&rig);
	for (int i = 0; i < 300; i++) {
		for (int y = film.y1; y < film.y2; y += 90)
			for (int x = film.x1; x < film.x2; x += 96)
				if (below(&rig, 10) < 5)
					add(&rig, x, y, 96, 90);
		show(&rig, 33 * MS);
	}
	assert_box(&rig, &film);
	assert_true(rig.boxes <= 2);
	assert_int_equal(rig.ended_ns, 0);
	rig_finish(&rig);
}

struct dull {
	int fps, x, y, width, height, step_x, step_y, wrap;
};

/* Repeated changes that no video is for. */
static void test_dull(void **state)
{
	static const struct dull dull[] = {
		{ 60, 100, 100, 8, 16, 8, 0, 1600 }, /* typing */
		{ 60, 100, 100, 1600, 16, 0, 16, 900 }, /* lines that are added */
		{ 4, 0, 0, 1920, 1080, 0, 0, 1 }, /* pages */
		{ 60, 700, 400, 128, 128, 0, 0, 1 }, /* a wheel that turns */
		{ 30, 0, 500, 1920, 12, 0, 0, 1 }, /* a progress bar */
		{ 60, 100, 100, 24, 24, 7, 5, 800 }, /* a pointer */
		{ 30, 100, 100, 200, 200, 70, 0, 1600 }, /* something that flies by */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(dull) / sizeof(dull[0]); i++) {
		const struct dull *d = &dull[i];
		struct rig rig;

		rig_init(&rig, 1920, 1080);
		show_whole(&rig);
		for (int n = 0; n < d->fps * 4; n++) {
			add(&rig, d->x + n * d->step_x % d->wrap, d->y + n * d->step_y % d->wrap, d->width, d->height);
			show(&rig, NSEC_PER_SEC / d->fps);
		}
		if (rig.boxes)
			fail_msg("row %zu became video", i);
		rig_finish(&rig);
	}
}

static void copy(struct rig *rig, const pixman_box32_t *to, int dx, int dy)
{
	pixman_region32_fini(&rig->update.copy_region);
	pixman_region32_init_with_extents(&rig->update.copy_region, to);
	rig->update.copy_dx = dx;
	rig->update.copy_dy = dy;
}

/* Photographs that scroll or are dragged; not each step is found. */
static void test_scroll(void **state)
{
	static const pixman_box32_t page = { 100, 100, 1500, 900 };

	(void)state;
	for (int way = 0; way < 2; way++) {
		struct rig rig;

		rig_init(&rig, 1920, 1080);
		show_whole(&rig);
		for (int i = 0; i < 150; i++) {
			if (i % 7 == 3) {
				add_box(&rig, &page);
			} else if (way) {
				copy(&rig, &(pixman_box32_t){ 100, 100, 1500, 860 }, 0, -40);
				add(&rig, 100, 860, 1400, 40);
			} else {
				copy(&rig, &(pixman_box32_t){ 160, 100, 1500, 900 }, 60, 0);
				add(&rig, 100, 100, 60, 800);
			}
			show(&rig, 33 * MS);
		}
		assert_int_equal(rig.boxes, 0);
		rig_finish(&rig);
	}
}

static void test_rest(void **state)
{
	static const pixman_box32_t film = { 300, 200, 940, 560 };
	struct rig rig;
	int64_t last_ns;

	(void)state;
	rig_init(&rig, 1280, 720);
	show_whole(&rig);
	play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	assert_box(&rig, &film);
	/* A pause: lossless soon, while somebody types in the box. */
	last_ns = rig.now_ns;
	for (int i = 0; i < 8; i++) {
		add(&rig, 400 + i * 9, 300, 9, 16);
		show(&rig, 100 * MS);
	}
	assert_int_equal(state_of(&rig), ACTIVITY_RESTING);
	assert_in_range(rig.rested_ns - last_ns, 100 * MS, 250 * MS);
	/* And on. */
	play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	assert_box(&rig, &film);
	assert_int_equal(rig.boxes, 1);
	/* The end, with nothing but the timer. */
	last_ns = rig.now_ns;
	show(&rig, 3 * NSEC_PER_SEC);
	assert_int_equal(state_of(&rig), ACTIVITY_STILL);
	assert_in_range(rig.rested_ns - last_ns, 100 * MS, 250 * MS);
	assert_in_range(rig.ended_ns - last_ns, 1000 * MS, 1500 * MS);
	/* It is forgotten: one picture is none. */
	play(&rig, &film, 30, 200 * MS);
	assert_int_equal(state_of(&rig), ACTIVITY_STILL);
	rig_finish(&rig);
}

/* Typing where the film was, so that it never is quiet. */
static void test_end_under_letters(void **state)
{
	static const pixman_box32_t film = { 300, 200, 940, 560 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1280, 720);
	show_whole(&rig);
	play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	for (int i = 0; i < 60; i++) {
		add(&rig, 320 + i * 9, 300, 9, 16);
		show(&rig, 33 * MS);
	}
	assert_int_equal(state_of(&rig), ACTIVITY_STILL);
	rig_finish(&rig);
}

static void test_growth(void **state)
{
	static const pixman_box32_t small = { 600, 400, 1000, 640 }, large = { 500, 300, 1300, 800 };
	static const pixman_box32_t elsewhere = { 1310, 60, 1900, 400 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1920, 1080);
	show_whole(&rig);
	play(&rig, &small, 30, 2 * NSEC_PER_SEC);
	assert_box(&rig, &small);
	play(&rig, &large, 30, 1500 * MS);
	assert_box(&rig, &large);
	play(&rig, &small, 30, 3 * NSEC_PER_SEC);
	assert_box(&rig, &large);
	play(&rig, &small, 30, 2 * NSEC_PER_SEC);
	assert_box(&rig, &small);
	assert_true(rig.boxes <= 4);
	/* Its window is put elsewhere. */
	play(&rig, &elsewhere, 30, 3 * NSEC_PER_SEC);
	assert_box(&rig, &elsewhere);
	rig_finish(&rig);
}

/* The first one keeps the region until another one is far larger. */
static void test_two_films(void **state)
{
	static const pixman_box32_t first = { 60, 60, 700, 420 }, second = { 1000, 500, 1700, 910 };
	static const pixman_box32_t third = { 900, 60, 1900, 1000 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1920, 1080);
	show_whole(&rig);
	play(&rig, &first, 30, 2 * NSEC_PER_SEC);
	for (int i = 0; i < 90; i++) {
		add_box(&rig, &first);
		add_box(&rig, &second);
		show(&rig, 33 * MS);
	}
	assert_box(&rig, &first);
	assert_int_equal(rig.boxes, 1);
	for (int i = 0; i < 90; i++) {
		add_box(&rig, &first);
		add_box(&rig, &third);
		show(&rig, 33 * MS);
	}
	assert_box(&rig, &third);
	rig_finish(&rig);
}

static void test_modes(void **state)
{
	static const pixman_box32_t film = { 0, 0, 801, 601 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 801, 601);
	show_whole(&rig);
	play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	assert_box(&rig, &film);
	rig.frame.width = 1024;
	rig.frame.height = 768;
	show_whole(&rig);
	assert_int_equal(state_of(&rig), ACTIVITY_STILL);
	play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	assert_box(&rig, &film);
	/* The same size again, but nothing is as it was. */
	show_whole(&rig);
	assert_int_equal(state_of(&rig), ACTIVITY_STILL);
	play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	activity_drop(rig.activity);
	assert_int_equal(state_of(&rig), ACTIVITY_STILL);
	activity_note_time(rig.activity, rig.now_ns);
	rig_finish(&rig);
}

static void test_photo(void **state)
{
	static const pixman_box32_t film = { 300, 200, 940, 560 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1280, 720);
	show_whole(&rig);
	/* Nobody answers. */
	rig.photo = NEVER_ASKED;
	play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	assert_true(rig.questions > 0);
	assert_int_equal(rig.boxes, 0);
	/* Text; asked again once a second. */
	rig.photo = 0;
	rig.questions = 0;
	play(&rig, &film, 30, 4 * NSEC_PER_SEC);
	assert_int_equal(rig.boxes, 0);
	assert_in_range(rig.questions, 3, 5);
	rig.photo = ACTIVITY_PHOTO_UNKNOWN;
	play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	assert_box(&rig, &film);
	/* A title ends nothing, text that stays does. */
	rig.photo = 1000;
	play(&rig, &film, 30, 4 * NSEC_PER_SEC);
	rig.photo = 0;
	rig.questions = 0;
	while (!rig.questions)
		play(&rig, &film, 30, 100 * MS);
	rig.photo = 1000;
	play(&rig, &film, 30, 4 * NSEC_PER_SEC);
	assert_box(&rig, &film);
	assert_int_equal(rig.boxes, 1);
	rig.photo = 0;
	play(&rig, &film, 30, 3 * NSEC_PER_SEC);
	assert_int_equal(state_of(&rig), ACTIVITY_STILL);
	rig_finish(&rig);
}

/* Any number, the edges of what fits included. */
static int32_t wild(struct rig *rig)
{
	static const int32_t edges[] = { INT32_MIN, INT32_MIN + 1, -65536, -1, 0, 1, 63, 64, 16384, INT32_MAX };

	return below(rig, 4) ? (int32_t)below(rig, 2000) - 100 : edges[below(rig, 10)];
}

/* Damage and copies of all kinds: check() is what must hold. */
static void test_whatever(void **state)
{
	static const uint32_t sizes[][2] = { { 1, 1 }, { 63, 64 }, { 1920, 1080 }, { 1366, 767 }, { 16384, 65 },
		{ 400, 300 } };
	unsigned int boxes = 0;

	(void)state;
	for (uint32_t seed = 0; seed < 40; seed++) {
		struct rig rig;

		rig_init(&rig, 1920, 1080);
		rig.chance = seed * 977;
		for (int i = 0; i < 400; i++) {
			if (!below(&rig, 150)) {
				const uint32_t *size = sizes[below(&rig, 6)];

				rig.frame.width = size[0];
				rig.frame.height = size[1];
				add(&rig, 0, 0, 1, 1);
				show(&rig, 0);
			}
			for (uint32_t n = below(&rig, 4); n; n--) {
				pixman_box32_t box = { wild(&rig), wild(&rig), wild(&rig), wild(&rig) };

				if (box.x1 < box.x2 && box.y1 < box.y2) {
					pixman_region32_t region;

					pixman_region32_init_with_extents(&region, &box);
					pixman_region32_union(&rig.update.damage, &rig.update.damage, &region);
					pixman_region32_fini(&region);
				}
			}
			if (seed % 2)
				add(&rig, 100, 50, 200 + (int)below(&rig, 100), 220);
			if (!below(&rig, 6)) {
				pixman_box32_t box = { wild(&rig), wild(&rig), wild(&rig), wild(&rig) };

				if (box.x1 < box.x2 && box.y1 < box.y2)
					copy(&rig, &box, wild(&rig), wild(&rig));
			}
			rig.photo = (int)below(&rig, 1200) - 100;
			rig.update.resized = !below(&rig, 300);
			show(&rig, below(&rig, 60) ? (int64_t)below(&rig, 60) * MS : 400 * NSEC_PER_SEC);
		}
		boxes += rig.boxes;
		rig_finish(&rig);
	}
	/* Else nothing was tested. */
	assert_true(boxes > 20);
}

static void test_sizes(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, 16385, 10);
	assert_int_equal(activity_note_update(rig.activity, &rig.update, rig.now_ns), -EINVAL);
	check(&rig);
	rig.frame.width = 0;
	assert_int_equal(activity_note_update(rig.activity, &rig.update, rig.now_ns), -EINVAL);
	check(&rig);
	/* Time that runs back is as if it stood. */
	rig.frame.width = 640;
	rig.frame.height = 480;
	show_whole(&rig);
	activity_note_time(rig.activity, 1);
	assert_int_equal(activity_note_update(rig.activity, &rig.update, -1), 0);
	check(&rig);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_film_anywhere),
		cmocka_unit_test(test_still_parts),
		cmocka_unit_test(test_dull),
		cmocka_unit_test(test_scroll),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_end_under_letters),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_two_films),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_photo),
		cmocka_unit_test(test_whatever),
		cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
