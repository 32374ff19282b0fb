/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One pass of video processing: what a client asks for, checked, and its execution.
 */
#ifndef PLANECAST_SOFTVA_PIPELINE_H
#define PLANECAST_SOFTVA_PIPELINE_H

#include "encoders/softva/pixels.h"

struct driver;
struct surface;

struct pipeline {
	struct surface *src, *dst;
	struct pixels_box from, to;
	struct pixels_colour src_colour, dst_colour;
	uint32_t background; /* 0xAARRGGBB */
};

/*
 * With the driver's lock. Everything is copied; the surfaces come without references.
 */
VAStatus pipeline_read(struct driver *driver, const VAProcPipelineParameterBuffer *params,
		struct surface *dst, struct pipeline *ret);
/* Without the lock. -ENOMEM, -ENOTSUP. */
int pipeline_run(const struct pipeline *pipeline);

/* What pipeline_read() understands. */
extern const VAProcColorStandardType pipeline_standards[];
extern const unsigned int pipeline_n_standards;

#endif
