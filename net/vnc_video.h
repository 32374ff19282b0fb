/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Video for viewers that decode H.264 (registry, Open H.264): the box that moves comes as one
 * rectangle, coded for all of them once; nothing of it is owed to them as rectangles
 * (rects_set_video()) until it ends.
 *
 * Shown video is who lists the encoding, draws its own pointer, and asks for the whole
 * picture: one that looks at a part of it is sent rectangles of that part. So are those who
 * list the encoding no more, and all where packets are smaller than the box. What is not
 * video any more is due to be sent exactly.
 *
 * A viewer's decoders are kept by place and size, 64 at most: each new box begins by
 * resetting all of them, so that there is one; a keyframe after something was missed
 * resets that one.
 *
 * Loop thread.
 */
#ifndef PLANECAST_NET_VNC_VIDEO_H
#define PLANECAST_NET_VNC_VIDEO_H

#include <stdbool.h>

struct packet;
struct protocol_video;
struct vnc;
struct vnc_client;

/* As struct protocol_impl has them. */
void vnc_video_set(struct vnc *vnc, const struct protocol_video *video);
void vnc_video_put(struct vnc *vnc, struct packet *packet);
/* How many viewers can be shown video. */
unsigned int vnc_video_viewers(const struct vnc *vnc);

/* What the client can do, asks for, or knows of the picture's size has changed. */
void vnc_video_follow(struct vnc_client *client);
/* There is a packet that the client may be sent. */
bool vnc_video_is_ready(const struct vnc_client *client);
/* Sends it. */
void vnc_video_send(struct vnc_client *client);
/* The client may be sent an update: if there is no packet, asks for one. */
void vnc_video_ask(struct vnc_client *client);

#endif
