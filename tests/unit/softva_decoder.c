// SPDX-License-Identifier: GPL-2.0-or-later
/* libavcodec, to see what a stranger makes of the driver's packets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <libavcodec/avcodec.h>

#include "tests/unit/softva_rig.h"

struct rig_decoder {
	AVCodecContext *codec;
	AVPacket *packet;
	AVFrame *frame;
};

static int complaints;

static void count_complaint(void *context, int level, const char *format, va_list arguments)
{
	(void)context;
	if (level > AV_LOG_WARNING)
		return;
	complaints++;
	vfprintf(stderr, format, arguments);
}

struct rig_decoder *rig_decoder_new(void)
{
	struct rig_decoder *decoder = calloc(1, sizeof(*decoder));

	assert_non_null(decoder);
	av_log_set_callback(count_complaint);
	complaints = 0;
	decoder->codec = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264));
	decoder->packet = av_packet_alloc();
	decoder->frame = av_frame_alloc();
	assert_true(decoder->codec && decoder->packet && decoder->frame);
	decoder->codec->thread_count = 1;
	decoder->codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
	decoder->codec->err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_BUFFER;
	assert_int_equal(avcodec_open2(decoder->codec, NULL, NULL), 0);
	return decoder;
}

void rig_decoder_free(struct rig_decoder *decoder)
{
	avcodec_free_context(&decoder->codec);
	av_packet_free(&decoder->packet);
	av_frame_free(&decoder->frame);
	free(decoder);
}

void rig_decode(struct rig_decoder *decoder, const struct rig_packet *packet, uint8_t *ret_nv12,
		unsigned int width, unsigned int height)
{
	const AVFrame *frame = decoder->frame;
	uint8_t *chroma = ret_nv12 + (size_t)width * height;

	decoder->packet->data = packet->data;
	decoder->packet->size = (int)packet->bytes;
	assert_int_equal(avcodec_send_packet(decoder->codec, decoder->packet), 0);
	assert_int_equal(avcodec_receive_frame(decoder->codec, decoder->frame), 0);
	assert_int_equal(complaints, 0);
	assert_int_equal(frame->format, AV_PIX_FMT_YUV420P);
	assert_int_equal(frame->width, width);
	assert_int_equal(frame->height, height);
	for (unsigned int y = 0; y < height; y++)
		memcpy(ret_nv12 + (size_t)y * width,
				frame->data[0] + (ptrdiff_t)y * frame->linesize[0], width);
	for (unsigned int y = 0; y < height / 2; y++) {
		for (unsigned int x = 0; x < width / 2; x++) {
			chroma[(size_t)y * width + 2 * x] =
					frame->data[1][(ptrdiff_t)y * frame->linesize[1] + x];
			chroma[(size_t)y * width + 2 * x + 1] =
					frame->data[2][(ptrdiff_t)y * frame->linesize[2] + x];
		}
	}
}
