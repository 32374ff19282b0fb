// SPDX-License-Identifier: GPL-2.0-or-later
/* One job for equal records, seen by the libvncclients that decode the shared bytes. */
#include "encoders/rects.h"
#include "server/frame.h"
#include "tests/unit/rects_crowd.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>

static bool is_shareable(const struct rects_encodings *encodings)
{
	return encodings->preferred != RECTS_ZLIB && encodings->preferred != RECTS_ZRLE;
}

static void test_one_job_for_all(void **state)
{
	enum { N = 16, ROUNDS = 12 };
	struct viewer viewers[N];

	(void)state;
	for (unsigned int e = 0; e < N_LOSSLESS; e++) {
		bool shareable = is_shareable(&lossless[e].encodings);

		crowd_start_all(viewers, N, &lossless[e].encodings);
		for (unsigned int round = 0; round < ROUNDS; round++) {
			struct rects_pool_stats before = crowd_stats();

			crowd_next_picture(viewers, N);
			crowd_encode_all(viewers, N);
			/* A picture may have changed to what it was: nobody is owed anything. */
			if (viewers[0].running)
				crowd_expect_jobs(before, shareable ? 1 : N, shareable ? N - 1 : 0);
			crowd_wait_all(viewers, N, lossless[e].name);
			assert_int_equal(crowd_stats().kept_bytes, 0);
		}
		crowd_stop_all(viewers, N);
	}
}

static const struct rects_encodings jpeg = { RECTS_TIGHT, true, true, 8, -1 };

/* Shows all of them a photograph, and waits until it is time to refine it. */
static struct frame *show_photo(struct viewer *viewers, unsigned int n, uint32_t width, uint32_t height)
{
	struct frame *photo = draw_photo(width, height);
	struct rects_pool_stats before = crowd_stats();

	photo->stamp = frame_new_stamp();
	for (unsigned int i = 0; i < n; i++)
		viewer_start(&viewers[i], crowd.base, crowd.pool, width, height, NULL, &jpeg);
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(rects_encode(viewers[i].rects, photo, NULL), 0);
		viewers[i].running = true;
	}
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(viewer_wait(&viewers[i]), 0);
		assert_true(viewer_psnr(&viewers[i], photo, NULL) > 35);
		assert_int_equal(viewers[i].bytes, viewers[0].bytes);
	}
	crowd_expect_jobs(before, 1, n - 1);
	for (unsigned int i = 0; i < n; i++) {
		assert_true(viewer_wrong(&viewers[i], photo, NULL) > width);
		while (!viewers[i].due)
			event_base_loop(crowd.base, EVLOOP_ONCE);
	}
	return photo;
}

/* Each has been told what was lossy, and so has it made exact. */
static void test_jpeg(void **state)
{
	enum { N = 3 };
	struct viewer viewers[N];
	struct frame *photo = show_photo(viewers, N, CROWD_WIDTH, CROWD_HEIGHT);

	(void)state;
	while (rects_pending(viewers[0].rects, NULL)) {
		struct rects_pool_stats before = crowd_stats();

		for (unsigned int i = 0; i < N; i++) {
			assert_int_equal(rects_encode(viewers[i].rects, photo, NULL), 0);
			viewers[i].running = true;
		}
		for (unsigned int i = 0; i < N; i++)
			assert_int_equal(viewer_wait(&viewers[i]), 0);
		crowd_expect_jobs(before, 1, N - 1);
	}
	for (unsigned int i = 0; i < N; i++)
		expect_right(&viewers[i], photo, "photo", "refined");
	crowd_stop_all(viewers, N);
	frame_unref(photo);
}

/* Any part of what is due will do: who comes later to it takes the steps of others where they fit. */
static void test_refinement_in_step(void **state)
{
	enum { N = 3, WIDTH = 1000, HEIGHT = 700 };
	struct viewer viewers[N];
	struct frame *photo = show_photo(viewers, N, WIDTH, HEIGHT);
	struct rects_pool_stats before = crowd_stats();
	/* The first step reaches into the one, the other lies below the third's end. */
	pixman_box32_t most = { 0, 10, WIDTH, HEIGHT }, bottom = { 0, HEIGHT - 60, WIDTH, HEIGHT };
	pixman_region32_t clip;
	unsigned int steps = 0;

	(void)state;
	pixman_region32_init_with_extents(&clip, &most);
	for (unsigned int i = 0; i < 3; i++)
		assert_int_equal(viewer_update(&viewers[0], photo, NULL), 0);
	crowd_expect_jobs(before, 3, 0);
	assert_true(crowd_stats().kept_bytes > 0);
	/* Of its own it would begin further up. */
	assert_int_equal(viewer_update(&viewers[1], photo, &clip), 0);
	crowd_expect_jobs(before, 3, 1);
	assert_true(viewer_wrong(&viewers[0], photo, NULL) < viewer_wrong(&viewers[1], photo, NULL));
	/* There is nothing yet where this one looks. */
	pixman_region32_reset(&clip, &bottom);
	assert_int_equal(viewer_update(&viewers[2], photo, &clip), 0);
	crowd_expect_jobs(before, 4, 1);
	for (bool pending = true; pending;) {
		pending = false;
		for (unsigned int i = 0; i < N; i++) {
			viewers[i].running = !rects_encode(viewers[i].rects, photo, NULL);
			pending = pending || viewers[i].running;
			steps += viewers[i].running;
		}
		for (unsigned int i = 0; i < N; i++)
			assert_int_equal(viewer_wait(&viewers[i]), 0);
	}
	for (unsigned int i = 0; i < N; i++)
		expect_right(&viewers[i], photo, "photo", "refined in step");
	assert_int_equal(crowd_stats().jobs + crowd_stats().shared - before.jobs - before.shared, steps + 5);
	assert_int_equal(crowd_stats().kept_bytes, 0);
	pixman_region32_fini(&clip);
	crowd_stop_all(viewers, N);
	frame_unref(photo);
}

/* One asks when the others have what he wants. */
static void test_late(void **state)
{
	enum { N = 3 };
	struct viewer viewers[N];

	(void)state;
	for (unsigned int e = 0; e < N_LOSSLESS; e++) {
		struct rects_pool_stats before;

		if (!is_shareable(&lossless[e].encodings))
			continue;
		crowd_start_all(viewers, N, &lossless[e].encodings);
		for (unsigned int round = 0; round < 6; round++) {
			unsigned int late = round % N;

			crowd_next_picture(viewers, N);
			before = crowd_stats();
			for (unsigned int i = 0; i < N; i++)
				if (i != late)
					crowd_encode(&viewers[i]);
			for (unsigned int i = 0; i < N; i++)
				assert_int_equal(viewer_wait(&viewers[i]), 0);
			crowd_encode(&viewers[late]);
			if (!viewers[late].running)
				continue;
			crowd_expect_jobs(before, 1, N - 1);
			crowd_wait_all(viewers, N, "late");
			assert_int_equal(crowd_stats().kept_bytes, 0);
		}
		crowd_stop_all(viewers, N);
	}
}

/* Who is owed more than the others does his own job, and is in step again with the next picture. */
static void test_lagging(void **state)
{
	enum { N = 4 };
	struct viewer viewers[N];
	struct rects_pool_stats before;

	(void)state;
	for (unsigned int e = 0; e < N_LOSSLESS; e++) {
		if (!is_shareable(&lossless[e].encodings))
			continue;
		crowd_start_all(viewers, N, &lossless[e].encodings);
		crowd_encode_all(viewers, N);
		crowd_wait_all(viewers, N, "first");
		for (unsigned int round = 0; round < 8; round++) {
			/* Ends what the one before left, whatever that was. */
			crowd_next_picture(viewers, N);
			crowd_encode_all(viewers, N - 1);
			crowd_wait_all(viewers, N - 1, "ahead");
			crowd_next_picture(viewers, N);
			crowd_encode_all(viewers, N);
			crowd_wait_all(viewers, N, "behind");
			crowd_next_picture(viewers, N);
			before = crowd_stats();
			crowd_encode_all(viewers, N);
			if (viewers[0].running)
				crowd_expect_jobs(before, 1, N - 1);
			crowd_wait_all(viewers, N, "in step");
		}
		/* Left alone with streams that know nothing of what the others' jobs sent. */
		for (unsigned int i = 0; i < N - 1; i++)
			viewer_stop(&viewers[i]);
		for (unsigned int i = 0; i < 4; i++) {
			crowd_next_picture(&viewers[N - 1], 1);
			crowd_encode(&viewers[N - 1]);
			crowd_wait_all(&viewers[N - 1], 1, "left alone");
		}
		viewer_stop(&viewers[N - 1]);
	}
}

/* The same damage (none) and the same displacement, but of one region and of two. */
static void test_other_copies(void **state)
{
	static const pixman_box32_t boxes[] = { { 10, 40, 100, 60 }, { 200, 40, 300, 60 } };
	struct rects_pool_stats before;
	struct viewer viewers[3];

	(void)state;
	crowd_start_all(viewers, 3, &lossless[4].encodings);
	crowd_encode_all(viewers, 3);
	crowd_wait_all(viewers, 3, "first");
	for (unsigned int i = 0; i < 2; i++) {
		struct change change = { .dy = 32 };

		pixman_region32_init_with_extents(&change.region, &boxes[i]);
		move_region(crowd.frame, &change.region, change.dx, change.dy);
		crowd.frame->stamp = frame_new_stamp();
		before = crowd_stats();
		for (unsigned int k = 0; k < 3; k++)
			viewer_tell(&viewers[k], &change);
		pixman_region32_fini(&change.region);
		crowd_encode_all(viewers, i ? 3 : 2);
		crowd_wait_all(viewers, i ? 3 : 2, "copied");
		crowd_expect_jobs(before, i ? 2 : 1, 1);
	}
	/* No streams were needed, none is out of step. */
	crowd_next_picture(viewers, 3);
	crowd_encode_all(viewers, 3);
	crowd_wait_all(viewers, 3, "painted");
	crowd_stop_all(viewers, 3);
}

/* What a viewer is sent for the same noise once more, which is in its streams' windows if they go on. */
static uint64_t send_again(struct viewer *viewers, unsigned int n, struct frame *noise,
		const pixman_region32_t *region)
{
	uint64_t before = viewers[0].bytes;

	noise->stamp = frame_new_stamp();
	for (unsigned int i = 0; i < n; i++) {
		rects_damage(viewers[i].rects, region);
		assert_int_equal(rects_encode(viewers[i].rects, noise, NULL), 0);
		viewers[i].running = true;
	}
	for (unsigned int i = 0; i < n; i++) {
		assert_int_equal(viewer_wait(&viewers[i]), 0);
		expect_right(&viewers[i], noise, "noise", "tight");
	}
	return viewers[0].bytes - before;
}

static void test_streams_go_on_in_step(void **state)
{
	struct frame *noise = draw_mixed(CROWD_WIDTH, CROWD_HEIGHT, 4);
	struct viewer viewers[3];
	struct rects_pool_stats before;
	pixman_box32_t box = { 0, 0, 64, 64 };
	pixman_region32_t region;
	uint64_t whole, again;

	(void)state;
	fill_noise(noise, &box, &crowd.seed);
	pixman_region32_init_with_extents(&region, &box);
	/* Alone, then two, then three. */
	for (unsigned int n = 1; n <= 3; n++) {
		crowd_start(&viewers[n - 1], &lossless[4].encodings);
		assert_int_equal(viewer_update(&viewers[n - 1], noise, NULL), 0);
		whole = send_again(viewers, n, noise, &region);
		assert_true(whole > sizeof(uint16_t) * 64 * 64);
		for (unsigned int i = 0; i < 3; i++) {
			before = crowd_stats();
			again = send_again(viewers, n, noise, &region);
			crowd_expect_jobs(before, 1, n - 1);
			assert_true(again * 4 < whole);
		}
	}
	/* One has seen something of its own: the next job is for all again, and begins anew. */
	send_again(&viewers[1], 1, noise, &region);
	before = crowd_stats();
	assert_true(send_again(viewers, 3, noise, &region) * 2 > whole);
	assert_true(send_again(viewers, 3, noise, &region) * 4 < whole);
	/* Another one leads. */
	send_again(&viewers[1], 2, noise, &region);
	assert_true(send_again(viewers, 3, noise, &region) * 2 > whole);
	crowd_expect_jobs(before, 4, 7);
	crowd_stop_all(viewers, 3);
	pixman_region32_fini(&region);
	frame_unref(noise);
}

static void copy_something(struct viewer *viewers, unsigned int n)
{
	struct change change = { .dy = 32 };

	pixman_region32_init_rect(&change.region, 10, 40, 90, 20);
	move_region(crowd.frame, &change.region, change.dx, change.dy);
	crowd.frame->stamp = frame_new_stamp();
	for (unsigned int i = 0; i < n; i++)
		viewer_tell(&viewers[i], &change);
	pixman_region32_fini(&change.region);
}

/* Noise that streams which go on have seen before, and refer to. */
static void paint_something(struct viewer *viewers, unsigned int n)
{
	struct change change = { 0 };
	pixman_box32_t box = { 200, 100, 260, 150 };
	uint64_t same = 77;

	pixman_region32_init_with_extents(&change.region, &box);
	fill_noise(crowd.frame, &box, &same);
	crowd.frame->stamp = frame_new_stamp();
	for (unsigned int i = 0; i < n; i++)
		viewer_tell(&viewers[i], &change);
	pixman_region32_fini(&change.region);
	crowd_encode_all(viewers, n);
	crowd_wait_all(viewers, n, "painted");
}

/* It is sent something that the others are not, though nothing changed. */
static void go_out_of_step(struct viewer *viewer)
{
	pixman_region32_t region;

	pixman_region32_init_rect(&region, 0, 0, 50, 50);
	rects_damage(viewer->rects, &region);
	pixman_region32_fini(&region);
	crowd_encode(viewer);
	crowd_wait_all(viewer, 1, "out of step");
}

/* A job that begins streams anew, but has no rectangle to tell a viewer of it by. */
static void test_restart_untold(void **state)
{
	struct viewer viewers[3];

	(void)state;
	/* Who did it, and is left alone with it. */
	crowd_start_all(viewers, 2, &lossless[4].encodings);
	paint_something(viewers, 2);
	go_out_of_step(&viewers[1]);
	copy_something(viewers, 2);
	crowd_encode_all(viewers, 2);
	crowd_wait_all(viewers, 2, "copied");
	viewer_stop(&viewers[1]);
	paint_something(viewers, 1);
	crowd_stop_all(viewers, 1);

	/* Who was handed it, and is no nearer to the others for that. */
	crowd_start_all(viewers, 3, &lossless[4].encodings);
	paint_something(viewers, 3);
	paint_something(viewers, 3);
	go_out_of_step(&viewers[2]);
	copy_something(viewers, 3);
	for (unsigned int i = 1; i <= 3; i++)
		crowd_encode(&viewers[i % 3]);
	crowd_wait_all(viewers, 3, "copied");
	paint_something(viewers, 3);
	paint_something(viewers, 3);
	crowd_stop_all(viewers, 3);
}

static void test_unlike_ones(void **state)
{
	static const struct rects_pixel_format bgr = { 32, 24, false, true, 255, 255, 255, 0, 8, 16 };
	static const struct rects_encodings other[] = {
		{ RECTS_TIGHT, true, false, 8, -1 },
		{ RECTS_TIGHT, true, false, 7, -1 },
		{ RECTS_TIGHT, true, false, -1, 2 },
		{ RECTS_TIGHT, true, true, -1, -1 },
		{ RECTS_TIGHT, false, false, -1, -1 },
		{ RECTS_HEXTILE, true, false, -1, -1 },
	};
	enum { N_OTHER = sizeof(other) / sizeof(other[0]), N = N_OTHER + 2 };
	struct rects_pool_stats before = crowd_stats();
	struct viewer viewers[N];
	pixman_region32_t all;

	(void)state;
	for (unsigned int i = 0; i < N_OTHER; i++)
		crowd_start(&viewers[i], &other[i]);
	viewer_start(&viewers[N_OTHER], crowd.base, crowd.pool, CROWD_WIDTH, CROWD_HEIGHT, &bgr,
			&lossless[4].encodings);
	crowd_start(&viewers[N_OTHER + 1], &lossless[4].encodings);
	crowd_next_picture(viewers, N);
	crowd_encode_all(viewers, N);
	for (unsigned int i = 0; i < N; i++)
		assert_int_equal(viewer_wait(&viewers[i]), 0);
	crowd_wait_all(&viewers[2], N - 2, "unlike");
	crowd_expect_jobs(before, N, 0);

	/* One becomes like another, with streams that are in use. */
	assert_int_equal(rects_set_encodings(viewers[2].rects, &lossless[4].encodings), 0);
	assert_int_equal(rects_set_pixel_format(viewers[N_OTHER].rects, &rects_native_format), 0);
	viewer_set_format(&viewers[N_OTHER], &rects_native_format, CROWD_WIDTH, CROWD_HEIGHT);
	pixman_region32_init_rect(&all, 0, 0, CROWD_WIDTH, CROWD_HEIGHT);
	for (unsigned int round = 0; round < 3; round++) {
		before = crowd_stats();
		crowd_next_picture(viewers, N);
		for (unsigned int i = 0; i < N; i++)
			rects_damage(viewers[i].rects, &all);
		crowd_encode_all(viewers, N);
		for (unsigned int i = 0; i < N; i++)
			assert_int_equal(viewer_wait(&viewers[i]), 0);
		crowd_wait_all(&viewers[2], N - 2, "become equal");
		crowd_expect_jobs(before, N - 2, 2);
	}
	pixman_region32_fini(&all);
	crowd_stop_all(viewers, N);
}

/* Pictures of which nothing is known are never taken for the same one. */
static void test_no_stamp(void **state)
{
	struct rects_pool_stats before = crowd_stats();
	struct viewer viewers[3];

	(void)state;
	crowd_start_all(viewers, 3, &lossless[4].encodings);
	crowd.frame->stamp = 0;
	crowd_encode_all(viewers, 3);
	crowd_wait_all(viewers, 3, "without stamp");
	crowd_expect_jobs(before, 3, 0);
	/* The same damage of another picture. */
	crowd_next_picture(viewers, 1);
	for (unsigned int i = 0; i < 3; i++) {
		struct frame *own = copy_frame(crowd.frame);
		pixman_box32_t box = { 10, 10, 60, 50 };
		pixman_region32_t region;

		pixman_region32_init_rect(&region, 0, 0, CROWD_WIDTH, CROWD_HEIGHT);
		own->stamp = frame_new_stamp();
		fill_box(own, &box, 0x10203 * i);
		rects_damage(viewers[i].rects, &region);
		assert_int_equal(viewer_update(&viewers[i], own, NULL), 0);
		expect_right(&viewers[i], own, "own picture", "tight");
		pixman_region32_fini(&region);
		frame_unref(own);
	}
	crowd_expect_jobs(before, 6, 0);
	crowd_stop_all(viewers, 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CROWD_TEST(test_one_job_for_all),
		CROWD_TEST(test_jpeg),
		CROWD_TEST(test_refinement_in_step),
		CROWD_TEST(test_late),
		CROWD_TEST(test_lagging),
		CROWD_TEST(test_other_copies),
		CROWD_TEST(test_streams_go_on_in_step),
		CROWD_TEST(test_restart_untold),
		CROWD_TEST(test_unlike_ones),
		CROWD_TEST(test_no_stamp),
	};

	return cmocka_run_group_tests(tests, crowd_open_pool, crowd_close_pool);
}
