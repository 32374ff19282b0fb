/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A part of a surface to be read, as a linear picture: in place, or out of its tiles.
 * Without the driver's lock; the caller holds a reference and has waited for writers.
 */
#ifndef PLANECAST_SOFTVA_SOURCE_H
#define PLANECAST_SOFTVA_SOURCE_H

#include "encoders/softva/pixels.h"

struct surface;

struct source {
	const struct surface *surface;
	uint8_t *copy; /* NULL: read in place */
};

/* The box lies in the surface. -ENOMEM; -EFAULT: its memory has gone away. */
int source_open(const struct surface *surface, const struct pixels_box *box,
		struct source *ret_source, struct picture *ret_picture);
void source_close(struct source *source);

#endif
