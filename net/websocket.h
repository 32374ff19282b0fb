/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WebSocket as a layer of a stream: the client's request is answered, then its
 * binary messages are the stream's input, and each write to the stream is one
 * message. What is written before the request has come waits for it. Pings are
 * answered. There is no deadline here: the owner has one for the whole handshake.
 *
 * A browser that asks for a page, where there are pages, is answered; nothing
 * more comes of it, and it closes the connection, or its deadline does.
 *
 * A client that is refused is told why over HTTP, one that breaks the rules by a
 * close frame, and the log by the layer; the owner hears closed() with -EPROTO. A
 * client that ends it in order is closed() with 0. Loop thread.
 */
#ifndef PLANECAST_NET_WEBSOCKET_H
#define PLANECAST_NET_WEBSOCKET_H

#include <stdbool.h>

#include "net/stream.h"
#include "net/websocket_upgrade.h"

/* The argument of websocket_layer. The owner's until the stream is freed; the policy may change. */
struct websocket_link {
	struct websocket_policy policy;
	bool browses; /* it asked for a page, and has it */
	bool upgraded; /* set before it is pushed: the request was answered with yes by somebody else */
};

extern const struct stream_layer websocket_layer;

#endif
