/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Catches what libvncserver writes to a client, in memory and without blocking.
 *
 * Where the library lets its writes be replaced (rfbClientRec.writeToSocket,
 * after 0.9.15) they go straight to the buffer. Older ones write to cl->sock
 * with write(2): there the "socket" is a memfd, which takes everything at once,
 * and the bytes are copied out of its mapping.
 *
 * One sink a worker thread, used by that thread only (created and freed by the
 * loop). Internal to the rectangle engine.
 */
#ifndef PLANECAST_ENCODERS_RECTS_SINK_H
#define PLANECAST_ENCODERS_RECTS_SINK_H

#include <rfb/rfb.h>
#include <stddef.h>

struct evbuffer;

struct rects_sink {
	struct evbuffer *output; /* of the update under way */
	int fd; /* memfd; -1: the library has the hook */
	void *map;
	size_t map_bytes;
	int error; /* first one of the update under way, negative errno */
};

/* Negative errno. */
int rects_sink_init(struct rects_sink *sink);
void rects_sink_finish(struct rects_sink *sink);

/* From here on what cl writes goes to output. Negative errno. */
int rects_sink_begin(struct rects_sink *sink, rfbClientPtr cl, struct evbuffer *output);
/* All was written: output has it. Negative errno: output is to be thrown away. */
int rects_sink_end(struct rects_sink *sink, rfbClientPtr cl);

#endif
