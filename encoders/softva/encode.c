// SPDX-License-Identifier: GPL-2.0-or-later
/* Pictures of contexts that encode: from parameters to a job. */
#include "encoders/softva/encode.h"

#include "encoders/softva/buffer.h"
#include "encoders/softva/coder.h"
#include "encoders/softva/encode_job.h"
#include "encoders/softva/params.h"
#include "encoders/softva/surface.h"

#include <errno.h>
#include <stdlib.h>

/* Where neither frame rate nor timing is told. */
#define FPS_DEFAULT 30
/* The time a decoder's buffer holds where the client does not say. */
#define WINDOW_DEFAULT_MS 1000
#define BUFFER_KBITS_MAX 2000000

struct encode {
	struct params params;
	struct coder *coder; /* the worker's */
	bool costly; /* some picture of this context was */
};

static int init(struct context *context)
{
	struct encode *encode = calloc(1, sizeof(*encode));
	int err;

	if (!encode)
		return -ENOMEM;
	err = coder_new(&encode->coder);
	if (err) {
		free(encode);
		return err;
	}
	params_init(&encode->params, context->driver, &context->config);
	context->state = encode;
	return 0;
}

static void finish(struct context *context)
{
	struct encode *encode = context->state;

	coder_free(encode->coder);
	free(encode);
}

static void clear(struct context *context)
{
	struct encode *encode = context->state;

	params_clear(&encode->params);
}

static VAStatus render(struct context *context, const struct buffer *buffer)
{
	struct encode *encode = context->state;

	return params_add(&encode->params, buffer);
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void choose_frame_rate(const struct params *params, struct coder_fixed *fixed)
{
	const struct h264_vui *vui = &params->sets.sps.vui;

	fixed->fps_num = FPS_DEFAULT;
	fixed->fps_den = 1;
	if (params->rate.fps_num) {
		fixed->fps_num = params->rate.fps_num;
		fixed->fps_den = params->rate.fps_den;
	} else if (params->sets.sps.vui_present && vui->timing_info_present && vui->time_scale &&
			vui->num_units_in_tick && vui->num_units_in_tick <= UINT32_MAX / 2) {
		/* A tick is a field. */
		fixed->fps_num = vui->time_scale;
		fixed->fps_den = vui->num_units_in_tick * 2;
	}
}

static void choose_rate(const struct params *params, struct coder_settings *settings)
{
	const struct rate *rate = &params->rate;
	uint64_t max_bps = rate->max_bps ? rate->max_bps : params->seq.bits_per_second;
	uint64_t buffer_bits = rate->buffer_bits,
		 window_ms = rate->window_ms ? rate->window_ms : WINDOW_DEFAULT_MS;
	uint64_t percent = settings->fixed.rate_control == VA_RC_VBR && rate->target_percent
			? rate->target_percent
			: 100;
	struct coder_changing *changing = &settings->changing;

	changing->quality_factor = rate->quality_factor ? rate->quality_factor : 26;
	if (!(settings->fixed.rate_control & (VA_RC_CBR | VA_RC_VBR)))
		return;
	if (!buffer_bits)
		buffer_bits = max_bps * window_ms / 1000;
	changing->max_kbps = (uint32_t)((max_bps + 999) / 1000);
	changing->kbps = (uint32_t)((max_bps * percent / 100 + 999) / 1000);
	/* In x264's units, and within an int. */
	if (buffer_bits > (uint64_t)BUFFER_KBITS_MAX * 1000)
		buffer_bits = (uint64_t)BUFFER_KBITS_MAX * 1000;
	changing->buffer_kbits = (uint32_t)((buffer_bits + 999) / 1000);
	settings->fixed.initial_kbits = rate->initial_bits ? rate->initial_bits / 1000
							   : changing->buffer_kbits * 9 / 10;
	settings->fixed.min_qp = rate->min_qp;
	settings->fixed.max_qp = rate->max_qp;
}

static void choose_settings(const struct params *params, const struct params_picture *picture,
		const struct surface *source, struct coder_settings *ret)
{
	const struct h264_sps *sps = &picture->sets.sps;
	const struct h264_pps *pps = &picture->sets.pps;
	const struct params_slice *slice = &params->slices[0];

	*ret = (struct coder_settings){
		.fixed = {
			/* A surface of an odd size has room for the even one. */
			.width = smaller(sps->width_mbs * 16, (source->width + 1) & ~1u),
			.height = smaller(sps->height_mbs * 16, (source->height + 1) & ~1u),
			.level_idc = sps->level_idc,
			.cabac = pps->cabac,
			.transform_8x8 = pps->transform_8x8,
			.constrained_intra = pps->constrained_intra_pred,
			.chroma_qp_offset = pps->chroma_qp_index_offset,
			.cabac_init_idc = slice->cabac_init_idc,
			.rate_control = params->config->rate_control,
			.quality = params->rate.quality,
			.resets = params->rate.resets,
		},
		.changing = {
			.slice_mbs = picture->slice_mbs,
			.deblocking = slice->deblocking_idc != 1,
			.alpha_div2 = slice->alpha_div2,
			.beta_div2 = slice->beta_div2,
		},
	};
	if (sps->vui_present && sps->vui.bitstream_restriction)
		ret->fixed.log2_max_mv = sps->vui.log2_max_mv_length_vertical;
	choose_frame_rate(params, &ret->fixed);
	choose_rate(params, ret);
}

static VAStatus check_rate(const struct params *params)
{
	if (params->config->rate_control & (VA_RC_CBR | VA_RC_VBR) && !params->rate.max_bps &&
			!params->seq.bits_per_second)
		return driver_refuse(params->driver, VA_STATUS_ERROR_INVALID_PARAMETER,
				"encoding: no bits per second");
	return VA_STATUS_SUCCESS;
}

static VAStatus end(struct context *context)
{
	struct encode *encode = context->state;
	struct params *params = &encode->params;
	struct encode_job *job = calloc(1, sizeof(*job));
	VAStatus status = job ? check_rate(params) : VA_STATUS_ERROR_ALLOCATION_FAILED;
	int err = 0;

	if (status == VA_STATUS_SUCCESS)
		status = params_check(params, context->target, context->target_id, &job->picture);
	if (status != VA_STATUS_SUCCESS) {
		free(job);
		return status;
	}
	job->coder = encode->coder;
	choose_settings(params, &job->picture, context->target, &job->settings);
	err = encode_job_fill(job, params, context->target);
	if (err) {
		/* The picture is lost to the client, as to those that would refer to it. */
		params->history.any = false;
		job_drop(&job->job);
		return driver_status(err);
	}
	/* Where pictures become such later, an IDR picture has to come first; until then it is close. */
	encode->costly = encode->costly || job->qp_offsets ||
			job->picture.qp < CODER_CHEAP_QP_MIN || job->picture.qp > CODER_CHEAP_QP_MAX;
	job->settings.fixed.costly = encode->costly;
	queue_submit(&context->queue, &job->job);
	return VA_STATUS_SUCCESS;
}

const struct context_kind encode_kind = {
	.init = init,
	.finish = finish,
	.render = render,
	.end = end,
	.clear = clear,
};
