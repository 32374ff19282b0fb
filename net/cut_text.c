// SPDX-License-Identifier: GPL-2.0-or-later
/* Packs and unpacks the text of a "provide". */
#include "net/cut_text.h"

#include <errno.h>
#include <stdlib.h>
#include <zlib.h>

#include "net/bytes.h"
#include "net/rfb.h"
#include "server/clip_text.h"

#define LENGTH_BYTES 4

/* -ENOMEM. out has room for the bound of both parts. */
static int deflate_both(z_stream *stream, const uint8_t *length, const char *text, size_t bytes)
{
	stream->next_in = (Bytef *)length;
	stream->avail_in = LENGTH_BYTES;
	if (deflate(stream, Z_NO_FLUSH) != Z_OK)
		return -ENOMEM;
	stream->next_in = (Bytef *)text;
	stream->avail_in = (uInt)bytes;
	return deflate(stream, Z_FINISH) == Z_STREAM_END ? 0 : -ENOMEM;
}

uint8_t *cut_text_pack(const char *text, size_t bytes, size_t *ret_bytes)
{
	struct bytes_writer writer;
	uint8_t length[LENGTH_BYTES], *out = NULL;
	z_stream stream = { 0 };
	size_t room;
	char *crlf;
	int r;

	crlf = clip_text_to_crlf(text, bytes, &bytes);
	if (!crlf || bytes >= INT32_MAX / 2)
		goto out;
	crlf[bytes++] = '\0';
	/* Speed: the loop waits. */
	if (deflateInit(&stream, Z_BEST_SPEED) != Z_OK)
		goto out;
	room = RFB_CLIPBOARD_FLAGS_BYTES + deflateBound(&stream, LENGTH_BYTES + bytes);
	out = malloc(room);
	if (out) {
		writer = bytes_writer(length, sizeof(length));
		bytes_put_u32(&writer, (uint32_t)bytes);
		stream.next_out = out + RFB_CLIPBOARD_FLAGS_BYTES;
		stream.avail_out = (uInt)(room - RFB_CLIPBOARD_FLAGS_BYTES);
		r = deflate_both(&stream, length, crlf, bytes);
		*ret_bytes = RFB_CLIPBOARD_FLAGS_BYTES + stream.total_out;
		writer = bytes_writer(out, RFB_CLIPBOARD_FLAGS_BYTES);
		bytes_put_u32(&writer, RFB_CLIPBOARD_PROVIDE | RFB_CLIPBOARD_TEXT);
		if (r < 0) {
			free(out);
			out = NULL;
		}
	}
	deflateEnd(&stream);
out:
	free(crlf);
	return out;
}

/* The next bytes of what it inflates to, all of them. -EPROTO, -ENOMEM. */
static int inflate_bytes(z_stream *stream, void *to, size_t bytes)
{
	int r = Z_OK;

	stream->next_out = to;
	stream->avail_out = (uInt)bytes;
	while (stream->avail_out && r == Z_OK)
		r = inflate(stream, Z_NO_FLUSH);
	if (r == Z_MEM_ERROR)
		return -ENOMEM;
	return stream->avail_out ? -EPROTO : 0;
}

int cut_text_unpack(const uint8_t *data, size_t bytes, size_t max, char **ret_text, size_t *ret_bytes)
{
	z_stream stream = { .next_in = (Bytef *)data, .avail_in = (uInt)bytes };
	uint8_t head[LENGTH_BYTES];
	struct bytes_reader reader = bytes_reader(head, sizeof(head));
	char *text = NULL;
	size_t length;
	int r;

	if (bytes > UINT32_MAX || inflateInit(&stream) != Z_OK)
		return -ENOMEM;
	r = inflate_bytes(&stream, head, sizeof(head));
	if (r < 0)
		goto out;
	length = bytes_get_u32(&reader);
	/* Its NUL is none of the text. */
	if (length <= max + 1) {
		text = malloc(length + 1);
		r = text ? inflate_bytes(&stream, text, length) : -ENOMEM;
		if (r < 0)
			goto out;
		length -= length && !text[length - 1];
	}
	*ret_text = text;
	*ret_bytes = length;
	text = NULL;
out:
	free(text);
	inflateEnd(&stream);
	return r;
}
