// SPDX-License-Identifier: GPL-2.0-or-later
/* What is sent lossily and what never is, seen by a libvncclient that decodes it. */
#include "encoders/rects.h"
#include "server/frame.h"
#include "tests/unit/rects_viewer.h"

#include <errno.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define WIDTH 641
#define HEIGHT 480
#define TEXT_WIDTH 320

static struct event_base *base;
static struct rects_pool *pool;
static int at_rest; /* events when nothing is under way */

static const struct rects_pixel_format sixteen = { 16, 16, false, true, 31, 63, 31, 11, 5, 0 };
static const struct rects_pixel_format eight = { 8, 8, false, true, 7, 7, 3, 5, 2, 0 };

/* On the right of the frame a photograph, at its n-th moment. */
static void show_photo(struct frame *frame, uint32_t n)
{
	struct frame *photo = draw_photo(WIDTH + 7 * n, HEIGHT);

	for (uint32_t y = 0; y < HEIGHT; y++)
		memcpy(frame_memory_pixels(frame) + y * frame->planes[0].stride + TEXT_WIDTH * 4,
				photo->data + y * photo->planes[0].stride + (TEXT_WIDTH + 7 * n) * 4,
				(WIDTH - TEXT_WIDTH) * 4);
	frame_unref(photo);
}

static struct frame *draw(void)
{
	struct frame *frame;

	assert_int_equal(frame_new_memory(WIDTH, HEIGHT, &frame), 0);
	fill_text(frame, &(pixman_box32_t){ 0, 0, TEXT_WIDTH, HEIGHT });
	show_photo(frame, 0);
	return frame;
}

/* A scroll, a new line of text and another moment of the photograph: one message each. */
static void test_text_beside_photo(void **state)
{
	pixman_region32_t text, photo, up, fresh;

	(void)state;
	pixman_region32_init_rect(&text, 0, 0, TEXT_WIDTH, HEIGHT);
	pixman_region32_init_rect(&photo, TEXT_WIDTH, 0, WIDTH - TEXT_WIDTH, HEIGHT);
	pixman_region32_init_rect(&up, 0, 0, TEXT_WIDTH, HEIGHT - 16);
	pixman_region32_init_rect(&fresh, 0, HEIGHT - 16, TEXT_WIDTH, 16);
	pixman_region32_union(&fresh, &fresh, &photo);
	for (unsigned int way = 0; way < 8; way++) {
		const struct rects_encodings encodings = { RECTS_TIGHT, way & 1, way & 2, 8, 2 };
		const struct rects_pixel_format *format = way & 4 ? &sixteen : NULL;
		struct frame *frame = draw();
		struct viewer viewer;

		viewer_start(&viewer, base, pool, WIDTH, HEIGHT, format, &encodings);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		for (uint32_t n = 1; n < 4; n++) {
			assert_int_equal(viewer_wrong(&viewer, frame, &text), 0);
			assert_true(viewer_wrong(&viewer, frame, &photo) > WIDTH);
			assert_true(format || viewer_psnr(&viewer, frame, &photo) > 40);
			move_region(frame, &up, 0, -16);
			fill_box(frame, &(pixman_box32_t){ 0, HEIGHT - 16, 50 * (int)n, HEIGHT }, 0x2020ff);
			show_photo(frame, n);
			rects_copy(viewer.rects, &up, 0, -16);
			rects_damage(viewer.rects, &fresh);
			assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
			assert_int_equal(viewer.updates, n + 1);
		}
		assert_int_equal(viewer_wrong(&viewer, frame, &text), 0);
		viewer_stop(&viewer);
		frame_unref(frame);
	}
	pixman_region32_fini(&text);
	pixman_region32_fini(&photo);
	pixman_region32_fini(&up);
	pixman_region32_fini(&fresh);
}

/* The photograph moves over the text while its place is painted anew: copies come first. */
static void test_copy_out_of_photo(void **state)
{
	const struct rects_encodings encodings = { RECTS_TIGHT, true, true, 8, 2 };
	struct frame *frame = draw(), *next;
	pixman_region32_t text, photo;
	struct viewer viewer;

	(void)state;
	pixman_region32_init_rect(&text, 0, 0, TEXT_WIDTH, HEIGHT);
	pixman_region32_init_rect(&photo, TEXT_WIDTH, 0, WIDTH - TEXT_WIDTH, HEIGHT);
	viewer_start(&viewer, base, pool, WIDTH, HEIGHT, NULL, &encodings);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	next = copy_frame(frame);
	move_region(next, &text, -TEXT_WIDTH, 0);
	show_photo(next, 5);
	rects_copy(viewer.rects, &text, -TEXT_WIDTH, 0);
	rects_damage(viewer.rects, &photo);
	assert_int_equal(viewer_update(&viewer, next, NULL), 0);
	assert_true(viewer_psnr(&viewer, next, NULL) > 40);
	pixman_region32_fini(&text);
	pixman_region32_fini(&photo);
	viewer_stop(&viewer);
	frame_unref(frame);
	frame_unref(next);
}

/* More rectangles than a byte counts, with JPEG behind them. */
static void test_many_rectangles(void **state)
{
	(void)state;
	for (unsigned int way = 0; way < 2; way++) {
		const struct rects_encodings encodings = { RECTS_TIGHT, true, way, 8, 2 };
		struct frame *frame = draw();
		pixman_region32_t changed, text;
		struct viewer viewer;

		pixman_region32_init_rect(&text, 0, 0, TEXT_WIDTH, HEIGHT);
		pixman_region32_init_rect(&changed, TEXT_WIDTH, 0, WIDTH - TEXT_WIDTH, HEIGHT);
		viewer_start(&viewer, base, pool, WIDTH, HEIGHT, NULL, &encodings);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		show_photo(frame, 1);
		for (int i = 0; i < 1023; i++) {
			const pixman_box32_t dot = { i % 40 * 8, i / 40 * 8, i % 40 * 8 + 1, i / 40 * 8 + 1 };

			fill_box(frame, &dot, 0x2020ff);
			pixman_region32_union_rect(&changed, &changed, dot.x1, dot.y1, 1, 1);
		}
		rects_damage(viewer.rects, &changed);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		assert_int_equal(viewer.updates, 2);
		assert_int_equal(viewer_wrong(&viewer, frame, &text), 0);
		assert_true(viewer_psnr(&viewer, frame, NULL) > 40);
		pixman_region32_fini(&changed);
		pixman_region32_fini(&text);
		viewer_stop(&viewer);
		frame_unref(frame);
	}
}

static void expect_lossless(struct frame *frame, const struct rects_pixel_format *format,
		const struct rects_encodings *encodings)
{
	struct viewer viewer;

	viewer_start(&viewer, base, pool, frame->width, frame->height, format, encodings);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	expect_right(&viewer, frame, "photograph", "lossless");
	viewer_stop(&viewer);
}

/* Those who did not ask for JPEG, or cannot have it, and changes too small to bother. */
static void test_lossless_photo(void **state)
{
	struct frame *frame = draw_photo(WIDTH, HEIGHT), *small = draw_photo(90, 88);
	struct rects_encodings encodings = { RECTS_TIGHT, true, true, -1, 2 };

	(void)state;
	expect_lossless(frame, NULL, &encodings);
	encodings.quality = 8;
	expect_lossless(frame, &eight, &encodings);
	expect_lossless(small, NULL, &encodings);
	encodings.preferred = RECTS_ZRLE;
	expect_lossless(frame, NULL, &encodings);
	encodings.preferred = RECTS_HEXTILE;
	expect_lossless(frame, NULL, &encodings);
	frame_unref(frame);
	frame_unref(small);
}

/* Until nothing is left to be told; returns how many updates that took. */
static unsigned int refine(struct viewer *viewer, struct frame *frame)
{
	unsigned int updates = viewer->updates;

	while (rects_pending(viewer->rects, NULL))
		assert_int_equal(viewer_update(viewer, frame, NULL), 0);
	return viewer->updates - updates;
}

static void wait_due(struct viewer *viewer)
{
	unsigned int due = viewer->due;

	while (viewer->due == due)
		event_base_loop(base, EVLOOP_ONCE);
}

/* Nothing would wake the loop: nothing lossy waits. */
static bool is_at_rest(void)
{
	return event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED) == at_rest;
}

/* What was sent lossily is sent once more when it rests, and that is the end of it. */
static void test_refinement(void **state)
{
	(void)state;
	for (unsigned int way = 0; way < 2; way++) {
		const struct rects_encodings encodings = { RECTS_TIGHT, true, way, 5, 2 };
		struct frame *frame = draw();
		pixman_region32_t photo;
		struct viewer viewer;

		pixman_region32_init_rect(&photo, TEXT_WIDTH, 0, WIDTH - TEXT_WIDTH, HEIGHT);
		viewer_start(&viewer, base, pool, WIDTH, HEIGHT, NULL, &encodings);
		for (uint32_t n = 0; n < 3; n++) {
			show_photo(frame, n);
			rects_damage(viewer.rects, &photo);
			assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
			assert_true(viewer_wrong(&viewer, frame, &photo) > WIDTH);
			assert_false(rects_pending(viewer.rects, NULL));
			assert_int_equal(rects_encode(viewer.rects, frame, NULL), -ENODATA);
			assert_false(is_at_rest());
		}
		wait_due(&viewer);
		/* In steps. */
		assert_true(refine(&viewer, frame) > 1);
		expect_right(&viewer, frame, "photograph", "refined");
		assert_int_equal(rects_encode(viewer.rects, frame, NULL), -ENODATA);
		assert_true(is_at_rest());
		pixman_region32_fini(&photo);
		viewer_stop(&viewer);
		frame_unref(frame);
	}
}

/* News come first, and what they bring rests anew. */
static void test_news_before_refinement(void **state)
{
	const struct rects_encodings encodings = { RECTS_TIGHT, true, true, 5, 2 };
	struct frame *frame = draw();
	pixman_region32_t photo, line, left, right;
	struct viewer viewer;

	(void)state;
	pixman_region32_init_rect(&photo, TEXT_WIDTH, 0, WIDTH - TEXT_WIDTH, HEIGHT);
	pixman_region32_init_rect(&line, 0, 0, 100, 16);
	pixman_region32_init_rect(&left, 0, 0, TEXT_WIDTH, HEIGHT);
	pixman_region32_init_rect(&right, WIDTH - 10, HEIGHT - 10, 10, 10);
	viewer_start(&viewer, base, pool, WIDTH, HEIGHT, NULL, &encodings);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	wait_due(&viewer);
	fill_box(frame, &(pixman_box32_t){ 0, 0, 100, 16 }, 0x00ff00);
	rects_damage(viewer.rects, &line);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	assert_int_equal(viewer_wrong(&viewer, frame, &left), 0);
	assert_true(viewer_wrong(&viewer, frame, &photo) > WIDTH);
	assert_true(rects_pending(viewer.rects, NULL));
	/* Nothing is due where the client does not look. */
	assert_false(rects_pending(viewer.rects, &left));
	assert_int_equal(rects_encode(viewer.rects, frame, &left), -ENODATA);
	/* Only the part it looks at. */
	assert_int_equal(viewer_update(&viewer, frame, &right), 0);
	assert_int_equal(viewer_wrong(&viewer, frame, &right), 0);
	assert_true(viewer_wrong(&viewer, frame, &photo) > WIDTH);
	/* Another moment of it: JPEG again, and not due. */
	show_photo(frame, 4);
	rects_damage(viewer.rects, &photo);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	assert_false(rects_pending(viewer.rects, NULL));
	assert_true(viewer_wrong(&viewer, frame, &photo) > WIDTH);
	wait_due(&viewer);
	assert_true(refine(&viewer, frame) > 0);
	expect_right(&viewer, frame, "photograph", "refined");
	pixman_region32_fini(&photo);
	pixman_region32_fini(&line);
	pixman_region32_fini(&left);
	pixman_region32_fini(&right);
	viewer_stop(&viewer);
	frame_unref(frame);
}

/* A copy that is still owed elsewhere must not read what a step has made exact already. */
static void test_refinement_beside_owed_copy(void **state)
{
	const struct rects_encodings encodings = { RECTS_TIGHT, true, true, 5, 2 };
	struct frame *frame = draw();
	pixman_region32_t photo, text;
	struct viewer viewer;

	(void)state;
	pixman_region32_init_rect(&photo, TEXT_WIDTH, 0, WIDTH - TEXT_WIDTH, HEIGHT);
	pixman_region32_init_rect(&text, 0, 0, TEXT_WIDTH, HEIGHT);
	viewer_start(&viewer, base, pool, WIDTH, HEIGHT, NULL, &encodings);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	wait_due(&viewer);
	move_region(frame, &text, -TEXT_WIDTH, 0);
	rects_copy(viewer.rects, &text, -TEXT_WIDTH, 0);
	/* The client asks for the source alone. */
	while (rects_pending(viewer.rects, &photo))
		assert_int_equal(viewer_update(&viewer, frame, &photo), 0);
	assert_int_equal(viewer_wrong(&viewer, frame, &photo), 0);
	while (viewer_wrong(&viewer, frame, NULL)) {
		refine(&viewer, frame);
		if (viewer_wrong(&viewer, frame, NULL))
			wait_due(&viewer);
	}
	assert_true(is_at_rest());
	pixman_region32_fini(&photo);
	pixman_region32_fini(&text);
	viewer_stop(&viewer);
	frame_unref(frame);
}

/* Copies of lossy pixels are lossy, whatever was there before; all ends exactly. */
static void test_any_history(void **state)
{
	uint64_t seed = 23;

	(void)state;
	for (unsigned int round = 0; round < 6; round++) {
		const struct rects_encodings encodings = { RECTS_TIGHT, round % 3, round & 1, 3, 2 };
		struct frame *frame = draw_photo(400, 300);
		struct viewer viewer;

		viewer_start(&viewer, base, pool, 400, 300, NULL, &encodings);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		for (unsigned int i = 0; i < 40; i++) {
			pixman_box32_t box = random_box(&seed, 400, 300);
			pixman_region32_t clip;

			for (unsigned int n = next_random(&seed) % 4; n; n--)
				frame = mutate(frame, &viewer, &seed);
			pixman_region32_init_with_extents(&clip, &box);
			viewer_update(&viewer, frame, next_random(&seed) % 3 ? NULL : &clip);
			pixman_region32_fini(&clip);
			if (next_random(&seed) % 40 == 0 && !is_at_rest())
				wait_due(&viewer);
		}
		while (rects_pending(viewer.rects, NULL) || !is_at_rest()) {
			refine(&viewer, frame);
			if (!is_at_rest())
				wait_due(&viewer);
		}
		expect_right(&viewer, frame, "history", "refined");
		viewer_stop(&viewer);
		frame_unref(frame);
	}
}

/* What was lossy in the old size, or before the client gave JPEG up. */
static void test_changes_of_mind(void **state)
{
	struct rects_encodings encodings = { RECTS_TIGHT, true, true, 5, 2 };
	struct frame *frame = draw(), *other = draw_photo(300, 200);
	struct viewer viewer;

	(void)state;
	viewer_start(&viewer, base, pool, WIDTH, HEIGHT, NULL, &encodings);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	assert_int_equal(rects_resize(viewer.rects, 300, 200), 0);
	viewer_resize(&viewer, 300, 200);
	assert_int_equal(viewer_update(&viewer, other, NULL), 0);
	wait_due(&viewer);
	refine(&viewer, other);
	expect_right(&viewer, other, "another size", "refined");
	assert_int_equal(rects_resize(viewer.rects, WIDTH, HEIGHT), 0);
	viewer_resize(&viewer, WIDTH, HEIGHT);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	encodings = (struct rects_encodings){ RECTS_ZRLE, false, false, -1, -1 };
	assert_int_equal(rects_set_encodings(viewer.rects, &encodings), 0);
	wait_due(&viewer);
	refine(&viewer, frame);
	expect_right(&viewer, frame, "other encodings", "refined");
	assert_true(is_at_rest());
	viewer_stop(&viewer);
	frame_unref(frame);
	frame_unref(other);
}

static void test_freed_while_it_waits(void **state)
{
	const struct rects_encodings encodings = { RECTS_TIGHT, true, true, 5, 2 };
	struct frame *frame = draw();
	pixman_region32_t text;
	struct viewer viewer;

	(void)state;
	pixman_region32_init_rect(&text, 0, 0, TEXT_WIDTH, HEIGHT);
	for (unsigned int way = 0; way < 3; way++) {
		viewer_start(&viewer, base, pool, WIDTH, HEIGHT, NULL, &encodings);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		assert_false(is_at_rest());
		if (way == 1)
			wait_due(&viewer);
		if (way == 2)
			rects_damage(viewer.rects, &text);
		if (way)
			assert_int_equal(rects_encode(viewer.rects, frame, NULL), 0);
		viewer_stop(&viewer);
		assert_true(is_at_rest());
	}
	pixman_region32_fini(&text);
	frame_unref(frame);
}

static void test_large_photo(void **state)
{
	const struct rects_encodings encodings = { RECTS_TIGHT, true, false, 8, 2 };
	/* Wider and higher than one rectangle of Tight may be. */
	struct frame *frame = draw_photo(4100, 600);
	struct viewer viewer;

	(void)state;
	viewer_start(&viewer, base, pool, 4100, 600, NULL, &encodings);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	assert_true(viewer_psnr(&viewer, frame, NULL) > 40);
	assert_int_equal(viewer.updates, 1);
	viewer_stop(&viewer);
	frame_unref(frame);
}

static int open_pool(void **state)
{
	(void)state;
	base = event_base_new();
	if (!base || rects_pool_new(base, 2, &pool))
		return -1;
	at_rest = event_base_get_num_events(base, EVENT_BASE_COUNT_ADDED);
	return 0;
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
		cmocka_unit_test(test_text_beside_photo),
		cmocka_unit_test(test_copy_out_of_photo),
		cmocka_unit_test(test_many_rectangles),
		cmocka_unit_test(test_lossless_photo),
		cmocka_unit_test(test_large_photo),
		cmocka_unit_test(test_refinement),
		cmocka_unit_test(test_news_before_refinement),
		cmocka_unit_test(test_refinement_beside_owed_copy),
		cmocka_unit_test(test_any_history),
		cmocka_unit_test(test_changes_of_mind),
		cmocka_unit_test(test_freed_while_it_waits),
	};

	return cmocka_run_group_tests(tests, open_pool, close_pool);
}
