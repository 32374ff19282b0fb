// SPDX-License-Identifier: GPL-2.0-or-later
/* The fast ways of making NV12 against the scalar one: bit for bit, at any size and place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/colour_kernels.h"

#define WIDTH_MAX 700
#define HEIGHT_MAX 12
#define ROUNDS 600

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static const struct colour_kernel *kernels[4];
static unsigned int n_kernels;

static int find_kernels(void **state)
{
	const struct colour_kernel *all[] = { colour_kernel_sse41(), colour_kernel_avx2(), colour_kernel_neon() };

	(void)state;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		if (all[i])
			kernels[n_kernels++] = all[i];
	}
	for (unsigned int i = 0; i < n_kernels; i++)
		print_message("this processor runs %s\n", kernels[i]->name);
	return 0;
}

/* Bytes at some offset, with nothing behind them. */
struct bytes {
	uint8_t *memory, *at;
	size_t bytes;
};

static void bytes_init(struct bytes *bytes, size_t n, uint32_t *seed)
{
	size_t lead = next_random(seed) % 33;

	bytes->memory = malloc(lead + n);
	assert_non_null(bytes->memory);
	bytes->at = bytes->memory + lead;
	bytes->bytes = n;
}

/* Noise, or only the ends of the range, where sums are largest. */
static void fill(struct bytes *bytes, uint32_t *seed)
{
	bool ends = next_random(seed) & 1;

	for (size_t i = 0; i < bytes->bytes; i++)
		bytes->at[i] = (uint8_t)(ends ? (next_random(seed) & 1) * 255 : next_random(seed));
}

struct task {
	struct colour_rgb src;
	struct colour_box box;
	enum colour_matrix matrix;
	enum colour_range range;
	size_t luma_stride, chroma_stride;
	uint32_t even_width, even_height;
};

static void run(const struct colour_kernel *kernel, const struct task *task, struct bytes *luma,
		struct bytes *chroma)
{
	const struct colour_nv12 dst = { luma->at, chroma->at, task->luma_stride, task->chroma_stride,
		task->even_width, task->even_height };

	memset(luma->at, 0x5a, luma->bytes);
	memset(chroma->at, 0x5a, chroma->bytes);
	assert_int_equal(colour_to_nv12_by(kernel, &task->src, &task->box, task->matrix, task->range, &dst), 0);
}

static void test_kernels_agree(void **state)
{
	static const uint32_t fourccs[] = { DRM_FORMAT_XRGB8888, DRM_FORMAT_XBGR8888, DRM_FORMAT_RGBX8888,
		DRM_FORMAT_BGRA8888, DRM_FORMAT_XRGB2101010, DRM_FORMAT_ABGR2101010, DRM_FORMAT_RGB565 };
	uint32_t seed = 9;

	(void)state;
	for (unsigned int round = 0; round < ROUNDS; round++) {
		uint32_t fourcc = fourccs[round % (sizeof(fourccs) / sizeof(fourccs[0]))];
		size_t pixel_bytes = fourcc == DRM_FORMAT_RGB565 ? 2 : 4;
		struct bytes rgb, luma[2], chroma[2];
		struct task task = {
			.src = {
				.width = 1 + next_random(&seed) % WIDTH_MAX,
				.height = 1 + next_random(&seed) % HEIGHT_MAX,
				.fourcc = fourcc,
			},
			.matrix = next_random(&seed) % COLOUR_MATRICES,
			.range = next_random(&seed) % COLOUR_RANGES,
		};

		task.even_width = (task.src.width + 1) & ~1u;
		task.even_height = (task.src.height + 1) & ~1u;
		task.src.stride_bytes = task.src.width * pixel_bytes + next_random(&seed) % 70;
		task.luma_stride = task.even_width + next_random(&seed) % 70;
		task.chroma_stride = task.even_width + next_random(&seed) % 70;
		task.box.x = next_random(&seed) % task.src.width & ~1u;
		task.box.y = next_random(&seed) % task.src.height & ~1u;
		task.box.width = task.src.width - task.box.x;
		task.box.height = task.src.height - task.box.y;
		if (next_random(&seed) & 1)
			task.box.width = next_random(&seed) % task.box.width & ~1u;
		bytes_init(&rgb, task.src.stride_bytes * (task.src.height - 1) + task.src.width * pixel_bytes, &seed);
		fill(&rgb, &seed);
		task.src.data = rgb.at;
		for (unsigned int i = 0; i < 2; i++) {
			bytes_init(&luma[i], task.luma_stride * (task.even_height - 1) + task.even_width, &seed);
			bytes_init(&chroma[i], task.chroma_stride * (task.even_height / 2 - 1) + task.even_width,
					&seed);
		}
		run(&colour_kernel_scalar, &task, &luma[0], &chroma[0]);
		for (unsigned int i = 0; i < n_kernels; i++) {
			run(kernels[i], &task, &luma[1], &chroma[1]);
			assert_memory_equal(luma[1].at, luma[0].at, luma[0].bytes);
			assert_memory_equal(chroma[1].at, chroma[0].at, chroma[0].bytes);
		}
		for (unsigned int i = 0; i < 2; i++) {
			free(luma[i].memory);
			free(chroma[i].memory);
		}
		free(rgb.memory);
	}
}

/* What registers of bytes and words rely on. */
static void test_weights_fit(void **state)
{
	(void)state;
	for (unsigned int matrix = 0; matrix < COLOUR_MATRICES; matrix++) {
		for (unsigned int range = 0; range < COLOUR_RANGES; range++) {
			const struct colour_weights *weights = &colour_weights[matrix][range];

			assert_true(255 * (weights->luma[0] + weights->luma[1]) <= INT16_MAX);
			assert_int_equal(weights->u[0] + weights->u[1] + weights->u[2], 0);
			assert_int_equal(weights->v[0] + weights->v[1] + weights->v[2], 0);
			/* Four pixels of a full channel: the sum never goes below 0. */
			assert_true(COLOUR_CHROMA_BIAS - 4 * 255 * weights->u[0] >= 0);
			assert_true(COLOUR_CHROMA_BIAS - 4 * 255 * weights->v[2] >= 0);
		}
	}
}

static void test_best_is_one_of_them(void **state)
{
	const struct colour_kernel *best = colour_kernel_best();

	(void)state;
	for (unsigned int i = 0; i < n_kernels; i++) {
		if (best == kernels[i])
			return;
	}
	assert_ptr_equal(best, &colour_kernel_scalar);
	assert_int_equal(n_kernels, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_kernels_agree),
		cmocka_unit_test(test_weights_fit),
		cmocka_unit_test(test_best_is_one_of_them),
	};

	return cmocka_run_group_tests(tests, find_kernels, NULL);
}
