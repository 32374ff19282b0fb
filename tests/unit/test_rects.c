// SPDX-License-Identifier: GPL-2.0-or-later
/* The rectangle engine, seen by a libvncclient that decodes what it sends. */
#include "encoders/rects.h"
#include "server/frame.h"
#include "tests/unit/rects_viewer.h"

#include <drm_fourcc.h>
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

static const struct {
	const char *name;
	struct rects_pixel_format format;
} formats[] = {
	{ "native", { 32, 24, false, true, 255, 255, 255, 16, 8, 0 } },
	{ "bgr", { 32, 24, false, true, 255, 255, 255, 0, 8, 16 } },
	{ "high bytes", { 32, 24, false, true, 255, 255, 255, 24, 16, 8 } },
	{ "depth 32", { 32, 32, false, true, 255, 255, 255, 16, 8, 0 } },
	{ "ten bits", { 32, 30, false, true, 1023, 1023, 1023, 20, 10, 0 } },
	{ "big endian", { 32, 24, true, true, 255, 255, 255, 16, 8, 0 } },
	{ "big endian bgr", { 32, 24, true, true, 255, 255, 255, 0, 8, 16 } },
	{ "big endian high bytes", { 32, 24, true, true, 255, 255, 255, 24, 16, 8 } },
	{ "high bytes bgr", { 32, 24, false, true, 255, 255, 255, 8, 16, 24 } },
	{ "565", { 16, 16, false, true, 31, 63, 31, 11, 5, 0 } },
	{ "565 big endian", { 16, 16, true, true, 31, 63, 31, 11, 5, 0 } },
	{ "555", { 16, 15, false, true, 31, 31, 31, 10, 5, 0 } },
	{ "444", { 16, 12, false, true, 15, 15, 15, 8, 4, 0 } },
	{ "332", { 8, 8, false, true, 7, 7, 3, 5, 2, 0 } },
	{ "bgr233", { 8, 8, false, true, 7, 7, 3, 0, 3, 6 } },
	{ "222", { 8, 6, true, true, 3, 3, 3, 4, 2, 0 } },
};
#define N_FORMATS (sizeof(formats) / sizeof(formats[0]))

static void test_whole_pictures(void **state)
{
	static const struct { uint32_t width, height; } sizes[] = {
		{ 640, 480 }, { 1366, 768 }, { 333, 217 }, { 65, 17 }, { 17, 1 }, { 1, 33 }, { 1, 1 },
		{ 2049, 40 },
	};

	(void)state;
	for (unsigned int s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		struct frame *frame = draw_mixed(sizes[s].width, sizes[s].height, s);

		for (unsigned int i = 0; i < N_LOSSLESS; i++) {
			struct viewer viewer;
			pixman_region32_t all;

			viewer_start(&viewer, base, pool, frame->width, frame->height, NULL,
					&lossless[i].encodings);
			/* Twice: the second one depends on the streams of the first. */
			pixman_region32_init_rect(&all, 0, 0, frame->width, frame->height);
			for (unsigned int round = 0; round < 2; round++) {
				rects_damage(viewer.rects, &all);
				assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
				expect_right(&viewer, frame, "whole picture", lossless[i].name);
				assert_false(rects_pending(viewer.rects, NULL));
			}
			pixman_region32_fini(&all);
			viewer_stop(&viewer);
		}
		frame_unref(frame);
	}
}

static void test_4k(void **state)
{
	struct frame *frame = draw_mixed(3840, 2160, 4);

	(void)state;
	/* Raw: 33 MB in one message, more than a sink keeps. */
	for (unsigned int i = 0; i < N_LOSSLESS; i += 5) {
		struct viewer viewer;

		viewer_start(&viewer, base, pool, 3840, 2160, NULL, &lossless[i].encodings);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		expect_right(&viewer, frame, "4K", lossless[i].name);
		viewer_stop(&viewer);
	}
	frame_unref(frame);
}

static void test_widest(void **state)
{
	struct frame *frame = draw_mixed(8191, 9, 4);

	(void)state;
	for (unsigned int i = 0; i < N_LOSSLESS; i++) {
		struct viewer viewer;

		viewer_start(&viewer, base, pool, 8191, 9, NULL, &lossless[i].encodings);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		expect_right(&viewer, frame, "8191 wide", lossless[i].name);
		viewer_stop(&viewer);
	}
	frame_unref(frame);
}

static void test_pixel_formats(void **state)
{
	struct frame *frame = draw_mixed(301, 203, 9);

	(void)state;
	for (unsigned int f = 0; f < N_FORMATS; f++) {
		for (unsigned int i = 0; i < N_LOSSLESS; i++) {
			const struct rects_pixel_format *format = &formats[f].format;
			struct viewer viewer;

			viewer_start(&viewer, base, pool, frame->width, frame->height, format,
					&lossless[i].encodings);
			assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
			expect_right(&viewer, frame, formats[f].name, lossless[i].name);
			viewer_stop(&viewer);
		}
	}
	frame_unref(frame);
}

static void test_format_changes(void **state)
{
	struct frame *frame = draw_mixed(200, 150, 3);

	(void)state;
	for (unsigned int i = 0; i < N_LOSSLESS; i++) {
		struct viewer viewer;
		pixman_region32_t all;

		viewer_start(&viewer, base, pool, 200, 150, NULL, &lossless[i].encodings);
		pixman_region32_init_rect(&all, 0, 0, 200, 150);
		for (unsigned int f = 0; f < N_FORMATS; f += 5) {
			const struct rects_pixel_format *format = &formats[f].format;

			assert_int_equal(rects_set_pixel_format(viewer.rects, format), 0);
			viewer_set_format(&viewer, format, 200, 150);
			rects_damage(viewer.rects, &all);
			assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
			expect_right(&viewer, frame, "changed format", lossless[i].name);
		}
		pixman_region32_fini(&all);
		viewer_stop(&viewer);
	}
	frame_unref(frame);
}

static void test_jpeg(void **state)
{
	struct frame *frame = draw_photo(640, 480);
	struct viewer raw, viewer;
	double before = 0;
	uint64_t bytes = 0;

	(void)state;
	viewer_start(&raw, base, pool, 640, 480, NULL, NULL);
	assert_int_equal(viewer_update(&raw, frame, NULL), 0);
	for (int quality = 0; quality <= 9; quality += 3) {
		struct rects_encodings encodings = { RECTS_TIGHT, true, true, quality, 2 };
		double psnr;

		viewer_start(&viewer, base, pool, 640, 480, NULL, &encodings);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		psnr = viewer_psnr(&viewer, frame, NULL);
		if (psnr < 28 + quality || psnr < before || viewer.bytes <= bytes)
			fail_msg("quality %d: %.1f dB, %lu bytes", quality, psnr,
					(unsigned long)viewer.bytes);
		assert_true(viewer.bytes < raw.bytes / 4);
		before = psnr;
		bytes = viewer.bytes;
		viewer_stop(&viewer);
	}
	/* Eight bits per pixel cannot have JPEG: it has to be lossless. */
	viewer_start(&viewer, base, pool, 640, 480, &formats[13].format,
			&(struct rects_encodings){ RECTS_TIGHT, true, true, 5, 2 });
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	expect_right(&viewer, frame, "quality with 8 bits", "tight");
	viewer_stop(&viewer);
	viewer_stop(&raw);
	frame_unref(frame);
}

static void test_lagging_viewer(void **state)
{
	uint64_t seed = 7;

	(void)state;
	for (unsigned int round = 0; round < 3 * N_LOSSLESS; round++) {
		struct frame *frame = draw_mixed(160, 120, round);
		struct viewer viewer;

		viewer_start(&viewer, base, pool, 160, 120, NULL,
				&lossless[round % N_LOSSLESS].encodings);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		for (unsigned int i = 0; i < 40; i++) {
			int err;

			for (unsigned int n = next_random(&seed) % 5; n; n--)
				frame = mutate(frame, &viewer, &seed);
			err = viewer_update(&viewer, frame, NULL);
			assert_true(!err || err == -ENODATA);
			expect_right(&viewer, frame, "lagging", lossless[round % N_LOSSLESS].name);
		}
		viewer_stop(&viewer);
		frame_unref(frame);
	}
}

static void test_clip(void **state)
{
	uint64_t seed = 11;

	(void)state;
	for (unsigned int round = 0; round < N_LOSSLESS; round++) {
		struct frame *frame = draw_mixed(160, 120, round);
		struct viewer viewer;

		viewer_start(&viewer, base, pool, 160, 120, NULL, &lossless[round].encodings);
		for (unsigned int i = 0; i < 60; i++) {
			pixman_box32_t box = random_box(&seed, 160, 120);
			pixman_region32_t clip;
			int err;

			pixman_region32_init_with_extents(&clip, &box);
			if (i)
				frame = mutate(frame, &viewer, &seed);
			err = viewer_update(&viewer, frame, &clip);
			assert_true(!err || err == -ENODATA);
			assert_int_equal(viewer_wrong(&viewer, frame, &clip), 0);
			assert_false(rects_pending(viewer.rects, &clip));
			pixman_region32_fini(&clip);
		}
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		expect_right(&viewer, frame, "after clips", lossless[round].name);
		viewer_stop(&viewer);
		frame_unref(frame);
	}
}

static void test_scroll_is_cheap(void **state)
{
	struct frame *frame = draw_mixed(640, 480, 0);
	struct viewer viewer;
	uint64_t before;

	(void)state;
	viewer_start(&viewer, base, pool, 640, 480, NULL, &lossless[0].encodings);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	before = viewer.bytes;
	/* Three scrolls by 16 lines before the viewer is served: one copy, 48 lines to paint. */
	for (unsigned int i = 0; i < 3; i++) {
		struct frame *next = copy_frame(frame);
		pixman_box32_t bottom = { 0, 464, 640, 480 };
		pixman_region32_t up, fresh;
		uint64_t seed = i;

		pixman_region32_init_rect(&up, 0, 0, 640, 464);
		pixman_region32_init_with_extents(&fresh, &bottom);
		move_region(next, &up, 0, -16);
		fill_noise(next, &bottom, &seed);
		rects_copy(viewer.rects, &up, 0, -16);
		rects_damage(viewer.rects, &fresh);
		pixman_region32_fini(&up);
		pixman_region32_fini(&fresh);
		frame_unref(frame);
		frame = next;
	}
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	expect_right(&viewer, frame, "scrolled", "raw");
	assert_true(viewer.bytes - before < 640 * 48 * 4 + 100);
	viewer_stop(&viewer);
	frame_unref(frame);
}

static void test_scattered_damage(void **state)
{
	struct frame *frame = draw_mixed(640, 480, 0);
	struct viewer viewer;
	pixman_region32_t dots;
	uint64_t before;

	(void)state;
	viewer_start(&viewer, base, pool, 640, 480, NULL, NULL);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	before = viewer.bytes;
	pixman_region32_init(&dots);
	for (int i = 0; i < 64; i++) {
		pixman_region32_union_rect(&dots, &dots, i * 10, i * 7, 1, 1);
		fill_box(frame, &(pixman_box32_t){ i * 10, i * 7, i * 10 + 1, i * 7 + 1 }, 0x808080);
	}
	rects_damage(viewer.rects, &dots);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	expect_right(&viewer, frame, "scattered", "raw");
	/* Not the box around them: twelve bytes of header and a pixel each. */
	assert_int_equal(viewer.bytes - before, 4 + 64 * 16);
	/* More than fit in one update: the rest comes with the next ones. */
	for (int y = 0; y < 480; y += 2)
		for (int x = y / 2 % 2; x < 640; x += 9)
			pixman_region32_union_rect(&dots, &dots, x, y, 1, 1);
	fill_box(frame, &(pixman_box32_t){ 0, 0, 640, 480 }, 0x112233);
	rects_damage(viewer.rects, &dots);
	before = viewer.updates;
	while (rects_pending(viewer.rects, NULL))
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	assert_true(viewer.updates - before > 4);
	assert_int_equal(viewer_wrong(&viewer, frame, &dots), 0);
	pixman_region32_fini(&dots);
	viewer_stop(&viewer);
	frame_unref(frame);
}

static void test_compression_levels(void **state)
{
	struct frame *frame = draw_mixed(640, 480, 0);
	uint64_t bytes[3];

	(void)state;
	/* Level 0 of Tight would be a subencoding that most clients do not know. */
	for (int level = -1; level <= 1; level++) {
		struct rects_encodings encodings = { RECTS_TIGHT, true, true, -1, level };
		struct viewer viewer;

		viewer_start(&viewer, base, pool, 640, 480, NULL, &encodings);
		assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
		bytes[level + 1] = viewer.bytes;
		viewer_stop(&viewer);
	}
	assert_int_equal(bytes[0], bytes[2]);
	assert_int_equal(bytes[1], bytes[2]);
	frame_unref(frame);
}

static void test_no_copy_rect(void **state)
{
	struct rects_encodings encodings = { RECTS_RAW, false, false, -1, -1 };
	struct frame *frame = draw_mixed(64, 64, 0);
	struct viewer viewer;
	pixman_region32_t region;

	(void)state;
	viewer_start(&viewer, base, pool, 64, 64, NULL, &encodings);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	pixman_region32_init_rect(&region, 0, 0, 32, 64);
	/* A copy of what is not there would show; asked for as a copy, it is painted. */
	fill_box(frame, &(pixman_box32_t){ 0, 0, 32, 64 }, 0xabcdef);
	rects_copy(viewer.rects, &region, -32, 0);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	expect_right(&viewer, frame, "no CopyRect", "raw");
	/* And one that was pending when the client gave it up. */
	encodings.copy_rect = true;
	assert_int_equal(rects_set_encodings(viewer.rects, &encodings), 0);
	fill_box(frame, &(pixman_box32_t){ 0, 0, 32, 64 }, 0x123456);
	rects_copy(viewer.rects, &region, -32, 0);
	encodings.copy_rect = false;
	assert_int_equal(rects_set_encodings(viewer.rects, &encodings), 0);
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	expect_right(&viewer, frame, "CopyRect given up", "raw");
	pixman_region32_fini(&region);
	viewer_stop(&viewer);
	frame_unref(frame);
}

static void test_resize(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < N_LOSSLESS; i++) {
		struct frame *small = draw_mixed(100, 80, 1), *large = draw_mixed(411, 307, 2);
		struct viewer viewer;

		viewer_start(&viewer, base, pool, 100, 80, NULL, &lossless[i].encodings);
		assert_int_equal(viewer_update(&viewer, small, NULL), 0);
		assert_int_equal(rects_encode(viewer.rects, large, NULL), -EINVAL);
		assert_int_equal(rects_resize(viewer.rects, 411, 307), 0);
		assert_int_equal(rects_encode(viewer.rects, small, NULL), -EINVAL);
		viewer_resize(&viewer, 411, 307);
		assert_int_equal(viewer_update(&viewer, large, NULL), 0);
		expect_right(&viewer, large, "larger", lossless[i].name);
		assert_int_equal(rects_resize(viewer.rects, 100, 80), 0);
		viewer_resize(&viewer, 100, 80);
		assert_int_equal(viewer_update(&viewer, small, NULL), 0);
		expect_right(&viewer, small, "smaller", lossless[i].name);
		viewer_stop(&viewer);
		frame_unref(small);
		frame_unref(large);
	}
}

static void test_bad_arguments(void **state)
{
	static const struct rects_pixel_format bad_formats[] = {
		{ 32, 24, false, false, 255, 255, 255, 16, 8, 0 }, /* colour map */
		{ 24, 24, false, true, 255, 255, 255, 16, 8, 0 },
		{ 0, 0, false, true, 255, 255, 255, 16, 8, 0 },
		{ 16, 24, false, true, 31, 63, 31, 11, 5, 0 }, /* deeper than a pixel */
		{ 16, 16, false, true, 255, 255, 255, 8, 4, 0 }, /* colours overlap */
		{ 32, 24, false, true, 255, 255, 255, 25, 8, 0 }, /* beyond the pixel */
		{ 32, 24, false, true, 255, 255, 255, 200, 8, 0 },
		{ 32, 24, false, true, 254, 255, 255, 16, 8, 0 }, /* not 2^N - 1 */
		{ 32, 24, false, true, 0, 255, 255, 16, 8, 0 },
		{ 32, 24, false, true, 255, 255, 255, 17, 8, 0 }, /* not on a byte */
		{ 32, 24, false, true, 255, 255, 255, 24, 16, 0 }, /* a gap, with the top bit */
		{ 32, 30, false, true, 1023, 1023, 1023, 22, 12, 2 },
		{ 8, 8, false, true, 7, 7, 7, 5, 2, 0 },
	};
	struct frame *frame = draw_mixed(64, 64, 0);
	struct rects *rects = NULL;
	struct rects_encodings encodings = { 17, false, false, -1, -1 };
	struct viewer viewer;
	pixman_region32_t empty;

	(void)state;
	assert_int_equal(rects_new(pool, 0, 5, NULL, NULL, NULL, &rects), -EINVAL);
	assert_int_equal(rects_new(pool, 5, 0, NULL, NULL, NULL, &rects), -EINVAL);
	assert_int_equal(rects_new(pool, 8192, 5, NULL, NULL, NULL, &rects), -EINVAL);
	assert_int_equal(rects_new(pool, 5, UINT32_MAX, NULL, NULL, NULL, &rects), -EINVAL);
	assert_null(rects);
	rects_free(NULL);
	viewer_start(&viewer, base, pool, 64, 64, NULL, NULL);
	for (unsigned int i = 0; i < sizeof(bad_formats) / sizeof(bad_formats[0]); i++)
		assert_int_equal(rects_set_pixel_format(viewer.rects, &bad_formats[i]), -EINVAL);
	assert_int_equal(rects_set_encodings(viewer.rects, &encodings), -EINVAL);
	encodings.preferred = RECTS_TIGHT;
	encodings.quality = 10;
	assert_int_equal(rects_set_encodings(viewer.rects, &encodings), -EINVAL);
	assert_int_equal(rects_resize(viewer.rects, 8192, 64), -EINVAL);
	frame->fourcc = DRM_FORMAT_RGB565;
	assert_int_equal(rects_encode(viewer.rects, frame, NULL), -EINVAL);
	frame->fourcc = DRM_FORMAT_XRGB8888;
	frame->data_bytes--;
	assert_int_equal(rects_encode(viewer.rects, frame, NULL), -EINVAL);
	frame->data_bytes++;
	/* None of it did harm. */
	assert_int_equal(viewer_update(&viewer, frame, NULL), 0);
	expect_right(&viewer, frame, "after bad arguments", "raw");
	assert_int_equal(rects_encode(viewer.rects, frame, NULL), -ENODATA);
	pixman_region32_init(&empty);
	rects_damage(viewer.rects, &empty);
	assert_int_equal(rects_encode(viewer.rects, frame, &empty), -ENODATA);
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
		cmocka_unit_test(test_whole_pictures),
		cmocka_unit_test(test_4k),
		cmocka_unit_test(test_widest),
		cmocka_unit_test(test_pixel_formats),
		cmocka_unit_test(test_format_changes),
		cmocka_unit_test(test_jpeg),
		cmocka_unit_test(test_lagging_viewer),
		cmocka_unit_test(test_clip),
		cmocka_unit_test(test_scroll_is_cheap),
		cmocka_unit_test(test_scattered_damage),
		cmocka_unit_test(test_compression_levels),
		cmocka_unit_test(test_no_copy_rect),
		cmocka_unit_test(test_resize),
		cmocka_unit_test(test_bad_arguments),
	};

	return cmocka_run_group_tests(tests, open_pool, close_pool);
}
