/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * RFB rectangles: libvncserver as lossless update engine, and nothing else of it;
 * photographs and film as JPEG by our own coder, for clients that take it.
 *
 * The library never sees a socket, a handshake or a client's message. For each
 * client there is one record (an rfbScreenInfo and an rfbClientRec of its own,
 * so that size, pixel format and pace are that client's alone); its output, one
 * whole FramebufferUpdate message, is captured in memory on a worker thread and
 * handed to the loop.
 *
 * What was sent lossily and then rests is due to be sent again, exactly: it is
 * pending, in steps, wherever nothing else is. Without an end to motion there is
 * no end to this: film stays JPEG.
 *
 * Records that are owed the same of the same picture in the same way are handed the
 * bytes of one job (encoders/rects_share.h), so that equal viewers cost little more
 * than one; to their owners it makes no difference.
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
#include <stddef.h>
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
	int quality; /* of photographs in Tight, 0..9 as the client set it; -1: lossless */
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

/*
 * threads: 0 means one a core, at most 4. -ENOTSUP (and one line in the log): the
 * installed libvncserver does not behave; -EMFILE: the numbers of new descriptors
 * are past FD_SETSIZE, so make the pool early; -ENOMEM, -EAGAIN. One loop thread a
 * process may have pools: the library has state that is the process's.
 */
int rects_pool_new(struct event_base *base, unsigned int threads, struct rects_pool **ret);
/* All rects are freed before. Not from a done callback. Joins the threads. NULL is fine. */
void rects_pool_free(struct rects_pool *pool);

struct rects_pool_stats {
	uint64_t jobs; /* begun */
	uint64_t shared; /* not needed: the record was handed the bytes of another's */
	size_t kept_bytes; /* for records that have not come as far yet */
};

void rects_pool_stats(const struct rects_pool *pool, struct rects_pool_stats *ret);

/*
 * The job is done, on the loop. output is one FramebufferUpdate message (or
 * several), to be taken with evbuffer_add_buffer(); empty when there was nothing
 * to send. result: 0, or negative errno (output is empty): the record is unusable,
 * drop the client. The record is not busy any more: encoding again and freeing it
 * are both fine from here.
 */
typedef void (*rects_done_fn)(void *user, struct evbuffer *output, int result);
/*
 * Something is pending although the picture rests, from the loop. The record may
 * be encoded or freed from here.
 */
typedef void (*rects_due_fn)(void *user);

/*
 * Native format, raw, no CopyRect; all of the picture is damaged. width and height
 * at most 8191 (libvncserver's Raw buffer). -EINVAL, -ENOMEM, -EMFILE.
 */
int rects_new(struct rects_pool *pool, uint32_t width, uint32_t height, rects_done_fn done,
		rects_due_fn due, void *user, struct rects **ret);
/*
 * Frees now, or, while a job runs, when it ends; nothing is called any more.
 * NULL is fine.
 */
void rects_free(struct rects *rects);

bool rects_busy(const struct rects *rects);

/* The next four: only while not busy (-EBUSY). */
/*
 * -EINVAL: not true colour; bits per pixel not 8, 16 or 32; a maximum that is not
 * 2^N - 1; colours that overlap or leave the pixel; 24 bits of colour not on bytes;
 * the top bit of 32 used by anything but three bytes of colour.
 */
int rects_set_pixel_format(struct rects *rects, const struct rects_pixel_format *format);
/* -EINVAL: an encoding not listed above, quality or compression out of range. */
int rects_set_encodings(struct rects *rects, const struct rects_encodings *encodings);
/* Drops what was pending; all of the new size is damaged. -EINVAL. */
int rects_resize(struct rects *rects, uint32_t width, uint32_t height);
/*
 * Starts encoding what is pending inside clip (NULL: everywhere) from frame,
 * whose size is the record's. 0: done will be called; -EINVAL: the size differs
 * or the frame is not linear XR24 in CPU memory; -ENODATA: nothing pending there;
 * -EIO: an earlier job failed; -ENOMEM. Very ragged damage is sent in part, so
 * that something may still be pending afterwards.
 */
int rects_encode(struct rects *rects, struct frame *frame, const pixman_region32_t *clip);

/* Any time, also while busy. */
void rects_damage(struct rects *rects, const pixman_region32_t *region);
/*
 * Destination region and displacement as in struct update; damage if the client
 * has no CopyRect. Copies that pile up are sent as one where that is exact, and
 * only where source and destination lie inside the clip.
 */
void rects_copy(struct rects *rects, const pixman_region32_t *region, int32_t dx, int32_t dy);
bool rects_pending(struct rects *rects, const pixman_region32_t *clip);
/*
 * What lies in box (inside the picture; NULL: none, as at first and after rects_resize()) is
 * shown to the client as video: nothing is pending there. What leaves it is due to be sent
 * exactly, at once and in the steps of a refinement, whether or not the client was shown any
 * video. Any time, also while busy.
 */
void rects_set_video(struct rects *rects, const pixman_box32_t *box);
/*
 * The job that runs began before the box was there, and paints it or copies out of it: no video
 * may be sent to the client until it is done.
 */
bool rects_uses_video(const struct rects *rects);

#endif
