/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The agent that a viewer believes to be in the guest. It is asked for a size of the picture, and takes the viewer's
 * part in the VM's clipboard (server/clipboard.h); it understands nothing more, and says so. There is one for
 * each viewer, at its main channel; the library knows of none.
 *
 * What it says goes between the library's messages, in as many pieces as the viewer has given tokens for. What is
 * not taken is never more than one text and a few words. Loop thread.
 */
#ifndef PLANECAST_NET_SPICE_AGENT_H
#define PLANECAST_NET_SPICE_AGENT_H

#include <stddef.h>
#include <stdint.h>

#include "server/clipboard.h"
#include "server/vdagent.h"

struct evbuffer;
struct spice_front;

struct spice_agent {
	struct vdagent_reader reader;
	struct clipboard_peer peer;
	struct evbuffer *messages; /* said, and not sent yet; NULL: nothing ever was */
	uint64_t tokens; /* pieces that the viewer takes */
	unsigned int due; /* to be said when that is empty */
};

/* A whole message of the main channel that is for the agent; it may end the front. */
void spice_agent_hear(struct spice_front *front, const uint8_t *data, size_t bytes);
/* Says what can be said now. Whenever some of it may be. */
void spice_agent_flush(struct spice_front *front);
/* The viewer is gone. Any number of times. */
void spice_agent_leave(struct spice_front *front);
void spice_agent_finish(struct spice_front *front);

#endif
