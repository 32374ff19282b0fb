/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The SPICE side of one VM, as its own files see it; the rest of planecast sees
 * struct protocol. spice.c holds what viewers share (picture, pointer, keys,
 * policy); spice_session.c is one viewer, spice_front.c one connection.
 * Loop thread.
 *
 *   client -- spice_link, spice_ticket: who is it? --> session
 *   client -- spice_filter --> socketpair --> libspice-server --> spice_input
 *   spice_display --> libspice-server --> socketpair -- spice_filter --> client
 *
 * Sessions and fronts that have ended stay in memory and in their lists until
 * control is back with the loop (spice_later()).
 */
#ifndef PLANECAST_NET_SPICE_H
#define PLANECAST_NET_SPICE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "net/bucket.h"
#include "net/protocol.h"
#include "net/tickets.h"
#include "server/clock.h"
#include "server/cursor.h"

struct clipboard;
struct evbuffer;
struct event;
struct gate;
struct spice_front;
struct spice_keys;
struct spice_session;

TAILQ_HEAD(spice_front_list, spice_front);
TAILQ_HEAD(spice_session_list, spice_session);

struct spice {
	struct protocol protocol; /* first */
	struct event_base *base;
	const struct config_vm *config; /* borrowed */
	struct gate *gate; /* borrowed */
	struct tls *tls; /* borrowed */
	const struct protocol_events *events;
	void *user;
	struct spice_keys *keys;
	struct tickets *tickets;
	struct evbuffer *scratch; /* empty between uses */
	struct clipboard *clipboard; /* borrowed; NULL: none */

	struct frame *frame; /* the newest; NULL: nobody watches, or it has not come yet */
	struct cursor cursor; /* argb is ours */
	bool cursor_known;
	struct protocol_video video; /* as it is now */
	uint32_t coded[PACKET_CODECS]; /* the last region of which a packet came, by its serial */
	bool relative; /* the guest's pointer takes motion only */
	int leds; /* of the guest, enum input_led; -1: not known */

	struct bucket bucket; /* for viewers: each costs us some 50 ms until he sees something */
	struct spice_front_list fronts; /* oldest first */
	struct spice_session_list sessions; /* oldest first */
	unsigned int n_viewers; /* sessions that wait or run */
	unsigned int n_handshakes; /* fronts that are strangers */
	unsigned int viewers_told, video_viewers_told; /* how many, as the owner knows it */
	struct event *later;
	bool stopping; /* the owner hears nothing any more */

	uint64_t bytes_sent; /* to clients that are gone */
	uint64_t updates_sent; /* to sessions that are gone */
	int64_t last_input_ns;
};

/* Viewers that have gone and whose instances have not, at most. */
#define SPICE_LEAVING_MAX 16

/* Tidies up, from the loop and soon: frees what has ended, tells of viewers. */
void spice_later(struct spice *spice);
/* Why no more viewers are let in, by the limits and the sharing of the VM, or NULL. */
const char *spice_full(const struct spice *spice);
/* The session that clients know by this id and that still runs, or NULL. */
struct spice_session *spice_find_session(struct spice *spice, uint32_t id);

#endif
