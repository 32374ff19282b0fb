/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whom do those mean who come to a port that VMs share? Looks at their ClientHello
 * without taking it (hello.h), and hands the connection over to the worker of the
 * VM whose name is in it. It then is as if that VM's own listener had accepted it:
 * its certificate, its limits, its penalties.
 *
 * Strangers have a deadline and a number of pieces to say it in, and places that
 * the largest crowd loses first (net/gate.h). Loop thread.
 */
#ifndef PLANECAST_SERVER_GATEWAY_DISPATCH_H
#define PLANECAST_SERVER_GATEWAY_DISPATCH_H

#include <sys/socket.h>

#include "config/config.h"

struct dispatch;
struct gateway;

/* Takes fd: somebody who means none of the VMs at the port "web". */
typedef void (*dispatch_other_fn)(void *user, int fd, const struct sockaddr *peer, socklen_t length);

/* -ENOMEM, -EIO: nothing is random. */
int dispatch_new(struct gateway *gateway, dispatch_other_fn other, void *user, struct dispatch **ret);
/* Everybody is gone. NULL is fine. */
void dispatch_free(struct dispatch *dispatch);
/* gateway_config() is another one, or the first. Who is here stays. */
void dispatch_reconfigure(struct dispatch *dispatch);
/* Takes fd; there is a configuration; key is one of those that are shared. */
void dispatch_accept(struct dispatch *dispatch, enum config_listeners key, int fd, const struct sockaddr *peer,
		socklen_t length);

#endif
