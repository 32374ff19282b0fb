/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One VNC client, from its first byte to its last. Loop thread; see net/vnc.h. */
#ifndef PLANECAST_NET_VNC_CLIENT_H
#define PLANECAST_NET_VNC_CLIENT_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "config/address.h"
#include "encoders/rects.h"
#include "net/flow.h"
#include "net/gate.h"
#include "net/rfb_framer.h"
#include "net/rfb_handshake.h"
#include "net/tls.h"
#include "net/video_view.h"
#include "net/tickets.h"
#include "net/viewer.h"
#include "net/vnc_clipboard.h"
#include "net/vnc_input.h"
#include "net/websocket.h"
#include "server/log.h"

struct event;
struct login_request;
struct protocol_proof;
struct stream;
struct vnc;

enum vnc_state {
	VNC_HANDSHAKE,
	VNC_REFUSED, /* its answer waits for a while */
	VNC_WAITING, /* a viewer without a picture to tell the size of */
	VNC_VIEWING,
	VNC_CLOSED,
};

/* What a client says it understands. */
enum vnc_ability {
	VNC_CAN_RESIZE = 1 << 0,
	VNC_CAN_RESIZE_EXTENDED = 1 << 1,
	VNC_CAN_CURSOR = 1 << 2,
	VNC_CAN_CURSOR_ALPHA = 1 << 3,
	VNC_CAN_KEYCODES = 1 << 4,
	VNC_CAN_LEDS = 1 << 5,
	VNC_CAN_NAME = 1 << 6,
	VNC_CAN_FENCE = 1 << 7,
	VNC_CAN_CONTINUOUS = 1 << 8,
	VNC_CAN_MORE_BUTTONS = 1 << 9,
	VNC_CAN_LAST_RECT = 1 << 10,
	VNC_CAN_COPY_RECT = 1 << 11,
	VNC_CAN_H264 = 1 << 12,
	VNC_CAN_CLIPBOARD = 1 << 13,
	VNC_CAN_LEDS_VMWARE = 1 << 14,
	VNC_CAN_MOTION = 1 << 15,
};

/* Pseudo-rectangles that wait to be sent. */
enum vnc_due {
	VNC_DUE_SIZE = 1 << 0,
	VNC_DUE_CURSOR = 1 << 1,
	VNC_DUE_LEDS = 1 << 2,
	VNC_DUE_NAME = 1 << 3,
	VNC_DUE_KEYCODES = 1 << 4,
	VNC_DUE_MORE_BUTTONS = 1 << 5,
	VNC_DUE_POINTER = 1 << 6,
};

struct vnc_client {
	TAILQ_ENTRY(vnc_client) link; /* vnc.clients */
	struct vnc *vnc;
	struct stream *stream; /* NULL once closed */
	char peer[ADDRESS_TEXT_MAX];
	struct gate_guest guest; /* at the gate until authenticated */
	bool is_websocket;
	struct websocket_link websocket; /* for one that comes that way */
	int64_t connected_ns, check_ns; /* and when its password came */
	enum vnc_state state;
	/* The handshake's deadline; the wait before a refusal; then the check for stalls. */
	struct event *timer;
	struct rfb_handshake handshake;
	struct viewer viewer; /* once it is one */
	int32_t encoding; /* of rectangles, as enum rects_encoding */
	uint64_t updates; /* sent to it */
	struct tls_link tls; /* under all, from VeNCrypt on */
	bool prompted; /* its deadline was put off for a person to type */
	bool exclusive;
	bool proven; /* to somebody who goes between */
	char proven_tls[16]; /* the version between it and that one */
	struct login_request *login; /* NULL: none is under way */
	struct tickets_bearer bearer; /* who it is, and what for */

	struct rfb_framer framer;
	bool sync_next; /* nothing may be sent before the next message is done */
	unsigned int answers; /* queued since output was last drained */
	struct vnc_input input;
	struct vnc_clipboard clipboard;
	struct {
		bool pending;
		uint32_t width, height;
	} resize; /* the newest SetDesktopSize of this round */

	struct rects *rects;
	struct rects_pixel_format format;
	uint32_t width, height; /* of the picture, as the client knows it */
	unsigned int abilities; /* now */
	unsigned int announced; /* ever answered to: once is enough */
	unsigned int due;
	enum rfb_size_reason size_reason;
	enum rfb_size_status size_status;

	bool continuous;
	pixman_box32_t continuous_box;
	pixman_region32_t requested; /* and not yet answered */
	pixman_region32_t refresh; /* to be sent whether it changed or not */
	bool whole; /* what it asked for last is the whole picture */
	bool wants_copy; /* waits for a free copy of the picture with pointer */
	struct flow flow;
	struct event *pace; /* when the next update should be sent */
	size_t unmarked_bytes; /* written since the last fence of ours */

	struct video_view video;
	uint32_t video_shown; /* serial of the box of which it has a picture; 0: of none */
	bool video_last; /* what it was sent last was video, no rectangles */
};

/*
 * Takes fd, also on failure. listener: enum config_listeners. -EBUSY: there are too many, and
 * the log says so; -ENOMEM.
 */
int vnc_client_new(struct vnc *vnc, int listener, int fd, const struct sockaddr *peer, socklen_t length,
		struct vnc_client **ret);
/* The same for who has proven who he is, see struct protocol_impl. -EACCES: he is not let in, and the log says so. */
int vnc_client_new_proven(struct vnc *vnc, int fd, const struct sockaddr *peer, socklen_t length,
		const struct protocol_proof *proof, struct vnc_client **ret);
/* Ends the connection and says why in the log. May be called anywhere, any number of times. */
void vnc_client_close(struct vnc_client *client, enum log_level level, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
/* The memory, of a closed client only. Not while anybody walks the list. */
void vnc_client_free(struct vnc_client *client);

/* What it types and points at reaches the guest, and so do its wishes. */
bool vnc_client_may_control(const struct vnc_client *client);
/* What vnc_login_check() has found: 0; -EACCES: not the password; others: nobody can say. */
void vnc_client_checked(struct vnc_client *client, int error);
/* The configured limits have changed. */
void vnc_client_set_limits(struct vnc_client *client);
/* The first picture is there: ServerInit. */
void vnc_client_welcome(struct vnc_client *client);
/* Handles what has come, as far as a round allows, then sends what can be sent. */
void vnc_client_read(struct vnc_client *client);

/* Output, watched for stalls. Closes the client when memory runs out. */
void vnc_client_write(struct vnc_client *client, const void *data, size_t bytes);
/* Moves all of data. */
void vnc_client_write_buffer(struct vnc_client *client, struct evbuffer *data);

/* Needs the pointer drawn for it. */
static inline bool vnc_client_is_soft(const struct vnc_client *client)
{
	return client->state == VNC_VIEWING &&
			!(client->abilities & (VNC_CAN_CURSOR | VNC_CAN_CURSOR_ALPHA));
}

#endif
