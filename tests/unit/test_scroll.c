// SPDX-License-Identifier: GPL-2.0-or-later
/* Moves: found where text scrolls and windows are dragged, cheap, and always exact. */
#include "tests/unit/damage_picture.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/damage.h"

/* A desktop: noise for a wallpaper, and a window of text that no tile's edge meets. */
#define WIDTH 1000
#define HEIGHT 700
#define WINDOW_X 117
#define WINDOW_Y 71
#define WINDOW_WIDTH 600
#define WINDOW_HEIGHT 480

struct desktop {
	struct picture picture;
	struct damage *damage;
	struct reader reader;
	uint32_t seed;
};

static void desktop_init(struct desktop *d, uint32_t seed)
{
	struct update update;

	*d = (struct desktop){ .seed = seed };
	picture_init(&d->picture, WIDTH, HEIGHT, WIDTH * 4, 0);
	picture_noise(&d->picture, 0, 0, WIDTH, HEIGHT, &d->seed);
	for (uint32_t y = 0; y < WINDOW_HEIGHT; y += 16)
		picture_text_line(&d->picture, WINDOW_X, WINDOW_Y + y, WINDOW_WIDTH, &d->seed);
	assert_int_equal(damage_new(2, &d->damage), 0);
	assert_int_equal(damage_run(d->damage, &d->picture.frame, NULL, &update), 1);
	reader_apply(&d->reader, &update);
	update_finish(&update);
}

static void desktop_finish(struct desktop *d)
{
	damage_free(d->damage);
	picture_finish(&d->picture);
	reader_finish(&d->reader);
}

/* Text moves by dy; new lines come in where it left. */
static void scroll_text(struct desktop *d, int32_t dy)
{
	uint32_t lines = (uint32_t)(dy < 0 ? -dy : dy) / 16;

	picture_scroll(&d->picture, WINDOW_X, WINDOW_Y, WINDOW_WIDTH, WINDOW_HEIGHT, 0, dy);
	for (uint32_t i = 0; i < lines; i++) {
		uint32_t y = dy < 0 ? WINDOW_HEIGHT - 16 * (i + 1) : 16 * i;

		picture_text_line(&d->picture, WINDOW_X, WINDOW_Y + y, WINDOW_WIDTH, &d->seed);
	}
}

/* By damage_look(), which knows less of what it has not compared; else by damage_run(). */
static bool looking;

static void run(struct desktop *d, struct update *update)
{
	int result = looking ? damage_look(d->damage, &d->picture.frame, update) :
			damage_run(d->damage, &d->picture.frame, NULL, update);

	assert_int_equal(result, 1);
	reader_apply(&d->reader, update);
	reader_check(&d->reader, &d->picture);
}

/* The next pass moves by (dx, dy) and damages at most that many pixels. */
static void expect_move(struct desktop *d, int32_t dx, int32_t dy, int64_t area_max)
{
	struct update update;

	run(d, &update);
	assert_true(pixman_region32_not_empty(&update.copy_region));
	assert_int_equal(update.copy_dx, dx);
	assert_int_equal(update.copy_dy, dy);
	if (region_area(&update.damage) > area_max) {
		fail_msg("%d px of damage, not %d", (int)region_area(&update.damage),
				(int)area_max);
	}
	update_finish(&update);
}

static void expect_no_move(struct desktop *d)
{
	struct update update;

	run(d, &update);
	assert_false(pixman_region32_not_empty(&update.copy_region));
	update_finish(&update);
}

static void test_text_line_by_line(void **state)
{
	struct desktop d;

	(void)state;
	desktop_init(&d, 1);
	for (unsigned int i = 0; i < 5; i++) {
		scroll_text(&d, -16);
		/* The line that came in, and nothing else. */
		expect_move(&d, 0, -16, WINDOW_WIDTH * 16);
	}
	for (unsigned int i = 0; i < 5; i++) {
		scroll_text(&d, 16);
		expect_move(&d, 0, 16, WINDOW_WIDTH * 16);
	}
	desktop_finish(&d);
}

static void test_any_distance(void **state)
{
	static const int32_t distances[] = { 1, 2, 3, 7, 15, 17, 33, 48, 100, 240 };
	struct desktop d;

	(void)state;
	desktop_init(&d, 2);
	for (size_t i = 0; i < sizeof(distances) / sizeof(distances[0]); i++) {
		/* New lines fill whole lines only, so the rest of the strip may not change. */
		scroll_text(&d, -distances[i]);
		expect_move(&d, 0, -distances[i], WINDOW_WIDTH * distances[i]);
		scroll_text(&d, distances[i]);
		expect_move(&d, 0, distances[i], WINDOW_WIDTH * distances[i]);
	}
	desktop_finish(&d);
}

static void test_sideways(void **state)
{
	struct desktop d;

	(void)state;
	desktop_init(&d, 3);
	/* A timeline or a map: something in every column. */
	picture_noise(&d.picture, WINDOW_X, WINDOW_Y, WINDOW_WIDTH, WINDOW_HEIGHT, &d.seed);
	expect_no_move(&d);
	picture_scroll(&d.picture, WINDOW_X, WINDOW_Y, WINDOW_WIDTH, WINDOW_HEIGHT, -23, 0);
	picture_noise(&d.picture, WINDOW_X + WINDOW_WIDTH - 23, WINDOW_Y, 23, WINDOW_HEIGHT,
			&d.seed);
	expect_move(&d, -23, 0, 23 * WINDOW_HEIGHT);
	picture_scroll(&d.picture, WINDOW_X, WINDOW_Y, WINDOW_WIDTH, WINDOW_HEIGHT, 40, 0);
	/* The guest moved the picture and did not yet draw what it uncovered. */
	expect_move(&d, 40, 0, 0);
	desktop_finish(&d);
}

/* What else changes beside a scroll costs itself, not the scroll. */
static void test_company(void **state)
{
	struct desktop d;

	(void)state;
	desktop_init(&d, 4);
	/* A caret in the window, a scroll bar at its side, a clock, a video below. */
	for (unsigned int i = 1; i < 6; i++) {
		int64_t others = 2 * 16 + 16 * 100 + 90 * 20 + 300 * 140;

		scroll_text(&d, -16);
		picture_fill(&d.picture, WINDOW_X + 80, WINDOW_Y + 160, 2, 16, 0x101010 * i);
		picture_fill(&d.picture, WINDOW_X + WINDOW_WIDTH, WINDOW_Y, 12, WINDOW_HEIGHT,
				0xe0e0e0);
		picture_fill(&d.picture, WINDOW_X + WINDOW_WIDTH, WINDOW_Y + 20 * i, 12, 100,
				0x808080);
		picture_noise(&d.picture, 900, 2, 90, 20, &d.seed);
		picture_noise(&d.picture, WINDOW_X + 30, WINDOW_Y + WINDOW_HEIGHT + 4, 300, 140,
				&d.seed);
		/* The scroll bar was wallpaper before the first time. */
		if (i == 1)
			others += 12 * WINDOW_HEIGHT;
		/* Joining rectangles adds a little, the old caret moves with the text. */
		expect_move(&d, 0, -16, WINDOW_WIDTH * 16 + others + others / 4 + 4096);
	}
	desktop_finish(&d);
}

static void test_window_dragged_down(void **state)
{
	struct desktop d;

	(void)state;
	desktop_init(&d, 5);
	picture_scroll(&d.picture, WINDOW_X, WINDOW_Y, WINDOW_WIDTH, WINDOW_HEIGHT + 37, 0, 37);
	picture_noise(&d.picture, WINDOW_X, WINDOW_Y, WINDOW_WIDTH, 37, &d.seed);
	expect_move(&d, 0, 37, WINDOW_WIDTH * 37);
	desktop_finish(&d);
}

/*
 * A column of pixels that changes its own way, first or last of the box, at an
 * edge of tiles or beside one: each pixel takes part in the proof.
 */
static void test_stray_columns(void **state)
{
	static const uint32_t edges[][2] = { { 128, 640 }, { 127, 640 }, { 129, 640 }, { 128, 639 },
		{ 128, 641 }, { 191, 577 }, { 100, 1000 }, { 0, 1000 }, { 0, 961 } };
	struct desktop d;

	(void)state;
	desktop_init(&d, 9);
	for (size_t i = 0; i < sizeof(edges) / sizeof(edges[0]); i++) {
		uint32_t x1 = edges[i][0], x2 = edges[i][1];
		struct update update;

		picture_noise(&d.picture, x1, 40, x2 - x1, 400, &d.seed);
		run(&d, &update);
		update_finish(&update);
		for (unsigned int stray = 0; stray < 3; stray++) {
			picture_scroll(&d.picture, x1, 40, x2 - x1, 400, 0, -7);
			if (stray == 1)
				picture_noise(&d.picture, x1, 40, 1, 400, &d.seed);
			if (stray == 2)
				picture_noise(&d.picture, x2 - 1, 40, 1, 400, &d.seed);
			run(&d, &update);
			assert_int_equal(update.copy_dy, -7);
			update_finish(&update);
		}
	}
	desktop_finish(&d);
}

/* Nothing to gain: noise, a fill, rows that are all alike. */
static void test_what_does_not_move(void **state)
{
	struct desktop d;

	(void)state;
	desktop_init(&d, 6);
	picture_noise(&d.picture, 100, 100, 700, 500, &d.seed);
	expect_no_move(&d);
	picture_fill(&d.picture, 100, 100, 700, 500, 0x336699);
	expect_no_move(&d);
	for (uint32_t y = 100; y < 600; y += 2)
		picture_fill(&d.picture, 100, y, 700, 1, 0x993366);
	expect_no_move(&d);
	/* A move too small to be worth a copy. */
	picture_scroll(&d.picture, 100, 100, 60, 60, 0, 3);
	picture_noise(&d.picture, 200, 200, 60, 60, &d.seed);
	expect_no_move(&d);
	picture_scroll(&d.picture, 200, 200, 60, 60, 0, 3);
	expect_no_move(&d);
	desktop_finish(&d);
}

/* Scrolls while readers hold shadows: the copy happens in another buffer. */
static void test_held_shadows(void **state)
{
	struct frame *held = NULL;
	struct desktop d;

	(void)state;
	desktop_init(&d, 7);
	for (unsigned int i = 0; i < 20; i++) {
		struct frame *before = damage_shadow(d.damage);

		frame_unref(held);
		held = frame_ref(before);
		scroll_text(&d, i % 3 ? -16 : 32);
		expect_move(&d, 0, i % 3 ? -16 : 32, WINDOW_WIDTH * 32);
		assert_ptr_not_equal(damage_shadow(d.damage), before);
	}
	frame_unref(held);
	desktop_finish(&d);
}

/* Most of what lies between what changed rests, and looks the same 200 rows further. */
static void test_rest_has_no_vote(void **state)
{
	struct desktop d;

	(void)state;
	desktop_init(&d, 10);
	for (uint32_t y = 0; y < 600; y += 200) {
		uint32_t seed = 78;

		picture_noise(&d.picture, 0, y, WIDTH, 200, &seed);
	}
	expect_no_move(&d);
	picture_noise(&d.picture, 100, 100, 300, 400, &d.seed);
	expect_no_move(&d);
	for (unsigned int i = 0; i < 3; i++) {
		picture_scroll(&d.picture, 100, 100, 300, 400, 0, -16);
		picture_noise(&d.picture, 100, 484, 300, 16, &d.seed);
		picture_fill(&d.picture, 20, 500, 960, 10, 0x102030 * (i + 1));
		/* Joining rectangles may add a quarter. */
		expect_move(&d, 0, -16, (300 * 16 + 960 * 10) * 5 / 4);
	}
	desktop_finish(&d);
}

/* The window ends with the picture; at its right side nothing is to be seen moving. */
static void test_edge_of_the_picture(void **state)
{
	struct desktop d;

	(void)state;
	desktop_init(&d, 12);
	picture_noise(&d.picture, 0, 0, WIDTH, HEIGHT, &d.seed);
	picture_fill(&d.picture, 600, 100, WIDTH - 600, 400, 0xffffff);
	for (uint32_t y = 100; y < 500; y += 16)
		picture_text_line(&d.picture, 600, y, 340, &d.seed);
	expect_no_move(&d);
	for (unsigned int i = 0; i < 3; i++) {
		picture_scroll(&d.picture, 600, 100, 400, 400, 0, -16);
		picture_text_line(&d.picture, 600, 484, 340, &d.seed);
		picture_fill(&d.picture, 500, 500, WIDTH - 500, 16, 0x102030 * (i + 1));
		expect_move(&d, 0, -16, (340 * 16 + (WIDTH - 500) * 16) * 5 / 4);
	}
	desktop_finish(&d);
}

/* Nothing comes from beyond the picture, black as the padding of its rows may be. */
static void test_whole_picture_moves(void **state)
{
	static const int32_t ways[][2] = { { -20, 0 }, { 20, 0 }, { 0, -20 }, { 0, 20 } };
	struct desktop d;

	(void)state;
	desktop_init(&d, 14);
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		int32_t dx = ways[i][0], dy = ways[i][1];

		picture_scroll(&d.picture, 0, 0, WIDTH, HEIGHT, dx, dy);
		picture_fill(&d.picture, dx < 0 ? WIDTH - 20 : 0, dy < 0 ? HEIGHT - 20 : 0,
				dx ? 20 : WIDTH, dy ? 20 : HEIGHT, 0);
		expect_move(&d, dx, dy, 20 * (dx ? HEIGHT : WIDTH));
	}
	desktop_finish(&d);
}

/* In packed 4:2:2 a box may start at the second pixel of a pair. */
static void test_odd_edge_of_a_pair(void **state)
{
	struct desktop d;
	struct update update;
	pixman_box32_t *box;

	(void)state;
	d = (struct desktop){ .seed = 13 };
	picture_init(&d.picture, 300, 300, 300 * 4, 0);
	d.picture.frame.fourcc = DRM_FORMAT_YUYV;
	d.picture.frame.width = 600;
	assert_int_equal(damage_new(2, &d.damage), 0);
	picture_fill(&d.picture, 0, 0, 300, 300, 0x80808080);
	picture_noise(&d.picture, 51, 50, 150, 200, &d.seed);
	/* Only the second of two lumas differs from row to row. */
	for (uint32_t y = 50; y < 250; y++)
		picture_set(&d.picture, 50, y, 0x80008080 | picture_below(&d.seed, 200) << 16);
	assert_int_equal(damage_run(d.damage, &d.picture.frame, NULL, &update), 1);
	update_finish(&update);
	picture_scroll(&d.picture, 50, 50, 151, 200, 0, -5);
	picture_noise(&d.picture, 51, 245, 150, 5, &d.seed);
	assert_int_equal(damage_run(d.damage, &d.picture.frame, NULL, &update), 1);
	assert_int_equal(update.copy_dy, -5);
	box = pixman_region32_extents(&update.copy_region);
	assert_int_equal(box->x1, 101);
	assert_in_range(region_area(&update.damage), 1, 302 * 5);
	update_finish(&update);
	desktop_finish(&d);
}

/* A wallpaper of tiles: of all the ways that explain it, the nearest. */
static void test_pattern(void **state)
{
	struct desktop d;

	(void)state;
	desktop_init(&d, 11);
	for (uint32_t y = 100; y < 600; y += 20) {
		uint32_t seed = 77;

		picture_noise(&d.picture, 100, y, 700, 20, &seed);
	}
	expect_no_move(&d);
	picture_scroll(&d.picture, 100, 100, 700, 500, 0, -6);
	picture_noise(&d.picture, 100, 594, 700, 6, &d.seed);
	expect_move(&d, 0, -6, 700 * 6);
	desktop_finish(&d);
}

/* The guest, as long as it is let: moves, fills and strokes all over the picture. */
static void draw_for_ever(struct picture *picture)
{
	uint32_t seed = 12345;

	/* A test that fails leaves without us. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		uint32_t y = picture_below(&seed, HEIGHT - 200);

		picture_scroll(picture, 100, y, 500, 200, 0, (int32_t)picture_below(&seed, 40) - 20);
		picture_fill(picture, picture_below(&seed, 900), y, 100, 20, picture_random(&seed));
		picture_text_line(picture, 100, y, 500, &seed);
	}
}

static void test_guest_draws_during_the_look(void **state)
{
	int64_t deadline = clock_now_ns() + 60 * NSEC_PER_SEC;
	size_t bytes = (size_t)WIDTH * HEIGHT * 4;
	unsigned int changes = 0;
	struct update update;
	struct desktop d;
	uint8_t *shared;
	pid_t guest;

	(void)state;
	desktop_init(&d, 8);
	shared = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(shared, MAP_FAILED);
	memcpy(shared, d.picture.pixels, bytes);
	d.picture.pixels = shared;
	d.picture.frame.data = shared;
	guest = fork();
	assert_true(guest >= 0);
	if (guest == 0)
		draw_for_ever(&d.picture);
	while (changes < 80 && clock_now_ns() < deadline) {
		if (damage_run(d.damage, &d.picture.frame, NULL, &update) == 0)
			continue;
		reader_apply(&d.reader, &update);
		update_finish(&update);
		reader_check_shadow(&d.reader, damage_shadow(d.damage));
		changes++;
	}
	assert_int_equal(kill(guest, SIGKILL), 0);
	assert_int_equal(waitpid(guest, NULL, 0), guest);
	assert_int_equal(changes, 80);
	/* It rests: one pass heals whatever was torn. */
	if (damage_run(d.damage, &d.picture.frame, NULL, &update) == 1) {
		reader_apply(&d.reader, &update);
		update_finish(&update);
	}
	reader_check(&d.reader, &d.picture);
	munmap(shared, bytes);
	desktop_finish(&d);
}

/* A wallpaper that looks alike further down must not be moved along with the window on it. */
static void test_edges_of_a_window(void **state)
{
	struct update update;
	struct desktop d;

	(void)state;
	desktop_init(&d, 16);
	for (uint32_t y = 0; y < HEIGHT; y++) {
		picture_fill(&d.picture, 0, y, WINDOW_X, 1, y / 100);
		picture_fill(&d.picture, WINDOW_X + WINDOW_WIDTH, y, WIDTH - WINDOW_X - WINDOW_WIDTH, 1,
				y / 100);
	}
	run(&d, &update);
	update_finish(&update);
	for (unsigned int i = 0; i < 10; i++) {
		scroll_text(&d, -16);
		expect_move(&d, 0, -16, WINDOW_WIDTH * 16);
	}
	desktop_finish(&d);
}

/* Single pixels beside what scrolls, in the same tiles, come with it. */
static void test_specks_beside(void **state)
{
	static const uint32_t specks[][2] = { { WINDOW_X - 1, 300 }, { WINDOW_X - 40, 301 },
		{ 690, 200 }, { 703, 333 },
		{ 400, WINDOW_Y - 1 }, { 500, WINDOW_Y - 6 }, { 300, WINDOW_Y + WINDOW_HEIGHT },
		{ 333, WINDOW_Y + WINDOW_HEIGHT + 8 } };
	struct desktop d;

	(void)state;
	desktop_init(&d, 17);
	for (uint32_t i = 0; i < 24; i++) {
		const uint32_t *at = specks[i % 8];

		scroll_text(&d, -16);
		/* Lines end before that. */
		picture_fill(&d.picture, 690, WINDOW_Y, 27, WINDOW_HEIGHT, 0xffffff);
		picture_set(&d.picture, at[0], at[1], i);
		expect_move(&d, 0, -16, WINDOW_WIDTH * 32);
	}
	desktop_finish(&d);
}

/* Film is not searched each time, but what scrolls when it ends is soon found, and then always. */
static void test_scroll_after_film(void **state)
{
	struct update update;
	unsigned int lost = 0;
	struct desktop d;

	(void)state;
	desktop_init(&d, 15);
	for (unsigned int i = 0; i < 30; i++) {
		picture_noise(&d.picture, WINDOW_X, WINDOW_Y, WINDOW_WIDTH, WINDOW_HEIGHT, &d.seed);
		expect_no_move(&d);
	}
	for (bool found = false; !found; lost += !found) {
		scroll_text(&d, -16);
		run(&d, &update);
		found = pixman_region32_not_empty(&update.copy_region);
		update_finish(&update);
	}
	assert_in_range(lost, 0, 8);
	for (unsigned int i = 0; i < 20; i++) {
		scroll_text(&d, i % 3 ? -16 : 32);
		expect_move(&d, 0, i % 3 ? -16 : 32, WINDOW_WIDTH * 32);
	}
	desktop_finish(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_line_by_line),
		cmocka_unit_test(test_any_distance),
		cmocka_unit_test(test_sideways),
		cmocka_unit_test(test_company),
		cmocka_unit_test(test_window_dragged_down),
		cmocka_unit_test(test_stray_columns),
		cmocka_unit_test(test_rest_has_no_vote),
		cmocka_unit_test(test_edge_of_the_picture),
		cmocka_unit_test(test_whole_picture_moves),
		cmocka_unit_test(test_odd_edge_of_a_pair),
		cmocka_unit_test(test_pattern),
		cmocka_unit_test(test_edges_of_a_window),
		cmocka_unit_test(test_specks_beside),
		cmocka_unit_test(test_scroll_after_film),
		cmocka_unit_test(test_what_does_not_move),
		cmocka_unit_test(test_held_shadows),
		cmocka_unit_test(test_guest_draws_during_the_look),
	};

	int failed = cmocka_run_group_tests_name("passes", tests, NULL, NULL);

	looking = true;
	return failed + cmocka_run_group_tests_name("looks", tests, NULL, NULL);
}
