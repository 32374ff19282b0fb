/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SPICE connection, which is one channel of one viewer: between the client's
 * socket, which is ours alone, and the library, which has the other end of a
 * socketpair and never sees a client that was not let in nor a message that is
 * not in the table (net/spice_filter.h).
 *
 * The library does not survive the end of a channel at every point. So a front
 * whose client is gone stays, with its end of the pair open and emptied, and says
 * the end only when the library has read all that was said to it and
 *
 *  - has said something itself, or has not begun the channel: in between, its
 *    thread may be looking for a message that it cannot do without;
 *  - is not changing the picture's size, if it is a display: it may be waiting
 *    until one message is sent, which is taken from it at once; what else it waits
 *    for, and for half a minute, it had better be spared;
 *  - has closed all others, if it is the main channel: it would end those itself,
 *    and wait for its threads meanwhile, with our loop.
 *
 * For the first of these nothing of the client's reaches the library, either,
 * until it has said something.
 *
 * spice_front.c is its life, spice_door.c the link stage, spice_relay.c what passes
 * then, spice_agent.c what is for the agent. Loop thread; see net/spice.h.
 */
#ifndef PLANECAST_NET_SPICE_FRONT_H
#define PLANECAST_NET_SPICE_FRONT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "config/address.h"
#include "net/gate.h"
#include "net/rate.h"
#include "net/spice_agent.h"
#include "net/spice_filter.h"
#include "net/spice_link.h"
#include "net/spice_uplink.h"
#include "net/tls.h"
#include "server/clock.h"
#include "server/log.h"

struct evbuffer;
struct event;
struct spice;
struct spice_block;
struct spice_session;
struct spice_ticket_key;
struct stream;

/* A local network's round trip is below this, and its lines are faster than LZ. */
#define SPICE_FRONT_FAR_NS (3 * NSEC_PER_MSEC)

enum spice_front_state {
	SPICE_FRONT_LINKING, /* a stranger */
	SPICE_FRONT_REFUSED, /* its answer waits for a while */
	SPICE_FRONT_WAITING, /* let in; its session waits for a picture */
	SPICE_FRONT_UPLINKING, /* linking to the library, which has not said anything as yet */
	SPICE_FRONT_OPEN,
	SPICE_FRONT_LEAVING, /* the client is gone, the library's end is not */
	SPICE_FRONT_CLOSED,
};

struct spice_front {
	TAILQ_ENTRY(spice_front) link; /* spice.fronts */
	struct spice *spice;
	struct spice_session *session; /* NULL until let in */
	enum spice_front_state state;

	struct tls_link tls; /* under all, where the listener is one for TLS */
	struct stream *stream; /* NULL once the client is gone */
	char peer[ADDRESS_TEXT_MAX];
	struct gate_guest guest; /* at the gate until let in */
	int64_t connected_ns, left_ns;
	bool is_far; /* a round trip took long, as far as the kernel knew when it connected */
	/* The deadline of the link; the wait before a refusal; then the check for stalls. */
	struct event *timer;

	struct spice_link handshake;
	struct spice_ticket_key *key; /* that it was shown */
	struct spice_uplink uplink;
	struct spice_filter filter;
	struct spice_agent agent; /* of the main channel */

	struct rate rate; /* of the inputs channel's words */
	size_t unmarked_bytes; /* written since the last ping of ours, */
	int64_t unmarked_ns; /* and when the first of them were */
	unsigned int pieces; /* of output since it was last at its end */
	bool heard; /* the library has said something behind its part of the link */
	/* Our end of the socketpair. */
	int library_fd; /* -1: none */
	struct event *library_readable, *library_writable;
	struct evbuffer *library_output; /* what the pair does not take yet */
	struct spice_block *block; /* read from the library, not yet cut into messages */
};

/*
 * Takes fd on success only. listener: enum config_listeners. -EBUSY: there are too many, and the log
 * says so; -ENOKEY: there is no certificate for TLS; -ENOMEM.
 */
int spice_front_new(struct spice *spice, int listener, int fd, const struct sockaddr *peer, socklen_t length,
		struct spice_front **ret);
/* Ends the connection and says why in the log. May be called anywhere, any number of times. */
void spice_front_close(struct spice_front *front, enum log_level level, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
/* The memory, of a closed front only, or with the whole of spice. */
void spice_front_free(struct spice_front *front);
/* The configured limits have changed. */
void spice_front_set_limits(struct spice_front *front);
/* Does what a leaving front has to do, without the loop: see spice_core_turn(). */
void spice_front_turn(struct spice_front *front);

/* For its own files. */

void spice_front_set_state(struct spice_front *front, enum spice_front_state state);
/* A front without its deadline would be one for ever: without memory for it the front is closed. */
void spice_front_set_timer(struct spice_front *front, int64_t delay_ns);
/*
 * Nothing is read of who has said more than it may before it is served, and so
 * not that it has gone: it is closed.
 */
void spice_front_check_waiting(struct spice_front *front);
/* Moves all of data to the client, which is watched for stalls. Closes when memory runs out. */
void spice_front_write(struct spice_front *front, struct evbuffer *data);

#endif
