/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SPICE viewer: an instance of libspice-server of its own, and the
 * connections (fronts) that are its channels. One viewer an instance, so that
 * pace, compression and failures are each viewer's own.
 *
 * A session begins when its main channel is authenticated, and waits for the
 * first picture before it makes the instance, which is born with that. It ends
 * when its main channel ends: its other channels are closed, the library is let
 * see all that, and then the instance is destroyed, from the loop. Loop thread.
 */
#ifndef PLANECAST_NET_SPICE_SESSION_H
#define PLANECAST_NET_SPICE_SESSION_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "config/address.h"
#include "net/penalty.h"
#include "net/spice_flow.h"
#include "net/spice_link.h"
#include "net/spice_ticket.h"
#include "net/spice_video.h"
#include "net/tickets.h"
#include "net/viewer.h"
#include "server/clock.h"

struct RedsState;
struct event;
struct spice;
struct spice_display;
struct spice_front;
struct spice_input;
struct update;

/* A message that is taken from the library at once is sent by then. */
#define SPICE_SESSION_SENT_NS (500 * NSEC_PER_MSEC)
/* Nothing tells when the library's loop has seen the last of a channel's end; its threads have by then. */
#define SPICE_SESSION_REST_NS (50 * NSEC_PER_MSEC)

enum spice_session_state {
	SPICE_SESSION_WAITING, /* for the first picture */
	SPICE_SESSION_RUNNING,
	SPICE_SESSION_ENDING, /* the library still holds ends of channels */
	SPICE_SESSION_ENDED, /* to be freed */
};

/* Of words. */
#define SPICE_WHY_MAX 256

struct spice_session {
	TAILQ_ENTRY(spice_session) link; /* spice.sessions */
	struct spice *spice;
	enum spice_session_state state;
	uint32_t id; /* what clients know it by; random, never 0 */
	uint32_t library_id; /* what the library knows it by; 0: not told yet */
	char peer[ADDRESS_TEXT_MAX];
	struct penalty_source source; /* further channels come from there only */
	bool is_far; /* as its main channel */
	const char *tls; /* likewise; the version, or "" */
	uint8_t digest[SPICE_TICKET_DIGEST_BYTES]; /* of its password */
	struct tickets_bearer bearer; /* who that was given to, and for what */
	struct spice_front *fronts[SPICE_LINK_CHANNELS]; /* NULL: not linked, or gone */
	bool linked[SPICE_LINK_CHANNELS]; /* once, which is for all */
	int expected; /* channels that the gate expects */
	bool doubted; /* somebody who knows its id does not know its password */
	unsigned int n_links; /* ends of fronts that the library holds */
	uint64_t bytes_sent, bytes_received; /* to and from clients that are gone */

	struct RedsState *server; /* NULL before RUNNING */
	struct spice_display *display;
	struct spice_input *input;
	struct spice_video video;
	struct spice_flow flow;
	struct viewer viewer;
	char why[SPICE_WHY_MAX]; /* it ends */
	uint64_t packets_sent; /* of video */
	struct event *rest;
	uint32_t wished_width, wished_height; /* by the viewer, last */
	bool releasing; /* what the viewer holds, if he likes it or not */
};

/* Of the viewer whose main channel this is. -ENOMEM, -EIO: no random numbers. */
int spice_session_new(struct spice *spice, const struct spice_front *main,
		const uint8_t digest[SPICE_TICKET_DIGEST_BYTES], const struct tickets_bearer *bearer,
		struct spice_session **ret);
/* The viewer has gone, or has to. Any time, any number of times. */
void spice_session_end(struct spice_session *session);
/* Tells the gate how many channels are still to come, which count for no strangers. */
void spice_session_expect(struct spice_session *session);
/* The memory, of an ended session only, or with the whole of spice. NULL is fine. */
void spice_session_free(struct spice_session *session);

/* What it types and points at reaches the guest, and so do its wishes. */
bool spice_session_may_control(const struct spice_session *session);

/* Its main front waits: makes the instance if a picture is there already, which other viewers have. */
void spice_session_start(struct spice_session *session);
/* A picture is there: spice->frame. Makes the instance if it has to, shows update if it can. */
void spice_session_update(struct spice_session *session, const struct update *update);
/* Sends what is owed, if it is the time for it. Harmless to call at any time. */
void spice_session_feed(struct spice_session *session);
/* The pointer, spice->cursor, has changed. */
void spice_session_set_cursor(struct spice_session *session);
/* The guest's lights: spice->leds, if they are known. */
void spice_session_set_leds(struct spice_session *session);
/* The guest's pointer takes positions or motion: spice->relative; at once or when the picture is whole. */
void spice_session_set_pointer(struct spice_session *session);
/* The viewer wants a picture of that size, whatever it is. */
void spice_session_resize(struct spice_session *session, uint32_t width, uint32_t height);
/* Lets go of what the viewer holds down. */
void spice_session_release(struct spice_session *session);

/* What becomes of its fronts. */

/* Gives fd, the library's end of a front's socketpair, to the library; on success only. -ENOMEM. */
int spice_session_take(struct spice_session *session, int fd);
/* The library has closed it; once for each that it took. */
void spice_session_unlinked(struct spice_session *session, struct spice_front *front);
/* Is it the time for the library to see the front's end? spice_relay_flush() is called when it is. */
bool spice_session_may_unlink(const struct spice_session *session, const struct spice_front *front);
/* The front is open. */
void spice_session_linked(struct spice_session *session, struct spice_front *front);
/* The front's client is gone. */
void spice_session_lost(struct spice_session *session, struct spice_front *front);

#endif
