// SPDX-License-Identifier: GPL-2.0-or-later
/* What the bench's viewer counts: pictures and their ages, rates, and how far a picture is from the scene's. */
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#include "server/clock.h"
#include "tests/bench/scene.h"
#include "tests/bench/view_bucket.h"
#include "tests/bench/view_compare.h"
#include "tests/bench/view_marks.h"
#include "tests/bench/view_stats.h"
#include "tests/unit/bench_view_rig.h"

#define WIDTH 643u
#define HEIGHT 407u

static const struct view_session_options options = { .quality = -1, .compression = -1 };
static struct view_session session;

static int setup(void **state)
{
	(void)state;
	view_session_init(&session, &options);
	return view_picture_resize(&session.decoder.picture, WIDTH, HEIGHT, VIEW_PIXELS_MAX);
}

static int teardown(void **state)
{
	(void)state;
	view_session_finish(&session);
	return 0;
}

static void draw_mark(unsigned int corner, uint32_t sequence, int64_t due_ns)
{
	const struct mark mark = { .sequence = sequence, .due_us = (uint64_t)(due_ns / NSEC_PER_USEC) };
	pixman_box32_t boxes[2];

	assert_true(view_marks_boxes(&session.decoder.picture, boxes));
	mark_draw(view_picture_at(&session.decoder.picture, (uint32_t)boxes[corner].x1, (uint32_t)boxes[corner].y1),
			view_picture_stride(&session.decoder.picture), &mark);
}

static void deliver(struct view_stats *stats, uint32_t sequence, int64_t due_ns, int64_t now_ns)
{
	draw_mark(0, sequence, due_ns);
	draw_mark(1, sequence, due_ns);
	view_stats_update(stats, &session.decoder.picture, now_ns);
}

static char *print(struct view_stats *stats, int64_t now_ns)
{
	static char text[2048];
	FILE *file = fmemopen(text, sizeof(text), "w");

	assert_non_null(file);
	view_stats_print(stats, now_ns, file);
	fclose(file);
	return text;
}

static void expect_words(const char *text, const char *words)
{
	if (!strstr(text, words))
		fail_msg("no '%s' in %s", words, text);
}

static void test_pictures(void **state)
{
	const int64_t ms = NSEC_PER_MSEC;
	struct view_stats stats;
	const char *text;

	(void)state;
	view_stats_init(&stats, 1);
	view_stats_update(&stats, &session.decoder.picture, 500 * ms);
	assert_false(stats.has_mark);
	deliver(&stats, 5, 990 * ms, 1000 * ms);
	view_stats_reset(&stats, 1000 * ms);
	text = print(&stats, 1000 * ms);
	expect_words(text, "\"bytes\": 0, \"updates\": 0");
	expect_words(text, "\"pictures\": 0, \"torn\": 0, \"lost\": 0, \"fps\": 0.00");
	expect_words(text, "\"age_p50_ms\": null");
	/* The same again is none; the next is one; two are lost; half of one is none until the rest is there. */
	deliver(&stats, 5, 990 * ms, 1010 * ms);
	deliver(&stats, 6, 1020 * ms, 1024 * ms);
	deliver(&stats, 9, 1120 * ms, 1174 * ms);
	draw_mark(0, 10, 1190 * ms);
	view_stats_update(&stats, &session.decoder.picture, 1200 * ms);
	assert_false(stats.whole);
	assert_int_equal(stats.pictures, 2);
	draw_mark(1, 10, 1190 * ms);
	view_stats_update(&stats, &session.decoder.picture, 1202 * ms);
	assert_true(stats.whole);
	assert_int_equal(stats.pictures, 3);
	assert_int_equal(stats.torn, 0);
	assert_int_equal(stats.lost, 2);
	assert_int_equal(stats.gap_ns, 150 * ms);
	text = print(&stats, 2000 * ms);
	expect_words(text, "\"fps\": 3.00, \"gap_ms\": 150.00, \"since_last_ms\": 798.00");
	expect_words(text, "\"age_p50_ms\": 12.00, \"age_p95_ms\": 54.00");
	expect_words(text, "\"age_p99_ms\": 54.00, \"age_max_ms\": 54.00");
	expect_words(text, "\"sequence\": 10");
	/* A feeder that begins again loses nothing. */
	deliver(&stats, 0, 1990 * ms, 2000 * ms);
	assert_int_equal(stats.lost, 2);
	assert_int_equal(stats.pictures, 4);
	view_stats_finish(&stats);
}

/* Parts of two pictures, both new, are one, and as old as the older. */
static void test_torn(void **state)
{
	const int64_t ms = NSEC_PER_MSEC;
	struct view_stats stats;

	(void)state;
	view_stats_init(&stats, 1);
	view_stats_reset(&stats, 0);
	deliver(&stats, 1, 1000 * ms, 1001 * ms);
	draw_mark(0, 2, 1033 * ms);
	draw_mark(1, 3, 1066 * ms);
	view_stats_update(&stats, &session.decoder.picture, 1070 * ms);
	assert_int_equal(stats.pictures, 2);
	assert_int_equal(stats.torn, 1);
	assert_int_equal(stats.ages_us[1], 37000);
	assert_false(stats.whole);
	/* No longer torn, and one more. */
	draw_mark(0, 3, 1066 * ms);
	view_stats_update(&stats, &session.decoder.picture, 1080 * ms);
	assert_int_equal(stats.pictures, 3);
	assert_int_equal(stats.torn, 1);
	assert_true(stats.whole);
	/* The other corner first; then another mark damaged by whatever. */
	draw_mark(0, 5, 1133 * ms);
	draw_mark(1, 4, 1100 * ms);
	view_stats_update(&stats, &session.decoder.picture, 1140 * ms);
	assert_int_equal(stats.mark.sequence, 4);
	assert_int_equal(stats.torn, 2);
	memset(session.decoder.picture.pixels, 0, 100);
	view_stats_update(&stats, &session.decoder.picture, 1150 * ms);
	assert_false(stats.whole);
	assert_int_equal(stats.pictures, 4);
	assert_int_equal(stats.lost, 0);
	view_stats_finish(&stats);
}

static void test_many_ages(void **state)
{
	struct view_stats stats;
	const char *text;

	(void)state;
	view_stats_init(&stats, 1);
	view_stats_reset(&stats, 0);
	for (uint32_t i = 1; i <= 2000; i++)
		deliver(&stats, i, NSEC_PER_SEC, NSEC_PER_SEC + i % 1000 * NSEC_PER_MSEC + NSEC_PER_MSEC);
	text = print(&stats, 2 * NSEC_PER_SEC);
	expect_words(text, "\"age_p50_ms\": 500.00, \"age_p95_ms\": 950.00");
	expect_words(text, "\"age_p99_ms\": 990.00, \"age_max_ms\": 1000.00");
	view_stats_finish(&stats);
}

static void test_idle_step(void **state)
{
	struct view_stats stats;

	(void)state;
	view_stats_init(&stats, 30);
	view_stats_reset(&stats, 0);
	deliver(&stats, 0, 0, 1);
	deliver(&stats, 30, 0, 2);
	assert_int_equal(stats.lost, 0);
	deliver(&stats, 90, 0, 3);
	assert_int_equal(stats.lost, 1);
	view_stats_finish(&stats);
}

/* A whole second in steps of what a loop would do: never more than the rate and a burst, never less by a piece. */
static void test_bucket(void **state)
{
	static const uint64_t rates[] = { 1, 700, 125000, 1250000, 1500000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		struct view_bucket bucket;
		int64_t now_ns = 5;
		uint64_t taken = 0, due;

		view_bucket_init(&bucket, rates[i], now_ns);
		assert_int_equal(view_bucket_allows(&bucket, now_ns), 0);
		while (now_ns < 10 * NSEC_PER_SEC) {
			int64_t wait_ns = view_bucket_wait_ns(&bucket);
			uint64_t allowed;

			assert_true(wait_ns > 0);
			now_ns += wait_ns;
			allowed = view_bucket_allows(&bucket, now_ns);
			assert_in_range(allowed, 1, bucket.burst_bytes);
			view_bucket_take(&bucket, allowed);
			taken += allowed;
		}
		due = (uint64_t)now_ns * rates[i] / NSEC_PER_SEC;
		assert_true(taken <= due + 1);
		assert_true(taken + taken / 50 + 1 >= due);
		/* What was not used is worth one burst later. */
		assert_int_equal(view_bucket_allows(&bucket, now_ns + 100000 * NSEC_PER_SEC), bucket.burst_bytes);
	}
	{
		struct view_bucket bucket;

		view_bucket_init(&bucket, 0, 0);
		assert_true(view_bucket_allows(&bucket, 0) == UINT64_MAX);
		view_bucket_take(&bucket, 1u << 30);
		assert_true(view_bucket_allows(&bucket, 0) == UINT64_MAX);
	}
}

static void test_compare(void **state)
{
	struct view_picture *picture = &session.decoder.picture;
	const struct mark mark = { .sequence = 7, .due_us = 123456 };
	struct view_difference difference;
	struct bench_scene *scene;
	struct view_oracle oracle;
	pixman_region32_t damage;
	uint32_t x, y;
	struct mark read;
	bool whole;

	(void)state;
	assert_int_equal(bench_scene_new("scroll", WIDTH, HEIGHT, &scene), 0);
	pixman_region32_init(&damage);
	assert_int_equal(bench_scene_paint(scene, 6, true, picture->pixels, WIDTH * 4, &damage), 0);
	assert_int_equal(bench_scene_paint(scene, 7, false, picture->pixels, WIDTH * 4, &damage), 0);
	bench_scene_marks(scene, picture->pixels, WIDTH * 4, &mark);
	/* The scene and the viewer agree on where marks are. */
	assert_int_equal(view_marks_read(picture, &read, &whole), 0);
	assert_true(whole);
	assert_int_equal(read.sequence, 7);
	view_oracle_init(&oracle, "scroll");
	assert_int_equal(view_oracle_compare(&oracle, picture, &mark, &difference), 0);
	assert_int_equal(difference.pixels, 0);
	assert_true(isinf(difference.psnr) && isinf(difference.psnr_damaged));
	/* Nobody looks at the top byte. */
	picture->pixels[WIDTH * 200] ^= 0xff000000;
	/* One pixel that moved is 30 levels off in one colour. */
	x = (uint32_t)pixman_region32_extents(&damage)->x1;
	y = (uint32_t)pixman_region32_extents(&damage)->y2 - 1;
	*view_picture_at(picture, x, y) ^= 0x1e00;
	assert_int_equal(view_oracle_compare(&oracle, picture, &mark, &difference), 0);
	assert_int_equal(difference.pixels, 1);
	assert_false(isinf(difference.psnr) || isinf(difference.psnr_damaged));
	assert_true(difference.psnr > difference.psnr_damaged);
	*view_picture_at(picture, x, y) ^= 0x1e00;
	/* On a mark: not exact, but nothing for a PSNR. */
	picture->pixels[0] ^= 1;
	assert_int_equal(view_oracle_compare(&oracle, picture, &mark, &difference), 0);
	assert_int_equal(difference.pixels, 1);
	assert_true(isinf(difference.psnr));
	view_oracle_finish(&oracle);
	view_oracle_init(&oracle, "nonsense");
	assert_int_equal(view_oracle_compare(&oracle, picture, &mark, &difference), -ENOENT);
	view_oracle_finish(&oracle);
	pixman_region32_fini(&damage);
	bench_scene_free(scene);
}

/* 10 log10(255^2 * samples / sum of squares), by a sum that is known. */
static void test_psnr(void **state)
{
	struct view_picture *picture = &session.decoder.picture;
	const struct mark mark = { .sequence = 0, .due_us = 1 };
	struct view_difference difference;
	struct bench_scene *scene;
	struct view_oracle oracle;
	pixman_region32_t damage;
	double samples = 3.0 * (WIDTH * HEIGHT - 2 * MARK_WIDTH * MARK_HEIGHT);

	(void)state;
	assert_int_equal(bench_scene_new("film", WIDTH, HEIGHT, &scene), 0);
	pixman_region32_init(&damage);
	assert_int_equal(bench_scene_paint(scene, 0, true, picture->pixels, WIDTH * 4, &damage), 0);
	for (uint32_t i = 0; i < WIDTH * HEIGHT; i++) {
		/* Each blue is 5 off, each green 3. */
		uint32_t blue = picture->pixels[i] & 255, green = picture->pixels[i] >> 8 & 255;

		picture->pixels[i] = (blue < 128 ? blue + 5 : blue - 5) | (green < 128 ? green + 3 : green - 3) << 8 |
				(picture->pixels[i] & 0xff0000);
	}
	bench_scene_marks(scene, picture->pixels, WIDTH * 4, &mark);
	view_oracle_init(&oracle, "film");
	assert_int_equal(view_oracle_compare(&oracle, picture, &mark, &difference), 0);
	assert_int_equal(difference.pixels, WIDTH * HEIGHT - 2 * MARK_WIDTH * MARK_HEIGHT);
	assert_true(fabs(difference.psnr - 10 * log10(255.0 * 255.0 * samples / (samples / 3 * 34))) < 1e-9);
	view_oracle_finish(&oracle);
	pixman_region32_fini(&damage);
	bench_scene_free(scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_pictures, setup, teardown),
		cmocka_unit_test_setup_teardown(test_torn, setup, teardown),
		cmocka_unit_test_setup_teardown(test_many_ages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_idle_step, setup, teardown),
		cmocka_unit_test(test_bucket),
		cmocka_unit_test_setup_teardown(test_compare, setup, teardown),
		cmocka_unit_test_setup_teardown(test_psnr, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
