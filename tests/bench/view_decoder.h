/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A viewer's picture and the encodings that change it. Sources: RFC 6143 7.7
 * and 7.8; Tight and what else is not in there from the community's rfbproto
 * document. Pixels are XR24, little endian: a pixel has 4 bytes B G R x, Tight's
 * short form is R G B, ZRLE's is B G R.
 *
 * What a server sends is believed nowhere: a decoder writes inside its rectangle,
 * reads inside what arrived, and ends the connection with one line of reason.
 *
 * One thread at a time.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_DECODER_H
#define PLANECAST_TESTS_BENCH_VIEW_DECODER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/view_inflate.h"
#include "tests/bench/view_picture.h"
#include "tests/bench/view_reader.h"

#define VIEW_TIGHT_STREAMS 4
#define VIEW_REASON_BYTES 160

enum view_encoding_number {
	VIEW_RAW = 0,
	VIEW_COPY_RECT = 1,
	VIEW_HEXTILE = 5,
	VIEW_ZLIB = 6,
	VIEW_TIGHT = 7,
	VIEW_ZRLE = 16,
	VIEW_OPEN_H264 = 50,
	VIEW_DESKTOP_SIZE = -223,
	VIEW_LAST_RECT = -224,
	VIEW_POINTER_POSITION = -232,
	VIEW_CURSOR = -239,
	VIEW_DESKTOP_NAME = -307,
	VIEW_EXTENDED_DESKTOP_SIZE = -308,
	VIEW_FENCE = -312,
	VIEW_CONTINUOUS_UPDATES = -313,
	VIEW_CURSOR_WITH_ALPHA = -314,
};

/* The ways Tight has; counted, because the name of the encoding alone says little. */
enum view_tight_kind {
	VIEW_TIGHT_FILL,
	VIEW_TIGHT_COPY,
	VIEW_TIGHT_PALETTE,
	VIEW_TIGHT_GRADIENT,
	VIEW_TIGHT_JPEG,
	VIEW_TIGHT_KINDS,
};
extern const char *const view_tight_kind_names[VIEW_TIGHT_KINDS];

struct h264_view;
struct view_jpegs;

struct view_rect {
	uint32_t x, y, width, height; /* each of 16 bits */
	int32_t encoding;
	/* What a decoder that needs more bytes has done so far: rows or tiles, and Hextile's colours. */
	uint32_t done;
	bool has_colours;
	uint32_t background, foreground;
};

struct view_decoder {
	struct view_picture picture;
	uint64_t pixels_max; /* a server that wants more is refused */
	struct view_jpegs *skim; /* of JPEG and H.264 only the marks are drawn; NULL: all is */
	uint64_t skimmed; /* rectangles that were, ever */
	uint64_t skim_serial; /* of the last picture of video */
	uint64_t tight_kinds[VIEW_TIGHT_KINDS]; /* rectangles, ever */
	bool resized; /* for the session, which clears it */
	char reason[VIEW_REASON_BYTES]; /* of the last -EPROTO */

	struct view_inflate tight[VIEW_TIGHT_STREAMS], zrle, zlib;
	void *jpeg; /* tjhandle */
	struct h264_view *h264;
	uint8_t *scratch;
	size_t scratch_bytes;
};

struct view_encoding {
	int32_t number;
	const char *name;
	bool draws; /* inside the picture, so the rectangle has to be */
	/*
	 * The rectangle's bytes behind its header. 0: done; -EAGAIN: to be called
	 * again with more, reader->need from reader->at on; -EPROTO with a reason;
	 * -ENOMEM.
	 */
	int (*decode)(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
};

/* Ends with a name of NULL. */
extern const struct view_encoding view_encodings[];
#define VIEW_ENCODINGS 14
/* NULL: none with that number. */
const struct view_encoding *view_encoding_find(int32_t number);

/* No picture yet. */
void view_decoder_init(struct view_decoder *decoder);
void view_decoder_finish(struct view_decoder *decoder);

/* Remembers the reason; returns -EPROTO. */
__attribute__((format(printf, 2, 3))) int view_decoder_fail(struct view_decoder *decoder, const char *format, ...);
/* At least that many bytes, for as long as one rectangle takes. NULL: no memory. */
uint8_t *view_decoder_scratch(struct view_decoder *decoder, size_t bytes);
/* 0, or the error with its reason: not what was promised, in `what`. Exactly out_bytes come out. */
int view_decoder_inflate(struct view_decoder *decoder, struct view_inflate *inflate, const char *what,
		const uint8_t *in, size_t in_bytes, uint8_t *out, size_t out_bytes);

/* One JPEG of the rectangle's size, into memory of that stride in bytes. */
int view_decoder_jpeg(struct view_decoder *decoder, const uint8_t *data, uint32_t length,
		const struct view_rect *rect, uint32_t *to, size_t stride);

/* The same for one picture of H.264, of those that viewers who skim get alike. */
int view_decoder_h264(struct view_decoder *decoder, const uint8_t *data, uint32_t length,
		const struct view_rect *rect, uint32_t *to, size_t stride);

int view_decode_raw(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
int view_decode_copy_rect(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
int view_decode_hextile(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
int view_decode_zlib(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
int view_decode_tight(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
int view_decode_zrle(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
int view_decode_h264(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
int view_decode_cursor(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
int view_decode_cursor_with_alpha(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
int view_decode_desktop_size(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
int view_decode_extended_desktop_size(struct view_decoder *decoder, struct view_rect *rect,
		struct view_reader *reader);
int view_decode_desktop_name(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);
/* LastRect, the pointer's position: the header says all. */
int view_decode_nothing(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader);

static inline uint32_t view_pixel_bgrx(const uint8_t *at)
{
	return at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16;
}

static inline uint32_t view_pixel_bgr(const uint8_t *at)
{
	return view_pixel_bgrx(at);
}

static inline uint32_t view_pixel_rgb(const uint8_t *at)
{
	return (uint32_t)at[0] << 16 | (uint32_t)at[1] << 8 | at[2];
}

#endif
