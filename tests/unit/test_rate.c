// SPDX-License-Identifier: GPL-2.0-or-later
/* As often as it says, at once and in the long run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/rate.h"
#include "server/clock.h"

#define START (1000 * NSEC_PER_SEC)

static void a_seconds_worth_at_once(void **state)
{
	static const int64_t rates[] = { 1, 10, 1000, 100000 };

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct rate rate = { 0 };
		int64_t taken = 0;

		while (rate_wait_ns(&rate, rates[i], START) == 0 && taken <= rates[i]) {
			rate_take(&rate, rates[i], 1, START);
			taken++;
		}
		assert_int_equal(taken, rates[i]);
		/* The wait is not a ns too short or too long. */
		assert_int_equal(rate_wait_ns(&rate, rates[i], START), NSEC_PER_SEC / rates[i]);
		assert_int_equal(rate_wait_ns(&rate, rates[i], START + NSEC_PER_SEC / rates[i] - 1), 1);
		assert_int_equal(rate_wait_ns(&rate, rates[i], START + NSEC_PER_SEC / rates[i]), 0);
	}
}

static void no_more_in_the_long_run(void **state)
{
	struct rate rate = { 0 };
	int64_t taken = 0;

	(void)state;
	for (int64_t now_ns = START; now_ns < START + 60 * NSEC_PER_SEC; now_ns += NSEC_PER_MSEC / 8) {
		if (rate_wait_ns(&rate, 100, now_ns) == 0) {
			rate_take(&rate, 100, 1, now_ns);
			taken++;
		}
	}
	assert_in_range(taken, 6000, 6100);
}

static void rest_saves_a_second_and_no_more(void **state)
{
	struct rate rate = { 0 };
	const int64_t later_ns = START + 3600 * NSEC_PER_SEC;

	(void)state;
	rate_take(&rate, 10, 10, START);
	assert_int_equal(rate_wait_ns(&rate, 10, START + NSEC_PER_SEC / 2), 0);
	rate_take(&rate, 10, 10, later_ns);
	assert_int_equal(rate_wait_ns(&rate, 10, later_ns), NSEC_PER_SEC / 10);
}

static void who_takes_several_waits_for_several(void **state)
{
	struct rate rate = { 0 };

	(void)state;
	rate_take(&rate, 10, 30, START);
	assert_int_equal(rate_wait_ns(&rate, 10, START), 2 * NSEC_PER_SEC + NSEC_PER_SEC / 10);
}

static void none_is_no_limit(void **state)
{
	struct rate rate = { 0 };

	(void)state;
	rate_take(&rate, 0, INT64_MAX, START);
	assert_int_equal(rate_wait_ns(&rate, 0, START), 0);
	assert_int_equal(rate_wait_ns(&rate, 1, START), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_seconds_worth_at_once),
		cmocka_unit_test(no_more_in_the_long_run),
		cmocka_unit_test(rest_saves_a_second_and_no_more),
		cmocka_unit_test(none_is_no_limit),
		cmocka_unit_test(who_takes_several_waits_for_several),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
