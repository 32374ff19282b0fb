// SPDX-License-Identifier: GPL-2.0-or-later
/* What is learnt of a link from marks, and what viewers can make of answering them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/flow.h"

#define MS NSEC_PER_MSEC

static struct flow flow;

static int setup(void **state)
{
	(void)state;
	memset(&flow, 0, sizeof(flow));
	return 0;
}

static void two_go_blindly(void **state)
{
	(void)state;
	assert_int_equal(flow_wait_ns(&flow, 0), 0);
	assert_int_equal(flow_send(&flow, 10000, 0), 0);
	assert_int_equal(flow_wait_ns(&flow, 0), 0);
	assert_int_equal(flow_send(&flow, 10000, 0), 1);
	/* Nothing is known of the link yet. */
	assert_true(flow_wait_ns(&flow, 0) < 0);
	assert_true(flow_wait_ns(&flow, 1000000 * MS) < 0);
	assert_int_equal(flow_rate_bps(&flow), 0);
	assert_true(flow_picture_bytes(&flow, 33 * MS) == SIZE_MAX);
	/* However late the answer is. */
	assert_int_equal(flow_silent_ns(&flow, 60000 * MS), 60000 * MS);
	assert_true(flow_answer(&flow, 1, 60000 * MS));
	assert_int_equal(flow_silent_ns(&flow, 70000 * MS), 0);
	assert_int_equal(flow_wait_ns(&flow, 60000 * MS), 0);
	assert_true(flow_rate_bps(&flow) > 0);
}

static void answers_count_once_and_for_all_before(void **state)
{
	(void)state;
	flow_send(&flow, 1, 0);
	flow_send(&flow, 1, 0);
	assert_false(flow_answer(&flow, 2, 1));
	assert_false(flow_answer(&flow, UINT32_MAX, 1));
	assert_int_equal(flow.in_flight, 2);
	assert_true(flow_answer(&flow, 1, 1));
	assert_int_equal(flow.in_flight, 0);
	assert_int_equal(flow.in_flight_bytes, 0);
	assert_false(flow_answer(&flow, 0, 1));
	assert_false(flow_answer(&flow, 1, 1));
	assert_false(flow_answer(&flow, 2, 1));
}

static void numbers_wrap(void **state)
{
	(void)state;
	flow.next = UINT32_MAX;
	assert_int_equal(flow_send(&flow, 1, 0), UINT32_MAX);
	assert_int_equal(flow_send(&flow, 1, 0), 0);
	assert_false(flow_answer(&flow, 1, 1));
	assert_true(flow_answer(&flow, UINT32_MAX, 1));
	assert_int_equal(flow.in_flight, 1);
	assert_true(flow_answer(&flow, 0, 1));
	assert_int_equal(flow.in_flight, 0);
}

/* 8 Mbit/s behind 20 ms: a byte a microsecond. */
static void rate_and_delay_are_learnt_apart(void **state)
{
	(void)state;
	flow_send(&flow, 0, 0);
	assert_true(flow_answer(&flow, 0, 20 * MS));
	assert_int_equal(flow_delay_ns(&flow), 20 * MS);
	assert_int_equal(flow_rate_bps(&flow), 0);
	flow_send(&flow, 10000, 100 * MS);
	assert_true(flow_answer(&flow, 1, 130 * MS));
	assert_int_equal(flow_delay_ns(&flow), 20 * MS);
	assert_int_equal(flow_rate_bps(&flow), 8000000);
	/* The next but one is sent when the next leaves the queue, although that is answered later. */
	flow_send(&flow, 10000, 200 * MS);
	assert_int_equal(flow_wait_ns(&flow, 200 * MS), 10 * MS);
	assert_int_equal(flow_wait_ns(&flow, 210 * MS), 0);
	flow_send(&flow, 10000, 210 * MS);
	assert_int_equal(flow_wait_ns(&flow, 215 * MS), 5 * MS);
	/* It is late: whatever happens to it happens to the next. */
	assert_true(flow_wait_ns(&flow, 260 * MS) < 0);
	assert_true(flow_answer(&flow, 3, 320 * MS));
	assert_true(flow_rate_bps(&flow) < 3000000);
	assert_int_equal(flow_wait_ns(&flow, 320 * MS), 0);
}

static void small_updates_say_nothing_of_the_rate(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 100; i++) {
		flow_send(&flow, FLOW_TELLING_BYTES - 1, i * 100 * MS);
		assert_true(flow_answer(&flow, i, (i * 100 + 30) * MS));
	}
	assert_int_equal(flow_rate_bps(&flow), 0);
	assert_true(flow_picture_bytes(&flow, 33 * MS) == SIZE_MAX);
}

static void a_long_link_is_filled_with_small_updates(void **state)
{
	unsigned int sent = 0;

	(void)state;
	flow_send(&flow, 0, 0);
	assert_true(flow_answer(&flow, 0, 200 * MS));
	for (int64_t now_ns = 300 * MS; now_ns < 500 * MS; now_ns += 16 * MS) {
		if (!flow_wait_ns(&flow, now_ns)) {
			flow_send(&flow, 100, now_ns);
			sent++;
		}
	}
	assert_int_equal(sent, 13);
}

static void what_is_not_answered_is_bounded(void **state)
{
	(void)state;
	for (uint32_t i = 0; i < 10 * FLOW_MAX; i++)
		assert_int_equal(flow_send(&flow, 1000, i * MS), i);
	assert_int_equal(flow.in_flight, FLOW_MAX);
	assert_int_equal(flow.in_flight_bytes, 10 * FLOW_MAX * 1000);
	assert_true(flow_wait_ns(&flow, 10 * FLOW_MAX * MS) < 0);
	assert_false(flow_answer(&flow, 9 * FLOW_MAX - 1, 1000 * MS));
	assert_true(flow_answer(&flow, 10 * FLOW_MAX - 1, 1000 * MS));
	assert_int_equal(flow.in_flight_bytes, 0);
}

/* Answers before their time, none for hours, clocks that stand still: numbers stay numbers. */
static void nothing_that_is_answered_hurts(void **state)
{
	static const int64_t steps_ns[] = { 0, 1, MS, 50 * MS, 10000 * MS, 36000000 * MS };
	static const size_t sizes[] = { 0, 1, 4096, 100000, 1u << 31, SIZE_MAX >> 8 };
	int64_t now_ns = 0;

	(void)state;
	for (unsigned int i = 0; i < 20000; i++) {
		const uint32_t number = flow_send(&flow, sizes[i * 7 % 6], now_ns);

		if (i % 3)
			flow_answer(&flow, number - i % 5, now_ns);
		now_ns += steps_ns[i / 3 % 6] % (i % 11 ? INT64_MAX : 2);
		assert_true(flow_rate_bps(&flow) >= 0);
		assert_true(flow_delay_ns(&flow) >= 0);
		assert_true(flow_wait_ns(&flow, now_ns) >= -1);
		assert_true(flow_picture_bytes(&flow, 33 * MS) >= FLOW_EXTRA_BYTES);
		assert_in_range(flow.in_flight, 0, FLOW_MAX);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_go_blindly, setup),
		cmocka_unit_test_setup(answers_count_once_and_for_all_before, setup),
		cmocka_unit_test_setup(numbers_wrap, setup),
		cmocka_unit_test_setup(rate_and_delay_are_learnt_apart, setup),
		cmocka_unit_test_setup(small_updates_say_nothing_of_the_rate, setup),
		cmocka_unit_test_setup(a_long_link_is_filled_with_small_updates, setup),
		cmocka_unit_test_setup(what_is_not_answered_is_bounded, setup),
		cmocka_unit_test_setup(nothing_that_is_answered_hurts, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
