// SPDX-License-Identifier: GPL-2.0-or-later
/* One SPICE connection, from its first byte until the library has seen the last of it. */
#include "net/spice_front.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "config/config.h"
#include "net/spice.h"
#include "net/spice_door.h"
#include "net/spice_relay.h"
#include "net/spice_session.h"
#include "net/spice_ticket.h"
#include "net/stream.h"
#include "server/clock.h"

/* The library's end is not waited for longer; it is late by then by any measure. */
#define LATE_NS (60 * NSEC_PER_SEC)

void spice_front_set_state(struct spice_front *front, enum spice_front_state state)
{
	static const bool stranger[] = {
		[SPICE_FRONT_LINKING] = true,
		[SPICE_FRONT_REFUSED] = true,
		[SPICE_FRONT_CLOSED] = false,
	};

	front->spice->n_handshakes += stranger[state] - stranger[front->state];
	front->state = state;
	if (state == SPICE_FRONT_REFUSED)
		front->guest.rank = GATE_REFUSED;
	else if (state != SPICE_FRONT_LINKING)
		gate_leave(front->spice->gate, &front->guest);
	spice_later(front->spice);
}

void spice_front_set_timer(struct spice_front *front, int64_t delay_ns)
{
	const struct timeval delay = clock_timeval(delay_ns > 0 ? delay_ns : 0);

	if (event_add(front->timer, &delay) < 0)
		spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
}

/* The client is gone. What was said to the library still reaches it. */
static void leave(struct spice_front *front)
{
	spice_front_set_state(front, front->library_fd < 0 ? SPICE_FRONT_CLOSED : SPICE_FRONT_LEAVING);
	if (front->state != SPICE_FRONT_LEAVING)
		return;
	front->left_ns = clock_now_ns();
	spice_front_set_timer(front, SPICE_SESSION_SENT_NS);
	event_add(front->library_readable, NULL);
	spice_relay_flush(front);
}

/* Of a viewer, in one line; its channels beside the main one are for who looks closely. */
static void log_end(const struct spice_front *front, enum log_level level, const char *why, uint64_t sent_bytes,
		uint64_t received_bytes)
{
	const double lived_s = (double)(clock_now_ns() - front->connected_ns) / NSEC_PER_SEC;
	const unsigned int channel = front->handshake.message.channel;

	if (front->session && channel != SPICE_LINK_MAIN)
		log_at(level == LOG_LEVEL_INFO ? LOG_LEVEL_DEBUG : level, front->peer,
				"%s channel left after %.1f s: %s; sent %" PRIu64 " bytes, received %" PRIu64,
				spice_link_channels[channel].name, lived_s, why, sent_bytes, received_bytes);
	else
		log_at(level, front->peer, "%s left after %.1f s: %s; sent %" PRIu64 " bytes, received %" PRIu64,
				front->session ? "SPICE viewer" : "SPICE client", lived_s, why, sent_bytes,
				received_bytes);
}

void spice_front_close(struct spice_front *front, enum log_level level, const char *fmt, ...)
{
	struct spice_session *session = front->session;
	uint64_t sent_bytes, received_bytes;
	char why[SPICE_WHY_MAX];
	va_list args;

	if (!front->stream)
		return;
	va_start(args, fmt);
	vsnprintf(why, sizeof(why), fmt, args);
	va_end(args);
	spice_agent_leave(front);
	sent_bytes = stream_bytes_sent(front->stream);
	received_bytes = stream_bytes_received(front->stream);
	front->spice->bytes_sent += sent_bytes;
	stream_free(front->stream);
	front->stream = NULL;
	event_del(front->timer);
	leave(front);
	if (session) {
		session->bytes_sent += sent_bytes;
		session->bytes_received += received_bytes;
		if (front->handshake.message.channel == SPICE_LINK_MAIN)
			strcpy(session->why, why);
		/* With the main channel all others end. */
		spice_session_lost(session, front);
		if (front->handshake.message.channel == SPICE_LINK_MAIN) {
			sent_bytes = session->bytes_sent;
			received_bytes = session->bytes_received;
		}
	}
	log_end(front, level, why, sent_bytes, received_bytes);
}

void spice_front_free(struct spice_front *front)
{
	TAILQ_REMOVE(&front->spice->fronts, front, link);
	spice_relay_finish(front);
	spice_agent_finish(front);
	spice_ticket_key_unref(front->key);
	event_free(front->timer);
	free(front);
}

void spice_front_write(struct spice_front *front, struct evbuffer *data)
{
	int r;

	if (!front->stream || !evbuffer_get_length(data)) {
		evbuffer_drain(data, SIZE_MAX);
		return;
	}
	if (!front->unmarked_bytes)
		front->unmarked_ns = clock_now_ns();
	front->unmarked_bytes += evbuffer_get_length(data);
	r = stream_send_buffer(front->stream, data);
	evbuffer_drain(data, SIZE_MAX);
	if (r < 0)
		spice_front_close(front, LOG_LEVEL_WARN, "%s", strerror(-r));
	else if (!stream_pending(front->stream))
		front->pieces = 0;
	else if (front->state == SPICE_FRONT_OPEN && !evtimer_pending(front->timer, NULL))
		spice_front_set_timer(front, front->spice->config->stall_timeout_ns);
}

/* The timer runs only while there is output, so that a client at rest costs nothing. */
static void check_stall(struct spice_front *front)
{
	int64_t timeout_ns = front->spice->config->stall_timeout_ns;
	int64_t stuck_ns = clock_now_ns() - stream_progress_ns(front->stream);

	if (stream_pending(front->stream) == 0)
		return;
	if (stuck_ns >= timeout_ns)
		spice_front_close(front, LOG_LEVEL_NOTICE, "took none of %zu bytes for %.1f s",
				stream_pending(front->stream), (double)stuck_ns / NSEC_PER_SEC);
	else
		spice_front_set_timer(front, timeout_ns - stuck_ns);
}

void spice_front_set_limits(struct spice_front *front)
{
	if (front->stream)
		stream_set_dead_peer(front->stream, front->spice->config->dead_peer_timeout_ns,
				front->spice->config->keepalive_interval_ns);
}

void spice_front_turn(struct spice_front *front)
{
	if (front->state == SPICE_FRONT_LEAVING) {
		spice_relay_flush(front);
		spice_relay_read_library(front);
	}
}

static void check_leaving(struct spice_front *front)
{
	const int64_t since_ns = clock_now_ns() - front->left_ns;

	if (since_ns >= LATE_NS) {
		log_error(front->peer, "libspice-server keeps a channel whose client has left");
		return;
	}
	/* Timers come a little early, too. */
	spice_front_set_timer(front, (since_ns < SPICE_SESSION_SENT_NS ? SPICE_SESSION_SENT_NS : LATE_NS) - since_ns);
	spice_relay_flush(front);
}

static void handle_timer(evutil_socket_t fd, short what, void *data)
{
	struct spice_front *front = data;

	(void)fd;
	(void)what;
	switch (front->state) {
	case SPICE_FRONT_LINKING:
		gate_blame(front->spice->gate, &front->guest, PENALTY_ABORT, clock_now_ns());
		spice_front_close(front, LOG_LEVEL_INFO, "the handshake took too long");
		break;
	case SPICE_FRONT_REFUSED:
		spice_door_tell(front);
		break;
	case SPICE_FRONT_OPEN:
		check_stall(front);
		break;
	case SPICE_FRONT_LEAVING:
		check_leaving(front);
		break;
	case SPICE_FRONT_WAITING:
	case SPICE_FRONT_UPLINKING:
	case SPICE_FRONT_CLOSED:
		break;
	}
}

void spice_front_check_waiting(struct spice_front *front)
{
	if ((front->state == SPICE_FRONT_WAITING || front->state == SPICE_FRONT_UPLINKING) &&
			evbuffer_get_length(stream_input(front->stream)) >= SPICE_FILTER_MESSAGE_MAX)
		spice_front_close(front, LOG_LEVEL_NOTICE, "said too much before it was served");
}

static void handle_readable(void *user)
{
	struct spice_front *front = user;

	if (front->state == SPICE_FRONT_LINKING)
		spice_door_read(front);
	else if (front->state == SPICE_FRONT_OPEN)
		spice_relay_read_client(front);
	else
		spice_front_check_waiting(front);
}

static void handle_drained(void *user)
{
	struct spice_front *front = user;

	if (front->state != SPICE_FRONT_OPEN)
		return;
	front->pieces = 0;
	if (!event_pending(front->library_readable, EV_READ, NULL)) {
		event_add(front->library_readable, NULL);
		spice_relay_read_library(front);
	} else {
		spice_session_feed(front->session);
	}
	if (front->state == SPICE_FRONT_OPEN)
		spice_agent_flush(front);
	if (front->state == SPICE_FRONT_OPEN)
		spice_relay_read_client(front);
}

static void handle_closed(void *user, int error)
{
	struct spice_front *front = user;

	if (front->state == SPICE_FRONT_LINKING)
		gate_blame(front->spice->gate, &front->guest, PENALTY_ABORT, clock_now_ns());
	spice_front_close(front, LOG_LEVEL_INFO, "%s", front->tls.error[0] ? front->tls.error
			: error ? strerror(-error) : "the client closed the connection");
}

static const struct stream_events stream_events = {
	.readable = handle_readable,
	.drained = handle_drained,
	.closed = handle_closed,
};

/* Within one machine a round trip only says how busy that is. */
static bool is_loopback(const struct sockaddr *peer)
{
	const struct sockaddr_in *in = (const void *)peer;
	const struct sockaddr_in6 *in6 = (const void *)peer;

	if (peer->sa_family == AF_INET)
		return ntohl(in->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	return peer->sa_family == AF_INET6 && (IN6_IS_ADDR_LOOPBACK(&in6->sin6_addr) ||
			(IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr) && in6->sin6_addr.s6_addr[12] == IN_LOOPBACKNET));
}

/* A unix socket has no round trip. */
static bool is_far(int fd, const struct sockaddr *peer)
{
	struct tcp_info info = { 0 };
	socklen_t length = sizeof(info);

	return !is_loopback(peer) && getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &length) == 0 &&
			info.tcpi_rtt * NSEC_PER_USEC > SPICE_FRONT_FAR_NS;
}

static void make_room(struct gate_guest *guest)
{
	struct spice_front *front = (struct spice_front *)((char *)guest - offsetof(struct spice_front, guest));

	spice_front_close(front, LOG_LEVEL_INFO, "made room for a newer client");
}

int spice_front_new(struct spice *spice, int listener, int fd, const struct sockaddr *peer, socklen_t length,
		struct spice_front **ret)
{
	const bool secure = config_listener_keys[listener].tls;
	struct spice_front *front;
	int r = -ENOMEM;

	if (secure && !tls_is_ready(spice->tls))
		return -ENOKEY;
	front = calloc(1, sizeof(*front));
	if (!front)
		return -ENOMEM;
	front->spice = spice;
	front->tls.tls = spice->tls;
	front->library_fd = -1;
	front->connected_ns = clock_now_ns();
	front->is_far = is_far(fd, peer);
	address_format(peer, length, front->peer);
	spice_link_init(&front->handshake);
	front->timer = evtimer_new(spice->base, handle_timer, front);
	if (!front->timer)
		goto err_free;
	r = gate_enter(spice->gate, &front->guest, peer, make_room, front->connected_ns);
	if (r < 0) {
		log_info(front->peer, "SPICE client refused: %s", r == -EBUSY ? "too many from there" : strerror(-r));
		goto err_timer;
	}
	r = stream_new(spice->base, fd, &stream_events, front, &front->stream);
	if (r < 0)
		goto err_gate;
	TAILQ_INSERT_TAIL(&spice->fronts, front, link);
	spice->n_handshakes++;
	spice_front_set_limits(front);
	spice_front_set_timer(front, spice->config->handshake_timeout_ns);
	r = secure ? stream_push(front->stream, &tls_layer, &front->tls) : 0;
	if (r < 0)
		spice_front_close(front, LOG_LEVEL_WARN, "no TLS: %s", strerror(-r));
	*ret = front;
	return 0;

err_gate:
	gate_leave(spice->gate, &front->guest);
err_timer:
	event_free(front->timer);
err_free:
	free(front);
	return r;
}
