/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The VNC front end of one VM, as its own files see it; the rest of planecast
 * sees struct protocol. vnc.c holds what viewers share (picture, pointer, lights,
 * policy); vnc_client.c is one viewer's life, vnc_login.c whether it may come in,
 * vnc_messages.c what it asks, vnc_input.c what it types, vnc_clipboard.c what it
 * copies and pastes, vnc_update.c what it is sent and when, vnc_video.c what of that
 * is video, vnc_pseudo.c the rectangles that are no pixels. Loop thread.
 *
 * A client that is closed stays in memory and in the list until control is back
 * with the loop (vnc_later()): whoever called into it, or walks the list, still
 * may look at it.
 */
#ifndef PLANECAST_NET_VNC_H
#define PLANECAST_NET_VNC_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "net/protocol.h"
#include "net/rfb.h"
#include "net/tickets.h"
#include "server/clock.h"
#include "server/cursor.h"

struct clipboard;
struct evbuffer;
struct event;
struct gate;
struct login;
struct rects_pool;
struct soft_cursor;
struct vnc_client;
struct web_pages;

/* A guest that was asked for a size and has not shown it by then is not waited for. */
#define VNC_RESIZE_PATIENCE_NS (5 * NSEC_PER_SEC)

TAILQ_HEAD(vnc_client_list, vnc_client);

struct vnc {
	struct protocol protocol; /* first */
	struct event_base *base;
	const struct config_vm *config; /* borrowed */
	struct gate *gate; /* borrowed */
	struct tls *tls; /* borrowed */
	const struct protocol_events *events;
	void *user;
	struct rects_pool *pool;
	struct tickets *tickets;
	struct login *login;
	struct evbuffer *scratch; /* empty between uses */

	struct frame *frame; /* the newest; NULL: nobody watches, or it has not come yet */
	struct cursor cursor; /* argb is ours */
	bool cursor_known;
	int leds; /* enum input_led; -1: not known */
	bool relative; /* the guest's pointer takes motion only */
	struct soft_cursor *soft; /* NULL: no viewer needs it */
	char *desktop_name;

	struct clipboard *clipboard; /* borrowed; NULL: none */
	struct web_pages *pages; /* NULL: none */
	struct vnc_client_list clients; /* oldest first */
	unsigned int n_viewers, n_handshakes;
	unsigned int viewers_told, video_viewers_told; /* as the owner knows them */
	struct event *later;

	/* The size that a viewer has asked the guest for, until it shows. */
	struct {
		uint32_t width, height; /* 0: nobody asked */
		struct vnc_client *client; /* NULL: gone meanwhile */
		struct event *patience;
	} asked;

	struct protocol_video video; /* as it is now */
	uint32_t video_scaled; /* serial of a box whose packets are smaller than it; 0: none */

	uint64_t bytes_sent; /* to clients that are gone */
	uint64_t updates_sent;
	int64_t last_input_ns;
};

/* Tidies up, from the loop and soon: frees closed clients, tells of viewers, sends what is due. */
void vnc_later(struct vnc *vnc);
/* Why no more viewers are let in, or NULL. */
const char *vnc_full(const struct vnc *vnc);
/*
 * A client's ClientInit has come. Applies the sharing policy, which may close
 * viewers. NULL, or why this one has to go.
 */
const char *vnc_share(struct vnc *vnc, bool shared);
/* A viewer that needs the pointer drawn for it may have come or gone. */
void vnc_check_soft_cursor(struct vnc *vnc);
/* Asks the guest for a size, and answers the client, now or when the guest has. */
void vnc_ask_size(struct vnc *vnc, struct vnc_client *client, uint32_t width, uint32_t height);

#endif
