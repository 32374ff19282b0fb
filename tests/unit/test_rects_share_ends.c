// SPDX-License-Identifier: GPL-2.0-or-later
/* Shared jobs whose records leave, fail, sleep, and do everything in any order. */
#include "encoders/rects.h"
#include "server/frame.h"
#include "tests/unit/rects_crowd.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>

static void test_freed(void **state)
{
	enum { N = 4 };
	struct viewer viewers[N];

	(void)state;
	for (unsigned int gone = 0; gone < N; gone++) {
		crowd_start_all(viewers, N, &lossless[4].encodings);
		crowd_encode_all(viewers, N);
		viewers[gone].running = false;
		viewer_stop(&viewers[gone]);
		for (unsigned int i = 0; i < N; i++)
			if (i != gone)
				crowd_wait_all(&viewers[i], 1, "left behind");
		crowd_start(&viewers[gone], &lossless[4].encodings);
		crowd_encode(&viewers[gone]);
		crowd_wait_all(viewers, N, "come anew");
		crowd_stop_all(viewers, N);
	}
	crowd_start_all(viewers, N, &lossless[4].encodings);
	crowd_encode_all(viewers, N);
	crowd_stop_all(viewers, N);
}

struct leaver {
	struct rects *rects;
	struct leaver *other;
	bool running;
};

/* Who is told first takes the other one down with him. */
static void handle_leave(void *user, struct evbuffer *output, int result)
{
	struct leaver *leaver = user;

	(void)output;
	assert_int_equal(result, 0);
	assert_non_null(leaver->rects);
	rects_free(leaver->other->rects);
	leaver->other->rects = NULL;
	leaver->other->running = false;
	leaver->running = false;
}

static void ignore_due(void *user)
{
	(void)user;
}

static void test_freed_from_done(void **state)
{
	struct leaver pair[2];

	(void)state;
	for (unsigned int i = 0; i < 2; i++) {
		pair[i] = (struct leaver){ .other = &pair[!i], .running = true };
		assert_int_equal(rects_new(crowd.pool, CROWD_WIDTH, CROWD_HEIGHT, handle_leave,
				ignore_due, &pair[i], &pair[i].rects), 0);
		assert_int_equal(rects_encode(pair[i].rects, crowd.frame, NULL), 0);
	}
	wait_while(crowd.base, &pair[0].running);
	assert_true(!pair[0].rects != !pair[1].rects);
	rects_free(pair[0].rects);
	rects_free(pair[1].rects);
	/* The freed one's share is still to be thrown away. */
	event_base_loop(crowd.base, EVLOOP_NONBLOCK);
	assert_int_equal(crowd_stats().kept_bytes, 0);
}

/* The first reader meets an error, the others do not. */
static atomic_int reads_to_fail;

static int fail_some_reads(struct frame *bad)
{
	(void)bad;
	return atomic_fetch_sub(&reads_to_fail, 1) > 0 ? -EIO : 0;
}

static void end_read(struct frame *bad)
{
	(void)bad;
}

static void release_nothing(struct frame *bad)
{
	(void)bad;
}

static void test_leader_fails(void **state)
{
	static const struct frame_impl impl = { .release = release_nothing,
			.begin_read = fail_some_reads, .end_read = end_read };
	enum { N = 5 };
	struct frame bad = *crowd.frame;
	struct viewer viewers[N];
	struct rects_pool_stats before = crowd_stats();

	(void)state;
	atomic_init(&bad.refcount, 1);
	bad.impl = &impl;
	bad.stamp = frame_new_stamp();
	crowd_start_all(viewers, N, &lossless[4].encodings);
	atomic_store(&reads_to_fail, 1);
	for (unsigned int i = 0; i < N; i++) {
		assert_int_equal(rects_encode(viewers[i].rects, &bad, NULL), 0);
		viewers[i].running = true;
	}
	crowd_expect_jobs(before, 1, N - 1);
	assert_int_equal(viewer_wait(&viewers[0]), -EIO);
	crowd_wait_all(&viewers[1], N - 1, "outlived its leader");
	crowd_expect_jobs(before, N, 0);
	assert_int_equal(crowd_stats().kept_bytes, 0);
	/* One that fails and is freed; one of its followers is freed as well. */
	viewer_stop(&viewers[0]);
	crowd_start(&viewers[0], &lossless[4].encodings);
	atomic_store(&reads_to_fail, 1);
	crowd_encode(&viewers[0]);
	crowd_wait_all(viewers, 1, "new");
	for (unsigned int i = 0; i < N; i++) {
		pixman_region32_t all;

		pixman_region32_init_rect(&all, 0, 0, CROWD_WIDTH, CROWD_HEIGHT);
		rects_damage(viewers[i].rects, &all);
		pixman_region32_fini(&all);
	}
	bad.stamp = frame_new_stamp();
	for (unsigned int i = 0; i < N; i++)
		viewers[i].running = !rects_encode(viewers[i].rects, &bad, NULL);
	viewers[0].running = viewers[1].running = false;
	viewer_stop(&viewers[0]);
	viewer_stop(&viewers[1]);
	crowd_wait_all(&viewers[2], N - 2, "outlived a freed leader");
	crowd_stop_all(&viewers[2], N - 2);
	assert_int_equal(atomic_load(&bad.refcount), 1);
}

/* What is kept for one who never comes is bounded. */
static void test_kept_for_a_sleeper(void **state)
{
	enum { N = 3, ROUNDS = 30 };
	struct viewer viewers[N];
	pixman_region32_t all;
	size_t most = 0;

	(void)state;
	crowd_start_all(viewers, N, &lossless[0].encodings);
	pixman_region32_init_rect(&all, 0, 0, CROWD_WIDTH, CROWD_HEIGHT);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		crowd_next_picture(viewers, N);
		rects_damage(viewers[0].rects, &all);
		rects_damage(viewers[1].rects, &all);
		crowd_encode_all(viewers, 2);
		crowd_wait_all(viewers, 2, "awake");
		most = crowd_stats().kept_bytes > most ? crowd_stats().kept_bytes : most;
	}
	assert_in_range(most, CROWD_WIDTH * CROWD_HEIGHT * 4, CROWD_WIDTH * CROWD_HEIGHT * 4 + 16 * 2000);
	crowd_encode(&viewers[2]);
	crowd_wait_all(&viewers[2], 1, "asleep");
	assert_int_equal(crowd_stats().kept_bytes, 0);
	pixman_region32_fini(&all);
	crowd_stop_all(viewers, N);
}

/* Whatever happens in whatever order, each has the newest picture in the end. */
static void test_random(void **state)
{
	static const unsigned int kinds[] = { 0, 1, 4, 4, 4, 5, 7 };
	enum { N = 8, N_KINDS = sizeof(kinds) / sizeof(kinds[0]), STEPS = 1500 };
	struct rects_pool_stats before = crowd_stats();
	struct viewer viewers[N] = { 0 };

	(void)state;
	for (unsigned int step = 0; step < STEPS; step++) {
		struct viewer *viewer = &viewers[next_random(&crowd.seed) % N];
		unsigned int kind = kinds[next_random(&crowd.seed) % N_KINDS];

		switch (viewer->rects ? next_random(&crowd.seed) % 16 : 16) {
		case 0:
			viewer->running = false;
			viewer_stop(viewer);
			viewer->rects = NULL;
			break;
		case 1:
			if (viewer->running)
				break;
			assert_int_equal(rects_set_encodings(viewer->rects,
					&lossless[kind].encodings), 0);
			viewer->last_rect = lossless[kind].encodings.last_rect;
			break;
		case 2:
		case 3:
		case 4:
			crowd_next_picture(viewers, N);
			break;
		case 5:
		case 6:
			for (unsigned int k = 0; k < N; k++)
				if (viewers[k].rects && !viewers[k].running)
					crowd_encode(&viewers[k]);
			break;
		case 7:
		case 8:
			event_base_loop(crowd.base, EVLOOP_NONBLOCK);
			break;
		case 16:
			crowd_start(viewer, &lossless[kind].encodings);
			break;
		default:
			if (!viewer->running)
				crowd_encode(viewer);
			break;
		}
		if (step % 50)
			continue;
		for (unsigned int k = 0; k < N; k++) {
			while (viewers[k].rects && (viewers[k].running ||
					rects_pending(viewers[k].rects, NULL))) {
				if (!viewers[k].running)
					crowd_encode(&viewers[k]);
				assert_int_equal(viewer_wait(&viewers[k]), 0);
			}
			if (viewers[k].rects)
				expect_right(&viewers[k], crowd.frame, "random", "order");
		}
	}
	/* Or it would prove nothing. */
	assert_true(crowd_stats().shared - before.shared > 100);
	for (unsigned int i = 0; i < N; i++)
		if (viewers[i].rects)
			viewer_stop(&viewers[i]);
}

static void test_pool_freed(void **state)
{
	struct rects_pool *usual = crowd.pool;
	struct viewer viewers[6];

	(void)state;
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(rects_pool_new(crowd.base, 1, &crowd.pool), 0);
		crowd_start_all(viewers, 6, &lossless[4].encodings);
		/* Leaders and followers, run or not, and some who take what is there. */
		crowd_encode_all(viewers, i == 3 ? 5 : 6);
		for (unsigned int k = 0; i == 3 && k < 5; k++)
			assert_int_equal(viewer_wait(&viewers[k]), 0);
		if (i == 3)
			crowd_encode(&viewers[5]);
		for (unsigned int k = 0; k < 6; k++)
			viewer_stop(&viewers[k]);
		rects_pool_free(crowd.pool);
	}
	crowd.pool = usual;
	assert_int_equal(atomic_load(&crowd.frame->refcount), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CROWD_TEST(test_freed),
		CROWD_TEST(test_freed_from_done),
		CROWD_TEST(test_leader_fails),
		CROWD_TEST(test_kept_for_a_sleeper),
		CROWD_TEST(test_random),
		CROWD_TEST(test_pool_freed),
	};

	return cmocka_run_group_tests(tests, crowd_open_pool, crowd_close_pool);
}
