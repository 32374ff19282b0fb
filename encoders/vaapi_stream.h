/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A context that encodes pictures of one size, and the surfaces it needs: the picture,
 * two reconstructed ones in turn, and a buffer for what is coded.
 *
 * One thread at a time, which may block: for as long as the driver takes.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_STREAM_H
#define PLANECAST_ENCODERS_VAAPI_STREAM_H

#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <va/va.h>

#include "encoders/h264_headers.h"

struct packet;
struct vaapi_caps;

struct vaapi_stream {
	VADisplay va;
	const struct vaapi_caps *caps;
	VAConfigID config;
	VAContextID context;
	VASurfaceID input, reconstructed[2];
	VABufferID coded;
	size_t coded_bytes;
	uint32_t width, height;
	struct h264_sets sets;
	bool started; /* there is a picture to refer to */
	uint32_t number, idr_id;
	unsigned int next; /* where the next picture is reconstructed; its reference is the other */
};

/*
 * Both even, within caps' limits. -ERANGE: larger than H.264 has levels for; -EIO, -ENOMEM. ret is
 * to be finished also after a failure.
 */
int vaapi_stream_init(struct vaapi_stream *stream, VADisplay va, const struct vaapi_caps *caps,
		uint32_t width, uint32_t height);
/* All zeros are fine. */
void vaapi_stream_finish(struct vaapi_stream *stream);

/* The next picture begins anew. */
void vaapi_stream_restart(struct vaapi_stream *stream);
/*
 * Encodes what the input surface shows. dirty: what differs from the picture before, in
 * the video's pixels; NULL: all may. ret has bytes, keyframe, qp, width and height. -EIO: the driver
 * failed, or what it made is none, or more than fits (-EOVERFLOW); -ETIMEDOUT; -ENOMEM.
 */
int vaapi_stream_encode(struct vaapi_stream *stream, int qp, const pixman_region32_t *dirty,
		struct packet **ret);

#endif
