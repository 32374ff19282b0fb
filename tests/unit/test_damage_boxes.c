// SPDX-License-Identifier: GPL-2.0-or-later
/* Joining rectangles: few of them, little that did not change, nothing lost. */
#include "tests/unit/damage_picture.h"

#include "server/damage.h"
#include "server/damage_boxes.h"

#define WIDTH 1920
#define HEIGHT 1080

static void add(struct damage_boxes *boxes, int32_t x, int32_t y, int32_t width, int32_t height)
{
	const pixman_box32_t box = { .x1 = x, .y1 = y, .x2 = x + width, .y2 = y + height };

	damage_boxes_add(boxes, &box);
}

static void expect_region(struct damage_boxes *boxes, int n_boxes, int64_t area)
{
	pixman_region32_t region;

	damage_boxes_region(boxes, &region);
	assert_int_equal(pixman_region32_n_rects(&region), n_boxes);
	assert_int_equal(region_area(&region), area);
	pixman_region32_fini(&region);
	damage_boxes_start(boxes);
}

static void test_neighbours_are_joined(void **state)
{
	struct damage_boxes boxes;

	(void)state;
	assert_int_equal(damage_boxes_init(&boxes, WIDTH, HEIGHT, 100), 0);
	damage_boxes_start(&boxes);
	expect_region(&boxes, 0, 0);
	/* Glyphs of one line, in three tiles. */
	add(&boxes, 50, 3, 14, 12);
	add(&boxes, 64, 3, 64, 12);
	add(&boxes, 128, 3, 10, 12);
	damage_boxes_end_band(&boxes);
	expect_region(&boxes, 1, 88 * 12);
	/* A line of text that crosses bands. */
	add(&boxes, 50, 10, 14, 6);
	add(&boxes, 64, 10, 30, 6);
	damage_boxes_end_band(&boxes);
	add(&boxes, 50, 16, 14, 8);
	add(&boxes, 64, 16, 30, 8);
	damage_boxes_end_band(&boxes);
	expect_region(&boxes, 1, 44 * 14);
	damage_boxes_finish(&boxes);
}

static void test_strangers_stay_apart(void **state)
{
	struct damage_boxes boxes;

	(void)state;
	assert_int_equal(damage_boxes_init(&boxes, WIDTH, HEIGHT, 1000), 0);
	damage_boxes_start(&boxes);
	add(&boxes, 0, 0, 2, 16);
	add(&boxes, 200, 0, 2, 16);
	damage_boxes_end_band(&boxes);
	damage_boxes_end_band(&boxes);
	add(&boxes, 0, 32, 64, 16);
	damage_boxes_end_band(&boxes);
	expect_region(&boxes, 3, 2 * 32 + 64 * 16);
	/* A wide line over a tall window must not grow into one, however many bands follow. */
	add(&boxes, 0, 0, 640, 16);
	damage_boxes_end_band(&boxes);
	for (int32_t y = 16; y < 160; y += 16) {
		add(&boxes, 100, y, 300, 16);
		damage_boxes_end_band(&boxes);
	}
	expect_region(&boxes, 2, 640 * 16 + 300 * 144);
	damage_boxes_finish(&boxes);
}

static void check_bounded(int32_t every, int32_t size)
{
	struct damage_boxes boxes;
	pixman_region32_t region, wanted, missing;
	int32_t tiles = 0;

	assert_int_equal(damage_boxes_init(&boxes, WIDTH, HEIGHT, 30 * 68), 0);
	damage_boxes_start(&boxes);
	pixman_region32_init(&wanted);
	for (int32_t y = 0; y + 16 <= HEIGHT; y += 16) {
		for (int32_t x = 0; x < WIDTH; x += 64, tiles++) {
			if ((tiles + y / 16) % every)
				continue;
			add(&boxes, x, y, size, 16);
			pixman_region32_union_rect(&wanted, &wanted, x, y, (unsigned int)size, 16);
		}
		damage_boxes_end_band(&boxes);
	}
	damage_boxes_region(&boxes, &region);
	assert_in_range(pixman_region32_n_rects(&region), 1, DAMAGE_BOXES_MAX);
	pixman_region32_init(&missing);
	pixman_region32_subtract(&missing, &wanted, &region);
	assert_false(pixman_region32_not_empty(&missing));
	assert_true(pixman_region32_extents(&region)->x2 <= WIDTH);
	assert_true(pixman_region32_extents(&region)->y2 <= HEIGHT);
	pixman_region32_fini(&missing);
	pixman_region32_fini(&wanted);
	pixman_region32_fini(&region);
	damage_boxes_finish(&boxes);
}

static void test_number_is_bounded_and_nothing_lost(void **state)
{
	(void)state;
	for (int32_t every = 1; every < 6; every++) {
		check_bounded(every, 64);
		check_bounded(every, 20);
		check_bounded(every, 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_neighbours_are_joined),
		cmocka_unit_test(test_strangers_stay_apart),
		cmocka_unit_test(test_number_is_bounded_and_nothing_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
