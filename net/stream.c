// SPDX-License-Identifier: GPL-2.0-or-later
/* Bytes to and from one client: the socket's options, its buffers and its end. */
#include "net/stream.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/clock.h"

#define INPUT_LIMIT_BYTES 4096
/* Per round of the loop, so that one fast reader does not hold up the others. */
#define WRITE_ROUND_BYTES (256 * 1024)
/* Read and thrown away at the end, for a peer that is still talking. */
#define LAST_READ_BYTES 65536

struct stream {
	struct event_base *base;
	const struct stream_events *events;
	void *user;
	int fd;
	struct bufferevent *socket;
	struct bufferevent *layers[STREAM_LAYERS_MAX]; /* from the socket up */
	const struct stream_layer *layer_impls[STREAM_LAYERS_MAX];
	void *layer_arguments[STREAM_LAYERS_MAX];
	unsigned int n_layers;
	size_t input_limit;
	struct event *again;
	struct event *drained;
	bool sending; /* stream_send_buffer() is at it */
	int64_t progress_ns;
	uint64_t received, sent;
};

static struct bufferevent *top(const struct stream *stream)
{
	return stream->n_layers ? stream->layers[stream->n_layers - 1] : stream->socket;
}

static void handle_read(struct bufferevent *bev, void *data)
{
	struct stream *stream = data;

	(void)bev;
	/* Last act: the owner may free the stream. So in all handlers here. */
	stream->events->readable(stream->user);
}

static void handle_again(evutil_socket_t fd, short what, void *data)
{
	struct stream *stream = data;

	(void)fd;
	(void)what;
	stream->events->readable(stream->user);
}

static void handle_drained(evutil_socket_t fd, short what, void *data)
{
	struct stream *stream = data;

	(void)fd;
	(void)what;
	if (stream_pending(stream) == 0)
		stream->events->drained(stream->user);
}

static void handle_event(struct bufferevent *bev, short what, void *data)
{
	struct stream *stream = data;
	int error = errno;

	(void)bev;
	if (what & BEV_EVENT_EOF)
		stream->events->closed(stream->user, 0);
	else if (what & BEV_EVENT_ERROR)
		stream->events->closed(stream->user, error ? -error : -EIO);
}

/*
 * Instead of bufferevent's high watermark: from 2.1 on that calls back, round
 * after round, for as long as an owner leaves his input where it is.
 */
static void limit_input(struct stream *stream)
{
	if (evbuffer_get_length(stream_input(stream)) >= stream->input_limit)
		bufferevent_disable(top(stream), EV_READ);
	else
		bufferevent_enable(top(stream), EV_READ);
}

static void handle_input_change(struct evbuffer *buffer, const struct evbuffer_cb_info *info,
		void *data)
{
	struct stream *stream = data;

	if (buffer == bufferevent_get_input(stream->socket))
		stream->received += info->n_added;
	if (buffer == stream_input(stream))
		limit_input(stream);
}

static void handle_output_change(struct evbuffer *buffer, const struct evbuffer_cb_info *info,
		void *data)
{
	struct stream *stream = data;

	stream->sent += info->n_deleted;
	if (info->n_deleted || !info->orig_size)
		stream->progress_ns = clock_now_ns();
	/* A layer spoke, and not because its owner did; see stream_send_buffer(). */
	if (info->n_added && stream->n_layers && !stream->sending &&
			!(bufferevent_get_enabled(stream->socket) & EV_WRITE))
		bufferevent_enable(stream->socket, EV_WRITE);
	/* Not from in here: libevent is in the middle of its write. */
	if (info->n_deleted && !evbuffer_get_length(buffer) && !stream->sending)
		event_active(stream->drained, 0, 0);
}

struct option {
	int level, name, value;
};

static void set_options(int fd, const struct option *options, size_t n)
{
	struct sockaddr_storage address;
	socklen_t length = sizeof(address);

	if (getsockname(fd, (struct sockaddr *)&address, &length) < 0 ||
			(address.ss_family != AF_INET && address.ss_family != AF_INET6))
		return;
	/* They are for latency and tidiness; a kernel that lacks one still serves. */
	for (size_t i = 0; i < n; i++)
		(void)setsockopt(fd, options[i].level, options[i].name, &options[i].value,
				sizeof(options[i].value));
}

int stream_new(struct event_base *base, int fd, const struct stream_events *events, void *user,
		struct stream **ret)
{
	static const struct option options[] = {
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ IPPROTO_TCP, TCP_NOTSENT_LOWAT, STREAM_NOTSENT_BYTES },
	};
	struct stream *stream = calloc(1, sizeof(*stream));

	if (!stream)
		return -ENOMEM;
	stream->base = base;
	stream->events = events;
	stream->user = user;
	stream->fd = fd;
	stream->again = evtimer_new(base, handle_again, stream);
	stream->drained = event_new(base, -1, 0, handle_drained, stream);
	/* Without BEV_OPT_CLOSE_ON_FREE: the fd closes only once all went well. */
	stream->socket = bufferevent_socket_new(base, fd, 0);
	if (!stream->again || !stream->drained || !stream->socket ||
			!evbuffer_add_cb(bufferevent_get_input(stream->socket), handle_input_change, stream) ||
			!evbuffer_add_cb(bufferevent_get_output(stream->socket), handle_output_change, stream))
		goto err_free;
	bufferevent_set_max_single_write(stream->socket, WRITE_ROUND_BYTES);
	bufferevent_setcb(stream->socket, handle_read, NULL, handle_event, stream);
	stream->input_limit = INPUT_LIMIT_BYTES;
	if (bufferevent_enable(stream->socket, EV_READ | EV_WRITE) < 0)
		goto err_free;
	set_options(fd, options, sizeof(options) / sizeof(options[0]));
	*ret = stream;
	return 0;

err_free:
	if (stream->socket)
		bufferevent_free(stream->socket);
	if (stream->drained)
		event_free(stream->drained);
	if (stream->again)
		event_free(stream->again);
	free(stream);
	return -ENOMEM;
}

/*
 * A refusal's reason has to reach the peer: one last write, and unread input is
 * taken off, because a socket closed with some left resets the connection and
 * the peer may then lose what it had not yet read.
 */
static void say_goodbye(struct stream *stream)
{
	struct evbuffer *output = bufferevent_get_output(stream->socket);
	uint8_t unread[4096];

	for (unsigned int i = stream->n_layers; i > 0; i--) {
		if (stream->layer_impls[i - 1]->close)
			stream->layer_impls[i - 1]->close(stream->layers[i - 1], stream->layer_arguments[i - 1]);
		bufferevent_flush(stream->layers[i - 1], EV_WRITE, BEV_FINISHED);
	}
	if (evbuffer_get_length(output)) {
		evbuffer_unfreeze(output, 1);
		(void)evbuffer_write(output, stream->fd);
	}
	(void)shutdown(stream->fd, SHUT_WR);
	for (size_t i = 0; i < LAST_READ_BYTES / sizeof(unread); i++) {
		if (recv(stream->fd, unread, sizeof(unread), MSG_DONTWAIT) <= 0)
			break;
	}
}

void stream_free(struct stream *stream)
{
	if (!stream)
		return;
	bufferevent_setcb(top(stream), NULL, NULL, NULL, NULL);
	bufferevent_disable(stream->socket, EV_READ | EV_WRITE);
	stream->sending = true; /* to the end */
	say_goodbye(stream);
	evbuffer_remove_cb(bufferevent_get_output(stream->socket), handle_output_change, stream);
	evbuffer_remove_cb(bufferevent_get_input(stream->socket), handle_input_change, stream);
	for (unsigned int i = 0; i < stream->n_layers; i++)
		evbuffer_remove_cb(bufferevent_get_input(stream->layers[i]), handle_input_change, stream);
	event_free(stream->drained);
	event_free(stream->again);
	/* The bufferevents live on inside libevent until its own callbacks have returned. */
	bufferevent_setfd(stream->socket, -1);
	bufferevent_free(top(stream));
	close(stream->fd);
	free(stream);
}

int stream_push(struct stream *stream, const struct stream_layer *layer, void *argument)
{
	struct bufferevent *below = top(stream);
	struct bufferevent *bev;
	int result;

	if (stream->n_layers == STREAM_LAYERS_MAX)
		return -ENOSPC;
	result = layer->open(stream->base, below, argument, &bev);
	if (result < 0)
		return result;
	if (!evbuffer_add_cb(bufferevent_get_input(bev), handle_input_change, stream)) {
		bufferevent_free(bev);
		return -ENOMEM;
	}
	bufferevent_enable(below, EV_READ | EV_WRITE);
	stream->layers[stream->n_layers] = bev;
	stream->layer_impls[stream->n_layers] = layer;
	stream->layer_arguments[stream->n_layers] = argument;
	stream->n_layers++;
	bufferevent_setcb(bev, handle_read, NULL, handle_event, stream);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	return 0;
}

void stream_set_input_limit(struct stream *stream, size_t bytes)
{
	stream->input_limit = bytes;
	limit_input(stream);
}

void stream_set_dead_peer(struct stream *stream, int64_t timeout_ns, int64_t keepalive_ns)
{
	const int timeout_s = (int)(timeout_ns / NSEC_PER_SEC), keepalive_s = (int)(keepalive_ns / NSEC_PER_SEC);
	const int third_s = timeout_s / 3 > 1 ? timeout_s / 3 : 1;
	/* A single one that is lost must not be the end: the kernel asks no more often than it is told to. */
	const int probe_s = keepalive_s < third_s ? keepalive_s : third_s;
	const struct option options[] = {
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, (int)(timeout_ns / NSEC_PER_MSEC) },
		{ IPPROTO_TCP, TCP_KEEPIDLE, probe_s },
		/* By TCP_USER_TIMEOUT it is over, however many were sent. */
		{ IPPROTO_TCP, TCP_KEEPINTVL, probe_s },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
	};

	set_options(stream->fd, options, sizeof(options) / sizeof(options[0]));
}

struct evbuffer *stream_input(struct stream *stream)
{
	return bufferevent_get_input(top(stream));
}

void stream_again(struct stream *stream)
{
	/* A timer, not event_active(): the loop looks at its sockets in between. */
	const struct timeval now = { 0 };

	if (event_add(stream->again, &now) < 0)
		event_active(stream->again, 0, 0); /* no memory for fairness */
}

/* stream_send_buffer() has left it off. */
static int want_writable(struct stream *stream)
{
	return bufferevent_get_enabled(stream->socket) & EV_WRITE || bufferevent_enable(stream->socket, EV_WRITE) == 0
			? 0 : -ENOMEM;
}

void stream_again_in(struct stream *stream, int64_t delay_ns)
{
	const struct timeval delay = clock_timeval(delay_ns);

	/* Whoever waits already is called, and says then how long he still has to. */
	if (!evtimer_pending(stream->again, NULL) && event_add(stream->again, &delay) < 0)
		event_active(stream->again, 0, 0);
}

int stream_write(struct stream *stream, const void *data, size_t bytes)
{
	return bufferevent_write(top(stream), data, bytes) < 0 || want_writable(stream) < 0 ? -ENOMEM : 0;
}

int stream_write_buffer(struct stream *stream, struct evbuffer *data)
{
	return bufferevent_write_buffer(top(stream), data) < 0 || want_writable(stream) < 0 ? -ENOMEM : 0;
}

int stream_send_buffer(struct stream *stream, struct evbuffer *data)
{
	struct evbuffer *output = bufferevent_get_output(stream->socket);

	if (evbuffer_get_length(output))
		return stream_write_buffer(stream, data);
	/* Or libevent asks the kernel to tell when the socket is writable, which costs more than to try. */
	bufferevent_disable(stream->socket, EV_WRITE);
	stream->sending = true;
	/* Layers pass it down at once. */
	if (bufferevent_write_buffer(top(stream), data) < 0) {
		stream->sending = false;
		return -ENOMEM;
	}
	evbuffer_unfreeze(output, 1);
	/* An error comes again, in the loop, which tells of it. */
	(void)evbuffer_write_atmost(output, stream->fd, WRITE_ROUND_BYTES);
	evbuffer_freeze(output, 1);
	stream->sending = false;
	return evbuffer_get_length(output) ? want_writable(stream) : 0;
}

size_t stream_pending(const struct stream *stream)
{
	size_t bytes = evbuffer_get_length(bufferevent_get_output(stream->socket));

	for (unsigned int i = 0; i < stream->n_layers; i++)
		bytes += evbuffer_get_length(bufferevent_get_output(stream->layers[i]));
	return bytes;
}

size_t stream_unread(const struct stream *stream)
{
	int bytes = 0;

	return ioctl(stream->fd, SIOCOUTQ, &bytes) < 0 || bytes < 0 ? 0 : (size_t)bytes;
}

int64_t stream_progress_ns(const struct stream *stream)
{
	return stream->progress_ns;
}

uint64_t stream_bytes_received(const struct stream *stream)
{
	return stream->received;
}

uint64_t stream_bytes_sent(const struct stream *stream)
{
	return stream->sent;
}
