/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The gateway's own pages, for browsers that come to the port "web" and mean no VM by
 * the name: login, list of VMs, noVNC, and WebSockets that lead to VMs by a relay.
 *
 * GET /, POST /login, POST /logout, GET /novnc/..., GET /vm/NAME (WebSocket). Loop thread.
 */
#ifndef PLANECAST_SERVER_GATEWAY_WEB_H
#define PLANECAST_SERVER_GATEWAY_WEB_H

#include <sys/socket.h>

struct gateway;
struct web;

/* There is no configuration as yet. -ENOMEM, -EIO: no random numbers. */
int web_new(struct gateway *gateway, struct web **ret);
/* NULL is fine. Everybody is gone. */
void web_free(struct web *web);
/* gateway_config() is another one; the one before goes when this returns. Sessions stay, if their users do. */
void web_reconfigure(struct web *web);
/* Takes fd, whose first bytes are to be TLS's. */
void web_accept(struct web *web, int fd, const struct sockaddr *peer, socklen_t length);

#endif
