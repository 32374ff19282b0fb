/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What passes between a linked client and the library.
 *
 * From the client: the messages of one table, each with its exact or longest
 * size, one whole message at a time. Some are for nobody (they ask for what we
 * do not offer, or we have said it already) and are dropped; whatever is not in
 * the table ends the connection. The library aborts the process, or writes where
 * it must not, for several of those: this table is what stands in between.
 *
 * From the library: cut at the ends of its messages, because a TLS record with
 * the end of one and the start of another would keep spice-gtk waiting; the
 * session's id, the agent and the clock are put right on the way.
 *
 * Clients count what is put between the library's messages, too, when they acknowledge each
 * so many (the window). The library is passed one only when as many of its own are
 * unacknowledged, so it never hears of more than it sent. Nor does it wait for ever: of n
 * messages, all there, the client has acknowledged all but less than a window, at
 * each of these times less than a window of the library's stayed unacknowledged, and so
 * in the end less than two; it waits for more than two.
 *
 * Pure; the clock is the caller's. Numbers on the wire are little endian.
 */
#ifndef PLANECAST_NET_SPICE_FILTER_H
#define PLANECAST_NET_SPICE_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/spice_link.h"
#include "server/clock.h"

struct evbuffer;

/* Type and size. */
#define SPICE_FILTER_HEADER_BYTES 6
/* The longest message a client may send, header included. */
#define SPICE_FILTER_MESSAGE_MAX (SPICE_FILTER_HEADER_BYTES + 4096)
/*
 * Added to the clock that the library tells clients, which is 400 ms late: so
 * long would they hold back what has a time. The rest is leeway: so much is the
 * clocks of clients behind clock_now_ns().
 */
#define SPICE_FILTER_CLOCK_MS 385
#define SPICE_FILTER_LATE_MS (400 - SPICE_FILTER_CLOCK_MS)

/*
 * So many rare messages pass in any so long a time: of each the library tells a
 * thread of its own, and where that is busy, and some have piled up, it waits with
 * our loop.
 */
#define SPICE_FILTER_RARE_MAX 16
#define SPICE_FILTER_RARE_NS (10 * NSEC_PER_SEC)

/* One message a client may send. */
struct spice_filter_rule {
	uint16_t type; /* SPICE_MSGC_... */
	uint32_t min, max; /* bytes behind the header */
	bool drop; /* taken from the client, not given to the library */
	bool rare; /* dropped where there are too many */
	bool acknowledges; /* dropped where there is nothing to acknowledge */
	bool locks; /* said in other words: net/spice_scan.h */
};

struct spice_filter {
	enum spice_link_channel channel;
	uint32_t session_id; /* what the client has to know the session by */
	/* Results. */
	uint32_t library_id; /* what the library knows it by; 0: it has not said yet. Main channel. */
	uint64_t draws; /* messages from the library that draw and have wholly passed */
	/* Why the client's message is none, for the log; a constant; and what it was. */
	const char *error;
	uint16_t type;
	uint32_t size;
	uint32_t surface_width, surface_height; /* that the display's client was told of; 0: none */
	uint64_t rest; /* of the library's message that is passing; 0: between two */
	/* Its own. */
	bool drawing; /* it draws */
	int64_t rare_ns[SPICE_FILTER_RARE_MAX]; /* when the last rare messages passed */
	unsigned int rare_at; /* the oldest of them */
	uint32_t window; /* so many of the library's messages are acknowledged at once; 0: none are */
	uint64_t unacknowledged; /* of them */
	unsigned int unsynced; /* settings of the window */
};

void spice_filter_init(struct spice_filter *filter, enum spice_link_channel channel,
		uint32_t session_id);

/*
 * 1: input begins with a whole message of *ret_bytes, to be dropped or passed
 * on as it is then, once: it may have been put otherwise. 0: the rest of it has
 * not come. -EPROTO: no message of the table, or no memory.
 */
int spice_filter_client(struct spice_filter *filter, int64_t now_ns, struct evbuffer *input,
		size_t *ret_bytes, bool *ret_drop);

/*
 * How many bytes of data may go to the client now, all of one message; 0: it
 * takes more to tell, never more than SPICE_FILTER_LOOK_BYTES. Call again with
 * what is behind them. Corrects data in place.
 */
size_t spice_filter_library(struct spice_filter *filter, uint8_t *data, size_t bytes);
#define SPICE_FILTER_LOOK_BYTES 64

#endif
