/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Tight's four zlib streams, begun anew.
 *
 * They live as long as the connection, so an update can be decoded only by who has
 * decoded all the updates of that record before it. The lower four bits of a Tight
 * rectangle's first byte, whatever its kind, tell a decoder to begin its streams
 * anew (RFB community specification, Tight encoding). An update that does so, and
 * whose encoder did so too, depends on nothing before it. ZRLE and Zlib have no
 * such thing.
 *
 * Internal to the rectangle engine. Worker thread, alone with record and output.
 */
#ifndef PLANECAST_ENCODERS_RECTS_STREAMS_H
#define PLANECAST_ENCODERS_RECTS_STREAMS_H

#include <rfb/rfb.h>
#include <stdbool.h>

struct evbuffer;

/* The encoder's side, before an update. -EIO: the streams are spoilt. */
int rects_streams_restart(rfbClientPtr cl);

/*
 * The decoder's side, in the finished FramebufferUpdate: its first Tight rectangle,
 * behind CopyRects at most, says so. False: it has none, no decoder was told.
 */
bool rects_streams_mark_restart(struct evbuffer *output);

#endif
