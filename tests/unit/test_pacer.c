// SPDX-License-Identifier: GPL-2.0-or-later
/* When the picture is looked at, and when it is left alone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server/clock.h"
#include "server/pacer.h"

#define MS NSEC_PER_MSEC

static void unwatched_is_never_looked_at(void **state)
{
	struct pacer pacer;

	(void)state;
	pacer_init(&pacer, 60, 50 * MS);
	assert_int_equal(pacer_interval_ns(&pacer, 0), 0);
	pacer_note_motion(&pacer, 0);
	assert_int_equal(pacer_interval_ns(&pacer, 1), 0);
	pacer_set_watched(&pacer, true, 1000 * MS);
	pacer_set_watched(&pacer, false, 1001 * MS);
	assert_int_equal(pacer_interval_ns(&pacer, 1002 * MS), 0);
}

static void first_viewer_is_motion_until_the_hold_ends(void **state)
{
	struct pacer pacer;
	int64_t start = 7000 * MS;

	(void)state;
	pacer_init(&pacer, 50, 100 * MS);
	pacer_set_watched(&pacer, true, start);
	assert_int_equal(pacer_interval_ns(&pacer, start), 5 * MS);
	assert_int_equal(pacer_interval_ns(&pacer, start + PACER_MOTION_HOLD_NS), 5 * MS);
	assert_int_equal(pacer_interval_ns(&pacer, start + PACER_MOTION_HOLD_NS + 1), 100 * MS);
	/* A second one joins: what it sees is current, nothing moved. */
	pacer_set_watched(&pacer, true, start + 2000 * MS);
	assert_int_equal(pacer_interval_ns(&pacer, start + 2000 * MS), 100 * MS);
}

static void motion_wakes_and_rates_follow_the_config(void **state)
{
	struct pacer pacer;

	(void)state;
	pacer_init(&pacer, 50, 100 * MS);
	pacer_set_watched(&pacer, true, 0);
	pacer_note_motion(&pacer, 5000 * MS);
	assert_int_equal(pacer_interval_ns(&pacer, 5400 * MS), 5 * MS);
	pacer_set_rates(&pacer, 10, 20 * MS);
	assert_int_equal(pacer_interval_ns(&pacer, 5400 * MS), 25 * MS);
	/* At rest there is never more than a frame's worth of looks. */
	assert_int_equal(pacer_interval_ns(&pacer, 9000 * MS), 100 * MS);
}

static void looks_are_close_only_when_it_pays(void **state)
{
	struct pacer pacer;
	int64_t start = 5000 * MS;

	(void)state;
	pacer_init(&pacer, 50, 100 * MS);
	pacer_set_watched(&pacer, true, start);
	/* The first look shows the picture, whatever was compared in an earlier life. */
	assert_int_equal(pacer_judge_look(&pacer, start), PACER_PASS);
	pacer_note_pass(&pacer, start);
	assert_int_equal(pacer_judge_look(&pacer, start + 5 * MS), PACER_SKIP);
	assert_int_equal(pacer_judge_look(&pacer, start + 15 * MS), PACER_SKIP);
	assert_int_equal(pacer_judge_look(&pacer, start + 19 * MS), PACER_PROBE);
	assert_int_equal(pacer_judge_look(&pacer, start + 30 * MS), PACER_PROBE);
	assert_int_equal(pacer_judge_look(&pacer, start + 39 * MS), PACER_PASS);
	/* At rest each look counts. */
	pacer_note_pass(&pacer, start + 1000 * MS);
	assert_int_equal(pacer_judge_look(&pacer, start + 1100 * MS), PACER_PASS);
	/* Gone and back within a frame: the new viewer is not made to wait. */
	pacer_note_pass(&pacer, start + 2000 * MS);
	pacer_set_watched(&pacer, false, start + 2001 * MS);
	pacer_set_watched(&pacer, true, start + 2002 * MS);
	assert_int_equal(pacer_judge_look(&pacer, start + 2002 * MS), PACER_PASS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(unwatched_is_never_looked_at),
		cmocka_unit_test(first_viewer_is_motion_until_the_hold_ends),
		cmocka_unit_test(motion_wakes_and_rates_follow_the_config),
		cmocka_unit_test(looks_are_close_only_when_it_pays),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
