// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams in the wire's form. */
#include "net/spice_stream.h"

#include <spice/enums.h>
#include <string.h>

#include "net/spice_filter.h"
#include "net/spice_wire.h"
#include "server/clock.h"

#define CREATE_BYTES 51
#define CLIP_BYTES 20
#define DATA_BYTES 12
/* A client's report: id, a unique one, two times, pictures shown and thrown away, two delays. */
#define REPORT_BYTES 32
#define REPORT_SHOWN_AT 16
#define REPORT_THROWN_AT 20

_Static_assert(SPICE_STREAM_CREATE_MAX == SPICE_FILTER_HEADER_BYTES + CREATE_BYTES + CLIP_BYTES, "with a clip");
_Static_assert(SPICE_STREAM_HEAD_BYTES == SPICE_FILTER_HEADER_BYTES + DATA_BYTES, "all but the data");

static const struct {
	uint8_t type;
	uint32_t early_ms; /* of the client's clock */
	const uint8_t *trailer;
	size_t trailer_bytes;
} codecs[PACKET_CODECS] = {
	[PACKET_H264] = {
		.type = SPICE_VIDEO_CODEC_TYPE_H264,
		.trailer = (const uint8_t[]){ 0, 0, 0, 1, 0x09, 0xf0, 0, 0, 0, 1, 0x06, 0x03, 0x01, 0xff, 0x80 },
		.trailer_bytes = 15,
	},
	[PACKET_MJPEG] = {
		.type = SPICE_VIDEO_CODEC_TYPE_MJPEG,
		.early_ms = SPICE_FILTER_LATE_MS,
	},
};

struct writer {
	uint8_t *at;
	size_t bytes;
};

static void put(struct writer *writer, uint64_t value, size_t bytes)
{
	spice_wire_put(writer->at + writer->bytes, value, bytes);
	writer->bytes += bytes;
}

static struct writer begin(uint8_t *at, uint16_t type, size_t bytes)
{
	struct writer writer = { .at = at };

	put(&writer, type, 2);
	put(&writer, bytes, 4);
	return writer;
}

static void put_rect(struct writer *writer, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	put(writer, y, 4);
	put(writer, x, 4);
	put(writer, y + height, 4);
	put(writer, x + width, 4);
}

uint32_t spice_stream_next_id(uint32_t id)
{
	return id < SPICE_STREAM_ID_MIN || id >= SPICE_STREAM_ID_MAX ? SPICE_STREAM_ID_MIN : id + 1;
}

bool spice_stream_takes(const struct spice_stream *stream, const struct packet *packet)
{
	return stream->id && stream->codec == packet->codec && stream->width == packet->width &&
			stream->height == packet->height && stream->scaled == packet->scaled &&
			!memcmp(&stream->box, &packet->box, sizeof(stream->box));
}

size_t spice_stream_write_create(uint8_t at[SPICE_STREAM_CREATE_MAX], const struct spice_stream *stream)
{
	const struct packet_box *box = &stream->box;
	/* A picture that is larger than its box by a pixel, and drawn as if it were not, would be blurred. */
	const bool clipped = !stream->scaled && (stream->width != box->width || stream->height != box->height);
	struct writer writer = begin(at, SPICE_MSG_DISPLAY_STREAM_CREATE,
			CREATE_BYTES + (clipped ? CLIP_BYTES : 0));

	put(&writer, 0, 4); /* the primary surface */
	put(&writer, stream->id, 4);
	put(&writer, SPICE_STREAM_FLAGS_TOP_DOWN, 1);
	put(&writer, codecs[stream->codec].type, 1);
	put(&writer, 0, 8); /* a stamp for the library's own use */
	for (unsigned int i = 0; i < 2; i++) { /* of the stream, and of what of it is shown */
		put(&writer, stream->width, 4);
		put(&writer, stream->height, 4);
	}
	if (clipped)
		put_rect(&writer, box->x, box->y, stream->width, stream->height);
	else
		put_rect(&writer, box->x, box->y, box->width, box->height);
	put(&writer, clipped ? SPICE_CLIP_TYPE_RECTS : SPICE_CLIP_TYPE_NONE, 1);
	if (clipped) {
		put(&writer, 1, 4);
		put_rect(&writer, box->x, box->y, box->width, box->height);
	}
	return writer.bytes;
}

size_t spice_stream_write_head(uint8_t at[SPICE_STREAM_HEAD_BYTES], const struct spice_stream *stream,
		const struct packet *packet, int64_t now_ns)
{
	const uint32_t clock_ms = (uint32_t)(now_ns / NSEC_PER_MSEC) - SPICE_FILTER_LATE_MS;
	const uint32_t time_ms = clock_ms + codecs[stream->codec].early_ms;
	const size_t bytes = packet->bytes + codecs[stream->codec].trailer_bytes;
	struct writer writer = begin(at, SPICE_MSG_DISPLAY_STREAM_DATA, DATA_BYTES + bytes);

	put(&writer, stream->id, 4);
	put(&writer, time_ms ? time_ms : 1, 4); /* 0 is no time to clients */
	put(&writer, bytes, 4);
	return writer.bytes;
}

size_t spice_stream_write_destroy(uint8_t at[SPICE_STREAM_DESTROY_BYTES], const struct spice_stream *stream)
{
	struct writer writer = begin(at, SPICE_MSG_DISPLAY_STREAM_DESTROY, 4);

	put(&writer, stream->id, 4);
	return writer.bytes;
}

const uint8_t *spice_stream_trailer(enum packet_codec codec, size_t *ret_bytes)
{
	*ret_bytes = codecs[codec].trailer_bytes;
	return codecs[codec].trailer;
}

bool spice_stream_read_report(const uint8_t *data, size_t bytes, uint32_t *ret_id)
{
	/* As spice-gtk says that it has no decoder, or no such stream. */
	if (bytes < REPORT_BYTES || spice_wire_get_u32(data + REPORT_SHOWN_AT) ||
			spice_wire_get_u32(data + REPORT_THROWN_AT) != UINT32_MAX)
		return false;
	*ret_id = spice_wire_get_u32(data);
	return true;
}

bool spice_stream_read_wish(const uint8_t *data, size_t bytes, enum packet_codec *ret)
{
	const size_t n = bytes && data[0] < bytes ? data[0] : 0;

	for (size_t i = 0; i < n; i++) {
		for (unsigned int codec = 0; codec < PACKET_CODECS; codec++) {
			if (codecs[codec].type == data[1 + i]) {
				*ret = codec;
				return true;
			}
		}
	}
	return false;
}
