/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The web page as its own files see it. web.c holds what connections share,
 * web_client.c is one connection: a request, its answer, and the end, or a viewer
 * until its end; web_routes.c has the answers. Loop thread.
 *
 * Connections are strangers, and wait at a gate as viewers of a VM do, until a cookie
 * says who they are. A client that is closed stays in memory until control is back with
 * the loop.
 */
#ifndef PLANECAST_SERVER_GATEWAY_WEB_CLIENT_H
#define PLANECAST_SERVER_GATEWAY_WEB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/socket.h>

#include "config/address.h"
#include "net/gate.h"
#include "net/http_request.h"
#include "net/tls.h"
#include "net/websocket.h"
#include "server/gateway/limits.h"
#include "server/gateway/session.h"
#include "server/log.h"

struct config;
struct evbuffer;
struct event;
struct event_base;
struct gateway;
struct login;
struct login_claim;
struct login_request;
struct relay;
struct stream;
struct web_pages;

/* Of a form: a name and a password, all of their bytes written as %XX. */
#define WEB_BODY_MAX 2048

TAILQ_HEAD(web_client_list, web_client);

struct web {
	struct gateway *gateway; /* borrowed */
	struct event_base *base;
	struct limits limits; /* of strangers */
	struct login *login;
	struct sessions *sessions;
	struct event *expiry;
	char *users_file, *pam_service; /* whom sessions are of */
	struct web_pages *pages; /* NULL: none */
	struct web_client_list clients;
	struct event *later;
	struct evbuffer *scratch; /* empty between uses */
};

enum web_state {
	WEB_READING,
	WEB_CHECKING, /* the password */
	WEB_REFUSED, /* its answer waits for a while */
	WEB_ANSWERING,
	WEB_RELAYING,
	WEB_CLOSED,
};

struct web_client {
	TAILQ_ENTRY(web_client) link;
	struct web *web;
	struct stream *stream; /* NULL once closed */
	struct tls_link tls;
	struct websocket_link websocket;
	char peer[ADDRESS_TEXT_MAX];
	struct sockaddr_storage address;
	socklen_t address_bytes;
	struct gate_guest guest; /* at the gate until it is known */
	struct session_guest member; /* of the session it belongs to */
	enum web_state state;
	struct event *timer; /* the request's deadline; the wait before a refusal; then the check for stalls */
	struct http_request *request; /* NULL: it is answered */
	bool has_head;
	size_t body_bytes;
	struct login_claim *claim;
	struct login_request *login;
	int64_t check_ns; /* when the password came */
	int check_error;
	struct relay *relay;
};

/* Takes fd, also on failure. -EBUSY: refused, which is logged; -ENOMEM and others. */
int web_client_new(struct web *web, int fd, const struct sockaddr *peer, socklen_t length);
/* Any time, any number of times. */
void web_client_close(struct web_client *client, enum log_level level, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));
/* The memory, of a closed client only. */
void web_client_free(struct web_client *client);

/* Sends what is in web->scratch, after which the connection ends; r < 0: there is no memory for it. */
void web_client_answer(struct web_client *client, int r);
/* It waits for whether the password is right. */
void web_client_wait(struct web_client *client);
/* Why it was not let in: told after a while, by web_routes_refuse(). */
void web_client_refuse(struct web_client *client, int error);
/* Bytes go both ways from now on; its answer is in web->scratch. Takes fd, also on failure. */
void web_client_relay(struct web_client *client, int fd, int64_t stall_timeout_ns);

/* Request and body are there. */
void web_routes_answer(struct web_client *client);
/* The request is none. */
void web_routes_complain(struct web_client *client, unsigned int status, const char *error);
/* client->check_error is to be told. */
void web_routes_refuse(struct web_client *client);

/* Sessions may end at another time. */
void web_watch_sessions(struct web *web);

#endif
