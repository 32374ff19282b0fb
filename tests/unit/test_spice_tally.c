// SPDX-License-Identifier: GPL-2.0-or-later
/* What is given and what comes out: when all has, when waiting is no use, and who is stuck. */
#include "net/spice_tally.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define START_NS (1000 * NSEC_PER_SEC)

static void all_that_was_given_comes_out(void **state)
{
	struct spice_tally tally;
	int64_t now_ns = START_NS;

	(void)state;
	spice_tally_begin(&tally, 1, now_ns);
	assert_false(spice_tally_is_done(&tally, 0, now_ns));
	assert_true(spice_tally_is_done(&tally, 1, now_ns));
	assert_int_equal(spice_tally_stuck_ns(&tally, 0, now_ns), 0);
	spice_tally_give(&tally, 3, now_ns);
	assert_false(spice_tally_is_done(&tally, 3, now_ns));
	assert_true(spice_tally_is_done(&tally, 4, now_ns));
}

static void slow_is_not_late(void **state)
{
	struct spice_tally tally;
	int64_t now_ns = START_NS;

	(void)state;
	spice_tally_begin(&tally, 5, now_ns);
	/* Each takes almost all of one's patience. */
	for (uint64_t drawn = 0; drawn < 5; drawn++) {
		assert_false(spice_tally_is_done(&tally, drawn, now_ns));
		now_ns += SPICE_TALLY_PATIENCE_NS - 1;
		assert_false(spice_tally_is_done(&tally, drawn, now_ns));
	}
	assert_true(spice_tally_is_done(&tally, 5, now_ns));
}

static void what_never_comes_is_forgotten(void **state)
{
	struct spice_tally tally;
	int64_t now_ns = START_NS;

	(void)state;
	spice_tally_begin(&tally, 2, now_ns);
	assert_false(spice_tally_is_done(&tally, 1, now_ns));
	now_ns += SPICE_TALLY_PATIENCE_NS;
	assert_true(spice_tally_is_done(&tally, 1, now_ns));
	spice_tally_give(&tally, 1, now_ns);
	assert_false(spice_tally_is_done(&tally, 1, now_ns));
	assert_true(spice_tally_is_done(&tally, 2, now_ns));
}

/* Counting anew, and giving more, does not hide that nothing comes out. */
static void who_acknowledges_nothing_is_stuck(void **state)
{
	struct spice_tally tally;
	int64_t now_ns = START_NS;

	(void)state;
	spice_tally_begin(&tally, 1, now_ns);
	assert_true(spice_tally_is_done(&tally, 1, now_ns));
	for (unsigned int i = 0; i < 10; i++) {
		spice_tally_give(&tally, 7, now_ns);
		now_ns += SPICE_TALLY_PATIENCE_NS;
		assert_true(spice_tally_is_done(&tally, 1, now_ns));
	}
	assert_int_equal(spice_tally_stuck_ns(&tally, 0, now_ns), 10 * SPICE_TALLY_PATIENCE_NS);
	/* One comes out. */
	assert_true(spice_tally_is_done(&tally, 2, now_ns));
	assert_int_equal(spice_tally_stuck_ns(&tally, 0, now_ns), 0);
}

/* Some came out, and then nothing more: stuck from there on. */
static void who_stops_in_the_middle_is_stuck(void **state)
{
	struct spice_tally tally;
	int64_t now_ns = START_NS;

	(void)state;
	spice_tally_begin(&tally, 3, now_ns);
	now_ns += NSEC_PER_MSEC;
	assert_false(spice_tally_is_done(&tally, 1, now_ns));
	now_ns += 5 * NSEC_PER_MSEC;
	assert_int_equal(spice_tally_stuck_ns(&tally, 0, now_ns), 5 * NSEC_PER_MSEC);
}

/* A client far away reads what the kernel has for it, and has not come to what it would acknowledge. */
static void who_reads_is_not_stuck(void **state)
{
	struct spice_tally tally;
	int64_t now_ns = START_NS;

	(void)state;
	spice_tally_begin(&tally, 2, now_ns);
	for (size_t unread = 5; unread > 0; unread--) {
		assert_int_equal(spice_tally_stuck_ns(&tally, unread, now_ns), 0);
		now_ns += 10 * SPICE_TALLY_PATIENCE_NS;
	}
	assert_int_equal(spice_tally_stuck_ns(&tally, 1, now_ns), 10 * SPICE_TALLY_PATIENCE_NS);
}

/* What came out at rest was not looked at; the first look afterwards sees it. */
static void rest_is_not_stuck(void **state)
{
	struct spice_tally tally;
	int64_t now_ns = START_NS;

	(void)state;
	spice_tally_begin(&tally, 1, now_ns);
	now_ns += 3600 * NSEC_PER_SEC;
	assert_true(spice_tally_is_done(&tally, 1, now_ns));
	assert_int_equal(spice_tally_stuck_ns(&tally, 0, now_ns), 0);
	spice_tally_give(&tally, 1, now_ns);
	assert_int_equal(spice_tally_stuck_ns(&tally, 0, now_ns), 0);
	/* Nobody is there any more. */
	spice_tally_begin(&tally, 0, now_ns);
	assert_int_equal(spice_tally_stuck_ns(&tally, 0, now_ns + 3600 * NSEC_PER_SEC), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_was_given_comes_out),
		cmocka_unit_test(slow_is_not_late),
		cmocka_unit_test(what_never_comes_is_forgotten),
		cmocka_unit_test(who_acknowledges_nothing_is_stuck),
		cmocka_unit_test(who_stops_in_the_middle_is_stuck),
		cmocka_unit_test(who_reads_is_not_stuck),
		cmocka_unit_test(rest_is_not_stuck),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
