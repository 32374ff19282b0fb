/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A client of the software VA-API driver, as the tests need one: a display, pictures
 * to process and encode, a stream that writes its own headers, a decoder.
 *
 * Functions fail the test that calls them, but for those that return a VAStatus.
 */
#ifndef PLANECAST_TESTS_SOFTVA_RIG_H
#define PLANECAST_TESTS_SOFTVA_RIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <va/va.h>

#include "encoders/h264_headers.h"

/* The driver of the build tree, whatever is installed. cmocka's group setup; state becomes the VADisplay. */
int rig_setup(void **state);
int rig_teardown(void **state);

#define assert_va(status) assert_int_equal(status, VA_STATUS_SUCCESS)

VASurfaceID rig_surface(VADisplay va, uint32_t fourcc, unsigned int width, unsigned int height);
/* Fills in or reads a surface of our own by its derived image. */
struct rig_image {
	VAImage va;
	uint8_t *data;
};
struct rig_image rig_map(VADisplay va, VASurfaceID surface);
void rig_unmap(VADisplay va, struct rig_image *image);

/* Picture number index of a little film, as NV12 with all that video can have. Luma and chroma, tightly packed. */
void rig_paint(uint8_t *nv12, unsigned int width, unsigned int height, unsigned int index);
void rig_upload(VADisplay va, VASurfaceID surface, const uint8_t *nv12, unsigned int width,
		unsigned int height);

#define RIG_SLICES_MAX 32
#define RIG_HEADERS_MAX 8

struct rig_stream {
	VADisplay va;
	VAConfigID config;
	VAContextID context;
	VASurfaceID source, reconstructed[2];
	VABufferID coded;
	VAProfile profile;
	uint32_t rate_control, packed;
	unsigned int width, height, n_slices;
	int qp;
	struct h264_sets sets;
	unsigned int number; /* of the next picture, from the last IDR picture on */
	unsigned int idrs;
	unsigned int next; /* where it is reconstructed; its reference is the other */
};

/* What a stream is made with; zeros are fine but for the size. */
struct rig_options {
	VAProfile profile; /* 0: High */
	uint32_t rate_control; /* 0: CQP */
	uint32_t packed; /* VA_ENC_PACKED_HEADER_*; 0: all */
	bool no_packed;
	unsigned int width, height, n_slices;
	int qp;
	size_t coded_bytes;
};

/* The first status that is no success; what was made by then stays. */
VAStatus rig_stream_try_open(
		struct rig_stream *stream, VADisplay va, const struct rig_options *options);
void rig_stream_open(struct rig_stream *stream, VADisplay va, const struct rig_options *options);
void rig_stream_close(struct rig_stream *stream);

struct rig_header {
	uint32_t type;
	uint32_t bits;
	uint8_t data[1024];
};

/* All that is sent for one picture, for tests to spoil. */
struct rig_picture {
	bool with_seq;
	VAEncSequenceParameterBufferH264 seq;
	VAEncPictureParameterBufferH264 pic;
	VAEncSliceParameterBufferH264 slices[RIG_SLICES_MAX];
	unsigned int n_slices;
	struct rig_header headers[RIG_HEADERS_MAX]; /* before the slices */
	unsigned int n_headers;
	struct rig_header slice_headers[RIG_SLICES_MAX];
	unsigned int n_slice_headers;
	struct {
		VAEncMiscParameterType type;
		const void *data;
		size_t bytes;
	} misc[4];
	unsigned int n_misc;
};

/* The next picture of the stream: IDR, or P. */
void rig_picture_make(const struct rig_stream *stream, bool idr, struct rig_picture *ret);
/* From begin to end; the first status that is no success. The stream goes on only with one. */
VAStatus rig_picture_send(struct rig_stream *stream, const struct rig_picture *picture);
/* Both. */
void rig_stream_encode(struct rig_stream *stream, bool idr);

/* The coded picture; the stream's to be read until the next one. */
struct rig_packet {
	uint8_t *data;
	size_t bytes;
	uint32_t status;
};
/* Copied; to be freed. */
struct rig_packet rig_stream_packet(struct rig_stream *stream);

struct rig_decoder;
struct rig_decoder *rig_decoder_new(void);
void rig_decoder_free(struct rig_decoder *decoder);
/* One packet, one picture of the given size, as NV12. Any complaint of the decoder fails the test. */
void rig_decode(struct rig_decoder *decoder, const struct rig_packet *packet, uint8_t *ret_nv12,
		unsigned int width, unsigned int height);

/* Of the luma, in dB; 99 for equal ones. */
double rig_psnr(const uint8_t *a, const uint8_t *b, unsigned int width, unsigned int height);

static inline size_t rig_nv12_bytes(unsigned int width, unsigned int height)
{
	return (size_t)width * height * 3 / 2;
}

#endif
