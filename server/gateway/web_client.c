// SPDX-License-Identifier: GPL-2.0-or-later
/* One connection of a browser, from its first byte to its last. */
#include "server/gateway/web_client.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "net/login.h"
#include "net/secret.h"
#include "net/stream.h"
#include "server/clock.h"
#include "server/gateway/gateway.h"
#include "server/gateway/relay.h"

/* For an answer about a password, with the wait for others'. */
#define CHECK_NS (60 * NSEC_PER_SEC)
/* Whatever is wrong with it, and whatever it took to find out. */
#define REFUSAL_NS NSEC_PER_SEC
/* Of an answer that nobody takes. */
#define STALL_NS (20 * NSEC_PER_SEC)
#define LAST_WORDS_NS NSEC_PER_SEC
#define DEAD_PEER_NS (30 * NSEC_PER_SEC)
#define KEEPALIVE_NS (60 * NSEC_PER_SEC)

static void set_timer(struct web_client *client, int64_t delay_ns)
{
	const struct timeval delay = clock_timeval(delay_ns > 0 ? delay_ns : 0);

	if (event_add(client->timer, &delay) < 0)
		web_client_close(client, LOG_LEVEL_WARN, "out of memory");
}

static void forget_request(struct web_client *client)
{
	free(client->request);
	client->request = NULL;
	secret_free(client->claim, sizeof(*client->claim));
	client->claim = NULL;
}

void web_client_close(struct web_client *client, enum log_level level, const char *fmt, ...)
{
	char why[256];
	va_list args;

	if (client->state == WEB_CLOSED)
		return;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	log_at(level, client->peer, "browser left: %s", why);
	client->state = WEB_CLOSED;
	relay_free(client->relay);
	client->relay = NULL;
	stream_free(client->stream);
	client->stream = NULL;
	event_del(client->timer);
	login_cancel(client->login);
	client->login = NULL;
	session_leave(&client->member);
	gate_leave(client->web->limits.gate, &client->guest);
	forget_request(client);
	/* Not run from in here, but by the loop, and it takes no memory. */
	event_active(client->web->later, 0, 0);
}

void web_client_free(struct web_client *client)
{
	TAILQ_REMOVE(&client->web->clients, client, link);
	event_free(client->timer);
	free(client);
}

static void check_stall(struct web_client *client)
{
	const int64_t stuck_ns = clock_now_ns() - stream_progress_ns(client->stream);

	if (stuck_ns >= STALL_NS)
		web_client_close(client, LOG_LEVEL_INFO, "took none of %zu bytes for %.1f s",
				stream_pending(client->stream), (double)stuck_ns / NSEC_PER_SEC);
	else
		set_timer(client, STALL_NS - stuck_ns);
}

static void end_if_sent(struct web_client *client)
{
	if (!stream_pending(client->stream))
		web_client_close(client, LOG_LEVEL_DEBUG, "it has its answer");
}

void web_client_answer(struct web_client *client, int r)
{
	struct evbuffer *answer = client->web->scratch;

	if (!r)
		r = stream_write_buffer(client->stream, answer);
	/* What could not be sent is not the next client's. */
	evbuffer_drain(answer, SIZE_MAX);
	if (r < 0) {
		web_client_close(client, LOG_LEVEL_WARN, "%s", strerror(-r));
		return;
	}
	client->state = WEB_ANSWERING;
	forget_request(client);
	set_timer(client, STALL_NS);
}

void web_client_wait(struct web_client *client)
{
	client->state = WEB_CHECKING;
	set_timer(client, CHECK_NS);
}

void web_client_refuse(struct web_client *client, int error)
{
	login_cancel(client->login);
	client->login = NULL;
	client->check_error = error;
	client->state = WEB_REFUSED;
	client->guest.rank = GATE_REFUSED;
	set_timer(client, REFUSAL_NS - (clock_now_ns() - client->check_ns));
}

static void handle_timer(evutil_socket_t fd, short what, void *data)
{
	struct web_client *client = data;

	(void)fd;
	(void)what;
	switch (client->state) {
	case WEB_READING:
		/* Browsers connect before they know what for. */
		web_client_close(client, LOG_LEVEL_DEBUG, "it asked for nothing");
		break;
	case WEB_CHECKING:
		web_client_refuse(client, -ETIMEDOUT);
		break;
	case WEB_REFUSED:
		web_routes_refuse(client);
		break;
	case WEB_ANSWERING:
		check_stall(client);
		break;
	case WEB_RELAYING:
	case WEB_CLOSED:
		break;
	}
}

static void read_request(struct web_client *client)
{
	struct evbuffer *input = stream_input(client->stream);
	struct http_request *request = client->request;
	int r;

	if (!client->has_head) {
		r = http_request_read(request, input);
		if (r == 0)
			return;
		if (r == -EPROTO) {
			gate_blame(client->web->limits.gate, &client->guest, PENALTY_ABORT, clock_now_ns());
			web_routes_complain(client, request->status, request->error);
			return;
		}
		if (r < 0) {
			web_client_close(client, LOG_LEVEL_WARN, "%s", strerror(-r));
			return;
		}
		client->has_head = true;
		r = http_request_body_bytes(request, WEB_BODY_MAX, &client->body_bytes);
		if (r < 0) {
			web_routes_complain(client, r == -E2BIG ? 413 : 400, "What it comes with is too long.");
			return;
		}
	}
	if (evbuffer_get_length(input) >= client->body_bytes)
		web_routes_answer(client);
}

static void handle_readable(void *user)
{
	struct web_client *client = user;

	switch (client->state) {
	case WEB_READING:
		read_request(client);
		break;
	case WEB_RELAYING:
		relay_browser(client->relay);
		break;
	default:
		/* Of no use to anybody; or there would be no end to be heard of behind it. */
		evbuffer_drain(stream_input(client->stream), SIZE_MAX);
	}
}

static void handle_drained(void *user)
{
	struct web_client *client = user;

	if (client->state == WEB_RELAYING)
		relay_browser(client->relay);
	else if (client->state == WEB_ANSWERING)
		end_if_sent(client);
}

static void handle_closed(void *user, int error)
{
	struct web_client *client = user;

	if (client->state == WEB_CHECKING)
		gate_blame(client->web->limits.gate, &client->guest, PENALTY_ABORT, clock_now_ns());
	web_client_close(client, LOG_LEVEL_DEBUG, "%s", client->tls.error[0] ? client->tls.error
			: error ? strerror(-error) : "it closed the connection");
}

static const struct stream_events stream_events = {
	.readable = handle_readable,
	.drained = handle_drained,
	.closed = handle_closed,
};

/* What the worker said last is still to be sent. */
static void handle_relay_ended(void *user, const char *why)
{
	struct web_client *client = user;

	log_info(client->peer, "viewer of the web page: %s", why);
	relay_free(client->relay);
	client->relay = NULL;
	client->state = WEB_ANSWERING;
	set_timer(client, LAST_WORDS_NS);
	if (client->state == WEB_ANSWERING)
		end_if_sent(client);
}

void web_client_relay(struct web_client *client, int fd, int64_t stall_timeout_ns)
{
	struct web *web = client->web;
	int r = stream_write_buffer(client->stream, web->scratch);

	evbuffer_drain(web->scratch, SIZE_MAX);
	client->websocket = (struct websocket_link){ .policy.peer = client->peer, .upgraded = true };
	if (!r)
		r = stream_push(client->stream, &websocket_layer, &client->websocket);
	if (!r)
		r = relay_new(web->base, client->stream, fd, stall_timeout_ns, handle_relay_ended, client,
				&client->relay);
	if (r < 0) {
		close(fd);
		web_client_close(client, LOG_LEVEL_WARN, "%s", strerror(-r));
		return;
	}
	client->state = WEB_RELAYING;
	event_del(client->timer);
	forget_request(client);
	/* It waits at the VM's from now on. */
	gate_leave(web->limits.gate, &client->guest);
}

static void make_room(struct gate_guest *guest)
{
	web_client_close((struct web_client *)((char *)guest - offsetof(struct web_client, guest)), LOG_LEVEL_INFO,
			"made room for a newer one");
}

static void handle_session_ended(struct session_guest *guest, const char *why)
{
	web_client_close((struct web_client *)((char *)guest - offsetof(struct web_client, member)), LOG_LEVEL_INFO,
			"%s", why);
}

int web_client_new(struct web *web, int fd, const struct sockaddr *peer, socklen_t length)
{
	struct web_client *client = calloc(1, sizeof(*client));
	int r = -ENOMEM;

	if (!client)
		goto err_fd;
	client->web = web;
	client->member.ended = handle_session_ended;
	address_format(peer, length, client->peer);
	client->address_bytes = length < sizeof(client->address) ? length : sizeof(client->address);
	memcpy(&client->address, peer, client->address_bytes);
	client->timer = evtimer_new(web->base, handle_timer, client);
	client->request = malloc(sizeof(*client->request));
	if (!client->timer || !client->request)
		goto err_free;
	http_request_init(client->request);
	r = gate_enter(web->limits.gate, &client->guest, peer, make_room, clock_now_ns());
	if (r < 0) {
		log_info(client->peer, "browser refused: %s", r == -EBUSY ? "too many from there" : strerror(-r));
		goto err_free;
	}
	r = stream_new(web->base, fd, &stream_events, client, &client->stream);
	if (r < 0)
		goto err_gate;
	stream_set_dead_peer(client->stream, DEAD_PEER_NS, KEEPALIVE_NS);
	stream_set_input_limit(client->stream, HTTP_HEAD_MAX + WEB_BODY_MAX);
	client->tls.tls = gateway_tls(web->gateway);
	r = stream_push(client->stream, &tls_layer, &client->tls);
	if (r < 0)
		goto err_stream;
	TAILQ_INSERT_TAIL(&web->clients, client, link);
	/* For TLS and the whole request. */
	set_timer(client, gateway_config(web->gateway)->server.shared_handshake_timeout_ns);
	return 0;

err_stream:
	stream_free(client->stream);
	fd = -1;
err_gate:
	gate_leave(web->limits.gate, &client->guest);
err_free:
	if (client->timer)
		event_free(client->timer);
	free(client->request);
	free(client);
err_fd:
	if (fd >= 0)
		close(fd);
	return r;
}
