/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one viewer has of its VM's video, whatever the protocol: which packet it can take
 * next, and one that waits until it can.
 *
 * A packet is of use behind the one before it, or as a keyframe. A viewer that is not
 * ready when one comes keeps that one; if it is not ready for the next one either,
 * both are history, and it needs a keyframe. So nothing queues.
 *
 * Pure. Loop thread.
 */
#ifndef PLANECAST_NET_VIDEO_VIEW_H
#define PLANECAST_NET_VIDEO_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "encoders/packet.h"

struct protocol_video;

struct video_view {
	bool on;
	enum packet_codec codec;
	uint32_t serial;
	struct packet_box box;
	uint64_t next; /* the packet that it can take; 0: a keyframe only */
	struct packet *held; /* waits until the viewer is ready */
	bool asked; /* for one that has not come yet */
};

enum video_view_wish {
	VIDEO_VIEW_NOTHING, /* now */
	VIDEO_VIEW_NEXT,
	VIDEO_VIEW_KEYFRAME,
};

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
/* The viewer is ready and there is nothing to take: what is to be asked for, once. */
enum video_view_wish video_view_ask(struct video_view *view);

#endif
