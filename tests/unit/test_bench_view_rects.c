// SPDX-License-Identifier: GPL-2.0-or-later
/* The bench's viewer reads what libvncserver encodes, whatever the pieces it comes in. */
#include <event2/buffer.h>
#include <event2/event.h>
#include <math.h>
#include <stdarg.h>
#include <stddef.h>

#include <setjmp.h>

#include <cmocka.h>

#include "encoders/rects.h"
#include "server/frame.h"
#include "tests/unit/bench_view_rig.h"
#include "tests/unit/rects_viewer.h"

#define WIDTH 333u
#define HEIGHT 217u

static struct event_base *base;
static struct rects_pool *pool;

struct server {
	struct rig rig;
	struct rects *rects;
	bool running;
};

static struct server server;

static void handle_done(void *user, struct evbuffer *output, int result)
{
	struct server *to = user;
	size_t n = evbuffer_get_length(output);

	assert_int_equal(result, 0);
	rig_put(&to->rig, evbuffer_pullup(output, -1), n);
	evbuffer_drain(output, n);
	to->running = false;
}

/* What rests and is not exact yet is the business of other tests. */
static void ignore_due(void *user)
{
	(void)user;
}

static void start(const struct rects_encodings *encodings)
{
	rig_start(&server.rig, NULL, WIDTH, HEIGHT);
	assert_int_equal(rects_new(pool, WIDTH, HEIGHT, handle_done, ignore_due, &server, &server.rects), 0);
	assert_int_equal(rects_set_encodings(server.rects, encodings), 0);
}

static void stop(void)
{
	rects_free(server.rects);
	rig_stop(&server.rig);
}

static void update(struct frame *frame, size_t piece)
{
	/* Ragged damage may take more than one. */
	while (rects_pending(server.rects, NULL)) {
		assert_int_equal(rects_encode(server.rects, frame, NULL), 0);
		server.running = true;
		wait_while(base, &server.running);
		rig_expect_read(&server.rig, piece);
	}
}

static uint32_t pixel_of(const struct frame *frame, uint32_t x, uint32_t y)
{
	return ((const uint32_t *)(frame->data + (size_t)y * frame->planes[0].stride))[x] & 0xffffff;
}

static void expect_exact(const struct frame *frame, const char *how)
{
	unsigned int wrong = 0;

	for (uint32_t y = 0; y < HEIGHT; y++)
		for (uint32_t x = 0; x < WIDTH; x++)
			wrong += rig_pixel(&server.rig, x, y) != pixel_of(frame, x, y);
	if (wrong)
		fail_msg("%s: %u pixels are wrong", how, wrong);
}

static uint64_t rectangles(int32_t encoding)
{
	return server.rig.session.rectangles[view_encoding_find(encoding) - view_encodings];
}

static void test_lossless(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < N_LOSSLESS; i++) {
		uint64_t seed = i;

		start(&lossless[i].encodings);
		for (unsigned int round = 0; round < 4; round++) {
			struct frame *frame = draw_mixed(WIDTH, HEIGHT, seed++);
			pixman_region32_t all;

			pixman_region32_init_rect(&all, 0, 0, WIDTH, HEIGHT);
			rects_damage(server.rects, &all);
			pixman_region32_fini(&all);
			update(frame, round == 1 ? 61 : round * 1000);
			expect_exact(frame, lossless[i].name);
			frame_unref(frame);
		}
		assert_true(rectangles(lossless[i].encodings.preferred) > 0);
		stop();
	}
}

static void test_copies(void **state)
{
	static const struct { int dx, dy; } moves[] = {
		{ 0, -16 }, { 0, 7 }, { 9, 0 }, { -3, 0 }, { 5, -5 }, { -8, 8 },
	};
	const struct rects_encodings encodings = { RECTS_TIGHT, true, true, -1, -1 };
	struct frame *frame = draw_mixed(WIDTH, HEIGHT, 3);

	(void)state;
	start(&encodings);
	update(frame, 0);
	for (int i = 0; i < 6; i++) {
		struct frame *next = copy_frame(frame);
		pixman_region32_t region;

		pixman_region32_init_rect(&region, 40, 40, 200, 100);
		move_region(next, &region, moves[i].dx, moves[i].dy);
		rects_copy(server.rects, &region, moves[i].dx, moves[i].dy);
		pixman_region32_fini(&region);
		update(next, 13);
		expect_exact(next, "copyrect");
		frame_unref(frame);
		frame = next;
	}
	assert_true(rectangles(VIEW_COPY_RECT) >= 6);
	frame_unref(frame);
	stop();
}

static void test_jpeg(void **state)
{
	const struct rects_encodings encodings = { RECTS_TIGHT, true, true, 8, -1 };
	struct frame *frame = draw_photo(WIDTH, HEIGHT);
	uint64_t squares = 0;

	(void)state;
	start(&encodings);
	update(frame, 61);
	for (uint32_t y = 0; y < HEIGHT; y++) {
		for (uint32_t x = 0; x < WIDTH; x++) {
			uint32_t a = rig_pixel(&server.rig, x, y), b = pixel_of(frame, x, y);

			for (unsigned int shift = 0; shift < 24; shift += 8) {
				int distance = (int)(a >> shift & 255) - (int)(b >> shift & 255);

				squares += (uint64_t)(distance * distance);
			}
		}
	}
	assert_true(server.rig.session.decoder.tight_kinds[VIEW_TIGHT_JPEG] > 0);
	assert_true(squares > 0);
	assert_true(10 * log10(255.0 * 255 * 3 * WIDTH * HEIGHT / (double)squares) > 38);
	frame_unref(frame);
	stop();
}

static int setup(void **state)
{
	(void)state;
	base = event_base_new();
	return rects_pool_new(base, 1, &pool);
}

static int teardown(void **state)
{
	(void)state;
	rects_pool_free(pool);
	event_base_free(base);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lossless),
		cmocka_unit_test(test_copies),
		cmocka_unit_test(test_jpeg),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
