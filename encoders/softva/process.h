/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The entrypoint VideoProc: a region of one surface into a region of another, with
 * scaling and conversion between RGB and YUV. What lies around the region becomes
 * the background colour, unless that is transparent. Several pipelines in one
 * picture run in their order. No filters, rotation or blending.
 */
#ifndef PLANECAST_SOFTVA_PROCESS_H
#define PLANECAST_SOFTVA_PROCESS_H

#include "encoders/softva/context.h"

extern const struct context_kind process_kind;

/* In libva's table. */
VAStatus process_query_filters(VADriverContextP va, VAContextID context, VAProcFilterType *filters,
		unsigned int *count);
VAStatus process_query_filter_caps(VADriverContextP va, VAContextID context, VAProcFilterType type,
		void *caps, unsigned int *count);
VAStatus process_query_pipeline_caps(VADriverContextP va, VAContextID context, VABufferID *filters,
		unsigned int count, VAProcPipelineCaps *ret_caps);

#endif
