/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One frame's memory handed to a VA-API driver: by DRM_PRIME_2, with its tiling, or by
 * the older DRM_PRIME where a driver only has that.
 *
 * Drivers believe what they are told: that the memory is there is checked here.
 * A driver that does not list DRM_PRIME_2 may still accept it and then
 * read memory of its own (i965 does): its list is what counts.
 * Any thread that may block.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_MEMORY_H
#define PLANECAST_ENCODERS_VAAPI_MEMORY_H

#include <stdint.h>
#include <va/va.h>

struct frame;
struct vaapi_caps;

/* The surface is the caller's. -ENOTSUP: cannot be imported, ever; the reason goes to the log. */
int vaapi_memory_import(VADisplay va, const struct vaapi_caps *caps, const struct frame *frame,
		VASurfaceID *ret);

/*
 * 0, or -ENOTSUP: no single dma-buf, or a layout that is not known; -EINVAL: a row of pixels is longer
 * than the stride, or the stride no whole number of tiles; -ENOSPC: the picture ends behind
 * bytes, the buffer's size.
 */
int vaapi_memory_check(const struct frame *frame, uint64_t bytes);

#endif
