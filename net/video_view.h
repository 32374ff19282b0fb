/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one viewer has of its VM's video, whatever the protocol: which packet it can take
 * next, and one that waits until it can.
 *
 * A packet is of use behind the one before it, or as a keyframe. A viewer that is not
 * ready when one comes keeps that one; if it is not ready for the next one either,
 * both are history, and it needs a keyframe. So nothing queues.
 *
 * Who misses most packets of his tier is slower than those it is made for, and goes on with the
 * next one, where pace and size of packets are for the likes of him. He comes back when
 * his link has had room for packets of the faster one for a while, each time for a longer one.
 *
 * Pure. Loop thread.
 */
#ifndef PLANECAST_NET_VIDEO_VIEW_H
#define PLANECAST_NET_VIDEO_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "encoders/packet.h"

struct flow;
struct protocol_video;
struct protocol_wish;

struct video_view {
	bool on;
	enum packet_codec codec;
	uint32_t serial;
	struct packet_box box;
	uint64_t next; /* the packet that it can take; 0: a keyframe only */
	struct packet *held; /* waits until the viewer is ready */
	bool asked; /* for one that has not come yet */
	unsigned int tier;
	struct {
		unsigned int seen; /* packets of this tier since it is his, */
		double missed; /* and of those lately which part he had no use for, */
		unsigned int in_a_row; /* and how many since he took one */
		double bytes[PACKET_TIERS]; /* of a packet, lately; 0: none came */
		unsigned int roomy; /* asks in a row with room for those of the faster tier */
		unsigned int patience; /* so many are needed */
	} pace;
};

#define VIDEO_VIEW_PATIENCE_MIN 60
#define VIDEO_VIEW_PATIENCE_MAX 3840

/* All zero is one that shows no video. */
void video_view_finish(struct video_view *view);
/* video NULL: this viewer is not shown any. True: it is to be told, box or on has changed. */
bool video_view_set(struct video_view *view, const struct protocol_video *video, enum packet_codec codec);
/* Keeps the packet if it is of use. */
void video_view_put(struct video_view *view, struct packet *packet);
/* The viewer cannot build upon what it was sent: only a keyframe is of use now. */
void video_view_forget(struct video_view *view);
/* The viewer is ready: what it is sent; a reference of the caller's. NULL: nothing is there. */
struct packet *video_view_take(struct video_view *view);
/*
 * The viewer is ready and there is nothing to take: true if something is to be asked for, and what. flow: what
 * his link carries; NULL: nobody knows.
 */
bool video_view_ask(struct video_view *view, const struct flow *flow, struct protocol_wish *ret);

#endif
