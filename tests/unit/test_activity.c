// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes video and what does not, by made-up damage. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/activity_rig.h"

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
		film.x1 = (int32_t)rig_below(&rig, 600);
		film.y1 = (int32_t)rig_below(&rig, 400);
		film.x2 = film.x1 + 230 + (int32_t)rig_below(&rig, rig.frame.width - (uint32_t)film.x1 - 230);
		film.y2 = film.y1 + 180 + (int32_t)rig_below(&rig, rig.frame.height - (uint32_t)film.y1 - 180);
		rig_show_whole(&rig);
		for (int i = 0; i < fps * 4; i++) {
			rig_add_box(&rig, &film);
			if (i * 10 / fps != (i - 1) * 10 / fps)
				rig_add(&rig, 40 + i * 10 / fps * 9 % 700, 5, 9, 16);
			if (i % fps == 0)
				rig_add(&rig, 1200, 780, 60, 12);
			rig_show(&rig, NSEC_PER_SEC / fps);
		}
		rig_assert_box(&rig, &film);
		assert_int_equal(rig.boxes, 1);
		assert_true(rig.began_ns < 5 * NSEC_PER_SEC + 1500 * MS);
		assert_int_equal(rig.rested_ns, 0);
		rig_finish(&rig);
	}
}

/* Most pictures are about something else. */
static void test_film_between_letters(void **state)
{
	static const pixman_box32_t film = { 300, 200, 940, 560 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1280, 720);
	rig_show_whole(&rig);
	for (int i = 0; i < 300; i++) {
		if (i % 5 == 0)
			rig_add_box(&rig, &film);
		else
			rig_add(&rig, 40 + i % 100 * 9, 650, 9, 16);
		rig_show(&rig, 15 * MS);
	}
	rig_assert_box(&rig, &film);
	assert_int_equal(rig.boxes, 1);
	rig_finish(&rig);
}

/* In pieces too narrow to tell where it begins and ends: the box takes in no more than what changes. */
static void test_strips(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, 1280, 720);
	rig_show_whole(&rig);
	for (int i = 0; i < 90; i++) {
		for (int x = 300; x < 940; x += 32)
			rig_add(&rig, x, 200, 24, 360);
		rig_show(&rig, 33 * MS);
	}
	assert_int_equal(rig_state(&rig), ACTIVITY_MOVING);
	rig_finish(&rig);
}

/* Small animations all over the picture, none of them worth a stream. */
static void test_sprinkled(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, 1920, 1080);
	rig_show_whole(&rig);
	for (int i = 0; i < 90; i++) {
		for (int y = 64; y < 960; y += 128)
			for (int x = 64; x < 1856; x += 128)
				rig_add(&rig, x, y, 64, 64);
		rig_show(&rig, 33 * MS);
	}
	assert_int_equal(rig.boxes, 0);
	rig_finish(&rig);
}

/* Squares in which nothing happens for a while, as in an interview: neither jitter nor holes. */
static void test_still_parts(void **state)
{
	static const pixman_box32_t film = { 333, 177, 1293, 717 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1920, 1080);
	rig_show_whole(&rig);
	for (int i = 0; i < 300; i++) {
		for (int y = film.y1; y < film.y2; y += 90)
			for (int x = film.x1; x < film.x2; x += 96)
				if (rig_below(&rig, 10) < 5)
					rig_add(&rig, x, y, 96, 90);
		rig_show(&rig, 33 * MS);
	}
	rig_assert_box(&rig, &film);
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
		rig_show_whole(&rig);
		for (int n = 0; n < d->fps * 4; n++) {
			rig_add(&rig, d->x + n * d->step_x % d->wrap, d->y + n * d->step_y % d->wrap,
					d->width, d->height);
			rig_show(&rig, NSEC_PER_SEC / d->fps);
		}
		if (rig.boxes)
			fail_msg("row %zu became video", i);
		rig_finish(&rig);
	}
}

/* Photographs that scroll or are dragged; not each step is found. */
static void test_scroll(void **state)
{
	static const pixman_box32_t page = { 100, 100, 1500, 900 };

	(void)state;
	for (int way = 0; way < 2; way++) {
		struct rig rig;

		rig_init(&rig, 1920, 1080);
		rig_show_whole(&rig);
		for (int i = 0; i < 150; i++) {
			if (i % 7 == 3) {
				rig_add_box(&rig, &page);
			} else if (way) {
				rig_copy(&rig, &(pixman_box32_t){ 100, 100, 1500, 860 }, 0, -40);
				rig_add(&rig, 100, 860, 1400, 40);
			} else {
				rig_copy(&rig, &(pixman_box32_t){ 160, 100, 1500, 900 }, 60, 0);
				rig_add(&rig, 100, 100, 60, 800);
			}
			rig_show(&rig, 33 * MS);
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
	rig_show_whole(&rig);
	rig_play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	rig_assert_box(&rig, &film);
	/* A pause: lossless soon, while somebody types in the box. */
	last_ns = rig.now_ns;
	for (int i = 0; i < 8; i++) {
		rig_add(&rig, 400 + i * 9, 300, 9, 16);
		rig_show(&rig, 100 * MS);
	}
	assert_int_equal(rig_state(&rig), ACTIVITY_RESTING);
	assert_in_range(rig.rested_ns - last_ns, 100 * MS, 250 * MS);
	/* And on. */
	rig_play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	rig_assert_box(&rig, &film);
	assert_int_equal(rig.boxes, 1);
	/* The end, with nothing but the timer. */
	last_ns = rig.now_ns;
	rig_show(&rig, 3 * NSEC_PER_SEC);
	assert_int_equal(rig_state(&rig), ACTIVITY_STILL);
	assert_in_range(rig.rested_ns - last_ns, 100 * MS, 250 * MS);
	assert_in_range(rig.ended_ns - last_ns, 1000 * MS, 1500 * MS);
	/* It is forgotten: one picture is none. */
	rig_play(&rig, &film, 30, 200 * MS);
	assert_int_equal(rig_state(&rig), ACTIVITY_STILL);
	rig_finish(&rig);
}

/* Typing where the film was, so that it never is quiet. */
static void test_end_under_letters(void **state)
{
	static const pixman_box32_t film = { 300, 200, 940, 560 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1280, 720);
	rig_show_whole(&rig);
	rig_play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	for (int i = 0; i < 60; i++) {
		rig_add(&rig, 320 + i * 9, 300, 9, 16);
		rig_show(&rig, 33 * MS);
	}
	assert_int_equal(rig_state(&rig), ACTIVITY_STILL);
	rig_finish(&rig);
}

static void test_growth(void **state)
{
	static const pixman_box32_t small = { 600, 400, 1000, 640 }, large = { 500, 300, 1300, 800 };
	static const pixman_box32_t elsewhere = { 1310, 60, 1900, 400 }, near = { 1000, 380, 1590, 720 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1920, 1080);
	rig_show_whole(&rig);
	rig_play(&rig, &small, 30, 2 * NSEC_PER_SEC);
	rig_assert_box(&rig, &small);
	rig_play(&rig, &large, 30, 1500 * MS);
	rig_assert_box(&rig, &large);
	rig_play(&rig, &small, 30, 3 * NSEC_PER_SEC);
	rig_assert_box(&rig, &large);
	rig_play(&rig, &small, 30, 2 * NSEC_PER_SEC);
	rig_assert_box(&rig, &small);
	assert_true(rig.boxes <= 4);
	/* Its window is put elsewhere. */
	rig_play(&rig, &elsewhere, 30, 3 * NSEC_PER_SEC);
	rig_assert_box(&rig, &elsewhere);
	/* And a bit further: what both places span is mostly still. */
	rig_play(&rig, &near, 30, 2 * NSEC_PER_SEC);
	rig_assert_box(&rig, &near);
	rig_finish(&rig);
}

/* What grows all the time costs a keyframe each time, so it is followed ever more rarely. */
static void test_growth_in_steps(void **state)
{
	pixman_box32_t box = { 600, 400, 1000, 640 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1920, 1080);
	rig_show_whole(&rig);
	for (unsigned int i = 0; i < 80; i++) {
		rig_play(&rig, &box, 30, 100 * MS);
		box.y2 += 5;
	}
	assert_in_range(rig.boxes, 3, 5);
	rig_play(&rig, &box, 30, 5 * NSEC_PER_SEC);
	rig_assert_box(&rig, &box);
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
	rig_show_whole(&rig);
	rig_play(&rig, &first, 30, 2 * NSEC_PER_SEC);
	for (int i = 0; i < 90; i++) {
		rig_add_box(&rig, &first);
		rig_add_box(&rig, &second);
		rig_show(&rig, 33 * MS);
	}
	rig_assert_box(&rig, &first);
	assert_int_equal(rig.boxes, 1);
	for (int i = 0; i < 90; i++) {
		rig_add_box(&rig, &first);
		rig_add_box(&rig, &third);
		rig_show(&rig, 33 * MS);
	}
	rig_assert_box(&rig, &third);
	rig_finish(&rig);
}

static void test_modes(void **state)
{
	static const pixman_box32_t film = { 0, 0, 801, 601 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 801, 601);
	rig_show_whole(&rig);
	rig_play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	rig_assert_box(&rig, &film);
	rig.frame.width = 1024;
	rig.frame.height = 768;
	rig_show_whole(&rig);
	assert_int_equal(rig_state(&rig), ACTIVITY_STILL);
	rig_play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	rig_assert_box(&rig, &film);
	/* The same size again, but nothing is as it was. */
	rig_show_whole(&rig);
	assert_int_equal(rig_state(&rig), ACTIVITY_STILL);
	rig_play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	activity_drop(rig.activity);
	assert_int_equal(rig_state(&rig), ACTIVITY_STILL);
	activity_note_time(rig.activity, rig.now_ns);
	rig_finish(&rig);
}

static void test_photo(void **state)
{
	static const pixman_box32_t film = { 300, 200, 940, 560 };
	struct rig rig;

	(void)state;
	rig_init(&rig, 1280, 720);
	rig_show_whole(&rig);
	/* Nobody answers. */
	rig.photo = NEVER_ASKED;
	rig_play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	assert_true(rig.questions > 0);
	assert_int_equal(rig.boxes, 0);
	/* Text; asked again once a second. */
	rig.photo = 0;
	rig.questions = 0;
	rig_play(&rig, &film, 30, 4 * NSEC_PER_SEC);
	assert_int_equal(rig.boxes, 0);
	assert_in_range(rig.questions, 3, 5);
	rig.photo = ACTIVITY_PHOTO_UNKNOWN;
	rig_play(&rig, &film, 30, 2 * NSEC_PER_SEC);
	rig_assert_box(&rig, &film);
	/* A title ends nothing, text that stays does. */
	rig.photo = 1000;
	rig_play(&rig, &film, 30, 4 * NSEC_PER_SEC);
	rig.photo = 0;
	rig.questions = 0;
	while (!rig.questions)
		rig_play(&rig, &film, 30, 100 * MS);
	rig.photo = 1000;
	rig_play(&rig, &film, 30, 4 * NSEC_PER_SEC);
	rig_assert_box(&rig, &film);
	assert_int_equal(rig.boxes, 1);
	rig.photo = 0;
	rig_play(&rig, &film, 30, 3 * NSEC_PER_SEC);
	assert_int_equal(rig_state(&rig), ACTIVITY_STILL);
	rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_film_anywhere),
		cmocka_unit_test(test_film_between_letters),
		cmocka_unit_test(test_strips),
		cmocka_unit_test(test_sprinkled),
		cmocka_unit_test(test_still_parts),
		cmocka_unit_test(test_dull),
		cmocka_unit_test(test_scroll),
		cmocka_unit_test(test_rest),
		cmocka_unit_test(test_end_under_letters),
		cmocka_unit_test(test_growth),
		cmocka_unit_test(test_growth_in_steps),
		cmocka_unit_test(test_two_films),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_photo),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
