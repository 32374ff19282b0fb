/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every linear pixel format a guest can show, and its way to XR24.
 * The table in format.c is the one place that knows formats; the README's
 * table is checked against it. Any thread.
 *
 * How values become 8 bits a channel:
 * - 5 and 6 bits: the high bits are repeated below (31 -> 255, 0 -> 0);
 * - 10 bits: the two low bits are dropped (1023 -> 255, 0 -> 0);
 * - packed YUV 4:2:2: BT.709, limited range, at every size. VFIO does not say
 *   which matrix the guest chose; this is what i915, the only driver known to
 *   scan out such planes through VFIO, sets by default (COLOR_ENCODING and
 *   COLOR_RANGE of its planes). Chroma is repeated, not interpolated.
 */
#ifndef PLANECAST_SERVER_FORMAT_H
#define PLANECAST_SERVER_FORMAT_H

#include <stdbool.h>
#include <stdint.h>

struct format {
	uint32_t fourcc;
	const char *name; /* "XR24" */
	uint8_t bytes_per_pixel; /* for YUYV and its kin 2 on average */
	uint8_t width_multiple; /* 2 for packed 4:2:2: odd widths are refused */
	/*
	 * Converts one row of width pixels, a multiple of width_multiple, to XR24
	 * (little endian 0x00RRGGBB). src needs no alignment.
	 * NULL for XR24/AR24, which need none (their high byte is ignored), and
	 * for formats that are known but refused; refusal then says why.
	 */
	void (*to_xr24)(uint32_t *dst, const uint8_t *src, uint32_t width);
	const char *refusal; /* NULL: supported */
};

/* NULL: unknown fourcc. */
const struct format *format_find(uint32_t fourcc);
const struct format *format_table(unsigned int *ret_count);
/* "XR24", or "0x20203843" where it does not print; into buf of 12 bytes, returned. */
const char *format_fourcc_name(uint32_t fourcc, char buf[12]);

#endif
