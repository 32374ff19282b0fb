// SPDX-License-Identifier: GPL-2.0-or-later
/* Who does too much at once has to wait, and nobody else. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "net/bucket.h"

#define PER_SECOND 10
#define SOURCE(number) ((struct penalty_source){ .id = (number) })
#define START_NS (1000 * NSEC_PER_SEC)

static void test_a_burst_is_let_in_and_then_one_at_a_time(void **state)
{
	struct bucket bucket = { 0 };

	(void)state;
	for (int i = 0; i < BUCKET_BURST; i++)
		assert_true(bucket_take(&bucket, SOURCE(1), PER_SECOND, START_NS));
	assert_false(bucket_take(&bucket, SOURCE(1), PER_SECOND, START_NS));
	/* Asking costs nothing. */
	assert_false(bucket_take(&bucket, SOURCE(1), PER_SECOND, START_NS + (NSEC_PER_SEC / PER_SECOND) - 1));
	assert_true(bucket_take(&bucket, SOURCE(1), PER_SECOND, START_NS + (NSEC_PER_SEC / PER_SECOND)));
	assert_false(bucket_take(&bucket, SOURCE(1), PER_SECOND, START_NS + (NSEC_PER_SEC / PER_SECOND)));
	/* However long it rests, it is one burst. */
	for (int i = 0; i < BUCKET_BURST; i++)
		assert_true(bucket_take(&bucket, SOURCE(1), PER_SECOND, 2 * START_NS));
	assert_false(bucket_take(&bucket, SOURCE(1), PER_SECOND, 2 * START_NS));
}

static void test_sources_do_not_share(void **state)
{
	struct bucket bucket = { 0 };

	(void)state;
	while (bucket_take(&bucket, SOURCE(1), PER_SECOND, START_NS))
		;
	assert_true(bucket_take(&bucket, SOURCE(2), PER_SECOND, START_NS));
}

static void test_the_busiest_is_remembered_longest(void **state)
{
	struct bucket bucket = { 0 };

	(void)state;
	while (bucket_take(&bucket, SOURCE(1), PER_SECOND, START_NS))
		;
	for (unsigned int i = 0; i < 4 * BUCKET_SOURCES; i++)
		assert_true(bucket_take(&bucket, SOURCE(2 + i), PER_SECOND, START_NS));
	assert_false(bucket_take(&bucket, SOURCE(1), PER_SECOND, START_NS));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_burst_is_let_in_and_then_one_at_a_time),
		cmocka_unit_test(test_sources_do_not_share),
		cmocka_unit_test(test_the_busiest_is_remembered_longest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
