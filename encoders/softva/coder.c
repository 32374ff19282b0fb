// SPDX-License-Identifier: GPL-2.0-or-later
/* Encoding with x264. */
#include "encoders/softva/coder.h"

#include "encoders/softva/formats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <x264.h>

_Static_assert(X264_MBINFO_CONSTANT == CODER_CONSTANT, "flags are passed through");

struct coder {
	x264_t *x264;
	struct coder_settings settings; /* of x264 */
	struct h264_sets sets;
	int64_t pictures;
};

/* By quality level, from 1. */
static const char *const presets[CAPS_QUALITY_LEVELS] = {
	"slow",
	"medium",
	"fast",
	"faster",
	"veryfast",
	"superfast",
	"ultrafast",
};

int coder_new(struct coder **ret)
{
	struct coder *coder = calloc(1, sizeof(*coder));

	if (!coder)
		return -ENOMEM;
	*ret = coder;
	return 0;
}

static void close_x264(struct coder *coder)
{
	if (coder->x264)
		x264_encoder_close(coder->x264);
	coder->x264 = NULL;
}

void coder_free(struct coder *coder)
{
	if (!coder)
		return;
	close_x264(coder);
	free(coder);
}

static void set_changing(const struct coder_fixed *fixed, const struct coder_changing *changing,
		x264_param_t *param)
{
	switch (fixed->rate_control) {
	case VA_RC_CBR:
	case VA_RC_VBR:
		param->rc.i_rc_method = X264_RC_ABR;
		param->rc.i_bitrate = (int)changing->kbps;
		param->rc.i_vbv_max_bitrate = (int)changing->max_kbps;
		param->rc.i_vbv_buffer_size = (int)changing->buffer_kbits;
		break;
	case VA_RC_ICQ:
		param->rc.i_rc_method = X264_RC_CRF;
		param->rc.f_rf_constant = (float)changing->quality_factor;
		break;
	default:
		/*
		 * Each picture's QP is forced. The method for a constant QP ignores what single
		 * macroblocks are given, and keeps pictures' within what these factors span; the
		 * other looks at each picture to estimate what it will take.
		 */
		param->rc.i_rc_method = fixed->costly ? X264_RC_CRF : X264_RC_CQP;
		param->rc.f_rf_constant = 26;
		param->rc.i_qp_constant = 26;
		param->rc.f_ip_factor = 10;
		param->rc.f_pb_factor = 10;
		break;
	}
	param->i_slice_max_mbs = (int)changing->slice_mbs;
	param->b_deblocking_filter = changing->deblocking;
	param->i_deblocking_filter_alphac0 = changing->alpha_div2;
	param->i_deblocking_filter_beta = changing->beta_div2;
}

static int make_param(const struct coder_settings *settings, x264_param_t *param)
{
	const struct coder_fixed *fixed = &settings->fixed;
	unsigned int quality = fixed->quality ? fixed->quality : CAPS_QUALITY_LEVELS;

	if (x264_param_default_preset(param, presets[quality - 1], "zerolatency"))
		return -EINVAL;
	param->i_log_level = X264_LOG_NONE;
	/* Without delay, more of them means more slices, and how many there are the client says. */
	param->i_threads = 1;
	param->i_lookahead_threads = 1;
	param->b_sliced_threads = 0;
	param->i_csp = X264_CSP_NV12;
	param->i_bitdepth = 8;
	param->i_width = (int)fixed->width;
	param->i_height = (int)fixed->height;
	param->i_level_idc = (int)fixed->level_idc;
	param->i_fps_num = fixed->fps_num;
	param->i_fps_den = fixed->fps_den;
	param->i_timebase_num = fixed->fps_den;
	param->i_timebase_den = fixed->fps_num;
	param->b_vfr_input = 0;
	/* Pictures are what the client says, and refer to the one before. */
	param->i_keyint_max = X264_KEYINT_MAX_INFINITE;
	/* Else an I picture so far behind the last IDR picture becomes one, too. */
	param->i_keyint_min = X264_KEYINT_MAX_INFINITE;
	param->i_scenecut_threshold = 0;
	param->b_intra_refresh = 0;
	param->i_bframe = 0;
	param->i_frame_reference = 1;
	param->rc.i_lookahead = 0;
	param->rc.b_mb_tree = 0;
	param->analyse.i_weighted_pred = X264_WEIGHTP_NONE;
	/* Would change the offset of chroma's QP behind the client's back. */
	param->analyse.b_psy = 0;
	param->b_cabac = fixed->cabac;
	param->i_cabac_init_idc = (int)fixed->cabac_init_idc;
	param->analyse.b_transform_8x8 = fixed->transform_8x8;
	param->analyse.i_chroma_qp_offset = fixed->chroma_qp_offset;
	param->b_constrained_intra = fixed->constrained_intra;
	if (fixed->log2_max_mv > 2)
		param->analyse.i_mv_range = 1 << (fixed->log2_max_mv - 2);
	param->analyse.b_mb_info = 1;
	/* Only where it is on do macroblocks have QPs of their own. */
	param->rc.i_aq_mode = X264_AQ_VARIANCE;
	param->rc.f_aq_strength = 0.001f;
	param->rc.i_qp_min = (int)fixed->min_qp;
	param->rc.i_qp_max = fixed->max_qp ? (int)fixed->max_qp : 51;
	if (settings->changing.buffer_kbits)
		param->rc.f_vbv_buffer_init = (float)fixed->initial_kbits /
				(float)settings->changing.buffer_kbits;
	param->b_repeat_headers = 0;
	param->b_annexb = 1;
	param->b_aud = 0;
	set_changing(fixed, &settings->changing, param);
	return 0;
}

static int read_sets(struct coder *coder)
{
	x264_nal_t *nals;
	int count, err = 0;

	if (x264_encoder_headers(coder->x264, &nals, &count) < 0)
		return -EIO;
	for (int i = 0; i < count && !err; i++) {
		const uint8_t *at = nals[i].p_payload;
		struct h264_nal nal;

		err = h264_nal_next(&at, at + nals[i].i_payload, &nal);
		if (!err && nal.type == H264_NAL_SPS)
			err = h264_read_sps(&nal, &coder->sets.sps);
		else if (!err && nal.type == H264_NAL_PPS)
			err = h264_read_pps(&nal, &coder->sets.pps);
	}
	return err ? -EIO : 0;
}

static int open_x264(struct coder *coder, const struct coder_settings *settings)
{
	x264_param_t param;
	int err = make_param(settings, &param);

	close_x264(coder);
	if (err)
		return err;
	coder->x264 = x264_encoder_open(&param);
	if (!coder->x264)
		return -EINVAL;
	err = read_sets(coder);
	if (err) {
		close_x264(coder);
		return err;
	}
	coder->settings = *settings;
	coder->pictures = 0;
	return 0;
}

static int follow_settings(struct coder *coder, const struct coder_settings *settings, bool idr)
{
	x264_param_t param;

	if (idr &&
			(!coder->x264 ||
					memcmp(&coder->settings.fixed, &settings->fixed,
							sizeof(settings->fixed))))
		return open_x264(coder, settings);
	if (!coder->x264)
		return -EIO;
	if (!memcmp(&coder->settings.changing, &settings->changing, sizeof(settings->changing)))
		return 0;
	x264_encoder_parameters(coder->x264, &param);
	set_changing(&settings->fixed, &settings->changing, &param);
	if (x264_encoder_reconfig(coder->x264, &param))
		return -EINVAL;
	coder->settings.changing = settings->changing;
	return 0;
}

static int choose_type(const struct coder_input *input)
{
	if (input->idr)
		return X264_TYPE_IDR;
	return input->intra ? X264_TYPE_I : X264_TYPE_P;
}

int coder_encode(struct coder *coder, const struct coder_settings *settings,
		const struct coder_input *input, struct coder_output *ret)
{
	int err = follow_settings(coder, settings, input->idr), bytes, count;
	x264_picture_t in, out;
	x264_nal_t *nals;

	if (err)
		return err;
	x264_picture_init(&in);
	in.i_type = choose_type(input);
	in.i_qpplus1 = settings->fixed.rate_control == VA_RC_CQP ? (int)input->qp + 1
								 : X264_QP_AUTO;
	in.i_pts = coder->pictures++;
	in.img.i_csp = X264_CSP_NV12;
	in.img.i_plane = 2;
	for (unsigned int i = 0; i < 2; i++) {
		in.img.plane[i] = input->source->planes[i];
		in.img.i_stride[i] = (int)input->source->pitch_bytes[i];
	}
	/* x264 only reads them, and no longer than the picture takes. */
	in.prop.quant_offsets = (float *)input->qp_offsets;
	in.prop.mb_info = (uint8_t *)input->constant;
	bytes = x264_encoder_encode(coder->x264, &nals, &count, &in, &out);
	if (bytes <= 0) {
		close_x264(coder);
		return -EIO;
	}
	/* It puts them one behind the other. */
	*ret = (struct coder_output){
		.data = nals[0].p_payload,
		.bytes = (size_t)bytes,
		.average_qp = out.i_qpplus1 > 0 ? (uint32_t)out.i_qpplus1 - 1 : 0,
	};
	return 0;
}

const struct h264_sets *coder_sets(const struct coder *coder)
{
	return &coder->sets;
}
