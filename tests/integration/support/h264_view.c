// SPDX-License-Identifier: GPL-2.0-or-later
/* Rectangles of Open H.264, decoded. */
#include "tests/integration/support/h264_view.h"

#include <errno.h>
#include <libavcodec/avcodec.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "net/rfb.h"

struct decoder {
	struct h264_place place;
	AVCodecContext *codec; /* NULL: free */
};

struct h264_view {
	struct decoder decoders[H264_VIEW_DECODERS];
	AVPacket *packet;
	AVFrame *frame;
};

struct h264_view *h264_view_new(void)
{
	struct h264_view *view = calloc(1, sizeof(*view));

	if (!view)
		return NULL;
	av_log_set_level(AV_LOG_ERROR);
	view->packet = av_packet_alloc();
	view->frame = av_frame_alloc();
	if (!view->packet || !view->frame) {
		h264_view_free(view);
		return NULL;
	}
	return view;
}

void h264_view_free(struct h264_view *view)
{
	if (!view)
		return;
	for (unsigned int i = 0; i < H264_VIEW_DECODERS; i++)
		avcodec_free_context(&view->decoders[i].codec);
	av_packet_free(&view->packet);
	av_frame_free(&view->frame);
	free(view);
}

static AVCodecContext *open_codec(void)
{
	AVCodecContext *codec = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264));

	if (!codec)
		return NULL;
	codec->thread_count = 1;
	codec->flags |= AV_CODEC_FLAG_LOW_DELAY;
	/* A server's mistake is not to be hidden. */
	codec->err_recognition = AV_EF_EXPLODE | AV_EF_BITSTREAM | AV_EF_BUFFER;
	if (avcodec_open2(codec, NULL, NULL) < 0)
		avcodec_free_context(&codec);
	return codec;
}

static struct decoder *find(struct h264_view *view, const struct h264_place *place, uint32_t flags)
{
	struct decoder *found = NULL;

	for (unsigned int i = 0; i < H264_VIEW_DECODERS; i++) {
		struct decoder *decoder = &view->decoders[i];
		const bool same = decoder->codec && !memcmp(&decoder->place, place, sizeof(*place));

		if (flags & RFB_H264_RESET_ALL || (same && flags & RFB_H264_RESET_CONTEXT))
			avcodec_free_context(&decoder->codec);
		if (same || (!decoder->codec && !found))
			found = decoder;
	}
	if (found && !found->codec) {
		found->place = *place;
		found->codec = open_codec();
	}
	return found && found->codec ? found : NULL;
}

static uint32_t clamp(int value)
{
	return value < 0 ? 0 : value > 255 << 16 ? 255 : (uint32_t)(value + (1 << 15)) >> 16;
}

/* BT.709, limited range, in 1/65536. */
static uint32_t to_rgb(int y, int u, int v)
{
	const int luma = (y - 16) * 76309;

	u -= 128;
	v -= 128;
	return clamp(luma + 117489 * v) << 16 | clamp(luma - 13975 * u - 34925 * v) << 8 | clamp(luma + 138438 * u);
}

static void paint(const AVFrame *frame, const struct h264_place *place, uint32_t *pixels, size_t stride)
{
	for (int y = 0; y < place->height; y++) {
		uint32_t *row = pixels + (size_t)(place->y + y) * stride + place->x;
		const uint8_t *luma = frame->data[0] + (ptrdiff_t)y * frame->linesize[0];
		const uint8_t *u = frame->data[1] + (ptrdiff_t)(y / 2) * frame->linesize[1];
		const uint8_t *v = frame->data[2] + (ptrdiff_t)(y / 2) * frame->linesize[2];

		for (int x = 0; x < place->width; x++)
			row[x] = to_rgb(luma[x], u[x / 2], v[x / 2]);
	}
}

int h264_view_show(struct h264_view *view, const struct h264_place *place, uint32_t flags, const uint8_t *data,
		size_t bytes, uint32_t *pixels, size_t stride)
{
	struct decoder *decoder = find(view, place, flags);
	const AVFrame *frame = view->frame;

	if (!decoder || av_new_packet(view->packet, (int)bytes) < 0)
		return -EPROTO;
	memcpy(view->packet->data, data, bytes);
	if (avcodec_send_packet(decoder->codec, view->packet) < 0 ||
			avcodec_receive_frame(decoder->codec, view->frame) < 0) {
		av_packet_unref(view->packet);
		return -EPROTO;
	}
	av_packet_unref(view->packet);
	/* One larger than the rectangle is cut off, a smaller one viewers do not show. */
	if (frame->format != AV_PIX_FMT_YUV420P || frame->width < place->width || frame->height < place->height ||
			frame->colorspace != AVCOL_SPC_BT709 || frame->color_range != AVCOL_RANGE_MPEG)
		return -EPROTO;
	paint(frame, place, pixels, stride);
	return 0;
}
