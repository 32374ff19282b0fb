// SPDX-License-Identifier: GPL-2.0-or-later
/* What is taken for a photograph, and what never is. */
#include "encoders/photo.h"
#include "server/frame.h"
#include "tests/unit/rects_viewer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void find_in(struct frame *frame, const pixman_box32_t *box, struct photo *photo)
{
	pixman_region32_t region;

	pixman_region32_init_with_extents(&region, box);
	photo_find(frame, &region, photo);
	pixman_region32_fini(&region);
}

static void find(struct frame *frame, struct photo *photo)
{
	find_in(frame, &(pixman_box32_t){ 0, 0, (int32_t)frame->width, (int32_t)frame->height }, photo);
}

static int64_t area_of(const pixman_box32_t *box)
{
	return (int64_t)(box->x2 - box->x1) * (box->y2 - box->y1);
}

static int64_t area(const struct photo *photo)
{
	int64_t sum = 0;

	for (unsigned int i = 0; i < photo->n; i++)
		sum += area_of(&photo->boxes[i]);
	return sum;
}

/* Pixels of the box that are taken for a photograph. */
static int64_t taken(const struct photo *photo, const pixman_box32_t *box)
{
	int64_t sum = 0;

	for (unsigned int i = 0; i < photo->n; i++) {
		const pixman_box32_t *found = &photo->boxes[i];
		int32_t width = (found->x2 < box->x2 ? found->x2 : box->x2) -
				(found->x1 > box->x1 ? found->x1 : box->x1);
		int32_t height = (found->y2 < box->y2 ? found->y2 : box->y2) -
				(found->y1 > box->y1 ? found->y1 : box->y1);

		sum += width > 0 && height > 0 ? (int64_t)width * height : 0;
	}
	return sum;
}

/* Each size as it comes, in one piece, unless it is too little. */
static void test_sizes(void **state)
{
	static const uint32_t sizes[][2] = { { 1920, 1080 }, { 640, 480 }, { 641, 479 }, { 8191, 65 },
		{ 64, 8191 }, { 129, 127 }, { 90, 90 }, { 89, 89 }, { 1, 1 }, { 2, 8191 }, { 9, 8191 } };

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct frame *frame = draw_photo(sizes[i][0], sizes[i][1]);
		int64_t all = (int64_t)sizes[i][0] * sizes[i][1];
		struct photo photo;

		find(frame, &photo);
		/* Two pixels side by side tell nothing. */
		if (all < PHOTO_PIXELS_MIN || sizes[i][0] == 2) {
			assert_int_equal(photo.n, 0);
		} else {
			assert_int_equal(photo.n, 1);
			assert_int_equal(area(&photo), all);
		}
		frame_unref(frame);
	}
}

static void fill_stipple(struct frame *frame, const pixman_box32_t *box)
{
	for (int32_t y = box->y1; y < box->y2; y++)
		for (int32_t x = box->x1; x < box->x2; x++)
			fill_box(frame, &(pixman_box32_t){ x, y, x + 1, y + 1 }, (x ^ y) & 1 ? 0 : 0xffffff);
}

static void test_no_photo(void **state)
{
	const pixman_box32_t all = { 0, 0, 640, 480 };
	struct frame *frame;
	struct photo photo;
	uint64_t seed = 3;

	(void)state;
	assert_int_equal(frame_new_memory(640, 480, &frame), 0);
	find(frame, &photo);
	assert_int_equal(photo.n, 0);
	fill_text(frame, &all);
	find(frame, &photo);
	assert_int_equal(photo.n, 0);
	fill_stipple(frame, &all);
	find(frame, &photo);
	assert_int_equal(photo.n, 0);
	fill_noise(frame, &all, &seed);
	find(frame, &photo);
	assert_int_equal(photo.n, 0);
	/* The high byte is nothing anybody sees. */
	for (uint32_t y = 0; y < 480; y++)
		for (uint32_t x = 0; x < 640; x++)
			((uint32_t *)(void *)frame_memory_pixels(frame))[y * 640 + x] = x << 24;
	find(frame, &photo);
	assert_int_equal(photo.n, 0);
	frame_unref(frame);
}

/* A window with text before a photograph, and a film on a page of text. */
static void test_mixed(void **state)
{
	const pixman_box32_t window = { 300, 200, 1011, 777 }, inner = { 320, 256, 960, 768 };
	struct frame *frame = draw_photo(1366, 1023);
	struct photo photo;

	(void)state;
	fill_text(frame, &window);
	find(frame, &photo);
	assert_int_equal(taken(&photo, &inner), 0);
	/* All else but the cells on the window's edge, which are not told apart. */
	assert_true(area(&photo) >= (int64_t)1366 * 1023 - (1024 - 256) * (832 - 192));
	assert_true(photo.n <= 6);
	/* What changes is measured alone: the film up to its edges, the text up to its own. */
	find_in(frame, &window, &photo);
	assert_int_equal(photo.n, 0);
	find_in(frame, &(pixman_box32_t){ 1011, 201, 1333, 701 }, &photo);
	assert_int_equal(photo.n, 1);
	assert_int_equal(area(&photo), 322 * 500);
	/* A little of it is not worth the loss. */
	find_in(frame, &(pixman_box32_t){ 1011, 201, 1100, 290 }, &photo);
	assert_int_equal(photo.n, 0);
	frame_unref(frame);
}

static void test_holes(void **state)
{
	const pixman_box32_t cell = { 320, 128, 384, 192 };
	struct frame *frame = draw_photo(640, 480);
	struct photo photo;

	(void)state;
	/* Plain sky does not tear a picture apart. */
	fill_box(frame, &cell, 0x87ceeb);
	find(frame, &photo);
	assert_int_equal(photo.n, 1);
	assert_int_equal(area(&photo), 640 * 480);
	/* Letters do. */
	fill_text(frame, &cell);
	find(frame, &photo);
	assert_int_equal(taken(&photo, &cell), 0);
	assert_int_equal(area(&photo), 640 * 480 - 64 * 64);
	assert_int_equal(photo.n, 4);
	/* Nor does a picture grow into the plain page around it. */
	fill_box(frame, &(pixman_box32_t){ 0, 0, 640, 128 }, 0xffffff);
	fill_box(frame, &(pixman_box32_t){ 0, 128, 128, 480 }, 0xffffff);
	find(frame, &photo);
	assert_int_equal(taken(&photo, &(pixman_box32_t){ 0, 0, 640, 128 }), 0);
	assert_int_equal(taken(&photo, &(pixman_box32_t){ 0, 128, 128, 480 }), 0);
	frame_unref(frame);
}

/* Whatever is asked for: boxes inside it, apart from each other, none too small. */
static void test_any_region(void **state)
{
	uint64_t seed = 17;

	(void)state;
	for (unsigned int round = 0; round < 60; round++) {
		uint32_t width = 200 + next_random(&seed) % 1200, height = 200 + next_random(&seed) % 800;
		struct frame *frame = round % 3 ? draw_photo(width, height) : draw_mixed(width, height, round);
		pixman_region32_t region, found, both;
		struct photo photo;

		pixman_region32_init(&region);
		pixman_region32_init(&both);
		for (unsigned int n = next_random(&seed) % 40; n; n--) {
			pixman_box32_t box = random_box(&seed, width, height);

			box.x2 = box.x1 + (box.x2 - box.x1 + 3) / 4;
			box.y2 = box.y1 + (box.y2 - box.y1 + 3) / 4;
			pixman_region32_union_rect(&region, &region, box.x1, box.y1,
					(unsigned int)(box.x2 - box.x1), (unsigned int)(box.y2 - box.y1));
			if (next_random(&seed) % 2) {
				box = random_box(&seed, width, height);
				fill_text(frame, &box);
			}
		}
		photo_find(frame, &region, &photo);
		assert_true(photo.n <= PHOTO_BOXES_MAX);
		assert_true(!photo.n || area(&photo) >= PHOTO_PIXELS_MIN);
		assert_true(pixman_region32_init_rects(&found, photo.boxes, (int)photo.n));
		pixman_region32_subtract(&both, &found, &region);
		assert_false(pixman_region32_not_empty(&both));
		/* Their union is no less than their sum. */
		int64_t sum = 0;
		int n;
		const pixman_box32_t *box = pixman_region32_rectangles(&found, &n);

		for (; n; n--, box++)
			sum += area_of(box);
		assert_int_equal(sum, area(&photo));
		for (unsigned int i = 0; i < photo.n; i++)
			assert_true(area_of(&photo.boxes[i]) >= PHOTO_BOX_PIXELS_MIN);
		pixman_region32_fini(&region);
		pixman_region32_fini(&found);
		pixman_region32_fini(&both);
		frame_unref(frame);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_no_photo),
		cmocka_unit_test(test_mixed),
		cmocka_unit_test(test_holes),
		cmocka_unit_test(test_any_region),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
