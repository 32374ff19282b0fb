// SPDX-License-Identifier: GPL-2.0-or-later
/* Simplified regions hold what they held, in few rectangles, and stay inside the picture. */
#include "net/spice_region.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIDTH 1366
#define HEIGHT 767

static void add_at_random(pixman_region32_t *region, unsigned int seed, int n)
{
	srand(seed);
	for (int i = 0; i < n; i++) {
		int x = rand() % WIDTH, y = rand() % HEIGHT;
		int width = 1 + rand() % 40, height = 1 + rand() % 20;

		pixman_region32_union_rect(region, region, x, y, (unsigned int)width, (unsigned int)height);
	}
	pixman_region32_intersect_rect(region, region, 0, 0, WIDTH, HEIGHT);
}

static bool holds(pixman_region32_t *outer, pixman_region32_t *inner)
{
	pixman_region32_t left;
	bool all;

	pixman_region32_init(&left);
	pixman_region32_subtract(&left, inner, outer);
	all = !pixman_region32_not_empty(&left);
	pixman_region32_fini(&left);
	return all;
}

static void test_few_rectangles_stay(void **state)
{
	pixman_region32_t region, before;

	(void)state;
	pixman_region32_init(&region);
	pixman_region32_init(&before);
	add_at_random(&region, 1, 20);
	pixman_region32_copy(&before, &region);
	assert_int_equal(spice_region_simplify(&region, pixman_region32_n_rects(&region), WIDTH, HEIGHT), 0);
	assert_true(pixman_region32_equal(&region, &before));
	pixman_region32_fini(&region);
	pixman_region32_fini(&before);
}

static void test_many_become_few(void **state)
{
	(void)state;
	for (unsigned int seed = 0; seed < 40; seed++) {
		int rects_max = seed % 2 ? 1 + (int)seed : 200;
		pixman_region32_t region, before, picture;

		pixman_region32_init(&region);
		pixman_region32_init(&before);
		pixman_region32_init_rect(&picture, 0, 0, WIDTH, HEIGHT);
		add_at_random(&region, seed, 400);
		pixman_region32_copy(&before, &region);
		assert_true(pixman_region32_n_rects(&region) > rects_max);
		assert_int_equal(spice_region_simplify(&region, rects_max, WIDTH, HEIGHT), 0);
		assert_in_range(pixman_region32_n_rects(&region), 1, rects_max);
		assert_true(holds(&region, &before));
		assert_true(holds(&picture, &region));
		pixman_region32_fini(&region);
		pixman_region32_fini(&before);
		pixman_region32_fini(&picture);
	}
}

/* As it is where text changes here and there: not much more is to be sent for it. */
static void test_grows_no_more_than_it_has_to(void **state)
{
	pixman_region32_t region;
	uint64_t area = 0;
	const pixman_box32_t *boxes;
	int n;

	(void)state;
	pixman_region32_init(&region);
	for (int y = 0; y < 320; y += 16)
		for (int x = 0; x < 512; x += 32)
			pixman_region32_union_rect(&region, &region, x, y + y / 16 % 3, 10, 10);
	assert_int_equal(pixman_region32_n_rects(&region), 320);
	assert_int_equal(spice_region_simplify(&region, 200, WIDTH, HEIGHT), 0);
	boxes = pixman_region32_rectangles(&region, &n);
	for (int i = 0; i < n; i++)
		area += (uint64_t)(boxes[i].x2 - boxes[i].x1) * (uint64_t)(boxes[i].y2 - boxes[i].y1);
	assert_in_range(area, 320 * 10 * 10, 512 * 336);
	pixman_region32_fini(&region);
}

/* What a viewer has: each pixel says where it was at first. */
struct surface {
	int pixels[HEIGHT][WIDTH];
	unsigned int copies;
};

static bool copy_box(void *user, const pixman_box32_t *box, int32_t dx, int32_t dy)
{
	struct surface *surface = user;
	const size_t bytes = (size_t)(box->x2 - box->x1) * sizeof(int);

	surface->copies++;
	/* As clients do, each rectangle is copied right whichever way it overlaps itself. */
	for (int i = 0; i < box->y2 - box->y1; i++) {
		int y = dy > 0 ? box->y2 - 1 - i : box->y1 + i;

		memmove(&surface->pixels[y][box->x1], &surface->pixels[y - dy][box->x1 - dx], bytes);
	}
	return true;
}

static void test_copies_are_as_if_at_once(void **state)
{
	static const int32_t ways[][2] = {
		{ 0, 30 }, { 0, -30 }, { 30, 0 }, { -30, 0 }, { 25, 9 }, { -25, 9 }, { 25, -9 }, { -25, -9 },
	};
	static struct surface surface;

	(void)state;
	for (unsigned int i = 0; i < 4 * sizeof(ways) / sizeof(ways[0]); i++) {
		const int32_t dx = ways[i / 4][0], dy = ways[i / 4][1];
		pixman_region32_t region;

		pixman_region32_init(&region);
		add_at_random(&region, i, 300);
		/* What has its source inside the picture. */
		pixman_region32_intersect_rect(&region, &region, dx > 0 ? dx : 0, dy > 0 ? dy : 0,
				(unsigned int)(WIDTH - abs(dx)), (unsigned int)(HEIGHT - abs(dy)));
		for (int y = 0; y < HEIGHT; y++)
			for (int x = 0; x < WIDTH; x++)
				surface.pixels[y][x] = y * WIDTH + x;
		surface.copies = 0;
		assert_true(spice_region_copy(&region, dx, dy, copy_box, &surface));
		assert_int_equal(surface.copies, pixman_region32_n_rects(&region));
		for (int y = 0; y < HEIGHT; y++)
			for (int x = 0; x < WIDTH; x++)
				assert_int_equal(surface.pixels[y][x],
						pixman_region32_contains_point(&region, x, y, NULL) ?
						(y - dy) * WIDTH + x - dx : y * WIDTH + x);
		pixman_region32_fini(&region);
	}
}

static bool copy_none(void *user, const pixman_box32_t *box, int32_t dx, int32_t dy)
{
	(void)box;
	(void)dx;
	(void)dy;
	return ++*(unsigned int *)user < 3;
}

static void test_copies_end_where_memory_does(void **state)
{
	pixman_region32_t region;
	unsigned int n = 0;

	(void)state;
	pixman_region32_init(&region);
	add_at_random(&region, 1, 50);
	assert_false(spice_region_copy(&region, 1, 1, copy_none, &n));
	assert_int_equal(n, 3);
	pixman_region32_fini(&region);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_few_rectangles_stay),
		cmocka_unit_test(test_many_become_few),
		cmocka_unit_test(test_copies_are_as_if_at_once),
		cmocka_unit_test(test_copies_end_where_memory_does),
		cmocka_unit_test(test_grows_no_more_than_it_has_to),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
