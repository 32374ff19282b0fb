// SPDX-License-Identifier: GPL-2.0-or-later
/* Which changes of a picture look like half of one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/half.h"

#define TILES 2040

static struct half film(unsigned int tiles)
{
	struct half half = { 0 };

	for (unsigned int i = 0; i < HALF_STEADY; i++)
		assert_int_equal(half_note(&half, tiles), HALF_UNKNOWN);
	return half;
}

static void a_film_is_whole(void **state)
{
	struct half half = film(TILES);

	(void)state;
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(half_note(&half, TILES), HALF_WHOLE);
	for (unsigned int i = 0; i < 100; i++)
		assert_int_equal(half_note(&half, TILES + i), HALF_WHOLE);
}

static void less_than_usual_is_half(void **state)
{
	static const unsigned int films[] = { TILES, 100 };

	(void)state;
	for (unsigned int f = 0; f < 2; f++) {
		struct half half = film(films[f]);

		for (unsigned int i = 0; i < 100; i++) {
			const bool is_half = i % 10 == 5;

			assert_int_equal(half_note(&half, is_half ? films[f] * 3 / 4 : films[f]),
					is_half ? HALF_PERHAPS : HALF_WHOLE);
		}
	}
}

static void what_is_usual_follows(void **state)
{
	struct half half = film(1000);
	unsigned int halves = 0;

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		halves += half_note(&half, 400) == HALF_PERHAPS;
		half_note_still(&half);
	}
	/* By an eighth each time, from 1000. */
	assert_in_range(halves, 6, 8);
	assert_int_equal(half_note(&half, 1000), HALF_WHOLE);
	assert_int_equal(half_note(&half, 400), HALF_PERHAPS);
	/* Where no look is ever in vain it takes longer. */
	half = film(1000);
	halves = 0;
	for (unsigned int i = 0; i < 1000; i++)
		halves += half_note(&half, 400) == HALF_PERHAPS;
	assert_in_range(halves, 9, 100);
}

/* A film of which sometimes a bit rests; or the guest has not drawn it yet. */
static void what_may_be_missing_is_learnt(void **state)
{
	unsigned int doubts[2] = { 0 };

	(void)state;
	for (unsigned int rests = 0; rests < 2; rests++) {
		struct half half = film(TILES);

		for (unsigned int i = 0; i < 320; i++) {
			const unsigned int missing = i * 7 % 32;
			const enum half_verdict verdict = half_note(&half, TILES - missing);

			if (verdict == HALF_WHOLE)
				continue;
			doubts[rests]++;
			assert_true(missing);
			if (rests)
				half_note_still(&half);
			else
				assert_int_equal(half_note(&half, missing), HALF_WHOLE);
		}
	}
	assert_in_range(doubts[0], 150, 310);
	assert_in_range(doubts[1], 1, 40);
}

/* Letters, a caret, a pointer. */
static void little_says_nothing(void **state)
{
	struct half half = film(TILES);

	(void)state;
	assert_int_equal(half_note(&half, TILES), HALF_WHOLE);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(half_note(&half, 1), HALF_PERHAPS);
	assert_int_equal(half_note(&half, 1), HALF_UNKNOWN);
	assert_int_equal(half_note(&half, TILES), HALF_UNKNOWN);
}

/* A look that comes as the guest begins to draw. */
static void a_picture_comes_in_parts(void **state)
{
	struct half half = film(TILES);

	(void)state;
	for (unsigned int i = 0; i < 100; i++) {
		assert_int_equal(half_note(&half, TILES), HALF_WHOLE);
		assert_int_equal(half_note(&half, 1), HALF_PERHAPS);
		assert_int_equal(half_note(&half, TILES * 7 / 8), HALF_PERHAPS);
		assert_int_equal(half_note(&half, TILES / 8), HALF_WHOLE);
		assert_int_equal(half_note(&half, TILES / 2), HALF_PERHAPS);
		/* It was there all the time, and lies over the other one. */
		assert_int_equal(half_note(&half, TILES), HALF_WHOLE);
	}
	assert_int_equal(half_note(&half, TILES), HALF_WHOLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_film_is_whole),
		cmocka_unit_test(less_than_usual_is_half),
		cmocka_unit_test(what_is_usual_follows),
		cmocka_unit_test(what_may_be_missing_is_learnt),
		cmocka_unit_test(little_says_nothing),
		cmocka_unit_test(a_picture_comes_in_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
