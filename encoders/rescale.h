/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RGB pictures made as large as somebody can take them, by the CPU: for video encoders
 * whose largest picture is smaller than the guest's, where no device reads the latter.
 *
 * Each pixel is made of the four around its place, which does for a half; where far
 * more is lost, single pixels are, too. Pure but for memory; any thread.
 */
#ifndef PLANECAST_ENCODERS_RESCALE_H
#define PLANECAST_ENCODERS_RESCALE_H

#include <stdint.h>

struct colour_rgb;

/*
 * All of src into dst, packed rows of width pixels of the same format, 4 bytes each. -ENOTSUP: formats
 * with other than 4 bytes a pixel, or a source that is not aligned to them; -ENOMEM.
 */
int rescale_rgb(const struct colour_rgb *src, uint8_t *dst, uint32_t width, uint32_t height);

#endif
