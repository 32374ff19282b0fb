/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent that clients believe to be in the guest. They ask it, and nobody else,
 * for a size of the picture; so there is one for each viewer, which understands
 * that and nothing more, and says so. The library knows of no agent.
 *
 * What clients say to it is a stream of messages, cut into the pieces that their
 * channel carries. Pure; nothing is allocated. Numbers are little endian.
 */
#ifndef PLANECAST_NET_SPICE_AGENT_H
#define PLANECAST_NET_SPICE_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SPICE_AGENT_HEADER_BYTES 20
/* Of one message's content: what is about the first monitor. */
#define SPICE_AGENT_LOOK_BYTES 28

enum spice_agent_result {
	SPICE_AGENT_MORE, /* nothing, or not yet */
	SPICE_AGENT_ASKED, /* for what the agent can do: tell with spice_agent_abilities, once */
	SPICE_AGENT_TOO_LONG, /* size is above size_max; not again, for what follows is inside of it */
	SPICE_AGENT_RESIZE, /* for a picture of width x height, 0 x 0 at least and unchecked */
};

struct spice_agent {
	uint32_t size_max; /* of a message's content; the owner's, before each input */
	uint32_t width, height; /* with RESIZE */
	uint32_t size; /* with TOO_LONG */
	/* Its own: the message that comes. */
	uint8_t head[SPICE_AGENT_HEADER_BYTES + SPICE_AGENT_LOOK_BYTES];
	size_t have; /* of head */
	uint64_t skip; /* bytes behind head that are nothing to look at */
};

/* Takes bytes from the front of data, *ret_taken of them, at least one: call again with the rest. */
enum spice_agent_result spice_agent_input(struct spice_agent *agent, const uint8_t *data, size_t bytes,
		size_t *ret_taken);

/* A whole message of the main channel. */
extern const uint8_t spice_agent_abilities[];
extern const size_t spice_agent_abilities_bytes;

#endif
