// SPDX-License-Identifier: GPL-2.0-or-later
/* RGB to NV12: the weights, the scalar reference, and the way over a picture. */
#include "encoders/colour.h"

#include <errno.h>
#include <string.h>

#include "encoders/colour_formats.h"
#include "encoders/colour_kernels.h"

/* Pixels unpacked at a time; a few of them stay in the first cache. */
#define CHUNK (COLOUR_BLOCK * 16)

#define BIAS(black) (((black) << COLOUR_LUMA_SHIFT) + (1 << (COLOUR_LUMA_SHIFT - 1)))

const struct colour_weights colour_weights[COLOUR_MATRICES][COLOUR_RANGES] = {
	[COLOUR_BT601] = {
		[COLOUR_LIMITED] = { { 20, 103, 98 }, { 5132, 2748 }, BIAS(16),
			{ 7196, -4768, -2428 }, { -1170, -6026, 7196 } },
		[COLOUR_FULL] = { { 20, 103, 118 }, { 5976, 2657 }, BIAS(0),
			{ 8192, -5427, -2765 }, { -1332, -6860, 8192 } },
	},
	[COLOUR_BT709] = {
		[COLOUR_LIMITED] = { { 11, 109, 91 }, { 5909, 2104 }, BIAS(16),
			{ 7196, -5547, -1649 }, { -660, -6536, 7196 } },
		[COLOUR_FULL] = { { 10, 99, 118 }, { 7575, 1889 }, BIAS(0),
			{ 8192, -6315, -1877 }, { -751, -7441, 8192 } },
	},
};

static inline uint8_t clamp8(int32_t value)
{
	return (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
}

static inline uint8_t luma_of(const struct colour_weights *weights, const int32_t bgr[3])
{
	int32_t first = bgr[0] * weights->luma[0] + bgr[1] * weights->luma[1];
	int32_t second = bgr[2] * weights->luma[2];

	return clamp8((first * weights->luma_scale[0] + second * weights->luma_scale[1] +
			weights->luma_bias) >> COLOUR_LUMA_SHIFT);
}

static inline uint8_t chroma_of(const int16_t weights[3], const int32_t sum[3])
{
	return clamp8((sum[0] * weights[0] + sum[1] * weights[1] + sum[2] * weights[2] +
			COLOUR_CHROMA_BIAS) >> COLOUR_CHROMA_SHIFT);
}

static void scalar_convert(const struct colour_plan *plan, const struct colour_rows *rows, uint32_t blocks)
{
	const struct colour_weights *weights = plan->weights;
	const uint8_t order[3] = { plan->order[0], plan->order[1], plan->order[2] };
	const uint8_t *sources[2] = { rows->row0, rows->row1 };
	uint8_t *lumas[2] = { rows->luma0, rows->luma1 };

	for (size_t x = 0; x < (size_t)blocks * COLOUR_BLOCK; x += 2) {
		int32_t sum[3] = { 0 };

		for (unsigned int i = 0; i < 4; i++) {
			const uint8_t *pixel = sources[i / 2] + (x + i % 2) * 4;
			int32_t bgr[3] = { pixel[order[0]], pixel[order[1]], pixel[order[2]] };

			lumas[i / 2][x + i % 2] = luma_of(weights, bgr);
			for (unsigned int c = 0; c < 3; c++)
				sum[c] += bgr[c];
		}
		rows->chroma[x] = chroma_of(weights->u, sum);
		rows->chroma[x + 1] = chroma_of(weights->v, sum);
	}
}

const struct colour_kernel colour_kernel_scalar = {
	.name = "scalar",
	.convert = scalar_convert,
};

const struct colour_kernel *colour_kernel_best(void)
{
	const struct colour_kernel *kernel = colour_kernel_avx2();

	if (!kernel)
		kernel = colour_kernel_sse41();
	if (!kernel)
		kernel = colour_kernel_neon();
	return kernel ? kernel : &colour_kernel_scalar;
}

struct job {
	const struct colour_kernel *kernel;
	const struct colour_format *format;
	struct colour_plan plan;
};

static void plan_init(struct colour_plan *plan, const struct colour_weights *weights, const uint8_t order[3])
{
	plan->weights = weights;
	memcpy(plan->order, order, sizeof(plan->order));
	for (unsigned int i = 0; i < 16; i++) {
		unsigned int channel = i % 8 / 2;

		plan->bgr[i] = (uint8_t)(i / 4 * 4 + (i % 4 < 3 ? order[i % 4] : 0));
		plan->pairs[i] = channel < 3 ? (uint8_t)(i / 8 * 8 + i % 2 * 4 + order[channel]) : 128;
	}
}

/* Any number of pixels of 4 bytes; the last of an odd number is repeated. */
static void convert_span(const struct job *job, const struct colour_rows *rows, uint32_t pixels)
{
	uint8_t in[2][COLOUR_BLOCK * 4], luma[2][COLOUR_BLOCK], chroma[COLOUR_BLOCK];
	const struct colour_rows part = { in[0], in[1], luma[0], luma[1], chroma };
	const uint32_t left = pixels % COLOUR_BLOCK, even = (left + 1) & ~1u;
	const size_t at = pixels - left;

	job->kernel->convert(&job->plan, rows, pixels / COLOUR_BLOCK);
	if (!left)
		return;
	memcpy(in[0], rows->row0 + at * 4, (size_t)left * 4);
	memcpy(in[1], rows->row1 + at * 4, (size_t)left * 4);
	for (unsigned int i = 0; i < 2; i++) {
		memset(in[i] + (size_t)left * 4, 0, (COLOUR_BLOCK - (size_t)left) * 4);
		if (left != even)
			memcpy(in[i] + (size_t)left * 4, in[i] + (size_t)(left - 1) * 4, 4);
	}
	job->kernel->convert(&job->plan, &part, 1);
	memcpy(rows->luma0 + at, luma[0], even);
	memcpy(rows->luma1 + at, luma[1], even);
	memcpy(rows->chroma + at, chroma, even);
}

static void convert_rows(const struct job *job, const struct colour_rows *rows, uint32_t pixels)
{
	uint8_t in[2][CHUNK * 4];
	uint32_t take;

	if (!job->format->unpack) {
		convert_span(job, rows, pixels);
		return;
	}
	for (uint32_t at = 0; at < pixels; at += take) {
		const struct colour_rows part = { in[0], in[1], rows->luma0 + at, rows->luma1 + at,
			rows->chroma + at };
		size_t from = (size_t)at * job->format->bytes_per_pixel;

		take = pixels - at < CHUNK ? pixels - at : CHUNK;
		job->format->unpack(in[0], rows->row0 + from, take);
		job->format->unpack(in[1], rows->row1 + from, take);
		convert_span(job, &part, take);
	}
}

/* Even, but for an end at the picture's. */
static bool span_good(uint32_t at, uint32_t length, uint32_t size, uint32_t dst_size)
{
	uint64_t end = (uint64_t)at + length;

	return size <= COLOUR_SIZE_MAX && dst_size <= COLOUR_SIZE_MAX && end <= size &&
			(end + 1) / 2 * 2 <= dst_size && at % 2 == 0 && dst_size % 2 == 0 &&
			(length % 2 == 0 || end == size);
}

int colour_to_nv12_by(const struct colour_kernel *kernel, const struct colour_rgb *src,
		const struct colour_box *box, enum colour_matrix matrix, enum colour_range range,
		const struct colour_nv12 *dst)
{
	struct job job = { .kernel = kernel, .format = colour_format_find(src->fourcc) };

	if (!job.format)
		return -ENOTSUP;
	if ((unsigned int)matrix >= COLOUR_MATRICES || (unsigned int)range >= COLOUR_RANGES ||
			!span_good(box->x, box->width, src->width, dst->width) ||
			!span_good(box->y, box->height, src->height, dst->height) ||
			src->stride_bytes < (size_t)src->width * job.format->bytes_per_pixel ||
			dst->luma_stride_bytes < dst->width || dst->chroma_stride_bytes < dst->width)
		return -EINVAL;
	plan_init(&job.plan, &colour_weights[matrix][range], job.format->order);
	for (uint32_t y = box->y; y < box->y + box->height; y += 2) {
		const uint8_t *row = src->data + y * src->stride_bytes +
				(size_t)box->x * job.format->bytes_per_pixel;
		uint8_t *luma = dst->luma + y * dst->luma_stride_bytes + box->x;
		const struct colour_rows rows = {
			.row0 = row,
			.row1 = y + 1 < src->height ? row + src->stride_bytes : row,
			.luma0 = luma,
			.luma1 = luma + dst->luma_stride_bytes,
			.chroma = dst->chroma + y / 2 * dst->chroma_stride_bytes + box->x,
		};

		convert_rows(&job, &rows, box->width);
	}
	return 0;
}

int colour_to_nv12(const struct colour_rgb *src, const struct colour_box *box,
		enum colour_matrix matrix, enum colour_range range, const struct colour_nv12 *dst)
{
	return colour_to_nv12_by(colour_kernel_best(), src, box, matrix, range, dst);
}
