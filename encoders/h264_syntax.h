/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A header's syntax, described once for reading and writing: each step either
 * reads its element into the member it points to, or writes it from there. The
 * first thing that is wrong stays as err; from then on steps do nothing, and
 * members that are read become 0. Between the files of h264_headers.h only.
 */
#ifndef PLANECAST_ENCODERS_H264_SYNTAX_H
#define PLANECAST_ENCODERS_H264_SYNTAX_H

#include "encoders/h264_bits.h"

/* One of both is set. */
struct h264_syntax {
	struct h264_reader *reader;
	struct h264_writer *writer;
	int err;
};

/* Forbidden: the error that is right for the direction. */
void h264_syntax_wrong(struct h264_syntax *syntax);
void h264_syntax_unsupported(struct h264_syntax *syntax);
/* u(bits) */
void h264_syntax_u(struct h264_syntax *syntax, unsigned int bits, uint32_t *value);
static inline void h264_syntax_flag(struct h264_syntax *syntax, uint32_t *value)
{
	h264_syntax_u(syntax, 1, value);
}
/* u(bits) of value - min. */
void h264_syntax_u_from(struct h264_syntax *syntax, unsigned int bits, uint32_t min, uint32_t *value);
/* ue(v) of value - min; the value is at most max. */
void h264_syntax_ue(struct h264_syntax *syntax, uint32_t min, uint32_t max, uint32_t *value);
/* se(v) of value - base; the value is from min to max. */
void h264_syntax_se(struct h264_syntax *syntax, int32_t base, int32_t min, int32_t max, int32_t *value);
/* What the direction's bits say in the end. */
int h264_syntax_end(struct h264_syntax *syntax);

#endif
