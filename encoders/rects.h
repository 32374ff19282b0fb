/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFB rectangles: libvncserver as update engine, and nothing else of it.
 *
 * The library never sees a socket, a handshake or a client's message. For each
 * client there is one record (an rfbScreenInfo and an rfbClientRec of its own,
 * so that size, pixel format and pace are that client's alone); its output, one
 * whole FramebufferUpdate message, is captured in memory on a worker thread and
 * handed to the loop.
 *
 * A job reads the frame it was given and holds a reference to it until done, so
 * the picture cannot change under the encoder. At most one job a client.
 *
 * All functions: loop thread.
 */
#ifndef PLANECAST_ENCODERS_RECTS_H
#define PLANECAST_ENCODERS_RECTS_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

struct evbuffer;
struct event_base;
struct frame;
struct rects;
struct rects_pool;

/* Encodings as RFC 6143 7.7 and the community registry number them. */
enum rects_encoding {
	RECTS_RAW = 0,
	RECTS_HEXTILE = 5,
	RECTS_ZLIB = 6,
	RECTS_TIGHT = 7,
	RECTS_ZRLE = 16,
};

struct rects_encodings {
	int32_t preferred; /* enum rects_encoding */
	bool copy_rect;
	bool last_rect;
	int quality; /* 0..9 as the client set it; -1: lossless */
	int compression; /* 0..9; -1: not set */
};

/* RFC 6143 7.4. */
struct rects_pixel_format {
	uint8_t bits_per_pixel, depth;
	bool big_endian, true_colour;
	uint16_t red_max, green_max, blue_max;
	uint8_t red_shift, green_shift, blue_shift;
};

/* What the server announces: XR24, depth 24, shifts 16/8/0, little endian. */
extern const struct rects_pixel_format rects_native_format;

/* threads: 0 means one a core, at most 4. -ENOMEM, -EMFILE, -EAGAIN. */
int rects_pool_new(struct event_base *base, unsigned int threads, struct rects_pool **ret);
/* All rects are gone before. Joins the threads. */
void rects_pool_free(struct rects_pool *pool);

/*
 * The job is done, on the loop. output is one FramebufferUpdate message (or
 * several), to be taken with evbuffer_add_buffer(); empty when there was nothing
 * to send. result: 0, or negative errno: the record is unusable, drop the client.
 */
typedef void (*rects_done_fn)(void *user, struct evbuffer *output, int result);

/* -EINVAL, -ENOMEM. width and height at most 8191 (libvncserver's Raw buffer). */
int rects_new(struct rects_pool *pool, uint32_t width, uint32_t height, rects_done_fn done,
		void *user, struct rects **ret);
/*
 * Frees now, or, while a job runs, when it ends; done is not called any more.
 * NULL is fine.
 */
void rects_free(struct rects *rects);

bool rects_busy(const struct rects *rects);

/* The next four: only while not busy (-EBUSY), or they are mistakes of the caller. */
/* -EINVAL: not true colour, bits per pixel not 8/16/32, maxima or shifts out of range. */
int rects_set_pixel_format(struct rects *rects, const struct rects_pixel_format *format);
int rects_set_encodings(struct rects *rects, const struct rects_encodings *encodings);
/* Drops what was pending; all of the new size is damaged. -EINVAL, -ENOMEM. */
int rects_resize(struct rects *rects, uint32_t width, uint32_t height);
/*
 * Starts encoding what is pending inside clip (NULL: everywhere) from frame,
 * whose size is the record's. 0: done will be called; -EBUSY; -EINVAL: the
 * size differs; -ENODATA: nothing pending there.
 */
int rects_encode(struct rects *rects, struct frame *frame, const pixman_region32_t *clip);

/* Any time, also while busy. */
void rects_damage(struct rects *rects, const pixman_region32_t *region);
/* Destination region and displacement as in struct update; a damage if the client has no CopyRect. */
void rects_copy(struct rects *rects, const pixman_region32_t *region, int32_t dx, int32_t dy);
bool rects_pending(struct rects *rects, const pixman_region32_t *clip);

#endif
