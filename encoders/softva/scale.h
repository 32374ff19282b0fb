/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Pictures made larger or smaller: linear interpolation up, and down the mean of
 * what falls on a pixel, weighted by distance. Pure.
 */
#ifndef PLANECAST_SOFTVA_SCALE_H
#define PLANECAST_SOFTVA_SCALE_H

#include "encoders/softva/formats.h"

/* Whether it can: every sample is 8 bits. */
bool scale_knows(const struct format *format);
/* All of src to all of dst, of the same format. -ENOMEM; -ENOTSUP as above. */
int scale_picture(const struct picture *src, const struct picture *dst);

#endif
