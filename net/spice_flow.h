/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the link of a SPICE viewer carries (net/flow.h): its display channel is sent pings behind
 * pictures, ours and the library's, between its messages. Every client answers them; who has not as yet
 * is not paced. Loop thread; the session's.
 */
#ifndef PLANECAST_NET_SPICE_FLOW_H
#define PLANECAST_NET_SPICE_FLOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/flow.h"

struct event;
struct spice_session;

struct spice_flow {
	struct flow flow;
	bool answers;
	struct event *pace; /* when the next update should be sent */
};

/* -ENOMEM. */
int spice_flow_init(struct spice_session *session);
/* All zero is fine. */
void spice_flow_finish(struct spice_session *session);
/* The viewer's display channel is gone, and maybe another one comes. */
void spice_flow_forget(struct spice_session *session);
/* All has left that was to be sent: marks it, if nothing has since. */
void spice_flow_mark(struct spice_session *session);
/* A video's packet is about to be sent. */
void spice_flow_mark_begin(struct spice_session *session);
/* A message of the client's display channel, header included. True: it was an answer. */
bool spice_flow_hear(struct spice_session *session, const uint8_t *message, size_t bytes);
/*
 * Should nothing be sent now, although there is something? Then the session is fed when something should.
 * Who answers nothing for stall-timeout is closed.
 */
bool spice_flow_waits(struct spice_session *session);
/* NULL: nobody knows. */
const struct flow *spice_flow_get(const struct spice_session *session);

#endif
