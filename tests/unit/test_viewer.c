// SPDX-License-Identifier: GPL-2.0-or-later
/* What is told of a viewer: its number, and how often it was sent something lately. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/viewer.h"
#include "server/clock.h"

static void test_numbers_differ(void **state)
{
	struct viewer a, b;

	(void)state;
	viewer_init(&a, 5);
	viewer_init(&b, 6);
	assert_true(a.id && b.id > a.id);
	assert_int_equal(b.since_ns, 6);
}

static void test_generations_differ(void **state)
{
	struct viewer old, new;

	(void)state;
	viewer_init(&old, 5);
	viewer_set_generation(2);
	assert_int_equal(viewer_last_id(), 2000000000);
	viewer_init(&new, 6);
	assert_int_equal(new.id, 2000000001);
	assert_int_equal(viewer_last_id(), new.id);
	assert_true(old.id < VIEWER_IDS);
	viewer_set_generation(UINT32_MAX);
	viewer_init(&new, 7);
	assert_true(new.id > old.id && new.id < INT64_MAX);
}

static void test_rate_is_that_since_it_was_last_asked(void **state)
{
	const int64_t s = NSEC_PER_SEC;
	struct viewer viewer;

	(void)state;
	viewer_init(&viewer, 100 * s);
	assert_int_equal(viewer_fps_x10(&viewer, 30, 100 * s + s / 2), 0); /* too soon to say */
	assert_int_equal(viewer_fps_x10(&viewer, 60, 101 * s), 600);
	assert_int_equal(viewer_fps_x10(&viewer, 90, 101 * s + s / 2), 600); /* as before */
	assert_int_equal(viewer_fps_x10(&viewer, 90, 103 * s), 150);
	assert_int_equal(viewer_fps_x10(&viewer, 90, 104 * s), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_differ),
		cmocka_unit_test(test_generations_differ),
		cmocka_unit_test(test_rate_is_that_since_it_was_last_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
