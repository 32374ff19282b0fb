// SPDX-License-Identifier: GPL-2.0-or-later
/* What a client was shown lossily, against a picture that remembers for each pixel. */
#include "encoders/rects_lossy.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIDTH 57
#define HEIGHT 41

static uint64_t seed = 5;

static int pick(int n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (int)(seed >> 33) % n;
}

static void pick_region(pixman_region32_t *region)
{
	pixman_region32_init(region);
	for (int n = 1 + pick(4); n; n--) {
		int x = pick(WIDTH), y = pick(HEIGHT);

		pixman_region32_union_rect(region, region, x, y, 1 + (unsigned int)pick(WIDTH - x),
				1 + (unsigned int)pick(HEIGHT - y));
	}
}

static bool contains(pixman_region32_t *region, int x, int y)
{
	return pixman_region32_contains_point(region, x, y, NULL);
}

static int64_t area(pixman_region32_t *region)
{
	int n;
	const pixman_box32_t *box = pixman_region32_rectangles(region, &n);
	int64_t sum = 0;

	for (; n; n--, box++)
		sum += (int64_t)(box->x2 - box->x1) * (box->y2 - box->y1);
	return sum;
}

/* Spells since each pixel was painted lossily; -1: it is exact. */
static int model[HEIGHT][WIDTH];

static bool take_step(struct rects_lossy *lossy, const pixman_region32_t *clip, int64_t now_ns,
		pixman_region32_t *ret_step)
{
	return rects_lossy_take(lossy, clip, now_ns, ret_step) && rects_lossy_cut(lossy, ret_step);
}

static void expect_model(struct rects_lossy *lossy)
{
	bool waits = false, due = false;

	for (int y = 0; y < HEIGHT; y++) {
		for (int x = 0; x < WIDTH; x++) {
			assert_int_equal(contains(&lossy->fresh, x, y), model[y][x] == 0);
			assert_int_equal(contains(&lossy->rested, x, y), model[y][x] == 1);
			assert_int_equal(contains(&lossy->due, x, y), model[y][x] >= 2);
			waits |= model[y][x] == 0 || model[y][x] == 1;
			due |= model[y][x] >= 2;
		}
	}
	assert_int_equal(rects_lossy_waits(lossy), waits);
	assert_int_equal(rects_lossy_any_due(lossy, NULL), due);
}

static void paint(struct rects_lossy *lossy, pixman_region32_t *painted, pixman_region32_t *lossily)
{
	rects_lossy_paint(lossy, painted, lossily);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			if (contains(painted, x, y))
				model[y][x] = contains(lossily, x, y) ? 0 : -1;
}

static void paint_some(struct rects_lossy *lossy)
{
	pixman_region32_t painted, lossily;

	pick_region(&painted);
	pick_region(&lossily);
	pixman_region32_intersect(&lossily, &lossily, &painted);
	paint(lossy, &painted, &lossily);
	pixman_region32_fini(&painted);
	pixman_region32_fini(&lossily);
}

static void copy_some(struct rects_lossy *lossy)
{
	int dx = pick(31) - 15, dy = pick(31) - 15, before[HEIGHT][WIDTH];
	pixman_region32_t region, target;

	/* Sources lie inside the picture. */
	pick_region(&region);
	pixman_region32_init_rect(&target, dx, dy, WIDTH, HEIGHT);
	pixman_region32_intersect(&region, &region, &target);
	rects_lossy_copy(lossy, &region, dx, dy);
	memcpy(before, model, sizeof(before));
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			if (contains(&region, x, y))
				model[y][x] = before[y - dy][x - dx];
	pixman_region32_fini(&region);
	pixman_region32_fini(&target);
}

static void turn(struct rects_lossy *lossy)
{
	bool due = false;

	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			due |= (model[y][x] += model[y][x] >= 0) >= 2;
	assert_int_equal(rects_lossy_turn(lossy), due);
}

static void refine_some(struct rects_lossy *lossy, int64_t now_ns)
{
	pixman_region32_t clip, step, none;
	bool due = false;

	pick_region(&clip);
	pixman_region32_init(&none);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			due |= model[y][x] >= 2 && contains(&clip, x, y);
	assert_int_equal(rects_lossy_any_due(lossy, &clip), due);
	assert_int_equal(take_step(lossy, &clip, now_ns, &step), due);
	if (due) {
		/* The picture is smaller than a step: all there is. */
		for (int y = 0; y < HEIGHT; y++)
			for (int x = 0; x < WIDTH; x++)
				assert_int_equal(contains(&step, x, y), model[y][x] >= 2 && contains(&clip, x, y));
		expect_model(lossy);
		if (pick(2))
			paint(lossy, &step, &none);
		pixman_region32_fini(&step);
	}
	pixman_region32_fini(&clip);
	pixman_region32_fini(&none);
}

/* Shown by other means, from now on or no more. */
static void hand_over(struct rects_lossy *lossy, bool due)
{
	pixman_region32_t region;

	pick_region(&region);
	if (due)
		rects_lossy_add_due(lossy, &region);
	else
		rects_lossy_forget(lossy, &region);
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			if (contains(&region, x, y))
				model[y][x] = due ? 2 : -1;
	pixman_region32_fini(&region);
}

static void test_any_history(void **state)
{
	struct rects_lossy lossy;

	(void)state;
	rects_lossy_init(&lossy, WIDTH, HEIGHT);
	memset(model, -1, sizeof(model));
	expect_model(&lossy);
	for (int i = 0; i < 3000; i++) {
		switch (pick(7)) {
		case 0:
		case 1:
			paint_some(&lossy);
			break;
		case 2:
			copy_some(&lossy);
			break;
		case 3:
			turn(&lossy);
			break;
		case 4:
			refine_some(&lossy, i);
			break;
		case 5:
			hand_over(&lossy, pick(2));
			break;
		default:
			if (pick(50) == 0) {
				rects_lossy_reset(&lossy, WIDTH, HEIGHT);
				memset(model, -1, sizeof(model));
			}
		}
		expect_model(&lossy);
	}
	rects_lossy_finish(&lossy);
}

enum { FULL_WIDTH = 1920, FULL_HEIGHT = 1080 };

/* All of a picture is due. Refines it; a step of n pixels takes base_ns + n * pixel_ns. Returns the largest. */
static int64_t refine_all(struct rects_lossy *lossy, int64_t base_ns, int64_t pixel_ns, int64_t *now_ns,
		unsigned int *ret_steps)
{
	pixman_region32_t all, none, step;
	int64_t sum = 0, largest = 0;
	int32_t top = 0;

	pixman_region32_init_rect(&all, 0, 0, FULL_WIDTH, FULL_HEIGHT);
	pixman_region32_init(&none);
	rects_lossy_interrupt(lossy);
	rects_lossy_paint(lossy, &all, &all);
	assert_false(rects_lossy_turn(lossy));
	assert_true(rects_lossy_turn(lossy));
	assert_false(rects_lossy_waits(lossy));
	for (*ret_steps = 0; take_step(lossy, NULL, *now_ns, &step); ++*ret_steps) {
		int64_t size = area(&step);

		/* From top to bottom, without a gap, in rows. */
		assert_int_equal(pixman_region32_extents(&step)->y1, top);
		top = pixman_region32_extents(&step)->y2;
		assert_true(size < RECTS_LOSSY_STEP_MAX + FULL_WIDTH);
		largest = size > largest ? size : largest;
		sum += size;
		rects_lossy_paint(lossy, &step, &none);
		pixman_region32_fini(&step);
		*now_ns += base_ns + size * pixel_ns;
	}
	assert_int_equal(sum, FULL_WIDTH * FULL_HEIGHT);
	pixman_region32_fini(&all);
	pixman_region32_fini(&none);
	return largest;
}

static void test_steps(void **state)
{
	const int64_t second = NSEC_PER_SEC;
	struct rects_lossy lossy;
	int64_t now_ns = 1, largest;
	unsigned int steps;

	(void)state;
	rects_lossy_init(&lossy, FULL_WIDTH, FULL_HEIGHT);
	/* A quick client: soon in large steps. */
	largest = refine_all(&lossy, second / 1000, 10, &now_ns, &steps);
	assert_true(largest >= RECTS_LOSSY_STEP_MAX && steps < 14);
	/* Among news in small ones. */
	rects_lossy_interrupt(&lossy);
	assert_int_equal(lossy.step_pixels, RECTS_LOSSY_STEP_MIN);
	rects_lossy_finish(&lossy);
	/* One far away: just as large. */
	rects_lossy_init(&lossy, FULL_WIDTH, FULL_HEIGHT);
	largest = refine_all(&lossy, second / 3, 10, &now_ns, &steps);
	assert_true(largest >= RECTS_LOSSY_STEP_MAX && steps < 14);
	rects_lossy_finish(&lossy);
	/* A slow one, a megabyte a second or two: as large as it takes in the moment allowed. */
	rects_lossy_init(&lossy, FULL_WIDTH, FULL_HEIGHT);
	largest = refine_all(&lossy, second / 50, 1000, &now_ns, &steps);
	assert_true(largest > RECTS_LOSSY_STEP_MIN + FULL_WIDTH && largest < RECTS_LOSSY_STEP_MAX);
	/* Which becomes slower still. */
	refine_all(&lossy, second / 50, 10000, &now_ns, &steps);
	assert_true(lossy.step_pixels <= 2 * RECTS_LOSSY_STEP_MIN);
	/* And quick, after a while of something else. */
	now_ns += second * 100;
	refine_all(&lossy, second / 1000, 10, &now_ns, &steps);
	assert_int_equal(lossy.step_pixels, RECTS_LOSSY_STEP_MAX);
	/* And busy: small steps would not help. */
	refine_all(&lossy, second / 3, 10, &now_ns, &steps);
	assert_true(steps < 20);
	refine_all(&lossy, second / 3, 10, &now_ns, &steps);
	assert_true(steps < 14);
	rects_lossy_finish(&lossy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_history),
		cmocka_unit_test(test_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
