// SPDX-License-Identifier: GPL-2.0-or-later
/* Open H.264 (rfbproto, encoding 50): a length, flags, and what a decoder for this very rectangle goes on with. */
#include <errno.h>

#include "tests/bench/view_decoder.h"
#include "tests/bench/view_jpegs.h"
#include "tests/bench/view_marks.h"
#include "tests/integration/support/h264_view.h"

#define HEADER_BYTES 8u
#define LENGTH_MAX (32u << 20)

static int show(struct view_decoder *decoder, struct h264_view **view, const struct h264_place *place, uint32_t flags,
		const uint8_t *data, uint32_t length, uint32_t *to, size_t stride)
{
	if (!*view)
		*view = h264_view_new();
	if (!*view)
		return -ENOMEM;
	if (h264_view_show(*view, place, flags, data, length, to, stride) < 0)
		return view_decoder_fail(decoder, "h264: %u bytes that are no picture of %dx%d", length, place->width,
				place->height);
	return 0;
}

/* A keyframe for one viewer is one for all, so one decoder does, and nothing begins anew in it. */
int view_decoder_h264(struct view_decoder *decoder, const uint8_t *data, uint32_t length,
		const struct view_rect *rect, uint32_t *to, size_t stride)
{
	const struct h264_place place = { 0, 0, (int)rect->width, (int)rect->height };

	return show(decoder, &decoder->skim->h264, &place, 0, data, length, to, stride / 4);
}

int view_decode_h264(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	const struct h264_place place = { (int)rect->x, (int)rect->y, (int)rect->width, (int)rect->height };
	const struct view_picture *picture = &decoder->picture;
	uint32_t length, flags;
	const uint8_t *data;
	int r = 0;

	if (!view_reader_has(reader, HEADER_BYTES))
		return -EAGAIN;
	length = view_u32(reader->at);
	flags = view_u32(reader->at + 4);
	if (length > LENGTH_MAX)
		return view_decoder_fail(decoder, "h264: a picture of %u bytes", length);
	if (!view_reader_has(reader, HEADER_BYTES + length))
		return -EAGAIN;
	data = reader->at + HEADER_BYTES;
	decoder->skimmed += decoder->skim != NULL;
	if (!decoder->skim)
		r = show(decoder, &decoder->h264, &place, flags, data, length, picture->pixels, picture->width);
	else if (view_marks_touched(picture, rect->x, rect->y, rect->width, rect->height))
		r = view_jpegs_draw(decoder->skim, &decoder->skim->video, decoder, rect, data, length,
				view_decoder_h264);
	reader->at += HEADER_BYTES + length;
	return r;
}
