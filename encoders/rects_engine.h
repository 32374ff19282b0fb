/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One libvncserver client record, made to encode losslessly and to do nothing else.
 *
 * Each record has an rfbScreenInfo of its own, so no size, format, region or
 * lock is shared between clients. The library keeps one process-wide mutex for
 * its lists of clients and initialises it anew with every screen, even while
 * somebody holds it: everything here but rects_engine_run() therefore belongs
 * to the one loop thread, and rects_engine_run() calls nothing that takes it.
 *
 * Internal to the rectangle engine.
 */
#ifndef PLANECAST_ENCODERS_RECTS_ENGINE_H
#define PLANECAST_ENCODERS_RECTS_ENGINE_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

/* An update's copies are put into a buffer of UPDATE_BUF_SIZE without a check, 16 bytes each. */
#define RECTS_ENGINE_RECTS_MAX 2000
/* One line of Raw pixels must fit the same buffer. */
#define RECTS_ENGINE_SIZE_MAX 8191

struct evbuffer;
struct frame;
struct rects_encodings;
struct rects_engine;
struct rects_pixel_format;
struct rects_sink;

/*
 * A pair of sockets that records are born on; nothing stays in it. -EMFILE: its
 * numbers are beyond what the library can handle (FD_SETSIZE).
 */
int rects_engine_open_birth(int ret_birth[2]);

/* The library's log goes to log_debug(). */
void rects_engine_route_log(void);

/* birth is opened anew if the library closed it. -ENOMEM, -EMFILE. */
int rects_engine_new(int birth[2], uint32_t width, uint32_t height, struct rects_engine **ret);
void rects_engine_free(struct rects_engine *engine);

/* -EINVAL as in rects.h. */
int rects_engine_set_format(struct rects_engine *engine, const struct rects_pixel_format *format);
int rects_engine_set_encodings(struct rects_engine *engine, const struct rects_encodings *encodings);

/* The copy of the next run; at most RECTS_ENGINE_RECTS_MAX rectangles. */
void rects_engine_schedule_copy(struct rects_engine *engine, const pixman_region32_t *region,
		int32_t dx, int32_t dy);

/* Worker thread. The next run owes nothing to those before (rects_streams.h). -EIO. */
int rects_engine_restart(struct rects_engine *engine);

/* Linear XR24 in CPU memory, and of a size and stride the library can compute with. Any thread. */
bool rects_engine_accepts(const struct frame *frame);

/*
 * Worker thread, alone with the record, within frame_begin_read(). The scheduled
 * copy and damage (inside the frame, which is acceptable) become one
 * FramebufferUpdate in output. Negative errno: the record is spoilt.
 */
int rects_engine_run(struct rects_engine *engine, struct frame *frame,
		const pixman_region32_t *damage, struct rects_sink *sink, struct evbuffer *output);

#endif
