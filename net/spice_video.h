/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Video for one SPICE viewer: a stream (net/spice_stream.h) that the library knows nothing
 * of, put between its messages on the viewer's display channel. H.264 where his program
 * decodes it and it can be had, else MJPEG, else the box stays rectangles. Where it can be
 * either he may choose; what his program reports to be unable to show it is not sent again.
 *
 * A stream begins with the first packet of a box that can be sent. From then on the library
 * is given nothing of that box (spice_display_set_video()), and for a viewer without room from
 * the first packet on that anybody could be sent: while rectangles kept coming, his stream would
 * never find any. It is destroyed before
 * anything is drawn there again, as what clients still have to decode would be painted over
 * that; and before the surface goes that it draws to.
 *
 * Packets wait for nothing but what is under way to the client, one at most
 * (net/video_view.h). Loop thread.
 */
#ifndef PLANECAST_NET_SPICE_VIDEO_H
#define PLANECAST_NET_SPICE_VIDEO_H

#include <stdbool.h>
#include <stdint.h>

#include "net/spice_stream.h"
#include "net/video_view.h"

struct packet;
struct protocol_video;
struct spice;
struct spice_session;

/* All zero is one whose display is not linked. */
struct spice_video {
	unsigned int codecs; /* that can be shown, 1 << enum packet_codec each */
	enum packet_codec wish; /* of these */
	struct video_view view;
	struct spice_stream stream; /* that his program knows */
	bool waits; /* for a stream, without rectangles of its box */
	uint32_t last_id;
	unsigned int packets; /* of the stream, for the log */
};

/* As struct protocol_impl has them. */
void spice_video_set(struct spice *spice, const struct protocol_video *video);
void spice_video_put(struct spice *spice, struct packet *packet);
/* How many viewers can be shown video. */
unsigned int spice_video_viewers(const struct spice *spice);

/* The viewer's display channel is open; or gone. */
void spice_video_linked(struct spice_session *session);
void spice_video_lost(struct spice_session *session);
/* A message of its client's that may be about streams, header included. May end the client. */
void spice_video_hear(struct spice_session *session, const uint8_t *message, size_t bytes);
/*
 * Ends, begins, sends and asks what is to be, as far as it can be now. False: a stream has
 * to end first and cannot yet, and nothing may be drawn; to be called again when more has
 * come from the library.
 */
bool spice_video_feed(struct spice_session *session);

#endif
