/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The start of an RFB connection, from the version to ClientInit (RFC 6143 7.1
 * to 7.3.1): versions 3.7 and 3.8, security types from one table. Where TLS is
 * required VeNCrypt 0.2 is the only one that is offered, and the others are its
 * subtypes.
 *
 * Bytes in, bytes out; no socket, no clock. Deadlines, whether it is the right
 * password, and the wait before a wrong one is answered are the owner's.
 */
#ifndef PLANECAST_NET_RFB_HANDSHAKE_H
#define PLANECAST_NET_RFB_HANDSHAKE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/rfb.h"
#include "server/clock.h"

struct evbuffer;
struct login_claim;
struct rfb_handshake;

enum rfb_handshake_result {
	RFB_HANDSHAKE_MORE, /* waits for the client */
	/*
	 * Send the output, then let TLS begin, and call rfb_handshake_secured() once it is there. What
	 * is left of the input is TLS's.
	 */
	RFB_HANDSHAKE_SECURE,
	/*
	 * claim, or else challenge and response, are there to be checked; with CONFIG_AUTH_CERTIFICATE
	 * neither, but TLS knows who it is. Then call rfb_handshake_admit(), or, after
	 * the delay, rfb_handshake_tell(). Until then it takes nothing of what comes.
	 */
	RFB_HANDSHAKE_CHECK,
	RFB_HANDSHAKE_DONE, /* ClientInit is read; ServerInit is the owner's to send */
	RFB_HANDSHAKE_REFUSED, /* error says why, to the log; send the output and close */
};

typedef enum rfb_handshake_result (*rfb_handshake_step_fn)(struct rfb_handshake *handshake,
		const uint8_t *data, struct evbuffer *output);

struct rfb_handshake {
	/* The owner's, from rfb_handshake_init(); borrowed. */
	int auth; /* enum config_auth */
	bool tls; /* required */
	/* The owner's, to be set and changed at will: why this client is not let in, or NULL. */
	const char *full;
	/* Why it was refused, for the log. */
	const char *error;
	/* Results. */
	bool asked; /* for a password: a person may have to type it */
	bool authenticated; /* only ClientInit is missing */
	bool shared; /* 7.3.1 */

	rfb_handshake_step_fn step;
	size_t need; /* bytes that step takes */
	unsigned int minor; /* 7 or 8 */
	bool secured; /* what comes is in TLS */
	uint8_t challenge[RFB_CHALLENGE_BYTES], response[RFB_CHALLENGE_BYTES];
	size_t name_bytes;
	struct login_claim *claim; /* NULL: none was asked for */
};

/* Puts the server's version into output. -ENOMEM. */
int rfb_handshake_init(struct rfb_handshake *handshake, int auth, bool tls, struct evbuffer *output);
/*
 * Goes on with what the client sent, as far as it reaches. Not again after REFUSED; after
 * SECURE it takes nothing until TLS is there.
 */
enum rfb_handshake_result rfb_handshake_input(struct rfb_handshake *handshake,
		struct evbuffer *input, struct evbuffer *output);
/* Forgets what the client has said of itself. Any time, any number of times. */
void rfb_handshake_finish(struct rfb_handshake *handshake);
/* TLS is there, after SECURE: the client authenticates inside. Results as above. */
enum rfb_handshake_result rfb_handshake_secured(struct rfb_handshake *handshake, struct evbuffer *output);
/* The password was the right one, after CHECK. Results as above; what has come meanwhile is still to be read. */
enum rfb_handshake_result rfb_handshake_admit(struct rfb_handshake *handshake, struct evbuffer *output);
/* Tells the client that it was not authenticated. */
void rfb_handshake_tell(struct rfb_handshake *handshake, struct evbuffer *output);

#endif
