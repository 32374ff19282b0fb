/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For the tests of damage: a picture that a test draws into, as a source frame
 * of any format's memory layout, and a reader that knows updates only.
 */
#ifndef PLANECAST_TESTS_UNIT_DAMAGE_PICTURE_H
#define PLANECAST_TESTS_UNIT_DAMAGE_PICTURE_H

#include <drm_fourcc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
/* after the standard headers, as it asks */
#include <cmocka.h>

#include "server/frame.h"
#include "server/update.h"

static inline uint32_t picture_random(uint32_t *seed)
{
	/* xorshift32 (Marsaglia) */
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static inline uint32_t picture_below(uint32_t *seed, uint32_t limit)
{
	return picture_random(seed) % limit;
}

/* A source whose rows start anywhere: base + lead, stride as given. */
struct picture {
	struct frame frame;
	uint8_t *memory;
	uint32_t width, height;
	size_t stride;
	uint8_t *pixels;
};

static inline void picture_release(struct frame *frame)
{
	(void)frame;
}

static const struct frame_impl picture_impl = { .release = picture_release };

/* lead: bytes before the first pixel. The memory ends right behind the last one. */
static inline void picture_init(struct picture *picture, uint32_t width, uint32_t height,
		size_t stride, size_t lead)
{
	size_t bytes = stride * (height - 1) + (size_t)width * 4;

	picture->memory = calloc(1, lead + bytes);
	assert_non_null(picture->memory);
	picture->width = width;
	picture->height = height;
	picture->stride = stride;
	picture->pixels = picture->memory + lead;
	frame_init(&picture->frame, &picture_impl);
	picture->frame.width = width;
	picture->frame.height = height;
	picture->frame.fourcc = DRM_FORMAT_XRGB8888;
	picture->frame.modifier = DRM_FORMAT_MOD_LINEAR;
	picture->frame.n_planes = 1;
	picture->frame.planes[0].stride = (uint32_t)stride;
	picture->frame.data = picture->pixels;
	picture->frame.data_bytes = bytes;
}

static inline void picture_finish(struct picture *picture)
{
	free(picture->memory);
}

static inline uint32_t picture_get(const struct picture *picture, uint32_t x, uint32_t y)
{
	uint32_t pixel;

	memcpy(&pixel, picture->pixels + y * picture->stride + (size_t)x * 4, 4);
	return pixel;
}

static inline void picture_set(struct picture *picture, uint32_t x, uint32_t y, uint32_t pixel)
{
	memcpy(picture->pixels + y * picture->stride + (size_t)x * 4, &pixel, 4);
}

static inline void picture_fill(struct picture *picture, uint32_t x, uint32_t y, uint32_t width,
		uint32_t height, uint32_t pixel)
{
	for (uint32_t row = y; row < y + height; row++) {
		for (uint32_t column = x; column < x + width; column++)
			picture_set(picture, column, row, pixel);
	}
}

static inline void picture_noise(struct picture *picture, uint32_t x, uint32_t y, uint32_t width,
		uint32_t height, uint32_t *seed)
{
	for (uint32_t row = y; row < y + height; row++) {
		for (uint32_t column = x; column < x + width; column++)
			picture_set(picture, column, row, picture_random(seed));
	}
}

/* One line of "text" with its top at y: cells of 8x14 with random strokes, a 2 px gap below. */
static inline void picture_text_line(struct picture *picture, uint32_t x, uint32_t y,
		uint32_t width, uint32_t *seed)
{
	uint32_t cells = width / 8, used = cells / 4 + picture_below(seed, cells - cells / 4);

	picture_fill(picture, x, y, width, 16, 0xffffff);
	for (uint32_t cell = 0; cell < used; cell++) {
		if (picture_below(seed, 6) == 0)
			continue;
		for (uint32_t row = 1; row < 13; row++) {
			uint32_t bits = picture_random(seed);

			for (uint32_t i = 1; i < 7; i++) {
				if (bits >> i & 1)
					picture_set(picture, x + cell * 8 + i, y + row, 0x202020);
			}
		}
	}
}

/* Moves what the rectangle holds by (dx, dy), inside the rectangle. */
static inline void picture_scroll(struct picture *picture, uint32_t x, uint32_t y, uint32_t width,
		uint32_t height, int32_t dx, int32_t dy)
{
	size_t bytes = picture->stride * (picture->height - 1) + (size_t)picture->width * 4;
	uint8_t *old = malloc(bytes);

	assert_non_null(old);
	memcpy(old, picture->pixels, bytes);
	for (uint32_t row = y; row < y + height; row++) {
		for (uint32_t column = x; column < x + width; column++) {
			int64_t from_x = (int64_t)column - dx, from_y = (int64_t)row - dy;

			if (from_x < x || from_x >= (int64_t)x + width || from_y < y ||
					from_y >= (int64_t)y + height)
				continue;
			memcpy(picture->pixels + row * picture->stride + (size_t)column * 4,
					old + (size_t)from_y * picture->stride + (size_t)from_x * 4,
					4);
		}
	}
	free(old);
}

static inline int64_t region_area(const pixman_region32_t *region)
{
	int n_boxes;
	const pixman_box32_t *boxes = pixman_region32_rectangles(region, &n_boxes);
	int64_t area = 0;

	for (int i = 0; i < n_boxes; i++)
		area += (int64_t)(boxes[i].x2 - boxes[i].x1) * (boxes[i].y2 - boxes[i].y1);
	return area;
}

/* What a client would show that was given nothing but updates. */
struct reader {
	uint32_t width, height;
	uint32_t *pixels;
};

static inline void reader_check_inside(const struct reader *reader,
		const pixman_region32_t *region)
{
	const pixman_box32_t *extents = pixman_region32_extents(region);

	if (!pixman_region32_not_empty(region))
		return;
	assert_true(extents->x1 >= 0 && extents->y1 >= 0);
	assert_true(extents->x2 <= (int32_t)reader->width);
	assert_true(extents->y2 <= (int32_t)reader->height);
}

static inline void reader_apply(struct reader *reader, const struct update *update)
{
	const struct frame *frame = update->frame;
	const pixman_box32_t *boxes;
	uint32_t *old;
	size_t bytes;
	int n_boxes;

	assert_int_equal(frame->fourcc, DRM_FORMAT_XRGB8888);
	assert_int_equal(update->resized,
			frame->width != reader->width || frame->height != reader->height);
	bytes = (size_t)frame->width * frame->height * 4;
	if (update->resized) {
		free(reader->pixels);
		reader->width = frame->width;
		reader->height = frame->height;
		reader->pixels = calloc(1, bytes);
		assert_non_null(reader->pixels);
		assert_int_equal(region_area(&update->damage), bytes / 4);
		assert_false(pixman_region32_not_empty(&update->copy_region));
	}
	reader_check_inside(reader, &update->damage);
	reader_check_inside(reader, &update->copy_region);
	old = malloc(bytes);
	assert_non_null(old);
	memcpy(old, reader->pixels, bytes);
	boxes = pixman_region32_rectangles(&update->copy_region, &n_boxes);
	for (int i = 0; i < n_boxes; i++) {
		for (int32_t y = boxes[i].y1; y < boxes[i].y2; y++) {
			for (int32_t x = boxes[i].x1; x < boxes[i].x2; x++) {
				int32_t from_x = x - update->copy_dx, from_y = y - update->copy_dy;

				assert_true(from_x >= 0 && from_x < (int32_t)reader->width);
				assert_true(from_y >= 0 && from_y < (int32_t)reader->height);
				reader->pixels[(size_t)y * reader->width + (size_t)x] =
						old[(size_t)from_y * reader->width +
								(size_t)from_x];
			}
		}
	}
	free(old);
	boxes = pixman_region32_rectangles(&update->damage, &n_boxes);
	for (int i = 0; i < n_boxes; i++) {
		for (int32_t y = boxes[i].y1; y < boxes[i].y2; y++) {
			memcpy(reader->pixels + (size_t)y * reader->width + boxes[i].x1,
					frame->data + (size_t)y * frame->planes[0].stride +
							(size_t)boxes[i].x1 * 4,
					(size_t)(boxes[i].x2 - boxes[i].x1) * 4);
		}
	}
}

/* Exact, but for the source's high bytes. */
static inline void reader_check(const struct reader *reader, const struct picture *picture)
{
	assert_int_equal(reader->width, picture->width);
	assert_int_equal(reader->height, picture->height);
	for (uint32_t y = 0; y < picture->height; y++) {
		for (uint32_t x = 0; x < picture->width; x++) {
			uint32_t want = picture_get(picture, x, y) & 0xffffff;
			uint32_t got = reader->pixels[(size_t)y * reader->width + x];

			if (want != got)
				fail_msg("pixel %u,%u is %08x, not %08x", x, y, got, want);
		}
	}
}

/* The reader has what the shadow has, whatever the source has become. */
static inline void reader_check_shadow(const struct reader *reader, const struct frame *shadow)
{
	assert_int_equal(reader->width, shadow->width);
	assert_int_equal(reader->height, shadow->height);
	for (uint32_t y = 0; y < shadow->height; y++) {
		assert_memory_equal(reader->pixels + (size_t)y * reader->width,
				shadow->data + (size_t)y * shadow->planes[0].stride,
				(size_t)reader->width * 4);
	}
}

static inline void reader_finish(struct reader *reader)
{
	free(reader->pixels);
}

#endif
