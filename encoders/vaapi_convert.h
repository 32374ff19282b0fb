/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A box of a frame into the NV12 surface that is encoded: BT.709, limited range. By the
 * driver's video processing where it has some and can read the frame's memory, which
 * no CPU touches then; else by the CPU, once over the frame's pixels.
 *
 * One thread at a time, which may block.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_CONVERT_H
#define PLANECAST_ENCODERS_VAAPI_CONVERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <va/va.h>

#include "encoders/packet.h"

struct frame;
struct vaapi_caps;

struct vaapi_convert {
	VADisplay va;
	const struct vaapi_caps *caps;
	VAConfigID config; /* VA_INVALID_ID: there is no processing */
	VAContextID context; /* VA_INVALID_ID: not yet */
	VASurfaceID target;
	uint32_t width, height; /* of the target, both even */
	struct vaapi_scratch {
		uint8_t *data;
		size_t bytes;
	} scratch, scaled; /* a box out of a tiled frame; one made smaller */
};

int vaapi_convert_init(struct vaapi_convert *convert, VADisplay va, const struct vaapi_caps *caps);
void vaapi_convert_finish(struct vaapi_convert *convert);

/* Where to from now on; the target is borrowed, until it is another or VA_INVALID_SURFACE. */
int vaapi_convert_set_target(struct vaapi_convert *convert, VASurfaceID target, uint32_t width,
		uint32_t height);

/*
 * source: the frame as a surface, VA_INVALID_SURFACE: there is none. By the CPU it is done
 * on return, by the driver when the target is waited for. Errors: -ENOTSUP (format or
 * layout that the CPU does not know, or cannot scale), -EACCES and the like: the frame
 * cannot be read; neither is the driver's fault. -EIO, -ENOMEM, -ETIMEDOUT: the driver's.
 */
int vaapi_convert_run(struct vaapi_convert *convert, struct frame *frame,
		const struct packet_box *box, VASurfaceID source);

#endif
