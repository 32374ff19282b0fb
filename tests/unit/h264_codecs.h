/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Somebody else's H.264 for tests: streams by x264, and libavcodec's opinion of ours. */
#ifndef PLANECAST_UNIT_H264_CODECS_H
#define PLANECAST_UNIT_H264_CODECS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODECS_PICTURES 7
/* Every so many pictures an IDR. */
#define CODECS_GOP 5

struct codecs_stream {
	uint32_t width, height;
	uint8_t *headers; /* SPS and PPS */
	size_t headers_bytes;
	/* Slices and start codes; with hrd, SEI and filler, too. */
	struct {
		uint8_t *data;
		size_t bytes;
		bool idr;
	} pictures[CODECS_PICTURES];
};

struct codecs_kind {
	const char *name, *profile;
	uint32_t width, height;
	bool cabac, transform_8x8, constrained_intra;
	unsigned int slices;
	int chroma_offset, qp, alpha, beta;
	bool deblock;
	bool hrd; /* a constant bit rate, and all that goes with it, instead of a quantiser */
};

/* Pictures that move, change and rest in parts, as x264 codes them for a VA driver. */
void codecs_encode(const struct codecs_kind *kind, struct codecs_stream *ret);
void codecs_stream_finish(struct codecs_stream *stream);

/* What libavcodec makes of a stream. */
struct codecs_decoded {
	unsigned int pictures;
	size_t picture_bytes; /* luma and both chromas, cropped */
	uint8_t *data;
	int width, height, primaries, transfer, matrix, range, delay;
	int rate_num, rate_den;
};

/* Fails where libavcodec complains of anything. */
void codecs_decode(const struct codecs_stream *stream, struct codecs_decoded *ret);
void codecs_decoded_finish(struct codecs_decoded *decoded);

/*
 * The stream as libavcodec writes it after it took all headers apart;
 * allocated. Fails where it refuses.
 */
void codecs_rewritten(const uint8_t *data, size_t bytes, uint8_t **ret_data, size_t *ret_bytes);

#endif
