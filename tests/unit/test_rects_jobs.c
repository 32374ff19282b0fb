// SPDX-License-Identifier: GPL-2.0-or-later
/* The rectangle engine's jobs: threads, records that come and go, what is left behind. */
#include "encoders/rects.h"
#include "encoders/rects_pool.h"
#include "encoders/rects_sink.h"
#include "server/frame.h"
#include "tests/unit/rects_viewer.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <rfb/rfbclient.h>
#include <semaphore.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>
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

struct order {
	struct rects_job job; /* first */
	sem_t *begun, *may_end; /* NULL: ends at once */
	char name, **at; /* where to note that it ran */
	bool done;
};

static void run_order(struct rects_job *job, struct rects_kit *kit)
{
	struct order *order = (struct order *)job;

	(void)kit;
	*(*order->at)++ = order->name;
	if (order->begun) {
		sem_post(order->begun);
		sem_wait(order->may_end);
	}
}

static void end_order(struct rects_job *job)
{
	((struct order *)job)->done = true;
}

static void test_most_urgent_first(void **state)
{
	static const struct {
		char name;
		int64_t wanted_ns;
	} jobs[] = { { 'c', 300 }, { 'a', 100 }, { 'd', 300 }, { 'e', 301 }, { 'b', 200 } };
	char ran[8] = "", *at = ran;
	sem_t begun, may_end;
	struct order first = { .job = { run_order, end_order, 999, NULL }, .begun = &begun, .may_end = &may_end,
		.name = '-', .at = &at };
	struct order orders[sizeof(jobs) / sizeof(jobs[0])];
	struct rects_pool *single;

	(void)state;
	assert_int_equal(rects_pool_new(base, 1, &single), 0);
	sem_init(&begun, 0, 0);
	sem_init(&may_end, 0, 0);
	/* The one thread has its hands full while the others arrive. */
	rects_pool_submit(single, &first.job);
	sem_wait(&begun);
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++) {
		orders[i] = (struct order){ .job = { run_order, end_order, jobs[i].wanted_ns, NULL },
			.name = jobs[i].name, .at = &at };
		rects_pool_submit(single, &orders[i].job);
	}
	sem_post(&may_end);
	while (!orders[3].done)
		event_base_loop(base, EVLOOP_ONCE);
	assert_string_equal(ran, "-abcde");
	rects_pool_free(single);
	sem_destroy(&begun);
	sem_destroy(&may_end);
}

/* Rather than whoever came first: a change waits for no whole picture but those in work. */
static void test_small_before_large(void **state)
{
	struct frame *frame = draw_mixed(1920, 1080, 0), *next = copy_frame(frame);
	pixman_box32_t box = { 10, 10, 100, 90 };
	struct viewer small, large[12];
	struct rects_pool *single;
	pixman_region32_t region;

	(void)state;
	assert_int_equal(rects_pool_new(base, 1, &single), 0);
	viewer_start(&small, base, single, 1920, 1080, NULL, &lossless[0].encodings);
	assert_int_equal(viewer_update(&small, frame, NULL), 0);
	fill_box(next, &box, 0x654321);
	pixman_region32_init_with_extents(&region, &box);
	rects_damage(small.rects, &region);
	for (size_t i = 0; i < 12; i++) {
		viewer_start(&large[i], base, single, 1920, 1080, NULL, &lossless[1].encodings);
		assert_int_equal(rects_encode(large[i].rects, frame, NULL), 0);
		large[i].running = true;
	}
	assert_int_equal(viewer_update(&small, next, NULL), 0);
	expect_right(&small, next, "small", "raw");
	assert_true(large[11].running);
	for (size_t i = 0; i < 12; i++) {
		assert_int_equal(viewer_wait(&large[i]), 0);
		viewer_stop(&large[i]);
	}
	viewer_stop(&small);
	rects_pool_free(single);
	pixman_region32_fini(&region);
	frame_unref(frame);
	frame_unref(next);
}

struct chain {
	struct rects *rects;
	struct frame *frame;
	unsigned int left;
	bool running;
	size_t bytes;
};

/* Encodes again out of done(), and at last frees the record there. */
static void handle_link(void *user, struct evbuffer *output, int result)
{
	struct chain *chain = user;
	pixman_region32_t all;

	assert_int_equal(result, 0);
	if (--chain->left) {
		pixman_region32_init_rect(&all, 0, 0, chain->frame->width, chain->frame->height);
		rects_damage(chain->rects, &all);
		pixman_region32_fini(&all);
		assert_int_equal(rects_encode(chain->rects, chain->frame, NULL), 0);
		assert_true(rects_busy(chain->rects));
	} else {
		rects_free(chain->rects);
		chain->running = false;
	}
	/* The output is this job's still. */
	chain->bytes += evbuffer_get_length(output);
}

static void test_calls_from_done(void **state)
{
	struct chain chain = { .frame = draw_mixed(100, 100, 0), .left = 5, .running = true };

	(void)state;
	assert_int_equal(rects_new(pool, 100, 100, handle_link, NULL, &chain, &chain.rects), 0);
	assert_int_equal(rects_encode(chain.rects, chain.frame, NULL), 0);
	wait_while(base, &chain.running);
	assert_int_equal(chain.left, 0);
	assert_int_equal(chain.bytes, 5 * (16 + 100 * 100 * 4));
	assert_int_equal(atomic_load(&chain.frame->refcount), 1);
	frame_unref(chain.frame);
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

static int refuse_read(struct frame *frame)
{
	(void)frame;
	return -EIO;
}

static void release_nothing(struct frame *frame)
{
	(void)frame;
}

static void test_unreadable_frame(void **state)
{
	static const struct frame_impl impl = { .release = release_nothing,
			.begin_read = refuse_read };
	struct frame *good = draw_mixed(64, 64, 0), bad = *good;
	struct viewer viewer;

	(void)state;
	atomic_init(&bad.refcount, 1);
	bad.impl = &impl;
	viewer_start(&viewer, base, pool, 64, 64, NULL, NULL);
	assert_int_equal(viewer_update(&viewer, &bad, NULL), -EIO);
	assert_int_equal(viewer.bytes, 0);
	/* What the client was sent and what the streams think it was is no longer the same. */
	assert_int_equal(rects_encode(viewer.rects, good, NULL), -EIO);
	assert_int_equal(atomic_load(&bad.refcount), 1);
	viewer_stop(&viewer);
	frame_unref(good);
}

/* Output that cannot be kept makes the library close its client: that costs this one client. */
static void expect_full_sink(struct frame *frame)
{
	struct rlimit before, small;
	unsigned int descriptors;
	struct viewer unlucky, lucky;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 100000;
	signal(SIGXFSZ, SIG_IGN);
	viewer_start(&lucky, base, pool, frame->width, frame->height, NULL, NULL);
	viewer_start(&unlucky, base, pool, frame->width, frame->height, NULL, NULL);
	descriptors = count_descriptors();
	/* Both threads' sinks. */
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
		assert_int_equal(viewer_update(&unlucky, frame, NULL), -EIO);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
		assert_int_equal(unlucky.bytes, 0);
		viewer_stop(&unlucky);
		viewer_start(&unlucky, base, pool, frame->width, frame->height, NULL, NULL);
	}
	assert_int_equal(viewer_update(&lucky, frame, NULL), 0);
	expect_right(&lucky, frame, "after another's failure", "raw");
	assert_int_equal(viewer_update(&unlucky, frame, NULL), 0);
	expect_right(&unlucky, frame, "born again", "raw");
	assert_int_equal(count_descriptors(), descriptors);
	viewer_stop(&lucky);
	viewer_stop(&unlucky);
}

/* Where the library has the hook, there is no file that could be full. */
static bool sinks_are_files(void)
{
	struct rects_sink sink;
	bool file;

	assert_int_equal(rects_sink_init(&sink), 0);
	file = sink.fd >= 0;
	rects_sink_finish(&sink);
	return file;
}

static void test_full_sink(void **state)
{
	struct frame *frame = draw_mixed(640, 480, 0);

	(void)state;
	if (sinks_are_files())
		expect_full_sink(frame);
	frame_unref(frame);
}

/* Takes all descriptors below end. */
static int *take_descriptors(int end)
{
	int *taken = calloc((size_t)end, sizeof(*taken));
	int n = 0, fd;

	assert_non_null(taken);
	for (fd = dup(0); fd >= 0 && fd < end; fd = dup(0))
		taken[n++] = fd;
	assert_true(fd >= end);
	close(fd);
	return taken;
}

static void give_back(int *taken)
{
	for (int i = 0; taken[i]; i++)
		close(taken[i]);
	free(taken);
}

static void test_past_fd_setsize(void **state)
{
	struct frame *frame = draw_mixed(640, 480, 0);
	struct rects_pool *usual = pool;
	struct rlimit before, large;
	struct viewer viewer;
	int *taken;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
	large = before;
	large.rlim_cur = FD_SETSIZE + 100;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &large), 0);
	/* A record can be born on an old pool when all low numbers are gone. */
	taken = take_descriptors(FD_SETSIZE);
	viewer_start(&viewer, base, pool, 640, 480, NULL, NULL);
	assert_true(viewer.client->sock >= FD_SETSIZE);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	expect_right(&viewer, frame, "past FD_SETSIZE", "raw");
	viewer_stop(&viewer);
	assert_int_equal(rects_pool_new(base, 2, &pool), -EMFILE);
	assert_ptr_equal(pool, usual);
	give_back(taken);
	/* Room for the sockets of birth only: the sinks lie beyond, also when they fail. */
	taken = take_descriptors(FD_SETSIZE - 2);
	assert_int_equal(rects_pool_new(base, 2, &pool), 0);
	viewer_start(&viewer, base, pool, 640, 480, NULL, NULL);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	expect_right(&viewer, frame, "sinks past FD_SETSIZE", "raw");
	viewer_stop(&viewer);
	if (sinks_are_files())
		expect_full_sink(frame);
	rects_pool_free(pool);
	pool = usual;
	give_back(taken);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
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
		cmocka_unit_test(test_most_urgent_first),
		cmocka_unit_test(test_small_before_large),
		cmocka_unit_test(test_calls_from_done),
		cmocka_unit_test(test_many_viewers),
		cmocka_unit_test(test_pool_freed_with_jobs),
		cmocka_unit_test(test_no_leaks),
		cmocka_unit_test(test_unreadable_frame),
		cmocka_unit_test(test_full_sink),
		cmocka_unit_test(test_past_fd_setsize),
	};

	return cmocka_run_group_tests(tests, open_pool, close_pool);
}
