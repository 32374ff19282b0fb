// SPDX-License-Identifier: GPL-2.0-or-later
/* Equal viewers when memory runs out: each is sent the right bytes or is dropped, and nothing leaks (asan). */
#include "encoders/rects.h"
#include "server/frame.h"
#include "server/log.h"
#include "tests/fault/alloc.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define WIDTH 100
#define HEIGHT 50
#define HEADER_BYTES 16 /* FramebufferUpdate of one rectangle, RFC 6143 7.6.1 */
#define VIEWERS 4
#define PICTURES 3

struct viewer {
	struct rects *rects;
	bool running;
	int result;
	size_t bytes;
	uint8_t output[HEADER_BYTES + WIDTH * HEIGHT * 4];
};

static struct event_base *base;
static struct rects_pool *pool;
static struct frame *frame;

static void handle_done(void *user, struct evbuffer *output, int result)
{
	struct viewer *viewer = user;
	int bytes = evbuffer_remove(output, viewer->output, sizeof(viewer->output));

	viewer->running = false;
	viewer->result = result;
	viewer->bytes = bytes > 0 ? (size_t)bytes : 0;
}

static void ignore_due(void *user)
{
	(void)user;
}

static uint32_t *row_of(uint32_t y)
{
	return (uint32_t *)(void *)(frame_memory_pixels(frame) + y * frame->planes[0].stride);
}

static void draw(uint32_t number)
{
	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			row_of(y)[x] = number * 0x030507 + x * 0x10101 + y;
	frame->stamp = frame_new_stamp();
}

static void encode(struct viewer *viewer, const pixman_region32_t *all)
{
	int err;

	if (!viewer->rects)
		return;
	rects_damage(viewer->rects, all);
	err = rects_encode(viewer->rects, frame, NULL);
	assert_true(!err || err == -ENOMEM || err == -ENODATA || err == -EIO);
	viewer->running = !err;
}

static void expect_right(const struct viewer *viewer)
{
	assert_int_equal(viewer->bytes, sizeof(viewer->output));
	for (uint32_t y = 0; y < HEIGHT; y++)
		assert_memory_equal(viewer->output + HEADER_BYTES + y * WIDTH * 4, row_of(y), WIDTH * 4);
}

static void wait_all(struct viewer *viewers)
{
	for (unsigned int i = 0; i < VIEWERS; i++) {
		while (viewers[i].running)
			event_base_loop(base, EVLOOP_ONCE);
	}
}

/* True when the allocation was reached. */
static bool live(long number, unsigned int *served)
{
	static struct viewer viewers[VIEWERS];
	const struct rects_encodings encodings = { .copy_rect = true, .quality = -1, .compression = -1 };
	pixman_region32_t all;
	bool failed;

	pixman_region32_init_rect(&all, 0, 0, WIDTH, HEIGHT);
	alloc_fail_at(number);
	for (unsigned int i = 0; i < VIEWERS; i++) {
		viewers[i].rects = NULL;
		if (!rects_new(pool, WIDTH, HEIGHT, handle_done, ignore_due, &viewers[i], &viewers[i].rects))
			assert_int_equal(rects_set_encodings(viewers[i].rects, &encodings), 0);
	}
	for (uint32_t picture = 0; picture < PICTURES; picture++) {
		draw(picture);
		for (unsigned int i = 0; i < VIEWERS - 1; i++)
			encode(&viewers[i], &all);
		wait_all(viewers);
		/* One that comes when the job has ended. */
		encode(&viewers[VIEWERS - 1], &all);
		wait_all(viewers);
		for (unsigned int i = 0; i < VIEWERS; i++) {
			if (!viewers[i].rects || !viewers[i].bytes)
				continue;
			assert_int_equal(viewers[i].result, 0);
			expect_right(&viewers[i]);
			viewers[i].bytes = 0;
			(*served)++;
		}
	}
	failed = alloc_has_failed();
	alloc_fail_at(-1);
	for (unsigned int i = 0; i < VIEWERS; i++)
		rects_free(viewers[i].rects);
	pixman_region32_fini(&all);
	return failed;
}

static void memory_may_run_out_anywhere(void **state)
{
	struct rects_pool_stats stats;
	unsigned int served = 0;
	long number;

	(void)state;
	for (number = 0; live(number, &served); number++) {
		/* One may be lost, or one picture of each: the others see theirs. */
		assert_true(served >= (VIEWERS - 1) * (PICTURES - 1));
		served = 0;
		rects_pool_stats(pool, &stats);
		assert_int_equal(stats.kept_bytes, 0);
		assert_true(number < 1000);
	}
	print_message("%ld failed allocations\n", number);
	assert_true(number > 20);
	assert_int_equal(served, VIEWERS * PICTURES);
	assert_true(stats.shared > stats.jobs);
}

static int setup(void **state)
{
	(void)state;
	log_set_level((enum log_level)-1);
	base = event_base_new();
	return !base || rects_pool_new(base, 2, &pool) || frame_new_memory(WIDTH, HEIGHT, &frame);
}

static int teardown(void **state)
{
	(void)state;
	frame_unref(frame);
	rects_pool_free(pool);
	event_base_free(base);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_may_run_out_anywhere),
	};

	/* libevent's own allocations are to fail, too. */
	event_set_mem_functions(malloc, realloc, free);
	return cmocka_run_group_tests(tests, setup, teardown);
}
