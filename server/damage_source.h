/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The two pictures of a pass as rows of XR24, whatever the source's format. Loop
 * thread; valid for one pass.
 */
#ifndef PLANECAST_SERVER_DAMAGE_SOURCE_H
#define PLANECAST_SERVER_DAMAGE_SOURCE_H

#include <stddef.h>
#include <stdint.h>

#include "server/format.h"
#include "server/frame.h"

struct damage_source {
	const uint8_t *data;
	size_t stride;
	const struct format *format;
	uint32_t width, height;
	uint32_t *line; /* scratch: width + 2 * width_multiple pixels */
};

/*
 * width pixels of row y from x on, with any high byte. Points into the source
 * or into the scratch line, where the next call overwrites it.
 */
static inline const uint8_t *damage_source_row(const struct damage_source *source, uint32_t x,
		uint32_t y, uint32_t width)
{
	const struct format *format = source->format;
	const uint8_t *row = source->data + (size_t)y * source->stride;
	uint32_t lead, unit;

	if (!format->to_xr24)
		return row + (size_t)x * 4;
	/* Packed 4:2:2 is read in whole pairs; the picture's width is even. */
	unit = format->width_multiple;
	lead = x % unit;
	format->to_xr24(source->line, row + (size_t)(x - lead) * format->bytes_per_pixel,
			(lead + width + unit - 1) / unit * unit);
	return (const uint8_t *)(source->line + lead);
}

static inline const uint8_t *damage_shadow_row(const struct frame *shadow, uint32_t x, uint32_t y)
{
	return shadow->data + (size_t)y * shadow->planes[0].stride + (size_t)x * 4;
}

#endif
