// SPDX-License-Identifier: GPL-2.0-or-later
/* Conversion, and x264 without anything around it. */
#include "tests/bench/bare_encoder.h"

#include <errno.h>
#include <stdlib.h>
#include <x264.h>

#include "encoders/colour.h"

#define BT709 1 /* of H.264's tables for primaries, transfer and matrix */

struct bare_encoder {
	x264_t *x264;
	struct colour_nv12 nv12;
	int64_t n; /* pictures so far */
};

static x264_t *open_x264(uint32_t width, uint32_t height)
{
	x264_param_t param;

	if (x264_param_default_preset(&param, "ultrafast", "zerolatency"))
		return NULL;
	param.i_log_level = X264_LOG_NONE;
	/* One frame at a time on one thread, as CPU is what is measured. */
	param.i_threads = 1;
	param.i_lookahead_threads = 1;
	param.b_sliced_threads = 0;
	param.i_csp = X264_CSP_NV12;
	param.i_width = (int)width;
	param.i_height = (int)height;
	param.i_keyint_max = X264_KEYINT_MAX_INFINITE;
	param.rc.i_rc_method = X264_RC_CQP;
	param.rc.i_qp_constant = BARE_ENCODER_QP;
	param.rc.f_ip_factor = 1;
	param.vui.b_fullrange = 0;
	param.vui.i_colorprim = param.vui.i_transfer = param.vui.i_colmatrix = BT709;
	return x264_encoder_open(&param);
}

int bare_encoder_new(uint32_t width, uint32_t height, struct bare_encoder **ret)
{
	struct bare_encoder *encoder;
	uint8_t *pixels;

	if (!width || !height || width % 2 || height % 2 || width > COLOUR_SIZE_MAX || height > COLOUR_SIZE_MAX)
		return -EINVAL;
	encoder = calloc(1, sizeof(*encoder));
	pixels = malloc((size_t)width * height * 3 / 2);
	if (encoder && pixels)
		encoder->x264 = open_x264(width, height);
	if (!encoder || !pixels || !encoder->x264) {
		free(pixels);
		free(encoder);
		return -ENOMEM;
	}
	encoder->nv12 = (struct colour_nv12){
		.luma = pixels,
		.chroma = pixels + (size_t)width * height,
		.luma_stride_bytes = width,
		.chroma_stride_bytes = width,
		.width = width,
		.height = height,
	};
	*ret = encoder;
	return 0;
}

void bare_encoder_free(struct bare_encoder *encoder)
{
	if (!encoder)
		return;
	x264_encoder_close(encoder->x264);
	free(encoder->nv12.luma);
	free(encoder);
}

int bare_encoder_encode(struct bare_encoder *encoder, const struct colour_rgb *picture, bool keyframe,
		const uint8_t **ret_data, size_t *ret_bytes)
{
	const struct colour_nv12 *nv12 = &encoder->nv12;
	x264_picture_t in, out;
	x264_nal_t *nals;
	int n, r = colour_to_nv12(picture, &(struct colour_box){ 0, 0, nv12->width, nv12->height }, COLOUR_BT709,
			COLOUR_LIMITED, nv12);

	if (r < 0)
		return r;
	x264_picture_init(&in);
	in.i_type = keyframe ? X264_TYPE_IDR : X264_TYPE_AUTO;
	in.img.i_csp = X264_CSP_NV12;
	in.img.i_plane = 2;
	in.img.plane[0] = nv12->luma;
	in.img.plane[1] = nv12->chroma;
	in.img.i_stride[0] = in.img.i_stride[1] = (int)nv12->width;
	in.i_pts = encoder->n++;
	r = x264_encoder_encode(encoder->x264, &nals, &n, &in, &out);
	if (r <= 0)
		return -EIO;
	*ret_data = nals[0].p_payload;
	*ret_bytes = (size_t)r;
	return 0;
}
