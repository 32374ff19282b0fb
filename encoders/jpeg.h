/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * JPEG rectangles of the Tight encoding (registry, Tight: control byte 0x90, a
 * length of up to three bytes, a JFIF file), straight from an XR24 picture.
 *
 * They stand alone, whatever the client's pixel format and streams, and fit into
 * any FramebufferUpdate. One coder a thread.
 */
#ifndef PLANECAST_ENCODERS_JPEG_H
#define PLANECAST_ENCODERS_JPEG_H

#include <pixman.h>

struct evbuffer;
struct frame;
struct jpeg;

/* -ENOMEM. */
int jpeg_new(struct jpeg **ret);
/* NULL is fine. */
void jpeg_free(struct jpeg *jpeg);

/*
 * Appends box as one rectangle or several to output and says how many. level: RFB's
 * quality level, 0..9. The frame is linear XR24, CPU readable, within
 * frame_begin_read(); box lies inside it and is not empty. Negative errno: output
 * may hold something of it.
 */
int jpeg_add(struct jpeg *jpeg, const struct frame *frame, const pixman_box32_t *box, int level,
		struct evbuffer *output);

#endif
