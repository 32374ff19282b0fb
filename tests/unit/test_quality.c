// SPDX-License-Identifier: GPL-2.0-or-later
/* QP from room and from what pictures needed before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "server/quality.h"

/* Of a picture that needs so much at the best quality. */
static size_t bytes_of(double need_bytes, int qp)
{
	return (size_t)(need_bytes * exp2((QUALITY_QP_BEST - qp) / QUALITY_HALF));
}

static int code(struct quality *quality, double need_bytes, size_t room, size_t *ret_bytes)
{
	const int qp = quality_qp(quality, room, false);

	*ret_bytes = bytes_of(need_bytes, qp);
	quality_note(quality, *ret_bytes, qp, false);
	return qp;
}

static void with_room_all_is_best(void **state)
{
	struct quality quality = { .qp = 0 };
	size_t bytes;

	(void)state;
	assert_int_equal(quality_qp(&quality, SIZE_MAX, true), QUALITY_QP_BEST);
	for (int i = 0; i < 100; i++)
		assert_int_equal(code(&quality, 500000, SIZE_MAX, &bytes), QUALITY_QP_BEST);
}

static void pictures_fit_after_the_first(void **state)
{
	struct quality quality = { .qp = 0 };
	size_t bytes, room = 20000;

	(void)state;
	code(&quality, 100000, room, &bytes);
	for (int i = 0; i < 100; i++) {
		code(&quality, 100000, room, &bytes);
		assert_in_range(bytes, room / 3, room * 5 / 4);
	}
	/* A harder scene: one is too large. */
	code(&quality, 300000, room, &bytes);
	assert_true(bytes > 2 * room);
	code(&quality, 300000, room, &bytes);
	assert_true(bytes < room * 5 / 4);
}

static void quality_comes_back_slowly_and_goes_at_once(void **state)
{
	struct quality quality = { .qp = 0 };
	size_t bytes;
	int qp = 0, last;

	(void)state;
	for (int i = 0; i < 50; i++)
		qp = code(&quality, 100000, 5000, &bytes);
	assert_true(qp > QUALITY_QP_BEST + 20);
	for (int i = 0; i < 100; i++) {
		last = qp;
		qp = code(&quality, 100000, SIZE_MAX, &bytes);
		assert_true(qp <= last && last - qp <= 1);
	}
	assert_int_equal(qp, QUALITY_QP_BEST);
	assert_true(code(&quality, 100000, 5000, &bytes) > QUALITY_QP_BEST + 20);
}

static void qp_is_always_one(void **state)
{
	static const size_t sizes[] = { 0, 1, 1000, 1000000, SIZE_MAX / 2, SIZE_MAX };
	struct quality quality = { .qp = 0 };

	(void)state;
	for (unsigned int i = 0; i < 10000; i++) {
		const int qp = quality_qp(&quality, sizes[i % 6], i % 7 == 0);

		assert_in_range(qp, QUALITY_QP_BEST, QUALITY_QP_WORST);
		quality_note(&quality, sizes[i / 6 % 6], qp, i % 5 == 0);
	}
}

/* What is known of others says something of the first keyframe, and the other way round. */
static void keyframes_are_for_themselves(void **state)
{
	struct quality quality = { .qp = 0 };
	int qp;

	(void)state;
	qp = quality_qp(&quality, 10000, true);
	assert_true(qp > QUALITY_QP_BEST);
	quality_note(&quality, 400000, qp, true);
	assert_true(quality_qp(&quality, 10000, true) > qp + 15);
	assert_true(abs(quality_qp(&quality, 30000, false) - qp) < 15);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(with_room_all_is_best),
		cmocka_unit_test(pictures_fit_after_the_first),
		cmocka_unit_test(quality_comes_back_slowly_and_goes_at_once),
		cmocka_unit_test(qp_is_always_one),
		cmocka_unit_test(keyframes_are_for_themselves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
