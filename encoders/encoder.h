/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Makes one video of frames: pictures go in, packets come out, later and on the loop.
 *
 * One picture is being encoded at a time and one more waits: who submits a third
 * replaces the one that waits. Each picture that is not replaced comes out as one
 * packet or one failure. What an encoder does when its device fails is its own
 * business: viewers see no more of it than a keyframe.
 *
 * Loop thread. Nothing here blocks.
 */
#ifndef PLANECAST_ENCODERS_ENCODER_H
#define PLANECAST_ENCODERS_ENCODER_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "encoders/packet.h"

struct encoder;
struct frame;

/* The smallest picture, each way: what some GPUs' encoders want. */
#define ENCODER_SIZE_MIN 128
#define ENCODER_QP_MAX 51

struct encoder_params {
	int qp; /* 0 to ENCODER_QP_MAX */
	/* The packet has to be one: somebody joins, or missed one. Also when this picture is replaced. */
	bool keyframe;
	/*
	 * What of the frame differs from the picture submitted before; NULL: all of it may.
	 * Copied. A hint that saves time.
	 */
	const pixman_region32_t *damage;
};

/* From the loop, never from inside a call below. */
struct encoder_events {
	/* Borrowed. */
	void (*packet)(void *user, struct packet *packet);
	/*
	 * A picture cannot be encoded. -ENODEV: nor can any other from now on, nothing is
	 * left that could. Else this one cannot (-ENOTSUP: its format or size, -EIO: it cannot be
	 * read, -ENOMEM), and others may be submitted. reason is a plain sentence.
	 */
	void (*failed)(void *user, int err, const char *reason);
};

struct encoder_impl {
	const char *name;
	int (*submit)(struct encoder *encoder, struct frame *frame, const struct packet_box *box,
			const struct encoder_params *params);
	bool (*is_busy)(const struct encoder *encoder);
	bool (*is_opening)(const struct encoder *encoder); /* NULL: never */
	bool (*reads_buffers)(const struct encoder *encoder);
	void (*free)(struct encoder *encoder);
};

/* First member of an encoder's own struct. */
struct encoder {
	const struct encoder_impl *impl;
	const struct encoder_events *events;
	void *user;
};

/*
 * The frame is referenced until its packet is coded; it may be drawn to meanwhile, the
 * next picture heals that. Where the box is another than the last one's, a keyframe comes of it.
 * -EINVAL: the box is not inside the frame, smaller than ENCODER_SIZE_MIN, or qp is none;
 * -ENODEV after that failure; -ENOMEM.
 */
int encoder_submit(struct encoder *encoder, struct frame *frame, const struct packet_box *box,
		const struct encoder_params *params);
/* A picture is being encoded or waits: the next one may replace it. */
bool encoder_is_busy(const struct encoder *encoder);
/*
 * A picture waits for the device to be opened, which takes longer than pictures take to
 * come: the newest should be submitted in its place.
 */
bool encoder_is_opening(const struct encoder *encoder);
/*
 * Its device reads the guest's buffer by itself: better submit that than a copy in CPU
 * memory. May change with any picture; both can be submitted at any time.
 */
bool encoder_reads_buffers(const struct encoder *encoder);
/* Also from inside an event. NULL is fine. Frames may be held for a moment longer. */
void encoder_free(struct encoder *encoder);

#endif
