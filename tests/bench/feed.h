/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where bench_feed puts its pictures: memory that a server reads, or an X
 * display. Whatever cannot be had ends the process with a message.
 */
#ifndef PLANECAST_TESTS_BENCH_FEED_H
#define PLANECAST_TESTS_BENCH_FEED_H

#include <pixman.h>
#include <stdint.h>

#include "server/capture/paint.h"

struct feed_sink;

struct feed_sink_impl {
	/* Puts the boxes of the canvas where the server finds them. Returns at once. */
	void (*publish)(struct feed_sink *sink, const struct paint *canvas, const pixman_region32_t *region);
	/* Optional: waits until the last picture has been taken, so that publish() need not. */
	void (*settle)(struct feed_sink *sink);
	void (*close)(struct feed_sink *sink);
};

struct feed_sink {
	const struct feed_sink_impl *impl;
};

/*
 * A file with XR24 pixels, rows of width * 4 bytes, from its beginning. Made, or
 * grown to the size of a picture; one that is there stays the file it is, for a
 * server may have mapped it.
 */
struct feed_sink *feed_memory_open(const char *path, uint32_t width, uint32_t height);
/* A window in the upper left corner of the display's screen, above everything, with XShmPutImage. */
struct feed_sink *feed_x11_open(const char *display, uint32_t width, uint32_t height);

/* The boxes, from one surface to another of the same size. */
void feed_copy(const struct paint *to, const struct paint *from, const pixman_region32_t *region);

#endif
