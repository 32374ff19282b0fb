/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The start of a SPICE connection as a server sees it: the client's link
 * message, our reply with a public key, the client's choice of authentication,
 * its encrypted password (the ticket), our verdict. Each channel of a viewer is
 * a connection of its own and goes through this.
 *
 * Only what spice-gtk and its kin send gets through: protocol 2, mini headers,
 * authentication by ticket, the channels of the table. Capabilities are one word
 * of bits for the protocol and one for the channel; what is offered is the
 * table's, whatever the library offers.
 *
 * Bytes in, bytes out; no socket, no clock. Never takes more of the input than
 * the ticket's last byte. Numbers on the wire are little endian.
 */
#ifndef PLANECAST_NET_SPICE_LINK_H
#define PLANECAST_NET_SPICE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;
struct spice_link;

#define SPICE_LINK_HEADER_BYTES 16
#define SPICE_LINK_MESSAGE_BYTES 18
/* Of the message, capabilities included, without the header. */
#define SPICE_LINK_MESSAGE_MAX 4096
/* SubjectPublicKeyInfo of an RSA key of 1024 bits, as DER. */
#define SPICE_LINK_KEY_BYTES 162
#define SPICE_LINK_TICKET_BYTES 128

/* The channels there are, in the order of spice_link_channels. */
enum spice_link_channel {
	SPICE_LINK_MAIN,
	SPICE_LINK_DISPLAY,
	SPICE_LINK_INPUTS,
	SPICE_LINK_CURSOR,
	SPICE_LINK_CHANNELS,
};

struct spice_link_channel_info {
	const char *name; /* for the log */
	uint8_t type; /* SPICE_CHANNEL_..., their id is 0 */
	uint32_t offered; /* capabilities in our reply */
	uint32_t accepted; /* capabilities of a client that the library may hear of */
};
extern const struct spice_link_channel_info spice_link_channels[SPICE_LINK_CHANNELS];

struct spice_link_message {
	uint32_t connection_id; /* 0: a new viewer */
	enum spice_link_channel channel;
	uint32_t common_caps, channel_caps; /* as far as we accept them */
	unsigned int codecs; /* of video that a display's client decodes, 1 << enum packet_codec each */
};

enum spice_link_result {
	SPICE_LINK_MORE, /* waits for the client */
	SPICE_LINK_ASKED, /* message is read: go on with spice_link_reply() or spice_link_refuse() */
	SPICE_LINK_TICKET, /* ticket is read: go on with spice_link_admit() or spice_link_refuse() */
	SPICE_LINK_BAD, /* error says why, to the log; send the output and close */
};

typedef enum spice_link_result (*spice_link_step_fn)(struct spice_link *link, const uint8_t *data,
		struct evbuffer *output);

struct spice_link {
	/* Results, from ASKED and TICKET on. */
	struct spice_link_message message;
	uint8_t ticket[SPICE_LINK_TICKET_BYTES];
	/* Why it is BAD, for the log; a constant. */
	const char *error;
	/* Its own. */
	spice_link_step_fn step; /* NULL: waits for its owner */
	size_t need; /* bytes that step takes */
	bool replied; /* what is said from now on is a verdict */
};

void spice_link_init(struct spice_link *link);
/* Goes on with what the client sent, as far as it reaches. Not again after BAD. */
enum spice_link_result spice_link_input(struct spice_link *link, struct evbuffer *input,
		struct evbuffer *output);
/* After ASKED: shows the key. -ENOMEM. */
int spice_link_reply(struct spice_link *link, const uint8_t key[SPICE_LINK_KEY_BYTES],
		struct evbuffer *output);
/* After TICKET: lets it in. What follows are messages. -ENOMEM. */
int spice_link_admit(struct spice_link *link, struct evbuffer *output);
/* After ASKED or TICKET: says no, with a SPICE_LINK_ERR_... The owner closes. */
void spice_link_refuse(struct spice_link *link, uint32_t error, struct evbuffer *output);

#endif
