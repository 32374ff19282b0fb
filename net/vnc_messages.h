/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a viewer's messages do. Loop thread; see net/vnc.h. */
#ifndef PLANECAST_NET_VNC_MESSAGES_H
#define PLANECAST_NET_VNC_MESSAGES_H

struct rfb_message;
struct vnc_client;

/*
 * 0: done; the client may be closed now, and the message's memory gone.
 * -EAGAIN: not before the job that runs ends, or output is drained; the message
 * stays where it is.
 */
int vnc_messages_handle(struct vnc_client *client, const struct rfb_message *message);

#endif
