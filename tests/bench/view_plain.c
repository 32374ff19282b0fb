// SPDX-License-Identifier: GPL-2.0-or-later
/* Raw, CopyRect, and Zlib, which is Raw through one stream (RFC 6143 7.7.1, 7.7.2; rfbproto "Zlib Encoding"). */
#include "tests/bench/view_decoder.h"

#include <errno.h>
#include <string.h>

int view_decode_raw(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	size_t row_bytes = (size_t)rect->width * 4;

	/* Row by row as they come: a whole 4K picture need not fit into the input buffer. */
	for (; row_bytes && rect->done < rect->height; rect->done++) {
		if (!view_reader_has(reader, row_bytes))
			return -EAGAIN;
		memcpy(view_picture_at(&decoder->picture, rect->x, rect->y + rect->done), reader->at, row_bytes);
		reader->at += row_bytes;
	}
	return 0;
}

int view_decode_copy_rect(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	uint32_t from_x, from_y;

	if (!view_reader_has(reader, 4))
		return -EAGAIN;
	from_x = view_u16(reader->at);
	from_y = view_u16(reader->at + 2);
	reader->at += 4;
	if (!view_picture_holds(&decoder->picture, from_x, from_y, rect->width, rect->height))
		return view_decoder_fail(decoder, "copyrect: from %u,%u, outside the picture", from_x, from_y);
	view_picture_copy(&decoder->picture, from_x, from_y, rect->x, rect->y, rect->width, rect->height);
	return 0;
}

int view_decode_zlib(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	size_t row_bytes = (size_t)rect->width * 4, bytes = row_bytes * rect->height;
	uint32_t length;
	uint8_t *scratch;
	int r;

	if (!view_reader_has(reader, 4))
		return -EAGAIN;
	length = view_u32(reader->at);
	if (length > bytes + bytes / 100 + 1024)
		return view_decoder_fail(decoder, "zlib: %u bytes for %zu", length, bytes);
	if (!view_reader_has(reader, 4 + (uint64_t)length))
		return -EAGAIN;
	scratch = view_decoder_scratch(decoder, bytes + 1);
	if (!scratch)
		return -ENOMEM;
	r = view_decoder_inflate(decoder, &decoder->zlib, "zlib", reader->at + 4, length, scratch, bytes);
	if (r < 0)
		return r;
	for (uint32_t row = 0; row_bytes && row < rect->height; row++)
		memcpy(view_picture_at(&decoder->picture, rect->x, rect->y + row), scratch + row * row_bytes,
				row_bytes);
	reader->at += 4 + length;
	return 0;
}
