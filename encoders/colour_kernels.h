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

/* Pixels of 4 bytes; what is next to them. */
struct colour_rows {
	const uint8_t *row0, *row1;
	uint8_t *luma0, *luma1, *chroma;
};

struct colour_kernel {
	const char *name;
	/* order: which byte of a pixel is blue, green, red. */
	void (*convert)(const struct colour_weights *weights, const uint8_t order[3],
			const struct colour_rows *rows, uint32_t blocks);
};

extern const struct colour_weights colour_weights[COLOUR_MATRICES][COLOUR_RANGES];

/* For any processor, and what the others are tested against. */
extern const struct colour_kernel colour_kernel_scalar;
/* The fastest that this processor can run. */
const struct colour_kernel *colour_kernel_best(void);

/* colour_to_nv12() by one kernel. */
int colour_to_nv12_by(const struct colour_kernel *kernel, const struct colour_rgb *src,
		const struct colour_box *box, enum colour_matrix matrix, enum colour_range range,
		const struct colour_nv12 *dst);

#endif
