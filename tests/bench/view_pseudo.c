// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pseudo-encodings (RFC 6143 7.8, rfbproto). The bench looks at the guest's
 * picture, not at the pointer on it: cursors are checked and dropped.
 */
#include "tests/bench/view_decoder.h"

#include <errno.h>

#define CURSOR_SIZE_MAX 1024u
#define NAME_BYTES_MAX 65536u

int view_decode_nothing(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	(void)decoder;
	(void)rect;
	(void)reader;
	return 0;
}

/* So many bytes that mean nothing here. */
static int drop(struct view_reader *reader, uint64_t bytes)
{
	if (!view_reader_has(reader, bytes))
		return -EAGAIN;
	reader->at += bytes;
	return 0;
}

static int check_cursor(struct view_decoder *decoder, const struct view_rect *rect)
{
	if (rect->width > CURSOR_SIZE_MAX || rect->height > CURSOR_SIZE_MAX)
		return view_decoder_fail(decoder, "cursor: %ux%u is too large", rect->width, rect->height);
	return 0;
}

int view_decode_cursor(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	uint32_t row_bytes = rect->width * 4 + (rect->width + 7) / 8;
	int r = check_cursor(decoder, rect);

	return r < 0 ? r : drop(reader, (uint64_t)row_bytes * rect->height);
}

int view_decode_cursor_with_alpha(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	int r = check_cursor(decoder, rect);

	if (r < 0)
		return r;
	if (!view_reader_has(reader, 4))
		return -EAGAIN;
	if (view_s32(reader->at) != VIEW_RAW)
		return view_decoder_fail(decoder, "cursor with alpha: in encoding %d", view_s32(reader->at));
	return drop(reader, 4 + (uint64_t)rect->width * 4 * rect->height);
}

static int resize(struct view_decoder *decoder, const struct view_rect *rect)
{
	int r;

	if (rect->width == decoder->picture.width && rect->height == decoder->picture.height)
		return 0;
	r = view_picture_resize(&decoder->picture, rect->width, rect->height, decoder->pixels_max);
	if (r == -E2BIG)
		return view_decoder_fail(decoder, "a picture of %ux%u", rect->width, rect->height);
	decoder->resized |= r == 0;
	return r;
}

int view_decode_desktop_size(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	(void)reader;
	return resize(decoder, rect);
}

int view_decode_extended_desktop_size(struct view_decoder *decoder, struct view_rect *rect,
		struct view_reader *reader)
{
	int r;

	if (!view_reader_has(reader, 1))
		return -EAGAIN;
	r = drop(reader, 4 + reader->at[0] * 16u);
	return r < 0 ? r : resize(decoder, rect);
}

int view_decode_desktop_name(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	uint32_t length;

	(void)rect;
	if (!view_reader_has(reader, 4))
		return -EAGAIN;
	length = view_u32(reader->at);
	if (length > NAME_BYTES_MAX)
		return view_decoder_fail(decoder, "desktop name: %u bytes", length);
	return drop(reader, 4 + (uint64_t)length);
}
