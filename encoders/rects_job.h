/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a job does: one FramebufferUpdate out of what a client is to be told.
 *
 * libvncserver makes the copies and all that is lossless. Photographs and film
 * become JPEG by our own coder: the library decides for each rectangle as a
 * whole, so that letters beside a picture would be smeared, never says what it
 * sent lossily, and encodes with twice the work. Both end up in one message.
 *
 * Internal to the rectangle engine. Worker thread.
 */
#ifndef PLANECAST_ENCODERS_RECTS_JOB_H
#define PLANECAST_ENCODERS_RECTS_JOB_H

#include <pixman.h>
#include <stdint.h>

struct evbuffer;
struct frame;
struct rects_engine;
struct rects_kit;

struct rects_task {
	struct frame *frame;
	pixman_region32_t damage; /* to paint; inside the frame */
	pixman_region32_t copy; /* scheduled with the engine: to get from dx, dy away; may be empty */
	int32_t dx, dy;
	int jpeg_level; /* 0..9; -1: all has to be lossless */
	int64_t step_pixels; /* of a refinement, what a step was to have; 0: news */
	struct evbuffer *output; /* empty */
	pixman_region32_t lossy; /* out: the part of damage that was painted lossily */
};

/*
 * All regions are initialised before and the caller's to finish. Negative errno:
 * the record is spoilt.
 */
int rects_task_run(struct rects_task *task, struct rects_engine *engine, struct rects_kit *kit);

#endif
