/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the owner is told of VNC viewers. Loop thread. */
#ifndef PLANECAST_NET_VNC_REPORT_H
#define PLANECAST_NET_VNC_REPORT_H

#include "net/protocol.h"

struct vnc_client;

void vnc_report(struct vnc_client *client, struct protocol_viewer *ret);
/* As struct protocol_impl has them. */
void vnc_each_viewer(struct protocol *protocol, protocol_viewer_fn each, void *user);
unsigned int vnc_close_viewer(struct protocol *protocol, uint64_t id, const char *why);
/* The client has become a viewer. */
void vnc_tell_came(struct vnc_client *client);
/* It is about to be closed; nothing is told where it was none. */
void vnc_tell_left(struct vnc_client *client, const char *why);

#endif
