// SPDX-License-Identifier: GPL-2.0-or-later
/* Rectangles out of tiled pictures, against a slow formula of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/detile.h"

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

/* Byte (x, y) of a picture whose rows of tiles are so many tiles wide, by what drm_fourcc.h tells in words. */
static size_t x_tiled(size_t x, size_t y, size_t tiles)
{
	return (y / 8 * tiles + x / 512) * 4096 + y % 8 * 512 + x % 512;
}

/* Columns of 16 bytes, each 32 rows high. */
static size_t y_tiled(size_t x, size_t y, size_t tiles)
{
	return (y / 32 * tiles + x / 128) * 4096 + x % 128 / 16 * 512 + y % 32 * 16 + x % 16;
}

/* Groups, units, blocks: each 2x2 of the next, column by column; a block is four rows of 16 bytes. */
static size_t yf_tiled(size_t x, size_t y, size_t tiles)
{
	size_t group = x % 128 / 64 * 2 + y % 32 / 16;
	size_t unit = x % 64 / 32 * 2 + y % 16 / 8;
	size_t block = x % 32 / 16 * 2 + y % 8 / 4;

	return (y / 32 * tiles + x / 128) * 4096 + group * 1024 + unit * 256 + block * 64 + y % 4 * 16 + x % 16;
}

static const struct {
	uint64_t modifier;
	size_t (*offset)(size_t x, size_t y, size_t tiles);
	uint32_t tile_width, tile_height;
} kinds[] = {
	{ I915_FORMAT_MOD_X_TILED, x_tiled, 512, 8 },
	{ I915_FORMAT_MOD_Y_TILED, y_tiled, 128, 32 },
	{ I915_FORMAT_MOD_Yf_TILED, yf_tiled, 128, 32 },
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void test_table(void **state)
{
	unsigned int count;

	(void)state;
	assert_non_null(detile_table(&count));
	assert_int_equal(count, KINDS);
	for (size_t i = 0; i < KINDS; i++) {
		const struct detile_layout *layout = detile_find(kinds[i].modifier);

		assert_non_null(layout);
		assert_int_equal(layout->tile_width_bytes, kinds[i].tile_width);
		assert_int_equal(layout->tile_height, kinds[i].tile_height);
		assert_int_equal(layout->x_bits ^ layout->y_bits, 4095);
		assert_int_equal(layout->x_bits & layout->y_bits, 0);
	}
	assert_null(detile_find(DRM_FORMAT_MOD_LINEAR));
	assert_null(detile_find(DRM_FORMAT_MOD_INVALID));
	assert_null(detile_find(I915_FORMAT_MOD_Y_TILED_CCS));
}

static void check_copy(unsigned int kind, uint32_t *seed)
{
	uint32_t width = 1 + next_random(seed) % 300, height = 1 + next_random(seed) % 70;
	size_t tiles = (width * 4 + kinds[kind].tile_width - 1) / kinds[kind].tile_width + next_random(seed) % 2;
	size_t rows = (height + kinds[kind].tile_height - 1) / kinds[kind].tile_height;
	size_t bytes = tiles * rows * 4096, dst_stride, dst_bytes;
	struct detile_picture picture = {
		.layout = detile_find(kinds[kind].modifier),
		.bytes = bytes,
		.stride_bytes = tiles * kinds[kind].tile_width,
		.width = width,
		.height = height,
	};
	struct detile_box box;
	uint8_t *tiled = malloc(bytes), *dst;

	assert_non_null(tiled);
	for (size_t i = 0; i < bytes; i++)
		tiled[i] = (uint8_t)next_random(seed);
	picture.data = tiled;
	box.x = next_random(seed) % width;
	box.y = next_random(seed) % height;
	box.width = 1 + next_random(seed) % (width - box.x);
	box.height = 1 + next_random(seed) % (height - box.y);
	dst_stride = (size_t)box.width * 4 + next_random(seed) % 9;
	dst_bytes = dst_stride * (box.height - 1) + (size_t)box.width * 4;
	dst = malloc(dst_bytes);
	assert_non_null(dst);
	memset(dst, 0xa5, dst_bytes);
	assert_int_equal(detile_check(&picture), 0);
	assert_int_equal(detile_copy(&picture, &box, dst, dst_stride), 0);
	for (uint32_t y = 0; y < box.height; y++) {
		for (size_t x = 0; x < dst_stride && y * dst_stride + x < dst_bytes; x++) {
			uint8_t want = 0xa5;

			if (x < (size_t)box.width * 4)
				want = tiled[kinds[kind].offset((size_t)box.x * 4 + x, box.y + y, tiles)];
			assert_int_equal(dst[y * dst_stride + x], want);
		}
	}
	free(dst);
	free(tiled);
}

static void test_any_box(void **state)
{
	uint32_t seed = 1;

	(void)state;
	for (unsigned int i = 0; i < 120; i++)
		check_copy(i % KINDS, &seed);
}

static void test_refusals(void **state)
{
	static uint8_t tiled[2 * 2 * 4096], dst[4096];
	const struct detile_picture good = { detile_find(I915_FORMAT_MOD_X_TILED), tiled, sizeof(tiled), 1024,
		200, 16 };
	static const struct detile_box boxes[] = {
		{ 199, 0, 2, 1 }, { 0, 15, 1, 2 }, { UINT32_MAX, 0, 2, 1 }, { 0, UINT32_MAX, 1, 2 },
	};
	const struct detile_box box = { 0, 0, 4, 4 };
	struct detile_picture picture = good;

	(void)state;
	assert_int_equal(detile_check(&picture), 0);
	assert_int_equal(detile_copy(&picture, &box, dst, 16), 0);
	assert_int_equal(detile_copy(&picture, &box, dst, 15), -EINVAL);
	for (size_t i = 0; i < sizeof(boxes) / sizeof(boxes[0]); i++)
		assert_int_equal(detile_copy(&picture, &boxes[i], dst, 16), -EINVAL);
	picture.bytes--;
	assert_int_equal(detile_check(&picture), -ENOSPC);
	assert_int_equal(detile_copy(&picture, &box, dst, 16), -ENOSPC);
	picture = good;
	picture.stride_bytes = SIZE_MAX / 512 * 512;
	assert_int_equal(detile_check(&picture), -ENOSPC);
	picture.stride_bytes = 1024 + 16;
	assert_int_equal(detile_check(&picture), -EINVAL);
	picture.stride_bytes = 512;
	assert_int_equal(detile_check(&picture), -EINVAL);
	picture = good;
	picture.width = 0;
	assert_int_equal(detile_check(&picture), -EINVAL);
	picture.width = DETILE_SIZE_MAX + 1;
	assert_int_equal(detile_check(&picture), -EINVAL);
	picture = good;
	picture.height = 0;
	assert_int_equal(detile_check(&picture), -EINVAL);
	picture.height = UINT32_MAX;
	assert_int_equal(detile_check(&picture), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_any_box),
		cmocka_unit_test(test_refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
