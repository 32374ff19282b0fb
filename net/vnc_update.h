/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a viewer is sent of the picture, and when.
 *
 * A viewer is sent something when it has asked (by a request, or once and for
 * all by ContinuousUpdates), nothing sent before still waits here or at the
 * encoder, and, if it answers fences, what is on its way is about to arrive (net/flow.h). What changes
 * meanwhile adds up; what is then sent is the newest picture. When nothing
 * changes, what was sent lossily follows exactly. Where rectangles and video
 * (vnc_video.h) both wait, they take turns; a packet needs not wait for rectangles that
 * are still being encoded. Loop thread.
 */
#ifndef PLANECAST_NET_VNC_UPDATE_H
#define PLANECAST_NET_VNC_UPDATE_H

#include <event2/util.h>
#include <pixman.h>
#include <stdbool.h>

struct evbuffer;
struct update;
struct vnc_client;

/* Sends what is due, if it is the time for it. Harmless to call at any time. */
void vnc_update_send(struct vnc_client *client);
/* The picture changed. */
void vnc_update_picture(struct vnc_client *client, const struct update *update);
/* The picture with the pointer drawn into it changed there. */
void vnc_update_touch(struct vnc_client *client, const pixman_region32_t *region);
/* Whether the pointer is drawn for this client has changed. */
void vnc_update_touch_pointer(struct vnc_client *client);
/* RFC 6143 7.5.3. */
void vnc_update_request(struct vnc_client *client, bool incremental, const pixman_box32_t *box);
/* Registry, EnableContinuousUpdates. */
void vnc_update_set_continuous(struct vnc_client *client, bool enable, const pixman_box32_t *box);
/* Asks the client to answer when it has come this far. */
void vnc_update_send_fence(struct vnc_client *client);
/* rects_done_fn; user is the client. */
void vnc_update_encoded(void *user, struct evbuffer *output, int result);
/* event_callback_fn; user is the client. */
void vnc_update_handle_pace(evutil_socket_t fd, short what, void *user);
/* rects_due_fn; user is the client. */
void vnc_update_due(void *user);

#endif
