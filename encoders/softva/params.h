/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client's buffers say about a picture to be encoded. params_add() copies, and
 * checks each buffer by itself; params_check() whether together they are a picture
 * that this driver can make, and that the ones before allow.
 */
#ifndef PLANECAST_SOFTVA_PARAMS_H
#define PLANECAST_SOFTVA_PARAMS_H

#include "encoders/h264_headers.h"
#include "encoders/softva/caps.h"
#include "encoders/softva/packed.h"
#include "encoders/softva/rate.h"

struct buffer;
struct driver;
struct surface;

/* Of VAEncSliceParameterBufferH264, which has room for a lot more. */
struct params_slice {
	uint32_t first_mb, n_mbs;
	bool intra;
	uint32_t pps_id, idr_pic_id, poc_lsb;
	int32_t delta_poc_bottom;
	uint32_t num_ref_l0;
	VASurfaceID reference; /* VA_INVALID_SURFACE: none */
	uint32_t cabac_init_idc;
	int32_t qp_delta;
	uint32_t deblocking_idc;
	int32_t alpha_div2, beta_div2;
};

/* What the pictures before leave behind. */
struct params_history {
	bool any; /* there was one since the last time things went wrong */
	VASurfaceID reconstructed; /* VA_INVALID_SURFACE: it is no reference */
	uint32_t frame_num;
	bool reference;
	struct h264_sets sets;
};

struct params {
	struct driver *driver;
	const struct config *config;
	/* Hold until told otherwise. */
	bool has_seq;
	VAEncSequenceParameterBufferH264 seq;
	struct rate rate;
	struct h264_sets sets; /* the client's, or made of its parameters */
	bool has_sps, has_pps; /* the client's */
	struct params_history history;
	/* One picture's. */
	bool new_seq, has_pic;
	VAEncPictureParameterBufferH264 pic;
	struct params_slice slices[CAPS_SLICES_MAX];
	unsigned int n_slices;
	struct rate_regions regions;
	struct packed packed;
};

/* A picture that can be encoded. */
struct params_picture {
	bool idr, intra;
	uint32_t qp; /* where the client sets it */
	uint32_t slice_mbs; /* of each slice but the last */
	bool write_sps, write_pps; /* by the driver */
	struct h264_sets sets;
	struct h264_slice headers[CAPS_SLICES_MAX];
};

void params_init(struct params *params, struct driver *driver, const struct config *config);
/* Forgets the picture. */
void params_clear(struct params *params);

/* One buffer of a picture. */
VAStatus params_add(struct params *params, const struct buffer *buffer);
/* Whether it can be encoded from the surface; and, when it can, remembers it for the next one. */
VAStatus params_check(struct params *params, const struct surface *source, VASurfaceID source_id,
		struct params_picture *ret);

#endif
