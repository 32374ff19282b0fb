/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JFIF files straight from an XR24 picture, and JPEG rectangles of the Tight encoding
 * made of them (registry, Tight: control byte 0x90, a length of up to three bytes, the file).
 *
 * Such rectangles stand alone, whatever the client's pixel format and streams, and fit
 * into any FramebufferUpdate. One coder a thread.
 */
#ifndef PLANECAST_ENCODERS_JPEG_H
#define PLANECAST_ENCODERS_JPEG_H

#include <pixman.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;
struct frame;
struct jpeg;

/* -ENOMEM. */
int jpeg_new(struct jpeg **ret);
/* NULL is fine. */
void jpeg_free(struct jpeg *jpeg);

/* How many colours a picture has for its pixels. */
enum jpeg_chroma {
	JPEG_CHROMA_FULL,
	JPEG_CHROMA_HALF, /* of the width */
	JPEG_CHROMA_QUARTER, /* half of both */
};

/*
 * Encodes box as one file; *ret_data is the coder's until the next call. quality: the
 * IJG's, 1 to 100. The frame is linear XR24, CPU readable, within frame_begin_read(); box
 * lies inside it and is not empty. -ENOMEM.
 */
int jpeg_encode(struct jpeg *jpeg, const struct frame *frame, const pixman_box32_t *box, int quality,
		enum jpeg_chroma chroma, const uint8_t **ret_data, size_t *ret_bytes);

/*
 * Appends box as one rectangle or several to output and says how many. level: RFB's
 * quality level, 0..9. Frame and box as above. Negative errno: output may hold
 * something of it.
 */
int jpeg_add(struct jpeg *jpeg, const struct frame *frame, const pixman_box32_t *box, int level,
		struct evbuffer *output);

#endif
