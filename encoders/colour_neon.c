// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * RGB to NV12 for ARM with NEON, which every processor of 64 bits has. Its loads
 * take the channels apart, so that no order of bytes costs anything.
 */
#include "encoders/colour_kernels.h"

#if defined(__aarch64__)

#include <arm_neon.h>
#include <stddef.h>

/* Which channel of a pixel is what. */
struct bgr {
	uint8x16_t blue, green, red;
};

static inline struct bgr load16(const uint8_t *src, const uint8_t order[3])
{
	uint8x16x4_t bytes = vld4q_u8(src);

	return (struct bgr){ bytes.val[order[0]], bytes.val[order[1]], bytes.val[order[2]] };
}

static inline int32x4_t luma4(int16x4_t first, int16x4_t red, const struct colour_weights *weights)
{
	int32x4_t sum = vdupq_n_s32(weights->luma_bias);

	sum = vmlal_n_s16(sum, first, weights->luma_scale[0]);
	sum = vmlal_n_s16(sum, red, weights->luma_scale[1]);
	return vshrq_n_s32(sum, COLOUR_LUMA_SHIFT);
}

static inline uint8x8_t luma8(uint8x8_t blue, uint8x8_t green, uint8x8_t red, const struct colour_weights *weights)
{
	uint16x8_t both = vmull_u8(blue, vdup_n_u8((uint8_t)weights->luma[0]));
	uint16x8_t alone = vmull_u8(red, vdup_n_u8((uint8_t)weights->luma[2]));
	int16x8_t first, second;

	both = vmlal_u8(both, green, vdup_n_u8((uint8_t)weights->luma[1]));
	first = vreinterpretq_s16_u16(both);
	second = vreinterpretq_s16_u16(alone);
	return vqmovun_s16(vcombine_s16(
			vmovn_s32(luma4(vget_low_s16(first), vget_low_s16(second), weights)),
			vmovn_s32(luma4(vget_high_s16(first), vget_high_s16(second), weights))));
}

static inline void luma16(uint8_t *dst, const struct bgr *pixels, const struct colour_weights *weights)
{
	vst1q_u8(dst, vcombine_u8(
			luma8(vget_low_u8(pixels->blue), vget_low_u8(pixels->green), vget_low_u8(pixels->red), weights),
			luma8(vget_high_u8(pixels->blue), vget_high_u8(pixels->green), vget_high_u8(pixels->red),
					weights)));
}

/* Sums of 2x2 of one channel. */
static inline int16x8_t sum_blocks(uint8x16_t row0, uint8x16_t row1)
{
	return vreinterpretq_s16_u16(vpadalq_u8(vpaddlq_u8(row0), row1));
}

static inline int32x4_t chroma4(int16x4_t blue, int16x4_t green, int16x4_t red, const int16_t weights[3])
{
	int32x4_t sum = vdupq_n_s32(COLOUR_CHROMA_BIAS);

	sum = vmlal_n_s16(sum, blue, weights[0]);
	sum = vmlal_n_s16(sum, green, weights[1]);
	sum = vmlal_n_s16(sum, red, weights[2]);
	return vshrq_n_s32(sum, COLOUR_CHROMA_SHIFT);
}

static inline uint8x8_t chroma8(const int16x8_t sums[3], const int16_t weights[3])
{
	return vqmovun_s16(vcombine_s16(
			vmovn_s32(chroma4(vget_low_s16(sums[0]), vget_low_s16(sums[1]), vget_low_s16(sums[2]),
					weights)),
			vmovn_s32(chroma4(vget_high_s16(sums[0]), vget_high_s16(sums[1]), vget_high_s16(sums[2]),
					weights))));
}

static void neon_convert(const struct colour_plan *plan, const struct colour_rows *rows, uint32_t blocks)
{
	const struct colour_weights *weights = plan->weights;
	const uint8_t *order = plan->order;

	for (size_t x = 0; x < (size_t)blocks * COLOUR_BLOCK; x += 16) {
		struct bgr row0 = load16(rows->row0 + x * 4, order), row1 = load16(rows->row1 + x * 4, order);
		const int16x8_t sums[3] = { sum_blocks(row0.blue, row1.blue), sum_blocks(row0.green, row1.green),
			sum_blocks(row0.red, row1.red) };
		const uint8x8x2_t chroma = { { chroma8(sums, weights->u), chroma8(sums, weights->v) } };

		luma16(rows->luma0 + x, &row0, weights);
		luma16(rows->luma1 + x, &row1, weights);
		vst2_u8(rows->chroma + x, chroma);
	}
}

static const struct colour_kernel neon_kernel = { .name = "neon", .convert = neon_convert };

const struct colour_kernel *colour_kernel_neon(void)
{
	return &neon_kernel;
}

#else

const struct colour_kernel *colour_kernel_neon(void)
{
	return NULL;
}

#endif
