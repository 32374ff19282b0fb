/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a monitor says of itself, made for the size that viewers wish.
 *
 * One block of 128 bytes, which is all that i915's vGPUs take. The wished mode is
 * the preferred one, in the timing of CVT with reduced blanking; it has 60 pictures
 * a second, or fewer where the block's largest pixel clock allows no more. Common
 * modes follow, so that somebody in the guest can choose. A pixel is as large as
 * guests show unscaled.
 *
 * Pure; any thread. Source: VESA E-EDID A2 (EDID 1.4), VESA CVT 1.1.
 */
#ifndef PLANECAST_SERVER_CAPTURE_EDID_H
#define PLANECAST_SERVER_CAPTURE_EDID_H

#include <stdint.h>

#define EDID_BYTES 128
/* Guests' drivers refuse smaller modes; 12 bits hold no larger ones. */
#define EDID_WIDTH_MIN 640u
#define EDID_HEIGHT_MIN 480u
#define EDID_SIZE_MAX 4095u
/* Of name and serial; the rest is cut off. */
#define EDID_TEXT_MAX 13

struct edid_monitor {
	uint32_t width, height; /* EDID_WIDTH_MIN x EDID_HEIGHT_MIN to EDID_SIZE_MAX each */
	uint32_t max_width, max_height; /* common modes beyond are not offered; 0: all are */
	const char *name; /* what is no printable ASCII becomes '?' */
	const char *serial; /* tells one monitor from another; guests keep settings by it */
};

/* 0, or -ERANGE: no block can say that size. */
int edid_make(const struct edid_monitor *monitor, uint8_t ret[EDID_BYTES]);

#endif
