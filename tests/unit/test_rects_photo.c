// SPDX-License-Identifier: GPL-2.0-or-later
/* What is sent lossily and what never is, seen by a libvncclient that decodes it. */
#include "encoders/rects.h"
#include "server/frame.h"
#include "tests/unit/rects_viewer.h"

#include <event2/event.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <setjmp.h>

#include <cmocka.h>

#define WIDTH 641
#define HEIGHT 480
#define TEXT_WIDTH 320

static struct event_base *base;
static struct rects_pool *pool;

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
		cmocka_unit_test(test_text_beside_photo),
		cmocka_unit_test(test_copy_out_of_photo),
		cmocka_unit_test(test_lossless_photo),
		cmocka_unit_test(test_large_photo),
	};

	return cmocka_run_group_tests(tests, open_pool, close_pool);
}
