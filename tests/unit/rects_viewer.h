/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of the rectangle engine: pictures to encode, and a viewer that
 * decodes with libvncclient and compares what it has with what it should have.
 */
#ifndef PLANECAST_TESTS_UNIT_RECTS_VIEWER_H
#define PLANECAST_TESTS_UNIT_RECTS_VIEWER_H

#include "encoders/rects.h"
#include "server/frame.h"

#include <stdbool.h>
#include <stdint.h>

struct event_base;
struct _rfbClient;

struct viewer {
	struct event_base *base;
	struct rects *rects;
	struct _rfbClient *client;
	/* How to read the client's pixels. */
	struct rects_pixel_format format;
	bool last_rect;
	bool running;
	int result;
	unsigned int updates;
	unsigned int due; /* times it was told of something due */
	uint64_t bytes;
};

/* The ways to be told of each pixel as it is. */
enum { N_LOSSLESS = 8 };

struct lossless {
	const char *name;
	struct rects_encodings encodings;
};

extern const struct lossless lossless[N_LOSSLESS];

/* A number from the given state, which it advances. */
uint32_t next_random(uint64_t *state);

/* A frame with something of everything: flat, two colours, few colours, gradient, noise. */
struct frame *draw_mixed(uint32_t width, uint32_t height, uint64_t seed);
/* Smooth, as a photo: what JPEG is made for. */
struct frame *draw_photo(uint32_t width, uint32_t height);
/* Dark letters on light paper, softened at their edges. */
void fill_text(struct frame *frame, const pixman_box32_t *box);
struct frame *copy_frame(struct frame *from);
void fill_box(struct frame *frame, const pixman_box32_t *box, uint32_t pixel);
void fill_noise(struct frame *frame, const pixman_box32_t *box, uint64_t *state);
/* Each pixel of region becomes what the frame had at (x - dx, y - dy). */
void move_region(struct frame *frame, pixman_region32_t *region, int32_t dx, int32_t dy);
pixman_box32_t random_box(uint64_t *state, uint32_t width, uint32_t height);

/* Format and encodings NULL: native and raw. */
void viewer_start(struct viewer *viewer, struct event_base *base, struct rects_pool *pool,
		uint32_t width, uint32_t height, const struct rects_pixel_format *format,
		const struct rects_encodings *encodings);
void viewer_stop(struct viewer *viewer);
/*
 * libvncclient takes pixels to be in host order, whatever the format says. For 32
 * bits it is therefore told of the little-endian format that has each colour in
 * the same byte; 16 bits it only moves about.
 */
void viewer_set_format(struct viewer *viewer, const struct rects_pixel_format *format,
		uint32_t width, uint32_t height);
/* What the viewer's window becomes when told of a new size. */
void viewer_resize(struct viewer *viewer, uint32_t width, uint32_t height);
/* Runs the loop as long as *running, 30 s at most. */
void wait_while(struct event_base *base, const bool *running);
/* Until the viewer has its update; returns the result. */
int viewer_wait(struct viewer *viewer);
/* Encodes and waits. */
int viewer_update(struct viewer *viewer, struct frame *frame, const pixman_region32_t *clip);
/* Pixels in region (NULL: everywhere) that are not as they should be. */
unsigned int viewer_wrong(struct viewer *viewer, struct frame *frame, pixman_region32_t *region);
/* Of region (NULL: the whole picture), in dB; native format only. */
double viewer_psnr(struct viewer *viewer, struct frame *frame, pixman_region32_t *region);

/* Fails the test unless all pixels are right. */
void expect_right(struct viewer *viewer, struct frame *frame, const char *what, const char *how);
/* What a guest did to a picture: painted, or (with a displacement) moved. */
struct change {
	pixman_region32_t region; /* to be finished */
	int32_t dx, dy;
};

/* Takes frame, returns another. */
struct frame *change_frame(struct frame *frame, uint64_t *seed, struct change *ret);
void viewer_tell(struct viewer *viewer, const struct change *change);
/* Changes the frame as a guest would, and tells the viewer's record. Takes frame, returns another. */
struct frame *mutate(struct frame *frame, struct viewer *viewer, uint64_t *seed);

#endif
