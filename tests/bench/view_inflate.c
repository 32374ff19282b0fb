// SPDX-License-Identifier: GPL-2.0-or-later
/* One call of zlib a rectangle: both ends are whole in memory. */
#include "tests/bench/view_inflate.h"

#include <errno.h>
#include <limits.h>

void view_inflate_reset(struct view_inflate *inflater)
{
	if (inflater->open)
		inflateReset(&inflater->stream);
}

void view_inflate_finish(struct view_inflate *inflater)
{
	if (inflater->open)
		inflateEnd(&inflater->stream);
	inflater->open = false;
}

static int open_stream(struct view_inflate *inflater)
{
	if (inflater->open)
		return 0;
	inflater->stream = (z_stream){ .next_in = NULL };
	if (inflateInit(&inflater->stream) != Z_OK)
		return -ENOMEM;
	inflater->open = true;
	return 0;
}

int view_inflate_bytes(struct view_inflate *inflater, const uint8_t *in, size_t in_bytes, uint8_t *out, size_t room,
		size_t *ret_bytes)
{
	z_stream *stream = &inflater->stream;
	uint8_t beyond;
	int r;

	if (in_bytes > UINT_MAX || room > UINT_MAX)
		return -EPROTO;
	r = open_stream(inflater);
	if (r < 0)
		return r;
	stream->next_in = (uint8_t *)in;
	stream->avail_in = (unsigned int)in_bytes;
	stream->next_out = out;
	stream->avail_out = (unsigned int)room;
	r = inflate(stream, Z_SYNC_FLUSH);
	*ret_bytes = room - stream->avail_out;
	if (r == Z_OK && !stream->avail_out) {
		/* All that may follow the last byte is the mark of a flush. */
		stream->next_out = &beyond;
		stream->avail_out = 1;
		r = inflate(stream, Z_SYNC_FLUSH);
		if (!stream->avail_out)
			return -EPROTO;
	}
	if (r == Z_MEM_ERROR)
		return -ENOMEM;
	return (r == Z_OK || r == Z_STREAM_END || r == Z_BUF_ERROR) && !stream->avail_in ? 0 : -EPROTO;
}
