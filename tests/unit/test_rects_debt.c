// SPDX-License-Identifier: GPL-2.0-or-later
/* What a client is owed, against a model of it pixel by pixel. */
#include "encoders/rects_debt.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { WIDTH = 24, HEIGHT = 18, RECTS_MAX = 5 };

struct picture {
	unsigned int pixel[HEIGHT][WIDTH];
};

static uint64_t seed;

static unsigned int pick(unsigned int n)
{
	seed = seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (unsigned int)(seed >> 33) % n;
}

/* One to three rectangles, some reaching beyond the picture. */
static void pick_region(pixman_region32_t *region)
{
	pixman_region32_init(region);
	for (unsigned int n = 1 + pick(3); n; n--)
		pixman_region32_union_rect(region, region, (int)pick(WIDTH + 4) - 4,
				(int)pick(HEIGHT + 4) - 4, 1 + pick(WIDTH), 1 + pick(HEIGHT));
}

static bool has(pixman_region32_t *region, int x, int y)
{
	return pixman_region32_contains_point(region, x, y, NULL);
}

static void copy_pixels(struct picture *picture, pixman_region32_t *region, int dx, int dy)
{
	struct picture before = *picture;

	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			if (has(region, x, y)) {
				/* What comes from outside is nobody's guess: not what was there. */
				bool inside = x - dx >= 0 && x - dx < WIDTH && y - dy >= 0 &&
						y - dy < HEIGHT;

				picture->pixel[y][x] = inside ? before.pixel[y - dy][x - dx] :
								pick(1u << 30);
			}
}

static void paint(struct picture *picture, const struct picture *from, pixman_region32_t *region)
{
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			if (has(region, x, y))
				picture->pixel[y][x] = from->pixel[y][x];
}

static void scribble(struct picture *picture, pixman_region32_t *region)
{
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			if (has(region, x, y))
				picture->pixel[y][x] = pick(1u << 30);
}

/* The server's picture changes in one of the ways it can, and the debt hears of it. */
static void change(struct picture *server, struct rects_debt *debt)
{
	static const int steps[] = { 0, 1, -1, 3, -3, 40 };
	pixman_region32_t region;
	int dx, dy;

	pick_region(&region);
	if (pick(3)) {
		dx = pick(3) ? 0 : steps[pick(6)];
		dy = steps[pick(pick(8) ? 5 : 6)];
		copy_pixels(server, &region, dx, dy);
		rects_debt_copy(debt, &region, dx, dy);
	} else {
		scribble(server, &region);
		rects_debt_damage(debt, &region);
	}
	pixman_region32_fini(&region);
}

/* Like a client: the copy first, from what it has, then what is painted. */
static bool tell(struct picture *client, const struct picture *server, struct rects_debt *debt,
		pixman_region32_t *clip)
{
	pixman_region32_t damage, copy, both;
	int32_t dx, dy;
	bool any = rects_debt_any(debt, clip);

	if (!rects_debt_take(debt, clip, RECTS_MAX, &damage, &copy, &dx, &dy)) {
		assert_false(any);
		return false;
	}
	assert_true(any);
	assert_true(pixman_region32_n_rects(&damage) <= RECTS_MAX);
	assert_true(pixman_region32_n_rects(&copy) <= RECTS_MAX);
	pixman_region32_init(&both);
	pixman_region32_intersect(&both, &damage, &copy);
	assert_false(pixman_region32_not_empty(&both));
	pixman_region32_union(&both, &damage, &copy);
	if (clip) {
		pixman_region32_subtract(&both, &both, clip);
		assert_false(pixman_region32_not_empty(&both));
		/* Nobody says that the client has anything outside the clip to copy from. */
		pixman_region32_copy(&both, &copy);
		pixman_region32_translate(&both, -dx, -dy);
		pixman_region32_subtract(&both, &both, clip);
		assert_false(pixman_region32_not_empty(&both));
	}
	copy_pixels(client, &copy, dx, dy);
	paint(client, server, &damage);
	pixman_region32_fini(&both);
	pixman_region32_fini(&damage);
	pixman_region32_fini(&copy);
	return true;
}

static void expect_same(const struct picture *client, const struct picture *server,
		pixman_region32_t *region)
{
	for (int y = 0; y < HEIGHT; y++)
		for (int x = 0; x < WIDTH; x++)
			if (has(region, x, y) && client->pixel[y][x] != server->pixel[y][x])
				fail_msg("pixel %d,%d is wrong (seed %lu)", x, y,
						(unsigned long)seed);
}

static void test_model(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 2000; round++) {
		struct picture server, client;
		struct rects_debt debt;
		pixman_region32_t all;

		seed = round;
		memset(&client, 0, sizeof(client));
		pixman_region32_init_rect(&all, 0, 0, WIDTH, HEIGHT);
		scribble(&server, &all);
		rects_debt_init(&debt, WIDTH, HEIGHT);
		for (unsigned int i = 0; i < 20; i++) {
			pixman_region32_t clip;

			for (unsigned int n = pick(4); n; n--)
				change(&server, &debt);
			pick_region(&clip);
			if (pick(2)) {
				while (tell(&client, &server, &debt, NULL))
					continue;
				expect_same(&client, &server, &all);
			} else {
				while (tell(&client, &server, &debt, &clip))
					continue;
				pixman_region32_intersect(&clip, &clip, &all);
				expect_same(&client, &server, &clip);
			}
			pixman_region32_fini(&clip);
		}
		rects_debt_finish(&debt);
		pixman_region32_fini(&all);
	}
}

/* The box moves, comes or goes; what leaves it is told of by damage here. */
static void change_box(struct rects_debt *debt, pixman_region32_t *box)
{
	pixman_region32_t before;

	pixman_region32_init(&before);
	pixman_region32_copy(&before, box);
	pixman_region32_clear(box);
	if (pick(3))
		pixman_region32_union_rect(box, box, (int)pick(WIDTH - 3), (int)pick(HEIGHT - 3), 3, 3);
	if (pick(3) && pixman_region32_not_empty(box))
		pixman_region32_union_rect(box, box, pixman_region32_extents(box)->x1, 0,
				3, (unsigned int)pixman_region32_extents(box)->y2);
	rects_debt_set_video(debt, pixman_region32_not_empty(box) ? pixman_region32_extents(box) : NULL);
	rects_debt_damage(debt, &before);
	pixman_region32_fini(&before);
}

/* No copy touches the box, at either end, and no damage. */
static void expect_spared(struct rects_debt *debt, pixman_region32_t *box)
{
	pixman_region32_t read;

	pixman_region32_init(&read);
	pixman_region32_copy(&read, box);
	pixman_region32_translate(&read, debt->dx, debt->dy);
	pixman_region32_union(&read, &read, box);
	pixman_region32_intersect(&read, &read, &debt->copy);
	assert_false(pixman_region32_not_empty(&read));
	pixman_region32_intersect(&read, box, &debt->damage);
	assert_false(pixman_region32_not_empty(&read));
	pixman_region32_fini(&read);
}

/* Nobody knows what the client has in the box; all else comes out right. */
static void test_video_box(void **state)
{
	(void)state;
	for (unsigned int round = 0; round < 1000; round++) {
		pixman_region32_t all, box, beside;
		struct picture server, client;
		struct rects_debt debt;

		seed = round;
		memset(&client, 0, sizeof(client));
		pixman_region32_init_rect(&all, 0, 0, WIDTH, HEIGHT);
		pixman_region32_init(&box);
		pixman_region32_init(&beside);
		scribble(&server, &all);
		rects_debt_init(&debt, WIDTH, HEIGHT);
		for (unsigned int i = 0; i < 20; i++) {
			for (unsigned int n = pick(4); n; n--) {
				change(&server, &debt);
				expect_spared(&debt, &box);
				if (!pick(3))
					change_box(&debt, &box);
				expect_spared(&debt, &box);
			}
			scribble(&client, &box);
			while (pick(3) && tell(&client, &server, &debt, NULL))
				continue;
			scribble(&client, &box);
		}
		while (tell(&client, &server, &debt, NULL))
			continue;
		pixman_region32_subtract(&beside, &all, &box);
		expect_same(&client, &server, &beside);
		rects_debt_reset(&debt, WIDTH, HEIGHT);
		assert_false(pixman_region32_not_empty(&debt.video));
		rects_debt_finish(&debt);
		pixman_region32_fini(&all);
		pixman_region32_fini(&box);
		pixman_region32_fini(&beside);
	}
}

static uint64_t area(pixman_region32_t *region)
{
	uint64_t sum = 0;
	int n;
	const pixman_box32_t *box = pixman_region32_rectangles(region, &n);

	for (int i = 0; i < n; i++)
		sum += (uint64_t)(box[i].x2 - box[i].x1) * (uint64_t)(box[i].y2 - box[i].y1);
	return sum;
}

static void start_clean(struct rects_debt *debt)
{
	pixman_region32_t damage, copy;
	int32_t dx, dy;

	rects_debt_init(debt, 100, 100);
	assert_true(rects_debt_take(debt, NULL, RECTS_MAX, &damage, &copy, &dx, &dy));
	assert_int_equal(area(&damage), 100 * 100);
	pixman_region32_fini(&damage);
	pixman_region32_fini(&copy);
	assert_false(rects_debt_any(debt, NULL));
}

static void test_scrolls_compose(void **state)
{
	struct rects_debt debt;
	pixman_region32_t up, fresh;

	(void)state;
	start_clean(&debt);
	pixman_region32_init_rect(&up, 0, 0, 100, 90);
	pixman_region32_init_rect(&fresh, 0, 90, 100, 10);
	for (unsigned int i = 1; i <= 4; i++) {
		rects_debt_copy(&debt, &up, 0, -10);
		rects_debt_damage(&debt, &fresh);
		assert_int_equal(debt.dy, -10 * (int)i);
		assert_int_equal(area(&debt.damage), 100 * 10 * i);
		assert_int_equal(area(&debt.copy), 100 * (100 - 10 * i));
	}
	rects_debt_finish(&debt);
	pixman_region32_fini(&up);
	pixman_region32_fini(&fresh);
}

static void test_there_and_back(void **state)
{
	struct rects_debt debt;
	pixman_region32_t down, up;

	(void)state;
	start_clean(&debt);
	pixman_region32_init_rect(&down, 0, 10, 100, 90);
	pixman_region32_init_rect(&up, 0, 0, 100, 90);
	rects_debt_copy(&debt, &down, 0, 10);
	rects_debt_copy(&debt, &up, 0, -10);
	/* The lower ten lines are a copy of what now lies ten above them; the rest is as it was. */
	assert_int_equal(area(&debt.damage) + area(&debt.copy), 100 * 10);
	rects_debt_finish(&debt);
	pixman_region32_fini(&down);
	pixman_region32_fini(&up);
}

static void test_no_displacement(void **state)
{
	struct rects_debt debt;
	pixman_region32_t region;

	(void)state;
	start_clean(&debt);
	pixman_region32_init_rect(&region, 0, 10, 50, 50);
	rects_debt_copy(&debt, &region, 0, 0);
	assert_false(rects_debt_any(&debt, NULL));
	/* From beyond the picture: nothing to copy. */
	rects_debt_copy(&debt, &region, INT32_MIN, 0);
	assert_int_equal(area(&debt.damage), 50 * 50);
	rects_debt_finish(&debt);
	pixman_region32_fini(&region);
}

static void test_reset(void **state)
{
	struct rects_debt debt;
	pixman_region32_t region;

	(void)state;
	start_clean(&debt);
	pixman_region32_init_rect(&region, 0, 10, 50, 50);
	rects_debt_copy(&debt, &region, 0, 10);
	rects_debt_reset(&debt, 30, 40);
	assert_int_equal(area(&debt.damage), 30 * 40);
	assert_int_equal(area(&debt.copy), 0);
	rects_debt_finish(&debt);
	pixman_region32_fini(&region);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_video_box),
		cmocka_unit_test(test_scrolls_compose),
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_no_displacement),
		cmocka_unit_test(test_reset),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
