// SPDX-License-Identifier: GPL-2.0-or-later
/* How many updates may be under way: by the count, by the link's delay, and who answers what. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/fence_window.h"

#define MS NSEC_PER_MSEC

static struct fence_window window;

static int setup(void **state)
{
	(void)state;
	memset(&window, 0, sizeof(window));
	return 0;
}

static void two_may_always(void **state)
{
	(void)state;
	assert_true(fence_window_open(&window, 0));
	assert_int_equal(fence_window_send(&window, 0), 0);
	assert_true(fence_window_open(&window, 0));
	assert_int_equal(fence_window_send(&window, 0), 1);
	/* Nothing is known of the link yet. */
	assert_false(fence_window_open(&window, 0));
	assert_false(fence_window_open(&window, 1000000 * MS));
	/* However late the answer is. */
	assert_true(fence_window_answer(&window, 0, 60000 * MS));
	assert_true(fence_window_open(&window, 60000 * MS));
}

static void answers_count_once_and_for_all_before(void **state)
{
	(void)state;
	fence_window_send(&window, 0);
	fence_window_send(&window, 0);
	assert_false(fence_window_answer(&window, 2, 1));
	assert_false(fence_window_answer(&window, UINT32_MAX, 1));
	assert_int_equal(window.in_flight, 2);
	assert_true(fence_window_answer(&window, 1, 1));
	assert_int_equal(window.in_flight, 0);
	assert_false(fence_window_answer(&window, 0, 1));
	assert_false(fence_window_answer(&window, 1, 1));
	assert_false(fence_window_answer(&window, 2, 1));
}

static void numbers_wrap(void **state)
{
	(void)state;
	window.next = UINT32_MAX;
	assert_int_equal(fence_window_send(&window, 0), UINT32_MAX);
	assert_int_equal(fence_window_send(&window, 0), 0);
	assert_false(fence_window_answer(&window, 1, 1));
	assert_true(fence_window_answer(&window, UINT32_MAX, 1));
	assert_int_equal(window.in_flight, 1);
	assert_true(fence_window_answer(&window, 0, 1));
	assert_int_equal(window.in_flight, 0);
}

/*
 * A link that takes serial_ns for an update and delays it by delay_ns, an update
 * due at each frame_ns. Returns how many arrived in ten seconds; *ret_age_ns: how
 * old the last one was.
 */
static unsigned int simulate(int64_t serial_ns, int64_t delay_ns, int64_t frame_ns,
		int64_t *ret_age_ns)
{
	struct {
		uint32_t number;
		int64_t sent_ns, back_ns;
	} out[FENCE_WINDOW_MAX + 1];
	unsigned int n_out = 0, arrived = 0;
	int64_t link_free_ns = 0, step_ns = MS / 4;

	for (int64_t now_ns = MS, due_ns = MS; now_ns < 10000 * MS; now_ns += step_ns) {
		while (n_out && out[0].back_ns <= now_ns) {
			assert_true(fence_window_answer(&window, out[0].number, now_ns));
			*ret_age_ns = out[0].back_ns - out[0].sent_ns;
			memmove(out, out + 1, sizeof(out[0]) * --n_out);
			arrived++;
		}
		if (now_ns < due_ns || !fence_window_open(&window, now_ns))
			continue;
		due_ns = now_ns + frame_ns;
		link_free_ns = (link_free_ns > now_ns ? link_free_ns : now_ns) +
				/* The first fence goes alone. */
				(window.next ? serial_ns : 0);
		out[n_out].sent_ns = now_ns;
		out[n_out].back_ns = link_free_ns + delay_ns;
		out[n_out].number = fence_window_send(&window, now_ns);
		n_out++;
		assert_true(n_out <= FENCE_WINDOW_MAX);
	}
	return arrived;
}

static void a_long_link_is_filled(void **state)
{
	int64_t age_ns = 0;
	unsigned int arrived;

	(void)state;
	/* 200 ms there and back: two at a time would be ten a second. */
	arrived = simulate(MS, 200 * MS, 1000 * MS / 60, &age_ns);
	assert_true(arrived > 500);
	assert_true(age_ns < 225 * MS);
}

static void a_slow_link_does_not_queue(void **state)
{
	int64_t age_ns = 0;
	unsigned int arrived;

	(void)state;
	/* 80 ms to send each, 20 ms away, 60 a second due. */
	arrived = simulate(80 * MS, 20 * MS, 1000 * MS / 60, &age_ns);
	assert_true(arrived > 110);
	assert_true(age_ns <= 2 * 80 * MS + 20 * MS + FENCE_WINDOW_SLACK_NS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(two_may_always, setup),
		cmocka_unit_test_setup(answers_count_once_and_for_all_before, setup),
		cmocka_unit_test_setup(numbers_wrap, setup),
		cmocka_unit_test_setup(a_long_link_is_filled, setup),
		cmocka_unit_test_setup(a_slow_link_does_not_queue, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
