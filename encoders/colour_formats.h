/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The RGB formats that colour conversion knows. Between the files of colour.h only. */
#ifndef PLANECAST_ENCODERS_COLOUR_FORMATS_H
#define PLANECAST_ENCODERS_COLOUR_FORMATS_H

#include <stdint.h>

struct colour_format {
	uint32_t fourcc;
	uint8_t bytes_per_pixel;
	uint8_t order[3]; /* which byte of a pixel, or of what unpack() makes, is blue, green, red */
	/* NULL for 8 bits a channel; otherwise makes pixels of 4 bytes. */
	void (*unpack)(uint8_t *dst, const uint8_t *src, uint32_t pixels);
};

/* NULL: not known. */
const struct colour_format *colour_format_find(uint32_t fourcc);

#endif
