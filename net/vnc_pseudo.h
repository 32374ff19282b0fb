/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Rectangles that carry no pixels of the picture: size, pointer, lights, name,
 * and what the server understands. Loop thread.
 */
#ifndef PLANECAST_NET_VNC_PSEUDO_H
#define PLANECAST_NET_VNC_PSEUDO_H

struct vnc_client;

/*
 * Sends what is due and the client can take, as one FramebufferUpdate. How many
 * rectangles that was, or -ENOMEM.
 */
int vnc_pseudo_send(struct vnc_client *client);

#endif
