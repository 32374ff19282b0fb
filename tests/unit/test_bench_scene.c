// SPDX-License-Identifier: GPL-2.0-or-later
/* The bench's pictures depend on their number alone, and their damage is what changed. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/bench/scene.h"

#define TILE 16u

struct rig {
	struct bench_scene *scene;
	uint32_t width, height;
	size_t stride; /* more than the width */
	uint8_t *now, *before, *whole;
	pixman_region32_t damage;
};

static uint8_t *new_pixels(const struct rig *rig)
{
	uint8_t *pixels = malloc(rig->stride * rig->height);

	assert_non_null(pixels);
	memset(pixels, 0xa5, rig->stride * rig->height);
	return pixels;
}

static void rig_init(struct rig *rig, const char *name, uint32_t width, uint32_t height)
{
	*rig = (struct rig){ .width = width, .height = height, .stride = width * 4 + 64 };
	assert_int_equal(bench_scene_new(name, width, height, &rig->scene), 0);
	rig->now = new_pixels(rig);
	rig->before = new_pixels(rig);
	rig->whole = new_pixels(rig);
	pixman_region32_init(&rig->damage);
}

static void rig_finish(struct rig *rig)
{
	pixman_region32_fini(&rig->damage);
	free(rig->whole);
	free(rig->before);
	free(rig->now);
	bench_scene_free(rig->scene);
}

static void paint(struct rig *rig, uint32_t n, bool whole, uint8_t *pixels)
{
	assert_int_equal(bench_scene_paint(rig->scene, n, whole, pixels, rig->stride, &rig->damage), 0);
}

static uint64_t damage_area(struct rig *rig)
{
	pixman_box32_t *boxes;
	uint64_t area = 0;
	int n;

	boxes = pixman_region32_rectangles(&rig->damage, &n);
	for (int i = 0; i < n; i++) {
		assert_true(boxes[i].x1 >= 0 && boxes[i].y1 >= 0);
		assert_true((uint32_t)boxes[i].x2 <= rig->width && (uint32_t)boxes[i].y2 <= rig->height);
		area += (uint64_t)(boxes[i].x2 - boxes[i].x1) * (uint64_t)(boxes[i].y2 - boxes[i].y1);
	}
	return area;
}

static bool same_part(const struct rig *rig, const uint8_t *a, const uint8_t *b, uint32_t x, uint32_t y,
		uint32_t width, uint32_t height)
{
	for (uint32_t row = y; row < y + height; row++)
		if (memcmp(a + row * rig->stride + x * 4, b + row * rig->stride + x * 4, (size_t)width * 4))
			return false;
	return true;
}

static uint64_t changed_tiles_area(const struct rig *rig)
{
	uint64_t area = 0;

	for (uint32_t y = 0; y < rig->height; y += TILE) {
		for (uint32_t x = 0; x < rig->width; x += TILE) {
			uint32_t width = rig->width - x < TILE ? rig->width - x : TILE;
			uint32_t height = rig->height - y < TILE ? rig->height - y : TILE;

			if (!same_part(rig, rig->now, rig->before, x, y, width, height))
				area += (uint64_t)width * height;
		}
	}
	return area;
}

/* Whoever copies the damage, and nothing else, has the picture. */
static void assert_damage_covers(struct rig *rig)
{
	pixman_box32_t *boxes;
	int n;

	boxes = pixman_region32_rectangles(&rig->damage, &n);
	for (int i = 0; i < n; i++)
		for (int32_t row = boxes[i].y1; row < boxes[i].y2; row++) {
			size_t at = (size_t)row * rig->stride + (size_t)boxes[i].x1 * 4;

			memcpy(rig->before + at, rig->now + at, (size_t)(boxes[i].x2 - boxes[i].x1) * 4);
		}
	assert_memory_equal(rig->before, rig->now, rig->stride * rig->height);
}

/* Returns how many pixels the damage of all steps had, and adds what really changed. */
static uint64_t play(struct rig *rig, uint32_t first, uint32_t last, uint64_t *changed)
{
	uint64_t damaged = 0, area;

	paint(rig, first, true, rig->now);
	assert_int_equal(damage_area(rig), (uint64_t)rig->width * rig->height);
	for (uint32_t n = first + 1; n <= last; n++) {
		memcpy(rig->before, rig->now, rig->stride * rig->height);
		paint(rig, n, false, rig->now);
		area = damage_area(rig);
		damaged += area;
		*changed += changed_tiles_area(rig);
		assert_damage_covers(rig);
		paint(rig, n, true, rig->whole);
		assert_true(same_part(rig, rig->now, rig->whole, 0, 0, rig->width, rig->height));
	}
	return damaged;
}

static void play_all(uint32_t width, uint32_t height, uint32_t pictures)
{
	for (size_t i = 0; bench_scene_names[i]; i++) {
		uint64_t changed = 0;
		struct rig rig;

		rig_init(&rig, bench_scene_names[i], width, height);
		play(&rig, 0, pictures, &changed);
		play(&rig, 100003, 100008, &changed);
		assert_true(changed > 0 || pictures < BENCH_IDLE_PERIOD);
		/* Nothing is written beside the picture. */
		for (uint32_t y = 0; y < height; y++)
			assert_int_equal(rig.now[y * rig.stride + (size_t)width * 4], 0xa5);
		rig_finish(&rig);
	}
}

static void test_steps_make_the_whole_picture(void **state)
{
	(void)state;
	play_all(BENCH_SCENE_WIDTH_MIN, BENCH_SCENE_HEIGHT_MIN, 32);
	play_all(1023, 767, 3);
}

static void test_large_pictures(void **state)
{
	static const char *const names[] = { "typing", "film" };
	uint64_t changed = 0;
	struct rig rig;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		rig_init(&rig, names[i], 3840, 2160);
		play(&rig, 5, 7, &changed);
		rig_finish(&rig);
	}
}

static void test_typing_is_little(void **state)
{
	uint64_t changed = 0, damaged;
	struct rig rig;

	(void)state;
	/* Long enough for the page to end. */
	rig_init(&rig, "typing", BENCH_SCENE_WIDTH_MIN, BENCH_SCENE_HEIGHT_MIN);
	damaged = play(&rig, 0, 300, &changed);
	assert_true(damaged * 10 <= changed * 13);
	/* One percent of a 1080p picture, all but for the odd end of a line far less. */
	assert_true(damaged <= (uint64_t)300 * 1920 * 1080 / 100 / 4);
	rig_finish(&rig);
}

static void test_text_covers_its_share(void **state)
{
	static const struct {
		const char *name;
		uint64_t percent;
	} rows[] = { { "text-1", 1 }, { "text-10", 10 }, { "text-100", 100 } };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t wanted = (uint64_t)1920 * 1080 * rows[i].percent / 100, changed = 0, damaged;
		struct rig rig;

		rig_init(&rig, rows[i].name, 1920, 1080);
		damaged = play(&rig, 7, 8, &changed);
		assert_in_range(damaged, wanted * 99 / 100, wanted);
		/* A scroll would be another test. */
		assert_true(changed * 2 > wanted);
		rig_finish(&rig);
	}
}

static void test_idle_moves_once_a_period(void **state)
{
	struct rig rig;

	(void)state;
	rig_init(&rig, "idle", BENCH_SCENE_WIDTH_MIN, BENCH_SCENE_HEIGHT_MIN);
	paint(&rig, 0, true, rig.now);
	for (uint32_t n = 1; n <= 3 * BENCH_IDLE_PERIOD; n++) {
		memcpy(rig.before, rig.now, rig.stride * rig.height);
		paint(&rig, n, false, rig.now);
		assert_int_equal(pixman_region32_not_empty(&rig.damage), n % BENCH_IDLE_PERIOD == 0);
		assert_int_equal(!same_part(&rig, rig.now, rig.before, 0, 0, rig.width, rig.height),
				n % BENCH_IDLE_PERIOD == 0);
	}
	rig_finish(&rig);
}

static void test_scroll_is_a_move(void **state)
{
	pixman_box32_t page;
	struct rig rig;

	(void)state;
	rig_init(&rig, "scroll", 1920, 1080);
	paint(&rig, 40, true, rig.now);
	memcpy(rig.before, rig.now, rig.stride * rig.height);
	paint(&rig, 41, false, rig.now);
	page = *pixman_region32_extents(&rig.damage);
	assert_int_equal(page.x2 - page.x1, 960);
	assert_int_equal(page.y2 - page.y1, 1008);
	for (int32_t y = page.y1; y < page.y2 - 16; y++)
		assert_memory_equal(rig.now + (size_t)y * rig.stride + (size_t)page.x1 * 4,
				rig.before + (size_t)(y + 16) * rig.stride + (size_t)page.x1 * 4, 960 * 4);
	rig_finish(&rig);
}

/* FNV-1a over every pixel's colours. */
static uint64_t sum_of(const struct rig *rig, const uint8_t *pixels)
{
	uint64_t sum = 0xcbf29ce484222325;

	for (uint32_t y = 0; y < rig->height; y++)
		for (uint32_t i = 0; i < rig->width * 4; i++)
			sum = (sum ^ (i % 4 == 3 ? 0xff : pixels[y * rig->stride + i])) * 0x100000001b3;
	return sum;
}

/* Another compiler, machine or build type must not paint another film. */
static void test_film_is_the_same_everywhere(void **state)
{
	static const struct {
		uint32_t n;
		uint64_t sum;
	} pictures[] = {
		{ 0, 0xe31918c0b68a8145 },
		{ 299, 0x59d9d7b84c7afa98 },
		{ 123456789, 0x957c95824a60f410 },
	};
	struct rig rig;

	(void)state;
	rig_init(&rig, "film", BENCH_SCENE_WIDTH_MIN, BENCH_SCENE_HEIGHT_MIN);
	for (size_t i = 0; i < sizeof(pictures) / sizeof(pictures[0]); i++) {
		paint(&rig, pictures[i].n, true, rig.now);
		if (sum_of(&rig, rig.now) != pictures[i].sum)
			fail_msg("picture %u has the sum 0x%llx", pictures[i].n,
					(unsigned long long)sum_of(&rig, rig.now));
	}
	rig_finish(&rig);
}

static void test_film_does_not_repeat(void **state)
{
	uint64_t sums[301];
	struct rig rig;

	(void)state;
	rig_init(&rig, "film", BENCH_SCENE_WIDTH_MIN, BENCH_SCENE_HEIGHT_MIN);
	for (uint32_t n = 0; n <= 300; n++) {
		paint(&rig, n, false, rig.now);
		/* The middle row: grain alone would make any two pictures differ, so it is left out. */
		sums[n] = 0;
		for (uint32_t x = 0; x < rig.width; x += 8)
			sums[n] = sums[n] * 31 + rig.now[rig.height / 2 * rig.stride + x * 4] / 8;
		for (uint32_t i = 0; i < n; i++)
			assert_true(sums[i] != sums[n]);
	}
	rig_finish(&rig);
}

static void test_marks_agree(void **state)
{
	struct mark mark = { 77, 1234567890123 }, other = { 78, 1234567890123 }, found;
	pixman_box32_t boxes[2];
	struct rig rig;

	(void)state;
	rig_init(&rig, "typing", 1023, 767);
	bench_scene_mark_boxes(rig.scene, boxes);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(boxes[i].x1 % MARK_BLOCK, 0);
		assert_int_equal(boxes[i].y1 % MARK_BLOCK, 0);
		assert_true(boxes[i].x2 <= 1023 && boxes[i].y2 <= 767);
	}
	paint(&rig, 3, true, rig.now);
	assert_int_equal(bench_scene_read_marks(rig.scene, rig.now, rig.stride, &found), -ENOENT);
	bench_scene_marks(rig.scene, rig.now, rig.stride, &mark);
	assert_int_equal(bench_scene_read_marks(rig.scene, rig.now, rig.stride, &found), 0);
	assert_int_equal(found.sequence, mark.sequence);
	assert_true(found.due_us == mark.due_us);
	/* The next picture came but for its lower half. */
	paint(&rig, 4, false, rig.now);
	memcpy(rig.before, rig.now, rig.stride * rig.height);
	bench_scene_marks(rig.scene, rig.before, rig.stride, &other);
	memcpy(rig.now, rig.before, rig.stride * (rig.height / 2));
	assert_int_equal(bench_scene_read_marks(rig.scene, rig.now, rig.stride, &found), -ENOENT);
	rig_finish(&rig);
}

static void test_refusals(void **state)
{
	struct bench_scene *scene;

	(void)state;
	assert_int_equal(bench_scene_new("films", 1920, 1080, &scene), -ENOENT);
	assert_int_equal(bench_scene_new("film", BENCH_SCENE_WIDTH_MIN - 1, 1080, &scene), -EINVAL);
	assert_int_equal(bench_scene_new("film", 1920, BENCH_SCENE_HEIGHT_MAX + 1, &scene), -EINVAL);
	bench_scene_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_steps_make_the_whole_picture),
		cmocka_unit_test(test_large_pictures),
		cmocka_unit_test(test_typing_is_little),
		cmocka_unit_test(test_text_covers_its_share),
		cmocka_unit_test(test_idle_moves_once_a_period),
		cmocka_unit_test(test_scroll_is_a_move),
		cmocka_unit_test(test_film_is_the_same_everywhere),
		cmocka_unit_test(test_film_does_not_repeat),
		cmocka_unit_test(test_marks_agree),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
