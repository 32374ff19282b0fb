/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What viewers that only mind the marks share: JPEG and H.264 that several of them got
 * alike are decoded once, and of the pixels they take those on their marks. So a
 * crowd of viewers does not take from the servers the time that is measured.
 * One thread at a time.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_JPEGS_H
#define PLANECAST_TESTS_BENCH_VIEW_JPEGS_H

#include <stddef.h>
#include <stdint.h>

struct h264_view;
struct view_decoder;
struct view_rect;

/* For viewers that are a picture or two apart; two rectangles touch a mark, or a few more. */
#define VIEW_JPEGS 16

struct view_jpeg {
	uint8_t *data;
	uint32_t length;
	uint32_t *pixels;
	uint32_t width, height;
	uint64_t serial; /* in the order of decoding, from 1 on */
};

struct view_jpegs_ring {
	struct view_jpeg kept[VIEW_JPEGS];
	unsigned int next;
	uint64_t newest; /* its serial; 0: none yet */
};

struct view_jpegs {
	/* Video by itself: a picture of it that is decoded again later than its successor spoils what follows. */
	struct view_jpegs_ring stills, video;
	struct h264_view *h264;
	uint64_t decoded, found, late;
};

/* All zero is fine to begin with. */
void view_jpegs_finish(struct view_jpegs *jpegs);
/* As view_decoder_jpeg(). */
typedef int (*view_jpegs_decode)(struct view_decoder *decoder, const uint8_t *data, uint32_t length,
		const struct view_rect *rect, uint32_t *to, size_t stride);
/*
 * Draws what of the rectangle lies on the marks; ring is one of these. 0, or the decoder's error.
 *
 * Of video there is one decoder for all, which goes on with the picture it has decoded last. Where
 * a viewer was given one that others had to do without, and these are ahead, it comes too late,
 * and is not drawn; who goes on behind pictures that he has missed goes on with a keyframe.
 */
int view_jpegs_draw(struct view_jpegs *jpegs, struct view_jpegs_ring *ring, struct view_decoder *decoder,
		const struct view_rect *rect, const uint8_t *data, uint32_t length, view_jpegs_decode decode);

#endif
