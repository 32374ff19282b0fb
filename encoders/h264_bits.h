/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bits of an H.264 NAL unit (ITU-T H.264, 7.2, 7.4.1 and 9.1), read and written.
 *
 * Both sides know the emulation prevention bytes: a reader steps over them, a
 * writer puts them in, so that callers see only what the standard's tables list.
 * Both remember a first step past the end, or a first thing that may not be: a
 * reader then yields zeros, a writer writes nothing more, and the caller asks
 * once, behind the last field. Nothing outside [at, end) is ever touched, and
 * nothing is allocated. Any thread.
 */
#ifndef PLANECAST_ENCODERS_H264_BITS_H
#define PLANECAST_ENCODERS_H264_BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum h264_nal_type {
	H264_NAL_SLICE = 1,
	H264_NAL_IDR = 5,
	H264_NAL_SEI = 6,
	H264_NAL_SPS = 7,
	H264_NAL_PPS = 8,
	H264_NAL_AUD = 9,
	H264_NAL_END_OF_SEQUENCE = 10,
	H264_NAL_END_OF_STREAM = 11,
	H264_NAL_FILLER = 12,
};

/* One NAL unit, without its start code; the first byte is its header's. Not copied. */
struct h264_nal {
	const uint8_t *data;
	size_t bytes; /* at least 1 */
	uint8_t type, ref_idc;
};

/*
 * The next NAL unit of a byte stream (annex B), and *at behind it. -ENOENT: there
 * are only zeros left; -EBADMSG: something else comes before the start code, the
 * unit is empty, or its forbidden bit is set.
 */
int h264_nal_next(const uint8_t **at, const uint8_t *end, struct h264_nal *ret_nal);

struct h264_reader {
	const uint8_t *at, *end; /* bytes not yet begun */
	uint32_t zeros; /* before at, as emulation prevention counts them */
	uint8_t byte, left; /* the byte begun, and its bits not yet read: its low ones */
	bool failed;
};

/* From behind the NAL's header. */
struct h264_reader h264_reader(const struct h264_nal *nal);
/* At most 32 bits, the first one highest. */
uint32_t h264_get_bits(struct h264_reader *reader, unsigned int bits);
uint32_t h264_get_ue(struct h264_reader *reader);
int32_t h264_get_se(struct h264_reader *reader);
/* Whether anything comes before the trailing bits. */
bool h264_get_more(const struct h264_reader *reader);
/* Reads the trailing bits; fails unless they are what is left. */
void h264_get_trailing(struct h264_reader *reader);

struct h264_writer {
	uint8_t *start, *at, *end;
	uint32_t zeros; /* just before at, in this NAL */
	uint8_t byte, used; /* the byte begun, and its bits written: its high ones */
	bool failed;
};

struct h264_writer h264_writer(uint8_t *data, size_t bytes);
/* Whole bytes so far. */
static inline size_t h264_written(const struct h264_writer *writer)
{
	return (size_t)(writer->at - writer->start);
}

/* A start code of four bytes and the header. Bits of the NAL before must have ended. */
void h264_put_nal(struct h264_writer *writer, enum h264_nal_type type, unsigned int ref_idc);
/* At most 32 bits, the first one highest. */
void h264_put_bits(struct h264_writer *writer, uint32_t value, unsigned int bits);
/* Not UINT32_MAX, which has no code. */
void h264_put_ue(struct h264_writer *writer, uint32_t value);
/* Not INT32_MIN. */
void h264_put_se(struct h264_writer *writer, int32_t value);
/* Ends the NAL. */
void h264_put_trailing(struct h264_writer *writer);
/*
 * All that the reader has not read, trailing bits and all, which ends the NAL.
 * Where the source is wrong it is the reader that fails. What is copied as it
 * stands is not looked at.
 */
void h264_put_rest(struct h264_writer *writer, struct h264_reader *reader);

#endif
