// SPDX-License-Identifier: GPL-2.0-or-later
/* What is kept of a pointer follows what is told of it, and survives what cannot be. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "server/cursor.h"

static uint32_t pixels[2 * 3] = { 1, 2, 3, 4, 5, 6 };

static struct cursor shown(uint64_t serial)
{
	return (struct cursor){
		.visible = true,
		.width = 2,
		.height = 3,
		.hot_x = 1,
		.position_known = true,
		.x = 7,
		.argb = pixels,
		.shape_serial = serial,
	};
}

static void follows(void **state)
{
	struct cursor copy = { 0 }, news = shown(1), hidden = { 0 };
	const uint32_t *kept;

	(void)state;
	assert_int_equal(cursor_follow(&copy, &hidden), 0);
	assert_null(copy.argb);
	assert_int_equal(cursor_follow(&copy, &news), 1);
	assert_ptr_not_equal(copy.argb, pixels);
	assert_memory_equal(copy.argb, pixels, sizeof(pixels));
	assert_int_equal(copy.hot_x, 1);

	/* The same shape elsewhere; nothing else of it is believed, not even where its pixels are. */
	kept = copy.argb;
	news = (struct cursor){ .visible = true, .width = 9, .position_known = true, .x = -5, .shape_serial = 1 };
	assert_int_equal(cursor_follow(&copy, &news), 0);
	assert_int_equal(copy.x, -5);
	assert_int_equal(copy.width, 2);
	assert_ptr_equal(copy.argb, kept);

	/* Gone, and back with the shape it had. */
	assert_int_equal(cursor_follow(&copy, &hidden), 1);
	assert_false(copy.visible);
	assert_int_equal(cursor_follow(&copy, &news), 1);
	assert_memory_equal(copy.argb, pixels, sizeof(pixels));

	pixels[0] = 77;
	news = shown(2);
	assert_int_equal(cursor_follow(&copy, &news), 1);
	assert_int_equal(copy.argb[0], 77);
	cursor_finish(&copy);
	assert_null(copy.argb);
	cursor_finish(&copy);
}

static void keeps_what_it_has_where_there_is_no_shape(void **state)
{
	const struct cursor wrong[] = {
		{ .visible = true, .width = 2, .height = 3, .shape_serial = 2 },
		{ .visible = true, .width = 0, .height = 3, .argb = pixels, .shape_serial = 2 },
		{ .visible = true, .width = CURSOR_SIZE_MAX + 1, .height = 1, .argb = pixels, .shape_serial = 2 },
		{ .visible = true, .width = 1, .height = UINT32_MAX, .argb = pixels, .shape_serial = 2 },
	};
	struct cursor copy = { 0 }, news = shown(1), before;

	(void)state;
	assert_int_equal(cursor_follow(&copy, &news), 1);
	before = copy;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(cursor_follow(&copy, &wrong[i]), -EINVAL);
		assert_memory_equal(&copy, &before, sizeof(copy));
	}
	cursor_finish(&copy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(follows),
		cmocka_unit_test(keeps_what_it_has_where_there_is_no_shape),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
