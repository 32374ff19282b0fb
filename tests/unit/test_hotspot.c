// SPDX-License-Identifier: GPL-2.0-or-later
/* Where a pointer's hot spot is found to be, from where viewers point and the guest shows it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "server/capture/hotspot.h"

#define SIZE 64
#define ARROW 1
#define TEXT 2
#define LOOK_NS (20 * NSEC_PER_MSEC)

/* A guest that follows so many looks late, or moves its pointer by itself. */
struct guest {
	struct hotspots spots;
	int64_t now_ns;
	unsigned int late;
	uint64_t shape;
	int32_t hot_x, hot_y;
	int32_t x[8], y[8]; /* where the viewer pointed at the last looks */
};

static struct guest guest(uint64_t shape, int32_t hot_x, int32_t hot_y)
{
	return (struct guest){ .now_ns = NSEC_PER_SEC, .shape = shape, .hot_x = hot_x, .hot_y = hot_y };
}

/* Whether something was learnt at this look. */
static bool look(struct guest *g, int32_t x, int32_t y)
{
	struct hotspot_place place = { .shape = g->shape, .width = SIZE, .height = SIZE };

	for (size_t i = 7; i; i--) {
		g->x[i] = g->x[i - 1];
		g->y[i] = g->y[i - 1];
	}
	g->x[0] = x;
	g->y[0] = y;
	hotspots_point(&g->spots, x, y, g->now_ns);
	g->now_ns += LOOK_NS;
	place.x = g->x[g->late] - g->hot_x;
	place.y = g->y[g->late] - g->hot_y;
	return hotspots_see(&g->spots, &place, g->now_ns);
}

static bool rest(struct guest *g, int32_t x, int32_t y)
{
	bool learnt = false;

	for (int64_t ns = 0; ns < HOTSPOT_REST_NS + 8 * LOOK_NS; ns += LOOK_NS)
		learnt |= look(g, x, y);
	return learnt;
}

static bool knows(struct guest *g, uint64_t shape, uint32_t x, uint32_t y)
{
	uint32_t found_x = 99, found_y = 99;

	return hotspots_find(&g->spots, shape, &found_x, &found_y) && found_x == x && found_y == y;
}

static void two_places_that_say_the_same_do(void **state)
{
	struct guest g = guest(ARROW, 3, 7);
	uint32_t x = 99, y = 99;

	(void)state;
	assert_false(rest(&g, 100, 100));
	assert_false(hotspots_find(&g.spots, ARROW, &x, &y));
	assert_int_equal(x, 99);
	assert_false(rest(&g, 104, 103));
	assert_true(rest(&g, 200, 150));
	assert_true(knows(&g, ARROW, 3, 7));
	/* Once. */
	assert_false(rest(&g, 300, 300));
	assert_false(hotspots_find(&g.spots, TEXT, &x, &y));
}

static void each_shape_has_its_own(void **state)
{
	struct guest g = guest(ARROW, 0, 0);

	(void)state;
	assert_false(rest(&g, 100, 100));
	g.shape = TEXT;
	g.hot_x = g.hot_y = 31;
	assert_false(rest(&g, 200, 200));
	assert_true(rest(&g, 300, 100));
	assert_true(knows(&g, TEXT, 31, 31));
	g.shape = ARROW;
	g.hot_x = g.hot_y = 0;
	assert_false(rest(&g, 400, 100));
	assert_true(rest(&g, 500, 100));
	assert_true(knows(&g, ARROW, 0, 0));
	assert_true(knows(&g, TEXT, 31, 31));
}

static void who_moves_says_nothing(void **state)
{
	struct guest g = guest(ARROW, 3, 3);

	(void)state;
	/* As fast as the guest is late: it looks the same each time, and is not. */
	g.late = 1;
	for (int32_t i = 0; i < 500; i++)
		assert_false(look(&g, 100 + 2 * i, 100 + i));
	g.late = 7;
	for (int32_t i = 0; i < 500; i++)
		assert_false(look(&g, 100 + 2 * i, 100 + i));
	assert_false(rest(&g, 300, 300));
	assert_true(rest(&g, 500, 300));
	assert_true(knows(&g, ARROW, 3, 3));
}

static void nothing_is_learnt_where_it_could_be_wrong(void **state)
{
	struct guest g = guest(ARROW, 3, 3);

	(void)state;
	/* At the edge, where a place may lack its sign. */
	assert_false(rest(&g, 1, 100));
	assert_false(rest(&g, 1, 300));
	assert_false(rest(&g, 100, 63));
	assert_false(rest(&g, 300, 63));
	/* A guest that has the pointer elsewhere. */
	g.hot_x = 500;
	assert_false(rest(&g, 600, 300));
	assert_false(rest(&g, 700, 300));
	g.hot_x = -1;
	assert_false(rest(&g, 600, 300));
	assert_false(rest(&g, 700, 300));
	/* One that moves it in between: the places do not agree. */
	g.hot_x = 10;
	assert_false(rest(&g, 600, 300));
	g.hot_x = 20;
	assert_false(rest(&g, 700, 300));
	g.hot_x = 30;
	assert_false(rest(&g, 800, 300));
	/* Nobody points any more. */
	hotspots_lose_pointer(&g.spots);
	for (unsigned int i = 0; i < 50; i++) {
		struct hotspot_place place = { ARROW, SIZE, SIZE, 600, 600 };

		g.now_ns += LOOK_NS;
		assert_false(hotspots_see(&g.spots, &place, g.now_ns));
	}
	/* The ends of all numbers. */
	for (int sign = 0; sign < 2; sign++) {
		struct hotspot_place place = { ARROW, UINT32_MAX, 1, sign ? INT32_MIN : INT32_MAX, INT32_MIN };

		hotspots_point(&g.spots, INT32_MAX, INT32_MAX, g.now_ns);
		assert_false(hotspots_see(&g.spots, &place, g.now_ns));
		assert_false(hotspots_see(&g.spots, &place, g.now_ns + NSEC_PER_SEC));
	}
}

static void learns_anew_what_was_wrong(void **state)
{
	struct guest g = guest(ARROW, 3, 3);

	(void)state;
	rest(&g, 100, 100);
	assert_true(rest(&g, 200, 100));
	g.hot_x = 9;
	assert_false(rest(&g, 300, 100));
	assert_true(rest(&g, 400, 100));
	assert_true(knows(&g, ARROW, 9, 3));
}

static void the_oldest_is_forgotten(void **state)
{
	struct guest g = guest(0, 1, 1);
	uint32_t x, y;

	(void)state;
	for (uint32_t i = 1; i <= HOTSPOTS_MAX; i++) {
		g.shape = i;
		rest(&g, 100, 100);
		assert_true(rest(&g, 200, 100));
	}
	assert_true(hotspots_find(&g.spots, 1, &x, &y));
	g.shape = 1000;
	rest(&g, 100, 100);
	assert_true(rest(&g, 200, 100));
	assert_true(hotspots_find(&g.spots, 1, &x, &y));
	assert_false(hotspots_find(&g.spots, 2, &x, &y));
	assert_true(hotspots_find(&g.spots, 3, &x, &y));
	assert_true(hotspots_find(&g.spots, 1000, &x, &y));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_places_that_say_the_same_do),
		cmocka_unit_test(each_shape_has_its_own),
		cmocka_unit_test(who_moves_says_nothing),
		cmocka_unit_test(nothing_is_learnt_where_it_could_be_wrong),
		cmocka_unit_test(learns_anew_what_was_wrong),
		cmocka_unit_test(the_oldest_is_forgotten),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
