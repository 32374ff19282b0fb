// SPDX-License-Identifier: GPL-2.0-or-later
/* x264 and libavcodec, as tests of H.264 headers need them. */
#include "tests/unit/h264_codecs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavutil/imgutils.h>
#include <stdlib.h>
#include <string.h>
#include <x264.h>

/* A slope that moves, a block of noise, and much that rests. */
static void paint(x264_picture_t *picture, const struct codecs_kind *kind, unsigned int number)
{
	uint32_t seed = number + 1;

	for (uint32_t y = 0; y < kind->height; y++) {
		for (uint32_t x = 0; x < kind->width; x++) {
			uint8_t *luma = picture->img.plane[0] + y * (size_t)picture->img.i_stride[0] + x;

			*luma = (uint8_t)(x < 48 ? (x * 5 + y * 3 + number * 9) : x / 16 * 20 + y / 16 * 9);
			if (x >= 64 && x < 96 && y >= 16 && y < 48) {
				seed = seed * 1664525 + 1013904223;
				*luma = (uint8_t)(seed >> 24);
			}
		}
	}
	for (uint32_t y = 0; y < kind->height / 2; y++) {
		for (uint32_t x = 0; x < kind->width; x++)
			picture->img.plane[1][y * (size_t)picture->img.i_stride[1] + x] =
					(uint8_t)(x % 2 ? 90 + y + number : 200 - x / 2);
	}
}

static void set_params(x264_param_t *param, const struct codecs_kind *kind)
{
	assert_int_equal(x264_param_default_preset(param, "ultrafast", "zerolatency"), 0);
	param->i_width = (int)kind->width;
	param->i_height = (int)kind->height;
	param->i_csp = X264_CSP_NV12;
	param->i_log_level = X264_LOG_NONE;
	param->i_threads = kind->slices > 1 ? (int)kind->slices : 1;
	param->b_sliced_threads = kind->slices > 1;
	param->b_repeat_headers = 0;
	param->b_annexb = 1;
	param->i_frame_reference = 1;
	param->i_bframe = 0;
	param->i_scenecut_threshold = 0;
	param->i_keyint_max = CODECS_GOP;
	param->i_keyint_min = CODECS_GOP;
	param->b_cabac = kind->cabac;
	param->b_constrained_intra = kind->constrained_intra;
	param->b_deblocking_filter = kind->deblock;
	param->i_deblocking_filter_alphac0 = kind->alpha;
	param->i_deblocking_filter_beta = kind->beta;
	param->analyse.b_transform_8x8 = kind->transform_8x8;
	param->analyse.i_weighted_pred = X264_WEIGHTP_NONE;
	param->analyse.b_psy = 0;
	param->analyse.i_chroma_qp_offset = kind->chroma_offset;
	param->rc.i_rc_method = X264_RC_CQP;
	param->rc.i_qp_constant = kind->qp;
	if (kind->hrd) {
		param->rc.i_rc_method = X264_RC_ABR;
		param->rc.i_bitrate = 300;
		param->rc.i_vbv_max_bitrate = 300;
		param->rc.i_vbv_buffer_size = 100;
		param->i_nal_hrd = X264_NAL_HRD_CBR;
	}
	assert_int_equal(x264_param_apply_profile(param, kind->profile), 0);
}

static uint8_t *copy_of(const void *data, size_t bytes)
{
	/* What decoders want behind it. */
	uint8_t *copy = calloc(1, bytes + AV_INPUT_BUFFER_PADDING_SIZE);

	assert_non_null(copy);
	memcpy(copy, data, bytes);
	return copy;
}

void codecs_encode(const struct codecs_kind *kind, struct codecs_stream *ret)
{
	x264_picture_t picture, out;
	x264_param_t param;
	x264_nal_t *nals;
	x264_t *encoder;
	int bytes, n;

	*ret = (struct codecs_stream){ .width = kind->width, .height = kind->height };
	set_params(&param, kind);
	encoder = x264_encoder_open(&param);
	assert_non_null(encoder);
	bytes = x264_encoder_headers(encoder, &nals, &n);
	/* SPS, PPS and an SEI with its own name, of which there is no use. */
	assert_true(bytes > 0 && n == 3);
	ret->headers_bytes = (size_t)(nals[0].i_payload + nals[1].i_payload);
	ret->headers = copy_of(nals[0].p_payload, ret->headers_bytes);
	assert_int_equal(x264_picture_alloc(&picture, param.i_csp, param.i_width, param.i_height), 0);
	for (unsigned int i = 0; i < CODECS_PICTURES; i++) {
		paint(&picture, kind, i);
		picture.i_pts = i;
		bytes = x264_encoder_encode(encoder, &nals, &n, &picture, &out);
		assert_true(bytes > 0);
		ret->pictures[i].data = copy_of(nals[0].p_payload, (size_t)bytes);
		ret->pictures[i].bytes = (size_t)bytes;
		ret->pictures[i].idr = out.b_keyframe;
		assert_int_equal(out.b_keyframe, i % CODECS_GOP == 0);
	}
	x264_picture_clean(&picture);
	x264_encoder_close(encoder);
}

void codecs_stream_finish(struct codecs_stream *stream)
{
	free(stream->headers);
	for (unsigned int i = 0; i < CODECS_PICTURES; i++)
		free(stream->pictures[i].data);
}

static void take_picture(AVCodecContext *context, const AVFrame *frame, struct codecs_decoded *ret)
{
	assert_int_equal(frame->decode_error_flags, 0);
	assert_int_equal(frame->format, AV_PIX_FMT_YUV420P);
	ret->width = frame->width;
	ret->height = frame->height;
	ret->picture_bytes = (size_t)av_image_get_buffer_size(frame->format, frame->width, frame->height, 1);
	ret->data = realloc(ret->data, ret->picture_bytes * (ret->pictures + 1));
	assert_non_null(ret->data);
	assert_true(av_image_copy_to_buffer(ret->data + ret->picture_bytes * ret->pictures, (int)ret->picture_bytes,
			(const uint8_t *const *)frame->data, frame->linesize, frame->format, frame->width,
			frame->height, 1) > 0);
	ret->pictures++;
	ret->primaries = frame->color_primaries;
	ret->transfer = frame->color_trc;
	ret->matrix = frame->colorspace;
	ret->range = frame->color_range;
	ret->delay = context->has_b_frames;
	ret->rate_num = context->framerate.num;
	ret->rate_den = context->framerate.den;
}

void codecs_decode(const struct codecs_stream *stream, struct codecs_decoded *ret)
{
	const AVCodec *codec = avcodec_find_decoder(AV_CODEC_ID_H264);
	AVCodecContext *context = avcodec_alloc_context3(codec);
	AVPacket *packet = av_packet_alloc();
	AVFrame *frame = av_frame_alloc();

	memset(ret, 0, sizeof(*ret));
	av_log_set_level(AV_LOG_QUIET);
	assert_true(context && packet && frame);
	context->thread_count = 1;
	context->err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_COMPLIANT;
	context->flags |= AV_CODEC_FLAG_LOW_DELAY;
	assert_int_equal(avcodec_open2(context, codec, NULL), 0);
	for (unsigned int i = 0; i < CODECS_PICTURES; i++) {
		size_t headers = i ? 0 : stream->headers_bytes;

		assert_int_equal(av_new_packet(packet, (int)(headers + stream->pictures[i].bytes)), 0);
		memcpy(packet->data, stream->headers, headers);
		memcpy(packet->data + headers, stream->pictures[i].data, stream->pictures[i].bytes);
		assert_int_equal(avcodec_send_packet(context, packet), 0);
		av_packet_unref(packet);
		while (!avcodec_receive_frame(context, frame))
			take_picture(context, frame, ret);
	}
	avcodec_send_packet(context, NULL);
	while (!avcodec_receive_frame(context, frame))
		take_picture(context, frame, ret);
	av_frame_free(&frame);
	av_packet_free(&packet);
	avcodec_free_context(&context);
}

void codecs_decoded_finish(struct codecs_decoded *decoded)
{
	free(decoded->data);
}

void codecs_rewritten(const uint8_t *data, size_t bytes, uint8_t **ret_data, size_t *ret_bytes)
{
	AVPacket *packet = av_packet_alloc();
	AVBSFContext *filter;

	av_log_set_level(AV_LOG_QUIET);
	assert_non_null(packet);
	assert_int_equal(av_bsf_alloc(av_bsf_get_by_name("h264_metadata"), &filter), 0);
	filter->par_in->codec_id = AV_CODEC_ID_H264;
	assert_int_equal(av_bsf_init(filter), 0);
	assert_int_equal(av_new_packet(packet, (int)bytes), 0);
	memcpy(packet->data, data, bytes);
	assert_int_equal(av_bsf_send_packet(filter, packet), 0);
	assert_int_equal(av_bsf_receive_packet(filter, packet), 0);
	*ret_data = copy_of(packet->data, (size_t)packet->size);
	*ret_bytes = (size_t)packet->size;
	av_packet_free(&packet);
	av_bsf_free(&filter);
}
