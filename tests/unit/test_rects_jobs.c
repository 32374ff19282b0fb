// SPDX-License-Identifier: GPL-2.0-or-later
/* The rectangle engine's jobs: threads, records that come and go, what is left behind. */
#include "encoders/rects.h"
#include "server/frame.h"
#include "tests/unit/rects_viewer.h"

#include <errno.h>
#include <event2/event.h>
#include <rfb/rfbclient.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>

#include <cmocka.h>

static struct event_base *base;
static struct rects_pool *pool;

static void test_busy(void **state)
{
	struct frame *frame = draw_mixed(640, 480, 0), *next = copy_frame(frame);
	pixman_box32_t box = { 10, 10, 100, 90 };
	pixman_region32_t region;
	struct viewer viewer;

	(void)state;
	viewer_start(&viewer, base, pool, 640, 480, NULL, &lossless[0].encodings);
	pixman_region32_init_with_extents(&region, &box);
	fill_box(next, &box, 0x654321);
	assert_int_equal(rects_encode(viewer.rects, frame, NULL), 0);
	viewer.running = true;
	/* Busy until the loop has heard of the end, however soon the worker is done. */
	assert_true(rects_busy(viewer.rects));
	assert_int_equal(rects_encode(viewer.rects, frame, NULL), -EBUSY);
	assert_int_equal(rects_resize(viewer.rects, 64, 64), -EBUSY);
	assert_int_equal(rects_set_pixel_format(viewer.rects, &rects_native_format), -EBUSY);
	assert_int_equal(rects_set_encodings(viewer.rects, &lossless[1].encodings), -EBUSY);
	rects_damage(viewer.rects, &region);
	assert_int_equal(viewer_wait(&viewer), 0);
	expect_right(&viewer, frame, "first", "raw");
	assert_true(rects_pending(viewer.rects, NULL));
	assert_int_equal(viewer_update(&viewer, next, NULL), 0);
	expect_right(&viewer, next, "damaged while busy", "raw");
	/* And a copy. */
	assert_int_equal(rects_encode(viewer.rects, next, NULL), -ENODATA);
	rects_damage(viewer.rects, &region);
	assert_int_equal(rects_encode(viewer.rects, next, NULL), 0);
	viewer.running = true;
	frame_unref(frame);
	frame = copy_frame(next);
	move_region(frame, &region, 7, 5);
	rects_copy(viewer.rects, &region, 7, 5);
	assert_int_equal(viewer_wait(&viewer), 0);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	expect_right(&viewer, frame, "copied while busy", "raw");
	pixman_region32_fini(&region);
	viewer_stop(&viewer);
	frame_unref(frame);
	frame_unref(next);
}

static void test_free_while_busy(void **state)
{
	struct frame *frame = draw_mixed(640, 480, 0);
	struct viewer viewer, last;

	(void)state;
	for (unsigned int i = 0; i < 20; i++) {
		viewer_start(&viewer, base, pool, 640, 480, NULL,
				&lossless[i % N_LOSSLESS].encodings);
		assert_int_equal(rects_encode(viewer.rects, frame, NULL), 0);
		/* done() must not come: running is false, which it asserts. */
		viewer_stop(&viewer);
	}
	/* First come, first served: when this one is done, the others are gone on two threads but one. */
	viewer_start(&last, base, pool, 640, 480, NULL, NULL);
	assert_int_equal(viewer_update(&last, frame, NULL), 0);
	expect_right(&last, frame, "after the freed ones", "raw");
	viewer_stop(&last);
	frame_unref(frame);
}

static void test_many_viewers(void **state)
{
	static const struct rects_pixel_format bgr = { 32, 24, false, true, 255, 255, 255, 0, 8, 16 };
	enum { N = 16, ROUNDS = 12 };
	struct viewer viewers[N];
	struct frame *frames[N];
	uint64_t seed = 5;

	(void)state;
	for (unsigned int i = 0; i < N; i++) {
		frames[i] = draw_mixed(200 + i * 3, 150 + i, i);
		viewer_start(&viewers[i], base, pool, frames[i]->width, frames[i]->height,
				i % 3 ? NULL : &bgr, &lossless[i % N_LOSSLESS].encodings);
	}
	for (unsigned int round = 0; round < ROUNDS; round++) {
		unsigned int born = round % N;

		for (unsigned int i = 0; i < N; i++) {
			for (unsigned int n = round ? next_random(&seed) % 4 : 0; n; n--)
				frames[i] = mutate(frames[i], &viewers[i], &seed);
			viewers[i].running = !rects_encode(viewers[i].rects, frames[i], NULL);
		}
		/* One leaves and another comes while the rest is being served. */
		viewers[born].running = false;
		viewer_stop(&viewers[born]);
		viewer_start(&viewers[born], base, pool, frames[born]->width, frames[born]->height,
				NULL, &lossless[round % N_LOSSLESS].encodings);
		viewers[born].running = !rects_encode(viewers[born].rects, frames[born], NULL);
		for (unsigned int i = 0; i < N; i++) {
			assert_int_equal(viewer_wait(&viewers[i]), 0);
			expect_right(&viewers[i], frames[i], "many", "of each encoding");
		}
	}
	for (unsigned int i = 0; i < N; i++) {
		viewer_stop(&viewers[i]);
		frame_unref(frames[i]);
	}
}

static void test_pool_freed_with_jobs(void **state)
{
	struct frame *frame = draw_mixed(640, 480, 0);
	struct rects_pool *other;
	struct viewer viewer;

	(void)state;
	for (unsigned int i = 0; i < 3; i++) {
		assert_int_equal(rects_pool_new(base, 1, &other), 0);
		for (unsigned int n = 0; n < 4; n++) {
			viewer_start(&viewer, base, other, 640, 480, NULL, &lossless[4].encodings);
			assert_int_equal(rects_encode(viewer.rects, frame, NULL), 0);
			viewer_stop(&viewer);
		}
		rects_pool_free(other);
	}
	assert_int_equal(atomic_load(&frame->refcount), 1);
	rects_pool_free(NULL);
	frame_unref(frame);
}

static unsigned int count_descriptors(void)
{
	unsigned int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += lseek(fd, 0, SEEK_CUR) >= 0 || errno != EBADF;
	return n;
}

static void test_no_leaks(void **state)
{
	struct frame *frame = draw_mixed(64, 64, 0);
	unsigned int before = count_descriptors();
	struct viewer viewer;

	(void)state;
	for (unsigned int i = 0; i < 50; i++) {
		viewer_start(&viewer, base, pool, 64, 64, NULL, &lossless[i % N_LOSSLESS].encodings);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		viewer_stop(&viewer);
	}
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(atomic_load(&frame->refcount), 1);
	frame_unref(frame);
}

static int open_pool(void **state)
{
	(void)state;
	base = event_base_new();
	return !base || rects_pool_new(base, 2, &pool);
}

static int close_pool(void **state)
{
	(void)state;
	rects_pool_free(pool);
	event_base_free(base);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_busy),
		cmocka_unit_test(test_free_while_busy),
		cmocka_unit_test(test_many_viewers),
		cmocka_unit_test(test_pool_freed_with_jobs),
		cmocka_unit_test(test_no_leaks),
	};

	return cmocka_run_group_tests(tests, open_pool, close_pool);
}
