// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks at a film: how little those in vain see, and that all others see everything. */
#include "tests/unit/damage_picture.h"

#include <errno.h>

#include "server/damage.h"
#include "server/update.h"

#define WIDTH 640
#define HEIGHT 384
/* So many pictures without a scroll, and none is looked for in the next one. */
#define FILM_PICTURES 12

struct setup {
	struct damage *damage;
	struct picture picture;
	struct reader reader;
	uint32_t seed;
};

typedef int (*look_fn)(struct damage *damage, struct frame *source, struct update *ret_update);

static int look(struct setup *s, look_fn way, bool *ret_copied)
{
	struct update update;
	int result = way(s->damage, &s->picture.frame, &update);

	if (result > 0) {
		*ret_copied = pixman_region32_not_empty(&update.copy_region);
		reader_apply(&s->reader, &update);
		update_finish(&update);
	}
	assert_true(result >= 0 || result == -EAGAIN);
	reader_check_shadow(&s->reader, damage_shadow(s->damage));
	return result;
}

static int follow(struct setup *s)
{
	bool copied;

	return look(s, damage_follow, &copied);
}

/* A film in that box, known as one. */
static void setup_init(struct setup *s, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	bool copied;

	*s = (struct setup){ .seed = 1 };
	assert_int_equal(damage_new(3, &s->damage), 0);
	picture_init(&s->picture, WIDTH, HEIGHT, WIDTH * 4, 0);
	picture_noise(&s->picture, 0, 0, WIDTH, HEIGHT, &s->seed);
	for (unsigned int i = 0; i < FILM_PICTURES; i++) {
		picture_noise(&s->picture, x, y, width, height, &s->seed);
		assert_int_equal(look(s, damage_look, &copied), 1);
	}
}

static void setup_finish(struct setup *s)
{
	damage_free(s->damage);
	picture_finish(&s->picture);
	reader_finish(&s->reader);
}

static void test_each_picture_is_whole(void **state)
{
	struct setup s;

	(void)state;
	setup_init(&s, 0, 0, WIDTH, HEIGHT);
	for (unsigned int i = 0; i < 100; i++) {
		picture_noise(&s.picture, 0, 0, WIDTH, HEIGHT, &s.seed);
		assert_int_equal(follow(&s), 1);
		reader_check(&s.reader, &s.picture);
		assert_int_equal(follow(&s), 0);
	}
	setup_finish(&s);
}

/* A letter, which each glance would find. */
static void test_what_is_beside_comes_with_the_film(void **state)
{
	unsigned int late = 0;
	struct setup s;

	(void)state;
	setup_init(&s, 64, 64, 256, 256);
	for (unsigned int i = 0; i < 50; i++) {
		uint32_t y = picture_below(&s.seed, HEIGHT - 8);

		picture_noise(&s.picture, 500, y, 5, 8, &s.seed);
		late += follow(&s) == 0;
		picture_noise(&s.picture, 64, 64, 256, 256, &s.seed);
		follow(&s);
		reader_check(&s.reader, &s.picture);
	}
	assert_in_range(late, 25, 49);
	setup_finish(&s);
}

/* Lower than what lies between the rows of one look. */
static void test_a_low_film_is_found_in_a_few_looks(void **state)
{
	struct setup s;

	(void)state;
	setup_init(&s, 0, 80, WIDTH, 32);
	for (unsigned int i = 0; i < 50; i++) {
		unsigned int looks = 1;

		picture_noise(&s.picture, 0, 80, WIDTH, 32, &s.seed);
		while (!follow(&s))
			assert_in_range(++looks, 2, 8);
		reader_check(&s.reader, &s.picture);
	}
	setup_finish(&s);
}

/* The count of tiles is what tells half pictures from whole ones. */
static void test_what_rests_is_not_counted(void **state)
{
	const unsigned int film = 256 / DAMAGE_TILE_WIDTH * (256 / DAMAGE_TILE_HEIGHT);
	unsigned int dirty, total;
	struct setup s;

	(void)state;
	setup_init(&s, 64, 64, 256, 256);
	picture_noise(&s.picture, 64, 64, 256, 256, &s.seed);
	assert_int_equal(follow(&s), 1);
	damage_stats(s.damage, &dirty, &total);
	assert_int_equal(dirty, film);
	/* The guest has drawn half of it. */
	picture_noise(&s.picture, 64, 64, 256, 128, &s.seed);
	assert_int_equal(follow(&s), 1);
	damage_stats(s.damage, &dirty, &total);
	assert_int_equal(dirty, film / 2);
	reader_check(&s.reader, &s.picture);
	setup_finish(&s);
}

static void test_a_scroll_is_found_behind_a_film(void **state)
{
	bool copied = false;
	unsigned int pictures = 0;
	struct setup s;

	(void)state;
	setup_init(&s, 0, 0, WIDTH, HEIGHT);
	for (unsigned int i = 0; i < 200; i++) {
		picture_noise(&s.picture, 0, 0, WIDTH, HEIGHT, &s.seed);
		assert_int_equal(look(&s, damage_follow, &copied), 1);
		assert_false(copied);
	}
	for (; !copied; pictures++) {
		picture_scroll(&s.picture, 0, 0, WIDTH, HEIGHT, 0, -16);
		picture_noise(&s.picture, 0, HEIGHT - 16, WIDTH, 16, &s.seed);
		assert_int_equal(look(&s, damage_follow, &copied), 1);
		reader_check(&s.reader, &s.picture);
	}
	/* About a second. */
	assert_in_range(pictures, 1, 32);
	setup_finish(&s);
}

/* Films that come, go, rest and lie over each other, looked at in both ways. */
static void test_readers_follow_anything(void **state)
{
	struct setup s;
	bool copied;

	(void)state;
	setup_init(&s, 0, 0, WIDTH, HEIGHT);
	for (unsigned int round = 0; round < 30; round++) {
		uint32_t width = 1 + picture_below(&s.seed, WIDTH), height = 1 + picture_below(&s.seed, HEIGHT);
		uint32_t x = picture_below(&s.seed, WIDTH - width + 1);
		uint32_t y = picture_below(&s.seed, HEIGHT - height + 1);

		for (unsigned int i = 0; i < 10; i++) {
			if (picture_below(&s.seed, 3))
				picture_noise(&s.picture, x, y, width, height, &s.seed);
			picture_set(&s.picture, picture_below(&s.seed, WIDTH), picture_below(&s.seed, HEIGHT),
					picture_random(&s.seed));
			look(&s, picture_below(&s.seed, 8) ? damage_follow : damage_look, &copied);
		}
		for (unsigned int i = 0; i < 2 * DAMAGE_GLANCE_ROWS; i++)
			look(&s, damage_look, &copied);
		reader_check(&s.reader, &s.picture);
	}
	setup_finish(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_picture_is_whole),
		cmocka_unit_test(test_what_is_beside_comes_with_the_film),
		cmocka_unit_test(test_a_low_film_is_found_in_a_few_looks),
		cmocka_unit_test(test_what_rests_is_not_counted),
		cmocka_unit_test(test_a_scroll_is_found_behind_a_film),
		cmocka_unit_test(test_readers_follow_anything),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
