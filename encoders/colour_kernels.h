/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The inner loop of RGB to NV12: two rows of pixels, with the best instructions
 * this processor has. Every kernel yields the same bytes. Pure. Any thread.
 *
 * The arithmetic, which is chosen so that vectors of bytes can do it: luma is
 * ((b * luma[0] + g * luma[1]) * luma_scale[0] + r * luma[2] * luma_scale[1] +
 * luma_bias) >> COLOUR_LUMA_SHIFT; chroma, of the sums of four pixels, is
 * (b * u[0] + g * u[1] + r * u[2] + chroma_bias) >> COLOUR_CHROMA_SHIFT, and so
 * is v. All are clamped to a byte.
 */
#ifndef PLANECAST_ENCODERS_COLOUR_KERNELS_H
#define PLANECAST_ENCODERS_COLOUR_KERNELS_H

#include <stdint.h>

#include "encoders/colour.h"

/* Pixels that kernels work in. */
#define COLOUR_BLOCK 32

#define COLOUR_LUMA_SHIFT 20
#define COLOUR_CHROMA_SHIFT 16
#define COLOUR_CHROMA_BIAS ((128 << COLOUR_CHROMA_SHIFT) + (1 << (COLOUR_CHROMA_SHIFT - 1)))

/* Blue, green, red. */
struct colour_weights {
	int8_t luma[3]; /* the first two are at most 128 together */
	int16_t luma_scale[2];
	int32_t luma_bias;
	int16_t u[3], v[3]; /* each sums to 0 */
};

/* A conversion, made ready for any kernel. */
struct colour_plan {
	const struct colour_weights *weights;
	uint8_t order[3]; /* which byte of a pixel is blue, green, red */
	/* For kernels that shuffle the bytes of four pixels. */
	uint8_t bgr[16]; /* each pixel's in that order; the fourth may be any */
	uint8_t pairs[16]; /* of two pixels the blue ones, the green, the red, and 128s */
};

/* Pixels of 4 bytes; what is next to them. */
struct colour_rows {
	const uint8_t *row0, *row1;
	uint8_t *luma0, *luma1, *chroma;
};

struct colour_kernel {
	const char *name;
	void (*convert)(const struct colour_plan *plan, const struct colour_rows *rows, uint32_t blocks);
};

extern const struct colour_weights colour_weights[COLOUR_MATRICES][COLOUR_RANGES];

/* For any processor, and what the others are tested against. */
extern const struct colour_kernel colour_kernel_scalar;
/* NULL: not for this processor. */
const struct colour_kernel *colour_kernel_sse41(void);
const struct colour_kernel *colour_kernel_avx2(void);
const struct colour_kernel *colour_kernel_neon(void);
/* The fastest that this processor can run. */
const struct colour_kernel *colour_kernel_best(void);

/* colour_to_nv12() by one kernel. */
int colour_to_nv12_by(const struct colour_kernel *kernel, const struct colour_rgb *src,
		const struct colour_box *box, enum colour_matrix matrix, enum colour_range range,
		const struct colour_nv12 *dst);

#endif
