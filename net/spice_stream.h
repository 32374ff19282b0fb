/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Messages that show a viewer a video in a box of his picture, as a SPICE server puts
 * them on the display channel, and what his program says of it. The library knows nothing of these streams: their ids
 * are others than it would use.
 *
 * Clients show a picture when their clock says so, and are told of a clock that runs
 * late (net/spice_filter.h). Pictures of H.264 are stamped for now, as one that comes
 * too late is shown anyway when it is the newest. Those of MJPEG are thrown away then,
 * and so keep that leeway.
 *
 * Pure. Numbers on the wire are little endian.
 */
#ifndef PLANECAST_NET_SPICE_STREAM_H
#define PLANECAST_NET_SPICE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoders/packet.h"

/* The library uses those below, clients make room for those up to 63. */
#define SPICE_STREAM_ID_MIN 50u
#define SPICE_STREAM_ID_MAX 63u

#define SPICE_STREAM_CREATE_MAX 77
#define SPICE_STREAM_HEAD_BYTES 18
#define SPICE_STREAM_DESTROY_BYTES 10

/* One stream; where packets differ in this they are of different streams. */
struct spice_stream {
	uint32_t id; /* 0: none */
	enum packet_codec codec;
	uint32_t serial; /* of the video (struct protocol_video) */
	struct packet_box box;
	uint32_t width, height; /* of the pictures */
	bool scaled;
};

/* The id behind this one, or the first behind 0. */
uint32_t spice_stream_next_id(uint32_t id);
/* Whether packet goes on with it, as far as a packet tells. */
bool spice_stream_takes(const struct spice_stream *stream, const struct packet *packet);

/* Each writes one message, or the start of one, and returns its bytes. */
size_t spice_stream_write_create(uint8_t at[SPICE_STREAM_CREATE_MAX], const struct spice_stream *stream);
/* All up to the packet's data; behind that the trailer belongs to the message, too. */
size_t spice_stream_write_head(uint8_t at[SPICE_STREAM_HEAD_BYTES], const struct spice_stream *stream,
		const struct packet *packet, int64_t now_ns);
size_t spice_stream_write_destroy(uint8_t at[SPICE_STREAM_DESTROY_BYTES], const struct spice_stream *stream);
/*
 * GStreamer's parser holds each access unit until it sees the next one begin, and the last
 * one for ever: a delimiter and an SEI of one byte of filler begin one. A constant.
 */
const uint8_t *spice_stream_trailer(enum packet_codec codec, size_t *ret_bytes);

/* What clients say, without the header; of any length. */

/* A report of how a stream does. True: of one that the client cannot show. */
bool spice_stream_read_report(const uint8_t *data, size_t bytes, uint32_t *ret_id);
/* A list of codecs, what it likes best first. False: it has none of ours. */
bool spice_stream_read_wish(const uint8_t *data, size_t bytes, enum packet_codec *ret);

#endif
