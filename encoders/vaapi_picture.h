/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * H.264's parameters of one picture, as VA-API has them and as our own headers, and the
 * order in which drivers want them.
 *
 * A stream is IDR, P, P, ..., each P referring to the picture before, one slice a picture,
 * its quantiser in the slice's header. Two slices would let two CPUs encode one picture, in two
 * thirds of the time for a hundredth more work; but noVNC takes each slice that it
 * is sent for a whole picture. Parameters for one picture stand behind the
 * picture's own buffer: iHD forgets those that come before it.
 *
 * Pure but for vaapi_picture_render(), which sends them.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_PICTURE_H
#define PLANECAST_ENCODERS_VAAPI_PICTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <va/va.h>

#include "encoders/h264_headers.h"

struct vaapi_caps;

/* Drivers count the pictures between IDR pictures in 16 bits, not all of them unsigned. */
#define VAAPI_PICTURE_PERIOD 32767
#define VAAPI_PICTURE_DIRTY_MAX 32

struct vaapi_picture {
	const struct h264_sets *sets;
	const struct vaapi_caps *caps;
	bool idr;
	uint32_t number; /* since the IDR picture */
	uint32_t idr_id;
	int qp;
	VASurfaceID reconstructed, reference; /* the latter for P */
	VABufferID coded;
	VARectangle dirty[VAAPI_PICTURE_DIRTY_MAX];
	unsigned int n_dirty; /* 0: everything; P only */
};

/* The sets of pictures of this size, both even. -ERANGE: larger than H.264's largest level. */
int vaapi_picture_make_sets(const struct vaapi_caps *caps, uint32_t width, uint32_t height,
		struct h264_sets *ret);

#define VAAPI_PICTURE_BUFFERS_MAX 16

/* A picture's parameters on their way: not every driver has copied them before the picture ends. */
struct vaapi_picture_buffers {
	VABufferID ids[VAAPI_PICTURE_BUFFERS_MAX];
	unsigned int count;
};

/* Between vaBeginPicture() and vaEndPicture(). -EIO, -ENOMEM; buffers are there also then. */
int vaapi_picture_render(VADisplay va, VAContextID context, const struct vaapi_picture *picture,
		struct vaapi_picture_buffers *ret_buffers);
/* Behind vaEndPicture(). */
void vaapi_picture_destroy_buffers(VADisplay va, const struct vaapi_picture_buffers *buffers);

#endif
