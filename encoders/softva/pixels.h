/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pixels from one picture to another, with whatever conversion that takes. Pure.
 */
#ifndef PLANECAST_SOFTVA_PIXELS_H
#define PLANECAST_SOFTVA_PIXELS_H

#include "encoders/colour.h"
#include "encoders/softva/formats.h"

struct pixels_box {
	uint32_t x, y, width, height;
};

/* The colours of a picture that is YUV. */
struct pixels_colour {
	enum colour_matrix matrix;
	enum colour_range range;
};

/*
 * A picture made of the box in it. Where chroma is shared by pixels, its place is
 * even. The caller has seen to it that it lies inside.
 */
struct picture pixels_crop(const struct picture *picture, const struct pixels_box *box);

/*
 * All of src into dst, of equal size: within RGB, within YUV, or from one to the
 * other by colour, the YUV side's. RGB that had no alpha gets all of it. An odd
 * last column or row of a picture that shares chroma is written as a whole pair.
 * -ENOTSUP: no way from one to the other (formats of images to RGB).
 */
int pixels_convert(const struct picture *src, const struct picture *dst,
		const struct pixels_colour *colour);

/* All of it with one colour, 0xAARRGGBB. */
int pixels_fill(const struct picture *dst, uint32_t argb, const struct pixels_colour *colour);

#endif
