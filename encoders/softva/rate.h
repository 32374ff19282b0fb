/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The miscellaneous parameters of encoding: rate control, quality and what regions
 * of a picture matter. Read out of a client's buffers, checked.
 */
#ifndef PLANECAST_SOFTVA_RATE_H
#define PLANECAST_SOFTVA_RATE_H

#include "encoders/softva/caps.h"

#include <stdbool.h>
#include <stddef.h>

struct driver;

/* Holds until the client says otherwise. */
struct rate {
	uint32_t max_bps; /* 0: not told */
	uint32_t target_percent; /* of it; 0: not told */
	uint32_t window_ms;
	uint32_t min_qp, max_qp; /* 0: not told */
	uint32_t quality_factor; /* ICQ */
	uint32_t buffer_bits, initial_bits;
	uint32_t fps_num, fps_den; /* 0: not told */
	uint32_t quality; /* 1 best .. CAPS_QUALITY_LEVELS fastest; 0: not told */
	uint32_t resets; /* how often the client wanted it to begin anew */
};

struct rate_region {
	VARectangle box;
	int qp_delta; /* of interest; 0 in a dirty one */
};

/* Holds for one picture. */
struct rate_regions {
	unsigned int n_interesting, n_dirty;
	struct rate_region interesting[CAPS_REGIONS_MAX]; /* the first that covers a place counts */
	struct rate_region dirty[CAPS_REGIONS_MAX]; /* none: everything may have changed */
};

/* One VAEncMiscParameterBuffer of so many bytes, under one of VA_RC_*. */
VAStatus rate_read(struct driver *driver, uint32_t rate_control, const void *data, size_t bytes,
		struct rate *rate, struct rate_regions *regions);

#endif
