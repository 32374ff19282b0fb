/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RGB pictures made NV12 for video encoders, and back.
 *
 * Every value is within 1 of what floating point would yield, and black, white and
 * all greys between are exact to the rounding. Of 2x2 pixels one chroma sample is
 * made: their mean. What a way of computing it is chosen by the processor makes no
 * difference to the result, bit for bit. Each pixel of the source is read once: a
 * guest may draw to it all the while.
 *
 * Pure; nothing is allocated. Any thread.
 */
#ifndef PLANECAST_ENCODERS_COLOUR_H
#define PLANECAST_ENCODERS_COLOUR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum colour_matrix {
	COLOUR_BT601,
	COLOUR_BT709,
	COLOUR_MATRICES,
};

enum colour_range {
	COLOUR_LIMITED, /* luma 16 to 235, chroma 16 to 240 */
	COLOUR_FULL, /* 0 to 255 */
	COLOUR_RANGES,
};

/* A linear RGB picture; not owned. */
struct colour_rgb {
	const uint8_t *data;
	size_t stride_bytes;
	uint32_t width, height;
	uint32_t fourcc; /* DRM's */
};

/* An NV12 picture; not owned. Width and height are even. */
struct colour_nv12 {
	uint8_t *luma, *chroma;
	size_t luma_stride_bytes, chroma_stride_bytes;
	uint32_t width, height;
};

struct colour_box {
	uint32_t x, y, width, height;
};

/* The largest picture, each way. */
#define COLOUR_SIZE_MAX 16384

/*
 * XR24, AR24, XB24, AB24, RX24, RA24, BX24, BA24 (alpha never counts), XR30, AR30,
 * XB30, AB30 (the two low bits are dropped), RG16 (the high bits repeated below).
 */
bool colour_knows(uint32_t fourcc);

/*
 * Converts the box, from src to the same place in dst. Its position is even, and
 * its size, too, unless it ends with the picture: an odd picture's last column and
 * row are repeated. Strides and pointers need no alignment.
 * -ENOTSUP: a fourcc that colour_knows() not. -EINVAL: a box that does not lie in
 * src, or, rounded up to even, in dst; an odd box, or odd dst; a stride less than
 * a row.
 */
int colour_to_nv12(const struct colour_rgb *src, const struct colour_box *box,
		enum colour_matrix matrix, enum colour_range range, const struct colour_nv12 *dst);

/*
 * Converts any box of src; dst is where its first pixel goes. fourcc is one of
 * those with 8 bits a channel; alpha becomes 255. Chroma is repeated, not
 * interpolated. Errors as above. Scalar: meant for tests and the odd picture.
 */
int colour_from_nv12(const struct colour_nv12 *src, const struct colour_box *box,
		enum colour_matrix matrix, enum colour_range range, uint32_t fourcc, uint8_t *dst,
		size_t dst_stride_bytes);

#endif
