// SPDX-License-Identifier: GPL-2.0-or-later
/* The pointer drawn into the picture: exactly there, exactly blended, and never under a reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "net/soft_cursor.h"
#include "server/cursor.h"
#include "server/frame.h"

#define WIDTH 64
#define HEIGHT 48
#define EDGE 8

static struct soft_cursor *soft;
static struct frame *picture;
static uint32_t shape[EDGE * EDGE];
static struct cursor cursor;
static pixman_region32_t damage;

static uint32_t *pixel(struct frame *frame, int32_t x, int32_t y)
{
	return (uint32_t *)(void *)(frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride) + x;
}

static struct frame *new_picture(uint32_t width, uint32_t height, uint32_t seed)
{
	struct frame *frame;

	assert_int_equal(frame_new_memory(width, height, &frame), 0);
	for (int32_t y = 0; y < (int32_t)height; y++) {
		for (int32_t x = 0; x < (int32_t)width; x++)
			*pixel(frame, x, y) = ((uint32_t)x * 0x30201u + (uint32_t)y * 0x10507u + seed) & 0xffffff;
	}
	return frame;
}

static void set_picture(struct frame *frame, const pixman_region32_t *changed)
{
	frame_unref(picture);
	picture = frame;
	soft_cursor_set_picture(soft, picture, changed);
}

static void set_cursor(int32_t x, int32_t y)
{
	cursor.x = x;
	cursor.y = y;
	soft_cursor_set_cursor(soft, &cursor, &damage);
}

static int setup(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < EDGE * EDGE; i++)
		shape[i] = (i * 4 & 0xff) << 24 | (i * 0x020406u & 0xffffff);
	cursor = (struct cursor){ .visible = true, .width = EDGE, .height = EDGE, .hot_x = 2, .hot_y = 3,
		.position_known = true, .argb = shape, .shape_serial = 1 };
	pixman_region32_init(&damage);
	picture = NULL;
	return soft_cursor_new(&soft);
}

static int teardown(void **state)
{
	(void)state;
	soft_cursor_free(soft);
	picture = frame_unref(picture);
	pixman_region32_fini(&damage);
	return 0;
}

static uint32_t expected_pixel(int32_t x, int32_t y)
{
	int32_t in_x = x - cursor.x + (int32_t)cursor.hot_x, in_y = y - cursor.y + (int32_t)cursor.hot_y;
	uint32_t under = *pixel(picture, x, y), over, result = 0;

	if (!cursor.visible || in_x < 0 || in_y < 0 || in_x >= EDGE || in_y >= EDGE)
		return under;
	over = shape[in_y * EDGE + in_x];
	for (int shift = 0; shift < 24; shift += 8) {
		double alpha = (over >> 24) / 255.0;
		double value = (over >> shift & 0xff) * alpha + (under >> shift & 0xff) * (1 - alpha);

		result |= (uint32_t)(value + 0.5) << shift;
	}
	return result;
}

static void expect_right(struct frame *frame)
{
	assert_int_equal(frame->width, picture->width);
	assert_int_equal(frame->height, picture->height);
	for (int32_t y = 0; y < (int32_t)frame->height; y++) {
		for (int32_t x = 0; x < (int32_t)frame->width; x++)
			assert_int_equal(*pixel(frame, x, y), expected_pixel(x, y));
	}
}

static struct frame *compose(void)
{
	struct frame *frame;

	assert_int_equal(soft_cursor_compose(soft, &frame), 0);
	expect_right(frame);
	return frame;
}

static void without_picture_there_is_nothing(void **state)
{
	struct frame *frame;

	(void)state;
	assert_int_equal(soft_cursor_compose(soft, &frame), -ENODATA);
	set_cursor(3, 3);
	assert_int_equal(soft_cursor_compose(soft, &frame), -ENODATA);
}

static void it_is_drawn_where_it_is(void **state)
{
	static const int32_t at[] = { -100, -6, -5, 0, 1, 2, 3, 20, 45, 47, 48, 50, 62, 65, 66, 1000000,
		INT32_MAX, INT32_MIN };

	(void)state;
	set_picture(new_picture(WIDTH, HEIGHT, 1), NULL);
	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		for (size_t j = 0; j < sizeof(at) / sizeof(at[0]); j++) {
			set_cursor(at[i], at[j]);
			/* expected_pixel() counts in 32 bits. */
			if (at[i] > -1000000 && at[i] < INT32_MAX && at[j] > -1000000 && at[j] < INT32_MAX)
				frame_unref(compose());
		}
	}
}

static void damage_is_where_it_was_and_is(void **state)
{
	pixman_box32_t around;

	(void)state;
	set_picture(new_picture(WIDTH, HEIGHT, 1), NULL);
	set_cursor(10, 10);
	around = *pixman_region32_extents(&damage);
	assert_int_equal(around.x1, 8);
	assert_int_equal(around.y1, 7);
	assert_int_equal(around.x2, 16);
	assert_int_equal(around.y2, 15);
	pixman_region32_clear(&damage);
	set_cursor(10, 10);
	assert_false(pixman_region32_not_empty(&damage));
	set_cursor(40, 30);
	assert_int_equal(pixman_region32_n_rects(&damage), 2);
	pixman_region32_clear(&damage);
	cursor.visible = false;
	set_cursor(40, 30);
	assert_int_equal(pixman_region32_n_rects(&damage), 1);
	pixman_region32_clear(&damage);
	set_cursor(1, 1);
	assert_false(pixman_region32_not_empty(&damage));
}

static void each_composition_has_a_stamp_of_its_own(void **state)
{
	uint64_t stamp, before = 0;
	struct frame *frame;

	(void)state;
	set_picture(new_picture(WIDTH, HEIGHT, 1), NULL);
	picture->stamp = frame_new_stamp();
	for (int32_t i = 0; i < 6; i++) {
		set_cursor(10 + i, 10);
		frame = compose();
		stamp = frame->stamp;
		assert_true(stamp > before && stamp != picture->stamp);
		before = stamp;
		frame_unref(frame);
		frame = compose();
		assert_int_equal(frame->stamp, stamp);
		frame_unref(frame);
	}
}

static void hidden_it_costs_no_copy(void **state)
{
	struct frame *frame;

	(void)state;
	set_picture(new_picture(WIDTH, HEIGHT, 1), NULL);
	cursor.visible = false;
	set_cursor(10, 10);
	frame = compose();
	assert_ptr_equal(frame, picture);
	frame_unref(frame);
	cursor.visible = true;
	cursor.position_known = false;
	set_cursor(10, 10);
	assert_int_equal(soft_cursor_compose(soft, &frame), 0);
	assert_ptr_equal(frame, picture);
	frame_unref(frame);
}

static void a_new_shape_is_drawn(void **state)
{
	static uint32_t other[EDGE * EDGE];

	(void)state;
	set_picture(new_picture(WIDTH, HEIGHT, 1), NULL);
	set_cursor(20, 20);
	frame_unref(compose());
	memcpy(other, shape, sizeof(other));
	memset(shape, 0xff, sizeof(shape));
	cursor.shape_serial++;
	pixman_region32_clear(&damage);
	set_cursor(20, 20);
	assert_true(pixman_region32_not_empty(&damage));
	frame_unref(compose());
}

/* Changes of the picture and of the pointer, with readers that hold on to what they got. */
static void what_is_held_never_changes(void **state)
{
	struct frame *held[SOFT_CURSOR_COPIES] = { NULL };
	static uint32_t seen[SOFT_CURSOR_COPIES][HEIGHT][WIDTH];
	uint32_t seed = 1;

	(void)state;
	set_picture(new_picture(WIDTH, HEIGHT, 1), NULL);
	for (unsigned int i = 0; i < 2000; i++) {
		unsigned int slot = (seed >> 5) % SOFT_CURSOR_COPIES;
		pixman_region32_t changed;
		int32_t x, y;

		seed = seed * 1103515245u + 12345u;
		x = (int32_t)(seed >> 8 & 31);
		y = (int32_t)(seed >> 16 & 31);
		if (i % 3 == 0) {
			struct frame *next = new_picture(WIDTH, HEIGHT, 1);

			for (int32_t row = 0; row < HEIGHT; row++)
				memcpy(pixel(next, 0, row), pixel(picture, 0, row), WIDTH * 4);
			for (int32_t row = y; row < y + 9; row++) {
				for (int32_t column = x; column < x + 20; column++)
					*pixel(next, column, row) = seed >> 4 & 0xffffff;
			}
			pixman_region32_init_rect(&changed, x, y, 20, 9);
			set_picture(next, &changed);
			pixman_region32_fini(&changed);
		} else if (i % 3 == 1) {
			set_cursor(x * 2, y * 2);
		}
		if (held[slot]) {
			for (int32_t row = 0; row < HEIGHT; row++)
				assert_memory_equal(pixel(held[slot], 0, row), seen[slot][row], WIDTH * 4);
			held[slot] = frame_unref(held[slot]);
		}
		if (seed & 1 << 20) {
			held[slot] = compose();
			for (int32_t row = 0; row < HEIGHT; row++)
				memcpy(seen[slot][row], pixel(held[slot], 0, row), WIDTH * 4);
		}
	}
	for (unsigned int i = 0; i < SOFT_CURSOR_COPIES; i++)
		frame_unref(held[i]);
}

static void copies_are_bounded_and_shared(void **state)
{
	struct frame *held[SOFT_CURSOR_COPIES], *again;

	(void)state;
	set_picture(new_picture(WIDTH, HEIGHT, 1), NULL);
	for (int32_t i = 0; i < SOFT_CURSOR_COPIES; i++) {
		set_cursor(i, i);
		held[i] = compose();
	}
	/* The same once more is the same. */
	again = compose();
	assert_ptr_equal(again, held[SOFT_CURSOR_COPIES - 1]);
	frame_unref(again);
	set_cursor(30, 30);
	assert_int_equal(soft_cursor_compose(soft, &again), -EBUSY);
	frame_unref(held[1]);
	held[1] = compose();
	/* Held ones outlive a new size, and all of it. */
	set_picture(new_picture(WIDTH * 2, HEIGHT, 7), NULL);
	again = compose();
	soft_cursor_free(soft);
	soft = NULL;
	expect_right(again);
	frame_unref(again);
	for (int32_t i = 0; i < SOFT_CURSOR_COPIES; i++)
		frame_unref(held[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(without_picture_there_is_nothing),
		TEST(it_is_drawn_where_it_is),
		TEST(damage_is_where_it_was_and_is),
		TEST(each_composition_has_a_stamp_of_its_own),
		TEST(hidden_it_costs_no_copy),
		TEST(a_new_shape_is_drawn),
		TEST(what_is_held_never_changes),
		TEST(copies_are_bounded_and_shared),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
