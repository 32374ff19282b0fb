// SPDX-License-Identifier: GPL-2.0-or-later
/* The activity measure when memory runs out at any point: there is no region, and nothing leaks (asan). */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/activity.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/update.h"
#include "tests/fault/alloc.h"

/* A film, a mode change, a film. */
static int play(struct activity *activity)
{
	struct frame frame = { .width = 640, .height = 480 };
	struct update update = { .frame = &frame };
	int64_t now_ns = NSEC_PER_SEC;
	pixman_box32_t box;
	int result = 0;

	pixman_region32_init_rect(&update.damage, 0, 0, 600, 400);
	pixman_region32_init(&update.copy_region);
	for (int i = 0; i < 120; i++) {
		int r;

		frame.width = i < 60 ? 640 : 800;
		now_ns += 33 * NSEC_PER_MSEC;
		r = activity_note_update(activity, &update, now_ns);
		result = result ? result : r;
		if (r < 0)
			assert_int_equal(activity_region(activity)->state, ACTIVITY_STILL);
		if (activity_wants_photo(activity, &box))
			activity_note_photo(activity, ACTIVITY_PHOTO_UNKNOWN);
		if (i % 60 == 59)
			assert_int_equal(activity_region(activity)->state, ACTIVITY_MOVING);
	}
	pixman_region32_fini(&update.damage);
	return result;
}

static void test_no_memory(void **state)
{
	bool failed = true;

	(void)state;
	for (long number = 0; failed; number++) {
		struct activity *activity = NULL;
		int r;

		alloc_fail_at(number);
		r = activity_new(&activity);
		if (r < 0)
			assert_null(activity);
		else
			r = play(activity);
		failed = alloc_has_failed();
		assert_int_equal(r, failed ? -ENOMEM : 0);
		alloc_fail_at(-1);
		activity_free(activity);
		/* The object, and squares and scratch of two modes. */
		assert_true(failed ? number < 5 : number == 5);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_no_memory) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
