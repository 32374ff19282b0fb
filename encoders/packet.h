/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One coded picture of a video, shared by all viewers that are sent it.
 *
 * Made by an encoder, read-only from then on. The count is atomic; any thread.
 */
#ifndef PLANECAST_ENCODERS_PACKET_H
#define PLANECAST_ENCODERS_PACKET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Which part of a frame is the video's picture. */
struct packet_box {
	uint32_t x, y, width, height;
};

enum packet_codec {
	PACKET_H264, /* byte stream, whole NAL units */
	PACKET_MJPEG, /* one JFIF file; each is a keyframe */
	PACKET_CODECS
};

/* Of the same picture in the same codec, at most so many are coded, for viewers of unlike links; 0 for the fastest. */
#define PACKET_TIERS 3

struct packet {
	atomic_int refcount;
	enum packet_codec codec;
	unsigned int tier; /* set by whoever has several encoders, before it is shown to anybody */
	/*
	 * Counts up by one from each packet of an encoder to its next. Whoever was not
	 * given the one before needs a keyframe.
	 */
	uint64_t number;
	bool keyframe; /* an IDR picture behind its parameter sets */
	int qp;
	struct packet_box box;
	/*
	 * Of the picture as it is decoded. Those of the box; H.264's are even, so one more
	 * where that is odd (what is too much is to be cut off), or less where the encoder
	 * had to scale it down.
	 */
	uint32_t width, height;
	bool scaled;
	/* The frame's. */
	int64_t capture_ns;
	uint64_t stamp;
	size_t bytes;
	uint8_t data[];
};

/* Refcount 1, bytes set, all else but data zero. NULL: no memory. */
struct packet *packet_new(size_t bytes);
struct packet *packet_ref(struct packet *packet);
/* NULL is fine. Returns NULL. */
struct packet *packet_unref(struct packet *packet);

#endif
