/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the owner is told of SPICE viewers. Loop thread. */
#ifndef PLANECAST_NET_SPICE_REPORT_H
#define PLANECAST_NET_SPICE_REPORT_H

#include "net/protocol.h"

struct spice_session;

/* As struct protocol_impl has them. */
void spice_each_viewer(struct protocol *protocol, protocol_viewer_fn each, void *user);
unsigned int spice_close_viewer(struct protocol *protocol, uint64_t id, const char *why);
/* The session has begun. */
void spice_tell_came(struct spice_session *session);
/* It is about to end. */
void spice_tell_left(struct spice_session *session);

#endif
