/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The start of a SPICE connection as a client sees it: how a front links, on
 * behalf of a client that it has let in, to the library on the other end of its
 * socketpair. The library asks for no password there, so the ticket is empty.
 *
 * Bytes in, bytes out; no socket, no clock. Never takes more of the input than
 * the verdict's last byte, and takes no memory to read it: how far the library
 * has come is known without.
 */
#ifndef PLANECAST_NET_SPICE_UPLINK_H
#define PLANECAST_NET_SPICE_UPLINK_H

#include <stdbool.h>

#include "net/spice_link.h"

enum spice_uplink_result {
	SPICE_UPLINK_MORE,
	SPICE_UPLINK_DONE, /* what follows are messages */
	SPICE_UPLINK_FAILED, /* error says why */
};

struct spice_uplink {
	const char *error; /* a constant */
	bool answered; /* the ticket is in the output: from then on the library may start the channel */
	bool done;
	/* Its own. */
	enum spice_link_channel channel;
	size_t reply_bytes; /* 0: not known yet */
};

/* message's connection_id is the library's. -ENOMEM. */
int spice_uplink_init(struct spice_uplink *uplink, const struct spice_link_message *message,
		struct evbuffer *output);
/*
 * Behind the ticket of a display channel goes DISPLAY_INIT at once: the
 * library's thread would wait for it, and for nothing else, up to 30 s.
 */
enum spice_uplink_result spice_uplink_input(struct spice_uplink *uplink, const uint8_t *data, size_t bytes,
		struct evbuffer *output, size_t *ret_taken);

#endif
