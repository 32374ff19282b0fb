/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * May this HTTP request become a WebSocket (RFC 6455 4.2), and what is said to it.
 *
 * A browser lets any page of the web connect anywhere, and tells where the page
 * comes from: its Origin. It counts who may come in, for a page can do what the
 * person in front of it can, whose address it has. Programs that are no browsers
 * send none and are let in: they could write what they like. Pure; any thread.
 */
#ifndef PLANECAST_NET_WEBSOCKET_UPGRADE_H
#define PLANECAST_NET_WEBSOCKET_UPGRADE_H

#include <stdbool.h>

struct config_addresses;
struct evbuffer;
struct http_request;
struct web_pages;

#define WEBSOCKET_SUBPROTOCOL "binary"

struct websocket_policy {
	/*
	 * The pages that may connect. None: those of the host that the request is
	 * made to, any port. In cleartext that host has to be an address or
	 * "localhost": what a name stands for can change under the browser, so that
	 * somebody's page would be one of this host. TLS names the host for sure.
	 */
	const struct config_addresses *origins; /* borrowed */
	bool secure; /* the connection is encrypted */
	const char *path; /* where it is; borrowed; NULL: at / and /websockify */
	const char *peer; /* borrowed; for the log */
	const struct web_pages *pages; /* shown to browsers that ask for no upgrade; borrowed; NULL: none */
};

/* 0; or -EPROTO, and *ret_status and *ret_error, a constant, say why not. */
int websocket_upgrade_check(const struct http_request *request, const struct websocket_policy *policy,
		unsigned int *ret_status, const char **ret_error);
/* Answers a request that was checked. -ENOMEM. */
int websocket_upgrade_accept(const struct http_request *request, struct evbuffer *output);
/* Answers one that is refused; the connection is to be closed. -ENOMEM. */
int websocket_upgrade_refuse(unsigned int status, const char *error, struct evbuffer *output);

#endif
