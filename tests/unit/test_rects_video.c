// SPDX-License-Identifier: GPL-2.0-or-later
/* A part of the picture that goes as video: nothing of it is owed, until it is due exactly. */
#include "encoders/rects.h"
#include "server/frame.h"
#include "tests/unit/rects_crowd.h"

#include <errno.h>
#include <event2/event.h>
#include <rfb/rfbclient.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

enum { WIDTH = 1000, HEIGHT = 700 };

static const struct rects_encodings jpeg = { RECTS_TIGHT, true, true, 5, 2 };
static const struct rects_encodings ways[] = {
	{ RECTS_TIGHT, true, true, 5, 2 }, { RECTS_TIGHT, false, true, -1, 1 }, { RECTS_ZRLE, true, true, -1, -1 },
	{ RECTS_RAW, true, false, -1, -1 },
};
static const pixman_box32_t box = { 100, 60, 900, 660 };

static void start(struct viewer *viewer, const struct rects_encodings *encodings)
{
	viewer_start(viewer, crowd.base, crowd.pool, WIDTH, HEIGHT, NULL, encodings);
}

/* What a viewer has of a video: anything but the picture. */
static void show_video(struct viewer *viewer, const pixman_box32_t *where)
{
	uint32_t *pixels = (uint32_t *)viewer->client->frameBuffer;

	for (int y = where->y1; y < where->y2; y++)
		for (int x = where->x1; x < where->x2; x++)
			pixels[y * viewer->client->width + x] = next_random(&crowd.seed);
}

static void damage(struct viewer *viewer, int x1, int y1, int x2, int y2)
{
	pixman_region32_t region;

	pixman_region32_init_rect(&region, x1, y1, (unsigned int)(x2 - x1), (unsigned int)(y2 - y1));
	rects_damage(viewer->rects, &region);
	pixman_region32_fini(&region);
}

/* Until nothing is pending; how many updates that took. */
static unsigned int finish(struct viewer *viewer, struct frame *frame)
{
	unsigned int updates = viewer->updates;

	while (rects_pending(viewer->rects, NULL))
		assert_int_equal(viewer_update(viewer, frame, NULL), 0);
	return viewer->updates - updates;
}

/* Also what went as JPEG and has to rest first. */
static void rest(struct viewer *viewer, struct frame *frame)
{
	for (finish(viewer, frame); viewer_wrong(viewer, frame, NULL); finish(viewer, frame))
		event_base_loop(crowd.base, EVLOOP_ONCE);
}

static void expect_right_beside(struct viewer *viewer, struct frame *frame)
{
	pixman_region32_t beside, inside;

	pixman_region32_init_rect(&beside, 0, 0, frame->width, frame->height);
	pixman_region32_init_with_extents(&inside, (pixman_box32_t *)&box);
	pixman_region32_subtract(&beside, &beside, &inside);
	assert_int_equal(viewer_wrong(viewer, frame, &beside), 0);
	assert_true(viewer_wrong(viewer, frame, &inside) > WIDTH);
	pixman_region32_fini(&beside);
	pixman_region32_fini(&inside);
}

static void test_box(void **state)
{
	struct frame *frame = draw_photo(WIDTH, HEIGHT);
	struct viewer viewer;
	pixman_region32_t corner;

	(void)state;
	for (size_t way = 0; way < sizeof(ways) / sizeof(ways[0]); way++) {
		start(&viewer, &ways[way]);
		rest(&viewer, frame);
		rects_set_video(viewer.rects, &box);
		show_video(&viewer, &box);
		damage(&viewer, 200, 100, 800, 600);
		assert_false(rects_pending(viewer.rects, NULL));
		assert_int_equal(rects_encode(viewer.rects, frame, NULL), -ENODATA);
		rects_set_video(viewer.rects, &box);
		assert_false(rects_pending(viewer.rects, NULL));
		/* At once, no waiting for rest, and never as JPEG again. */
		rects_set_video(viewer.rects, NULL);
		assert_true(rects_pending(viewer.rects, NULL));
		pixman_region32_init_rect(&corner, 0, 0, 50, 20);
		fill_box(frame, pixman_region32_extents(&corner), 0x123456 + (uint32_t)way);
		rects_damage(viewer.rects, &corner);
		/* News wait for none of it. */
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		assert_int_equal(viewer_wrong(&viewer, frame, &corner), 0);
		expect_right_beside(&viewer, frame);
		assert_true(finish(&viewer, frame) > 2);
		pixman_region32_reset(&corner, (pixman_box32_t *)&box);
		assert_int_equal(viewer_wrong(&viewer, frame, &corner), 0);
		pixman_region32_fini(&corner);
		viewer_stop(&viewer);
	}
	frame_unref(frame);
}

/* One that came while the video was on, and saw nothing of it. */
static void test_never_shown(void **state)
{
	struct frame *frame = draw_photo(WIDTH, HEIGHT);
	const struct rects_encodings lossless_tight = ways[1];
	struct viewer viewer;

	(void)state;
	start(&viewer, &lossless_tight);
	rects_set_video(viewer.rects, &box);
	finish(&viewer, frame);
	expect_right_beside(&viewer, frame);
	/* It moves: one part is uncovered, another one was sent for nothing. */
	rects_set_video(viewer.rects, &(pixman_box32_t){ 0, 0, 200, 100 });
	assert_true(finish(&viewer, frame) > 2);
	rects_set_video(viewer.rects, NULL);
	finish(&viewer, frame);
	expect_right(&viewer, frame, "never shown", "tight");
	viewer_stop(&viewer);
	frame_unref(frame);
}

/* What changes meanwhile is lost neither by the box nor by the job's end. */
static void test_while_busy(void **state)
{
	const pixman_box32_t dot = { 300, 200, 340, 260 };
	pixman_region32_t inside;

	(void)state;
	pixman_region32_init_with_extents(&inside, (pixman_box32_t *)&box);
	for (unsigned int way = 0; way < 4; way++) {
		struct frame *frame = draw_photo(WIDTH, HEIGHT), *next = copy_frame(frame);
		struct viewer viewer;

		start(&viewer, &jpeg);
		if (way & 1)
			rects_set_video(viewer.rects, &box);
		assert_false(rects_uses_video(viewer.rects));
		assert_int_equal(rects_encode(viewer.rects, frame, NULL), 0);
		viewer.running = true;
		rects_set_video(viewer.rects, &box);
		/* It paints where the box is only where that was not known when it began. */
		assert_int_equal(rects_uses_video(viewer.rects), !(way & 1));
		fill_box(next, &dot, 0xff0000);
		damage(&viewer, dot.x1, dot.y1, dot.x2, dot.y2);
		if (way & 2)
			rects_set_video(viewer.rects, NULL);
		assert_int_equal(viewer_wait(&viewer), 0);
		assert_false(rects_uses_video(viewer.rects));
		assert_int_equal(rects_pending(viewer.rects, NULL), !!(way & 2));
		/* What the job painted as JPEG rests, but for where video is now. */
		while (!viewer.due)
			event_base_loop(crowd.base, EVLOOP_ONCE);
		assert_int_equal(rects_pending(viewer.rects, &inside), !!(way & 2));
		rects_set_video(viewer.rects, NULL);
		rest(&viewer, next);
		viewer_stop(&viewer);
		frame_unref(frame);
		frame_unref(next);
	}
	pixman_region32_fini(&inside);
}

/* A copy that is under way reads what video would overwrite. */
static void test_copy_under_way(void **state)
{
	struct frame *frame = draw_mixed(WIDTH, HEIGHT, 5), *next = copy_frame(frame);
	pixman_region32_t target;
	struct viewer viewer;

	(void)state;
	pixman_region32_init_rect(&target, 0, 0, 80, 600);
	start(&viewer, &ways[3]);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	move_region(next, &target, -200, -10);
	rects_copy(viewer.rects, &target, -200, -10);
	assert_int_equal(rects_encode(viewer.rects, next, NULL), 0);
	viewer.running = true;
	rects_set_video(viewer.rects, &box);
	assert_true(rects_uses_video(viewer.rects));
	rects_set_video(viewer.rects, &(pixman_box32_t){ 500, 60, 900, 660 });
	assert_false(rects_uses_video(viewer.rects));
	assert_int_equal(viewer_wait(&viewer), 0);
	/* One that is only owed is painted instead. */
	rects_set_video(viewer.rects, NULL);
	finish(&viewer, next);
	expect_right(&viewer, next, "copied", "raw");
	move_region(next, &target, -200, -10);
	rects_copy(viewer.rects, &target, -200, -10);
	rects_set_video(viewer.rects, &box);
	show_video(&viewer, &box);
	assert_int_equal(viewer_update(&viewer, next, NULL), 0);
	expect_right_beside(&viewer, next);
	viewer_stop(&viewer);
	pixman_region32_fini(&target);
	frame_unref(frame);
	frame_unref(next);
}

/* Pictures, boxes, jobs and packets in any order: what rests is exact. */
static void test_any_history(void **state)
{
	uint64_t seed = 77;

	(void)state;
	for (unsigned int round = 0; round < 12; round++) {
		const struct rects_encodings *encodings = &ways[round % 4];
		pixman_box32_t video = { 0 };
		struct viewer viewer;

		crowd_start(&viewer, encodings);
		for (unsigned int i = 0; i < 60; i++) {
			for (unsigned int n = next_random(&seed) % 3; n; n--)
				crowd_next_picture(&viewer, 1);
			if (!viewer.running)
				crowd_encode(&viewer);
			for (unsigned int n = next_random(&seed) % 3; n; n--)
				crowd_next_picture(&viewer, 1);
			if (!(next_random(&seed) % 4)) {
				video = random_box(&seed, CROWD_WIDTH, CROWD_HEIGHT);
				if (next_random(&seed) % 2)
					video = (pixman_box32_t){ 0 };
				rects_set_video(viewer.rects, video.x2 ? &video : NULL);
			}
			if (video.x2 && !rects_uses_video(viewer.rects))
				show_video(&viewer, &video);
			if (next_random(&seed) % 2)
				assert_int_equal(viewer_wait(&viewer), 0);
		}
		assert_int_equal(viewer_wait(&viewer), 0);
		rects_set_video(viewer.rects, NULL);
		if (encodings->quality >= 0)
			rest(&viewer, crowd.frame);
		finish(&viewer, crowd.frame);
		expect_right(&viewer, crowd.frame, "history", "rested");
		viewer_stop(&viewer);
	}
}

/* However many have seen the video, they are told the rest by the jobs of one. */
static void test_equals(void **state)
{
	enum { N = 16 };
	struct frame *frame = draw_photo(WIDTH, HEIGHT);
	struct rects_pool_stats before;
	struct viewer viewers[N];
	unsigned int steps = 0;

	(void)state;
	frame->stamp = frame_new_stamp();
	for (unsigned int i = 0; i < N; i++) {
		start(&viewers[i], &ways[1]);
		rects_set_video(viewers[i].rects, &box);
		finish(&viewers[i], frame);
	}
	before = crowd_stats();
	for (unsigned int i = 0; i < N; i++)
		rects_set_video(viewers[i].rects, NULL);
	/* One takes its time between the steps. */
	while (rects_pending(viewers[N - 1].rects, NULL)) {
		steps++;
		for (unsigned int i = 0; i < (steps % 3 ? N : N - 1); i++)
			viewers[i].running = !rects_encode(viewers[i].rects, frame, NULL);
		for (unsigned int i = 0; i < N; i++)
			assert_int_equal(viewer_wait(&viewers[i]), 0);
	}
	for (unsigned int i = 0; i < N; i++)
		expect_right(&viewers[i], frame, "16", "equal");
	/* Who needs other steps, for the time they take, does some of his own. */
	assert_true((crowd_stats().jobs - before.jobs) * 4 < N * steps);
	crowd_stop_all(viewers, N);
	frame_unref(frame);
}

static void test_resize(void **state)
{
	struct frame *frame = draw_mixed(WIDTH, HEIGHT, 1), *other = draw_mixed(300, 200, 2);
	struct viewer viewer;

	(void)state;
	start(&viewer, &ways[1]);
	rects_set_video(viewer.rects, &box);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	assert_int_equal(rects_resize(viewer.rects, 300, 200), 0);
	viewer_resize(&viewer, 300, 200);
	finish(&viewer, other);
	expect_right(&viewer, other, "another size", "tight");
	viewer_stop(&viewer);
	frame_unref(frame);
	frame_unref(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CROWD_TEST(test_box),
		CROWD_TEST(test_never_shown),
		CROWD_TEST(test_while_busy),
		CROWD_TEST(test_copy_under_way),
		CROWD_TEST(test_any_history),
		CROWD_TEST(test_equals),
		CROWD_TEST(test_resize),
	};

	return cmocka_run_group_tests(tests, crowd_open_pool, crowd_close_pool);
}
