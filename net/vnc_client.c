// SPDX-License-Identifier: GPL-2.0-or-later
/* One VNC client: handshake, ServerInit, rounds of messages, and the end of it. */
#include "net/vnc_client.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "net/bytes.h"
#include "net/login.h"
#include "net/stream.h"
#include "net/vnc.h"
#include "net/vnc_login.h"
#include "net/vnc_messages.h"
#include "net/vnc_report.h"
#include "net/vnc_update.h"
#include "net/websocket.h"
#include "server/frame.h"

/* What one client may have handled in one round of the loop. */
#define ROUND_MESSAGES 64
#define ROUND_BYTES 65536
/* Input held beside the longest message. */
#define INPUT_BYTES VNC_INPUT_WAITING_MAX
#define DESKTOP_NAME_MAX 1024

static void set_state(struct vnc_client *client, enum vnc_state state)
{
	static const struct {
		bool handshake, viewer;
	} counts[] = {
		[VNC_HANDSHAKE] = { .handshake = true },
		[VNC_REFUSED] = { .handshake = true },
		[VNC_WAITING] = { .viewer = true },
		[VNC_VIEWING] = { .viewer = true },
		[VNC_CLOSED] = { 0 },
	};
	struct vnc *vnc = client->vnc;

	vnc->n_handshakes += counts[state].handshake - counts[client->state].handshake;
	vnc->n_viewers += counts[state].viewer - counts[client->state].viewer;
	client->state = state;
	client->guest.rank = state == VNC_REFUSED ? GATE_REFUSED : client->guest.rank;
	if (!counts[state].handshake)
		gate_leave(vnc->gate, &client->guest);
	vnc_later(vnc);
}

/* A client without its deadline would be one for ever. */
static void set_timer(struct vnc_client *client, int64_t delay_ns)
{
	const struct timeval delay = clock_timeval(delay_ns > 0 ? delay_ns : 0);

	if (event_add(client->timer, &delay) < 0)
		vnc_client_close(client, LOG_LEVEL_WARN, "out of memory");
}

static void log_end(const struct vnc_client *client, enum log_level level, const char *why)
{
	const double seconds = (double)(clock_now_ns() - client->connected_ns) / NSEC_PER_SEC;
	const uint64_t sent = stream_bytes_sent(client->stream), received = stream_bytes_received(client->stream);

	/* A page is many files, each a connection: lines of their own, or they would hold back those of others. */
	if (client->websocket.browses)
		log_debug(client->peer, "browser left after %.1f s: %s; sent %" PRIu64 " bytes, received %" PRIu64,
				seconds, why, sent, received);
	else
		log_at(level, client->peer, "%s left after %.1f s: %s; sent %" PRIu64 " bytes, received %" PRIu64,
				client->state == VNC_WAITING || client->state == VNC_VIEWING ? "VNC viewer"
						: "VNC client", seconds, why, sent, received);
}

void vnc_client_close(struct vnc_client *client, enum log_level level, const char *fmt, ...)
{
	struct vnc *vnc = client->vnc;
	char why[256];
	va_list args;

	if (client->state == VNC_CLOSED)
		return;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	vnc_clipboard_leave(client);
	vnc_tell_left(client, why);
	log_end(client, level, why);
	vnc->bytes_sent += stream_bytes_sent(client->stream);
	stream_free(client->stream);
	client->stream = NULL;
	event_del(client->timer);
	event_del(client->pace);
	login_cancel(client->login);
	client->login = NULL;
	rfb_handshake_finish(&client->handshake);
	rects_free(client->rects);
	client->rects = NULL;
	video_view_finish(&client->video);
	if (vnc->asked.client == client)
		vnc->asked.client = NULL;
	set_state(client, VNC_CLOSED);
}

void vnc_client_free(struct vnc_client *client)
{
	TAILQ_REMOVE(&client->vnc->clients, client, link);
	event_free(client->timer);
	event_free(client->pace);
	pixman_region32_fini(&client->requested);
	pixman_region32_fini(&client->refresh);
	free(client);
}

static void after_write(struct vnc_client *client, int r)
{
	if (r < 0)
		vnc_client_close(client, LOG_LEVEL_WARN, "%s", strerror(-r));
	else if (client->state == VNC_VIEWING && !evtimer_pending(client->timer, NULL))
		set_timer(client, client->vnc->config->stall_timeout_ns);
}

void vnc_client_write(struct vnc_client *client, const void *data, size_t bytes)
{
	if (client->state == VNC_CLOSED)
		return;
	client->unmarked_bytes += bytes;
	after_write(client, stream_write(client->stream, data, bytes));
}

void vnc_client_write_buffer(struct vnc_client *client, struct evbuffer *data)
{
	if (client->state != VNC_CLOSED) {
		client->unmarked_bytes += evbuffer_get_length(data);
		after_write(client, stream_write_buffer(client->stream, data));
	}
	/* What could not be sent is not the next client's. */
	evbuffer_drain(data, SIZE_MAX);
}

/* The timer runs only while there is output, so that a client at rest costs nothing. */
static void check_stall(struct vnc_client *client)
{
	int64_t timeout_ns = client->vnc->config->stall_timeout_ns;
	int64_t stuck_ns = clock_now_ns() - stream_progress_ns(client->stream);

	if (stream_pending(client->stream) == 0)
		return;
	if (stuck_ns >= timeout_ns)
		vnc_client_close(client, LOG_LEVEL_NOTICE, "took none of %zu bytes for %.1f s",
				stream_pending(client->stream), (double)stuck_ns / NSEC_PER_SEC);
	else
		set_timer(client, timeout_ns - stuck_ns);
}

/* Who looks at a page has nothing more to say. */
static void blame_abort(struct vnc_client *client)
{
	if (!client->websocket.browses)
		gate_blame(client->vnc->gate, &client->guest, PENALTY_ABORT, clock_now_ns());
}

static void handle_timer(evutil_socket_t fd, short what, void *data)
{
	struct vnc_client *client = data;

	(void)fd;
	(void)what;
	switch (client->state) {
	case VNC_HANDSHAKE:
		blame_abort(client);
		vnc_client_close(client, LOG_LEVEL_INFO, "the handshake took too long");
		break;
	case VNC_REFUSED:
		rfb_handshake_tell(&client->handshake, client->vnc->scratch);
		vnc_client_write_buffer(client, client->vnc->scratch);
		vnc_client_close(client, LOG_LEVEL_NOTICE, "%s", client->handshake.error);
		break;
	case VNC_VIEWING:
		check_stall(client);
		break;
	case VNC_WAITING:
	case VNC_CLOSED:
		break;
	}
}

/* RFC 6143 7.3.2 */
static void send_server_init(struct vnc_client *client)
{
	const struct rects_pixel_format *format = &rects_native_format;
	const char *name = client->vnc->desktop_name;
	size_t name_bytes = strnlen(name, DESKTOP_NAME_MAX);
	uint8_t data[2 + 2 + RFB_PIXEL_FORMAT_BYTES + 4 + DESKTOP_NAME_MAX];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u16(&writer, (uint16_t)client->width);
	bytes_put_u16(&writer, (uint16_t)client->height);
	bytes_put_u8(&writer, format->bits_per_pixel);
	bytes_put_u8(&writer, format->depth);
	bytes_put_u8(&writer, format->big_endian);
	bytes_put_u8(&writer, format->true_colour);
	bytes_put_u16(&writer, format->red_max);
	bytes_put_u16(&writer, format->green_max);
	bytes_put_u16(&writer, format->blue_max);
	bytes_put_u8(&writer, format->red_shift);
	bytes_put_u8(&writer, format->green_shift);
	bytes_put_u8(&writer, format->blue_shift);
	bytes_put_zeros(&writer, 3);
	bytes_put_u32(&writer, (uint32_t)name_bytes);
	bytes_put(&writer, name, name_bytes);
	vnc_client_write(client, data, bytes_written(&writer));
}

bool vnc_client_may_control(const struct vnc_client *client)
{
	return client->bearer.role == ROLE_CONTROL && !client->vnc->config->view_only;
}

void vnc_client_set_limits(struct vnc_client *client)
{
	size_t cut_text_bytes = (size_t)client->vnc->config->clipboard_max_bytes;

	if (client->stream)
		stream_set_dead_peer(client->stream, client->vnc->config->dead_peer_timeout_ns,
				client->vnc->config->keepalive_interval_ns);
	if (client->state != VNC_VIEWING)
		return;
	rfb_framer_set_limit(&client->framer, (uint32_t)cut_text_bytes);
	stream_set_input_limit(client->stream, INPUT_BYTES + cut_text_bytes);
	/* What fills the new limit already would not be announced again. */
	stream_again(client->stream);
	if (evtimer_pending(client->timer, NULL))
		set_timer(client, client->vnc->config->stall_timeout_ns);
}

void vnc_client_welcome(struct vnc_client *client)
{
	struct vnc *vnc = client->vnc;
	int r;

	if (client->state != VNC_WAITING || !vnc->frame)
		return;
	r = rects_new(vnc->pool, vnc->frame->width, vnc->frame->height, vnc_update_encoded,
			vnc_update_due, client, &client->rects);
	if (r < 0) {
		vnc_client_close(client, LOG_LEVEL_WARN, "cannot show %ux%u: %s", vnc->frame->width,
				vnc->frame->height, strerror(-r));
		return;
	}
	client->width = vnc->frame->width;
	client->height = vnc->frame->height;
	client->format = rects_native_format;
	rfb_framer_init(&client->framer, 0);
	set_state(client, VNC_VIEWING);
	vnc_client_set_limits(client);
	/* Once it is drained, what the client has said meanwhile is read. */
	send_server_init(client);
}

static void handshake_done(struct vnc_client *client)
{
	/* Who may only watch does not send away who works there. */
	const bool shared = client->handshake.shared || client->bearer.role == ROLE_VIEW;
	const char *refusal = vnc_share(client->vnc, shared);

	if (client->handshake.asked)
		gate_forgive(client->vnc->gate, &client->guest);
	if (refusal) {
		vnc_client_close(client, LOG_LEVEL_NOTICE, "%s", refusal);
		return;
	}
	event_del(client->timer);
	client->exclusive = !shared;
	set_state(client, VNC_WAITING);
	log_info(client->peer, "viewing, RFB 3.%u, %s%s%s%s%s%s%s", client->handshake.minor,
			client->exclusive ? "exclusive" : "shared",
			client->proven ? ", by the web page" : client->tls.open ? ", over TLS" : "",
			client->tls.subject[0] ? ", certificate of " : "", client->tls.subject,
			client->bearer.name[0] ? ", as " : "", client->bearer.name,
			client->bearer.role == ROLE_VIEW ? ", view only" : "");
	vnc_tell_came(client);
	vnc_client_welcome(client);
}

/* Why nobody like this client is let in now, or NULL. */
static const char *why_not(const struct vnc_client *client)
{
	if (client->handshake.tls && !tls_is_ready(client->vnc->tls))
		return "There is no certificate for TLS";
	/* What others there have guessed says nothing of who has logged in. */
	if (!(client->proven && client->bearer.name[0]) &&
			gate_blocks(client->vnc->gate, &client->guest, clock_now_ns()))
		return "Too many failed attempts, try again later";
	return vnc_full(client->vnc);
}

static void handle_secured(void *user);

static void secure(struct vnc_client *client)
{
	int r;

	client->tls.tls = client->vnc->tls;
	client->tls.opened = handle_secured;
	client->tls.user = client;
	r = stream_push(client->stream, &tls_layer, &client->tls);
	if (r < 0)
		vnc_client_close(client, LOG_LEVEL_WARN, "no TLS: %s", strerror(-r));
}

static void go_on(struct vnc_client *client, enum rfb_handshake_result result)
{
	vnc_client_write_buffer(client, client->vnc->scratch);
	if (client->state == VNC_CLOSED)
		return;
	switch (result) {
	case RFB_HANDSHAKE_MORE:
		if (client->handshake.asked && !client->prompted)
			set_timer(client, client->vnc->config->prompt_timeout_ns);
		client->prompted = client->handshake.asked;
		client->guest.rank = client->prompted ? GATE_KNOWN : GATE_STRANGER;
		break;
	case RFB_HANDSHAKE_CHECK:
		client->check_ns = clock_now_ns();
		vnc_login_check(client);
		break;
	case RFB_HANDSHAKE_SECURE:
		secure(client);
		break;
	case RFB_HANDSHAKE_DONE:
		handshake_done(client);
		break;
	case RFB_HANDSHAKE_REFUSED:
		if (!client->handshake.full)
			gate_blame(client->vnc->gate, &client->guest, PENALTY_ABORT, clock_now_ns());
		vnc_client_close(client, LOG_LEVEL_NOTICE, "%s", client->handshake.error);
		break;
	}
}

static const char *word_refusal(int error)
{
	switch (error) {
	case -EACCES:
		return "wrong password";
	case -EBUSY:
		return "too many passwords wait to be checked";
	case -ETIMEDOUT:
		return "the password was not checked in time";
	default:
		return "no password to check against";
	}
}

void vnc_client_checked(struct vnc_client *client, int error)
{
	if (!error) {
		client->handshake.full = why_not(client);
		go_on(client, rfb_handshake_admit(&client->handshake, client->vnc->scratch));
		if (client->state == VNC_HANDSHAKE)
			stream_again(client->stream);
		return;
	}
	client->handshake.error = word_refusal(error);
	if (error == -EACCES) {
		gate_blame(client->vnc->gate, &client->guest, PENALTY_AUTH, clock_now_ns());
		if (client->vnc->events->auth_failed)
			client->vnc->events->auth_failed(client->vnc->user, &client->vnc->protocol, client->peer);
	}
	set_state(client, VNC_REFUSED);
	/* Whatever the check took. */
	set_timer(client, client->vnc->config->refusal_delay_ns - (clock_now_ns() - client->check_ns));
}

static void handle_secured(void *user)
{
	struct vnc_client *client = user;

	client->handshake.full = why_not(client);
	go_on(client, rfb_handshake_secured(&client->handshake, client->vnc->scratch));
}

static void read_handshake(struct vnc_client *client)
{
	client->handshake.full = why_not(client);
	go_on(client, rfb_handshake_input(&client->handshake, stream_input(client->stream), client->vnc->scratch));
}

static void read_messages(struct vnc_client *client)
{
	unsigned int messages = 0;
	struct rfb_message message;
	size_t bytes = 0;
	int r;

	while (messages < ROUND_MESSAGES && bytes < ROUND_BYTES) {
		r = rfb_framer_next(&client->framer, stream_input(client->stream), &message);
		if (r < 0)
			vnc_client_close(client, LOG_LEVEL_NOTICE, "%s", r == -EPROTO
					? client->framer.error : strerror(-r));
		if (r <= 0)
			return;
		/* Read again when the job that runs has ended, output is drained, or as vnc_input.h says. */
		if (vnc_messages_handle(client, &message) == -EAGAIN || client->state == VNC_CLOSED)
			return;
		bytes += rfb_framer_drop(&client->framer, stream_input(client->stream));
		messages++;
	}
	stream_again(client->stream);
}

void vnc_client_read(struct vnc_client *client)
{
	read_messages(client);
	if (client->state == VNC_VIEWING)
		vnc_input_flush(client);
	if (client->state == VNC_VIEWING && client->resize.pending) {
		client->resize.pending = false;
		vnc_ask_size(client->vnc, client, client->resize.width, client->resize.height);
	}
	vnc_clipboard_flush(client);
	vnc_update_send(client);
}

static void handle_readable(void *user)
{
	struct vnc_client *client = user;

	if (client->state == VNC_HANDSHAKE)
		read_handshake(client);
	else if (client->state == VNC_VIEWING)
		vnc_client_read(client);
}

static void handle_drained(void *user)
{
	struct vnc_client *client = user;

	if (client->state == VNC_VIEWING)
		vnc_client_read(client);
}

static void handle_closed(void *user, int error)
{
	struct vnc_client *client = user;

	if (client->state == VNC_HANDSHAKE)
		blame_abort(client);
	vnc_client_close(client, LOG_LEVEL_INFO, "%s", client->tls.error[0] ? client->tls.error
			: error ? strerror(-error) : "the client closed the connection");
}

static const struct stream_events stream_events = {
	.readable = handle_readable,
	.drained = handle_drained,
	.closed = handle_closed,
};

static void make_room(struct gate_guest *guest)
{
	struct vnc_client *client = (struct vnc_client *)((char *)guest - offsetof(struct vnc_client, guest));

	vnc_client_close(client, LOG_LEVEL_INFO, "made room for a newer client");
}

/* Browsers begin TLS at once, and know nothing of VeNCrypt: what they choose of is offered inside. */
static int push_websocket(struct vnc_client *client)
{
	const struct config_vm *config = client->vnc->config;
	int r = 0;

	client->is_websocket = true;
	client->websocket.policy.origins = &config->websocket_origins;
	client->websocket.policy.pages = client->vnc->pages;
	client->websocket.policy.secure = config_listener_is_encrypted(config, CONFIG_LISTENERS_WEBSOCKET);
	client->websocket.policy.peer = client->peer;
	client->tls.tls = client->vnc->tls;
	if (client->websocket.policy.secure)
		r = stream_push(client->stream, &tls_layer, &client->tls);
	return r < 0 ? r : stream_push(client->stream, &websocket_layer, &client->websocket);
}

/* proof NULL: it comes by the listener. */
static int new_client(struct vnc *vnc, int listener, int fd, const struct sockaddr *peer, socklen_t length,
		const struct protocol_proof *proof, struct vnc_client **ret)
{
	struct vnc_client *client = calloc(1, sizeof(*client));
	const bool is_websocket = !proof && listener == CONFIG_LISTENERS_WEBSOCKET;
	const bool uses_vencrypt = !proof && listener == CONFIG_LISTENERS_VNC &&
			config_listener_is_encrypted(vnc->config, listener);
	int r = -ENOMEM;

	if (!client)
		goto err_fd;
	client->vnc = vnc;
	client->connected_ns = clock_now_ns();
	client->bearer.role = vnc->config->vnc_auth == CONFIG_AUTH_NONE ? ROLE_CONTROL : ROLE_VIEW;
	address_format(peer, length, client->peer);
	r = proof ? vnc_login_admit(client, proof->user) : 0;
	if (r < 0)
		goto err_free;
	r = -ENOMEM;
	client->proven = proof != NULL;
	client->is_websocket = proof != NULL;
	snprintf(client->proven_tls, sizeof(client->proven_tls), "%s", proof ? proof->tls : "");
	client->timer = evtimer_new(vnc->base, handle_timer, client);
	if (!client->timer)
		goto err_free;
	client->pace = evtimer_new(vnc->base, vnc_update_handle_pace, client);
	if (!client->pace)
		goto err_timer;
	r = gate_enter(vnc->gate, &client->guest, peer, make_room, client->connected_ns);
	if (r < 0) {
		log_info(client->peer, "VNC client refused: %s", r == -EBUSY ? "too many from there" : strerror(-r));
		goto err_pace;
	}
	client->guest.rank = client->bearer.name[0] ? GATE_KNOWN : client->guest.rank;
	r = rfb_handshake_init(&client->handshake, proof ? CONFIG_AUTH_NONE : vnc->config->vnc_auth, uses_vencrypt,
			vnc->scratch);
	if (r < 0)
		goto err_gate;
	r = stream_new(vnc->base, fd, &stream_events, client, &client->stream);
	if (r < 0)
		goto err_scratch;
	r = is_websocket ? push_websocket(client) : 0;
	if (r < 0)
		goto err_stream;
	pixman_region32_init(&client->requested);
	pixman_region32_init(&client->refresh);
	TAILQ_INSERT_TAIL(&vnc->clients, client, link);
	vnc->n_handshakes++;
	vnc_client_set_limits(client);
	set_timer(client, vnc->config->handshake_timeout_ns);
	vnc_client_write_buffer(client, vnc->scratch);
	*ret = client;
	return 0;

err_stream:
	stream_free(client->stream);
	fd = -1;
err_scratch:
	evbuffer_drain(vnc->scratch, SIZE_MAX);
err_gate:
	gate_leave(vnc->gate, &client->guest);
err_pace:
	event_free(client->pace);
err_timer:
	event_free(client->timer);
err_free:
	free(client);
err_fd:
	if (fd >= 0)
		close(fd);
	return r;
}

int vnc_client_new(struct vnc *vnc, int listener, int fd, const struct sockaddr *peer, socklen_t length,
		struct vnc_client **ret)
{
	return new_client(vnc, listener, fd, peer, length, NULL, ret);
}

int vnc_client_new_proven(struct vnc *vnc, int fd, const struct sockaddr *peer, socklen_t length,
		const struct protocol_proof *proof, struct vnc_client **ret)
{
	return new_client(vnc, CONFIG_LISTENERS, fd, peer, length, proof, ret);
}
