// SPDX-License-Identifier: GPL-2.0-or-later
/* Which of the viewers' wishes for a size the guest is asked for, and when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "server/size_wish.h"

#define START_NS (1000 * NSEC_PER_SEC)
#define REST_NS SIZE_WISH_REST_NS

/* A guest that shows what it is asked for, and how often it is. */
struct guest {
	struct size_wish wish;
	unsigned int asks;
};

static void show(struct guest *guest, uint32_t width, uint32_t height)
{
	size_wish_show(&guest->wish, width, height);
}

static bool put(struct guest *guest, uint32_t width, uint32_t height)
{
	return size_wish_put(&guest->wish, guest, (struct size){ width, height }, false) == SIZE_WISH_TO_ASK;
}

/* When it is time; true: asked. */
static bool ask(struct guest *guest, int64_t now_ns)
{
	if (size_wish_wait_ns(&guest->wish, now_ns) != 0)
		return false;
	size_wish_asked(&guest->wish, true, now_ns);
	guest->asks++;
	return true;
}

static void assert_asked(const struct guest *guest, uint32_t width, uint32_t height)
{
	assert_int_equal(guest->wish.asked.width, width);
	assert_int_equal(guest->wish.asked.height, height);
}

static void test_a_first_wish_is_not_kept_waiting(void **state)
{
	struct guest guest = { 0 };

	(void)state;
	show(&guest, 640, 480);
	assert_true(size_wish_wait_ns(&guest.wish, START_NS) < 0);
	assert_true(put(&guest, 800, 600));
	assert_true(ask(&guest, START_NS));
	assert_asked(&guest, 800, 600);
	assert_true(size_wish_wait_ns(&guest.wish, START_NS + REST_NS) < 0);
}

static void test_the_last_of_many_is_carried_out(void **state)
{
	struct guest guest = { 0 };
	int64_t now_ns = START_NS;

	(void)state;
	show(&guest, 640, 480);
	for (uint32_t i = 0; i < 100; i++) {
		now_ns += REST_NS / 100;
		assert_true(put(&guest, 800 + i, 600));
		if (ask(&guest, now_ns))
			show(&guest, 800 + i, 600);
	}
	assert_int_equal(guest.asks, 1);
	assert_int_equal(size_wish_wait_ns(&guest.wish, now_ns), REST_NS / 100);
	now_ns += REST_NS / 100;
	assert_true(ask(&guest, now_ns));
	assert_asked(&guest, 899, 600);
}

static void test_a_flood_changes_the_size_seldom(void **state)
{
	struct guest guest = { 0 };

	(void)state;
	show(&guest, 640, 480);
	for (int64_t now_ns = START_NS; now_ns < START_NS + 10 * REST_NS; now_ns += REST_NS / 50) {
		for (int i = 0; i < 2; i++) {
			uint32_t width = i ? 648 : 640;

			put(&guest, width, 480);
			if (ask(&guest, now_ns))
				show(&guest, width, 480);
		}
	}
	assert_in_range(guest.asks, 5, 10);
}

static void test_what_is_there_is_not_asked_for(void **state)
{
	struct guest guest = { 0 };

	(void)state;
	show(&guest, 640, 480);
	assert_false(put(&guest, 640, 480));
	assert_true(size_wish_wait_ns(&guest.wish, START_NS) < 0);
	/* A wish that waits is taken back by it. */
	assert_true(put(&guest, 800, 600));
	assert_true(ask(&guest, START_NS));
	show(&guest, 800, 600);
	assert_true(put(&guest, 640, 480));
	assert_false(put(&guest, 800, 600));
	assert_true(size_wish_wait_ns(&guest.wish, START_NS + REST_NS) < 0);
	/* So is one that the guest fulfils by itself. */
	assert_true(put(&guest, 640, 480));
	show(&guest, 640, 480);
	assert_true(size_wish_wait_ns(&guest.wish, START_NS + REST_NS) < 0);
	/* It shows what nobody sees: another size, perhaps. */
	show(&guest, 0, 0);
	assert_true(put(&guest, 640, 480));
}

static void test_a_guest_that_is_late_is_asked_to_come_back(void **state)
{
	struct guest guest = { 0 };

	(void)state;
	show(&guest, 640, 480);
	assert_true(put(&guest, 800, 600));
	assert_true(ask(&guest, START_NS));
	/* It shows 640x480 still, but not for long. */
	assert_true(put(&guest, 640, 480));
	show(&guest, 640, 480);
	assert_int_equal(size_wish_wait_ns(&guest.wish, START_NS + 1), REST_NS - 1);
	show(&guest, 800, 600);
	assert_true(ask(&guest, START_NS + REST_NS));
	assert_asked(&guest, 640, 480);
	/* And one that does not do as it is told may be told again. */
	assert_true(put(&guest, 640, 480));
	assert_true(ask(&guest, START_NS + 2 * REST_NS));
}

static void test_who_cannot_is_told_at_once(void **state)
{
	struct guest guest = { 0 };

	(void)state;
	show(&guest, 640, 480);
	for (int i = 0; i < 2; i++) {
		assert_true(put(&guest, 800, 600));
		assert_int_equal(size_wish_wait_ns(&guest.wish, START_NS), 0);
		size_wish_asked(&guest.wish, false, START_NS);
	}
	assert_true(size_wish_wait_ns(&guest.wish, START_NS) < 0);
	assert_false(put(&guest, 640, 480));
}

/* Two whose windows have their sizes, and whose programs say so whenever the picture has another. */
static void test_viewers_that_repeat_themselves_settle(void **state)
{
	struct guest guest = { 0 };
	const struct size sizes[] = { { 640, 480 }, { 1200, 800 } };
	struct size_wish *wish = &guest.wish;
	int64_t now_ns = START_NS;

	(void)state;
	show(&guest, 1024, 768);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(size_wish_put(wish, &sizes[i], sizes[i], false), SIZE_WISH_TO_ASK);
		assert_true(ask(&guest, now_ns += REST_NS));
		show(&guest, sizes[i].width, sizes[i].height);
	}
	assert_int_equal(size_wish_put(wish, &sizes[0], sizes[0], true), SIZE_WISH_OVERRULED);
	assert_true(size_wish_wait_ns(wish, now_ns) < 0);
	assert_int_equal(size_wish_put(wish, &sizes[1], sizes[1], true), SIZE_WISH_IS_SO);
	/* The guest begins anew. */
	show(&guest, 1024, 768);
	assert_int_equal(size_wish_put(wish, &sizes[1], sizes[1], true), SIZE_WISH_TO_ASK);
	/* A wish that does not count takes none back. */
	assert_int_equal(size_wish_put(wish, &sizes[0], sizes[0], true), SIZE_WISH_OVERRULED);
	assert_true(ask(&guest, now_ns += REST_NS));
	assert_asked(&guest, 1200, 800);
	show(&guest, 1200, 800);
	/* Who is the only one has his way, and so has who changes his mind. */
	size_wish_lose(wish);
	assert_int_equal(size_wish_put(wish, &sizes[0], sizes[0], true), SIZE_WISH_TO_ASK);
	assert_int_equal(size_wish_put(wish, &sizes[1], sizes[1], false), SIZE_WISH_IS_SO);
}

static void test_nothing_changes_under_the_hands_of_who_works(void **state)
{
	const int64_t later_ns = START_NS + SIZE_WISH_CONTROL_NS;
	struct size_wish wish = { 0 };
	const char viewers[2] = { 0 };

	(void)state;
	assert_true(size_wish_may(&wish, &viewers[0], START_NS));
	size_wish_work(&wish, &viewers[0], START_NS);
	assert_true(size_wish_may(&wish, &viewers[0], START_NS));
	assert_false(size_wish_may(&wish, &viewers[1], START_NS));
	assert_false(size_wish_may(&wish, &viewers[1], later_ns - 1));
	assert_true(size_wish_may(&wish, &viewers[1], later_ns));
	assert_true(size_wish_may(&wish, &viewers[0], later_ns));
	/* Who clicks has it. */
	size_wish_work(&wish, &viewers[1], later_ns);
	assert_true(size_wish_may(&wish, &viewers[1], later_ns));
	assert_false(size_wish_may(&wish, &viewers[0], later_ns));
	/* Until he goes. */
	size_wish_lose(&wish);
	assert_true(size_wish_may(&wish, &viewers[0], later_ns));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_first_wish_is_not_kept_waiting),
		cmocka_unit_test(test_the_last_of_many_is_carried_out),
		cmocka_unit_test(test_a_flood_changes_the_size_seldom),
		cmocka_unit_test(test_what_is_there_is_not_asked_for),
		cmocka_unit_test(test_a_guest_that_is_late_is_asked_to_come_back),
		cmocka_unit_test(test_who_cannot_is_told_at_once),
		cmocka_unit_test(test_viewers_that_repeat_themselves_settle),
		cmocka_unit_test(test_nothing_changes_under_the_hands_of_who_works),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
