/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Bytes to and from one client, over libevent's bufferevents.
 *
 * The stream owns the socket. It sets what every client's socket needs: no
 * Nagle, at most STREAM_NOTSENT_BYTES waiting unsent in the kernel (so that what
 * is sent next is still new), and the kernel's own verdict on dead peers. What
 * is not yet in the kernel is stream_pending(); the owner keeps that short by
 * not writing while there is any.
 *
 * Layers between socket and owner (TLS, WebSocket) are bufferevent filters put
 * on top with stream_push(), also in mid-stream; the owner keeps talking to the
 * same stream.
 *
 * The process ignores SIGPIPE. Loop thread.
 */
#ifndef PLANECAST_NET_STREAM_H
#define PLANECAST_NET_STREAM_H

#include <stddef.h>
#include <stdint.h>

struct bufferevent;
struct evbuffer;
struct event_base;
struct stream;

#define STREAM_NOTSENT_BYTES 65536
#define STREAM_LAYERS_MAX 2

/* All mandatory. Each may free the stream. */
struct stream_events {
	/* There is something in stream_input() that was not there before, or stream_again() was called. */
	void (*readable)(void *user);
	/* Everything written has reached the kernel; not called for what stream_send_buffer() could send at once. */
	void (*drained)(void *user);
	/* The peer has closed (0) or is lost (negative errno). Comes once; free the stream. */
	void (*closed)(void *user, int error);
};

struct stream_layer {
	const char *name;
	/*
	 * Mandatory. Makes a bufferevent that reads from and writes to below,
	 * without callbacks. It frees below when it is freed itself
	 * (BEV_OPT_CLOSE_ON_FREE). 0 or negative errno; below is then as before.
	 */
	int (*open)(struct event_base *base, struct bufferevent *below, void *argument,
			struct bufferevent **ret);
	/*
	 * Optional, the last call with that argument: puts a last word (close_notify, a close
	 * frame) into its output. The bufferevent may live on for a moment.
	 */
	void (*close)(struct bufferevent *layer, void *argument);
};

/* Takes fd (connected, non-blocking), on success only. -ENOMEM. */
int stream_new(struct event_base *base, int fd, const struct stream_events *events, void *user,
		struct stream **ret);
/*
 * Ends the connection, any time, also from inside the stream's own callbacks.
 * What the kernel takes at once is still sent; no event comes any more. NULL is
 * fine.
 */
void stream_free(struct stream *stream);

/*
 * argument is open's and close's, and outlives the stream. -ENOSPC beyond STREAM_LAYERS_MAX, -ENOMEM (the
 * stream is then of no use), and what open says.
 */
int stream_push(struct stream *stream, const struct stream_layer *layer, void *argument);

/* Reading rests while that much or more waits in stream_input(), which one read (16 KiB) can overshoot. */
void stream_set_input_limit(struct stream *stream, size_t bytes);
/*
 * How long the kernel waits for a word of the peer's, be it that it acknowledges what was sent or that
 * it is there; and after how long a rest it asks for one, which is a third of that at most. At first the
 * kernel's own.
 */
void stream_set_dead_peer(struct stream *stream, int64_t timeout_ns, int64_t keepalive_ns);
/* What the client sent; the owner drains it. */
struct evbuffer *stream_input(struct stream *stream);
/* Calls readable() again in the loop's next round: for owners that yield. */
void stream_again(struct stream *stream);
/* The same after a delay, if not before. */
void stream_again_in(struct stream *stream, int64_t delay_ns);

/* Copies data. -ENOMEM. */
int stream_write(struct stream *stream, const void *data, size_t bytes);
/* Moves everything out of data. -ENOMEM. */
int stream_write_buffer(struct stream *stream, struct evbuffer *data);
/* The same, but what the kernel takes at once does not wait for the loop: each call is one to the kernel. */
int stream_send_buffer(struct stream *stream, struct evbuffer *data);
/* Written and not yet in the kernel. */
size_t stream_pending(const struct stream *stream);
/* In the kernel, and not in the client's yet; over a unix socket: not read yet. In the kernel's own measure. */
size_t stream_unread(const struct stream *stream);
/*
 * While something is pending: when the kernel last took a byte of it, or it
 * became pending, by clock_now_ns().
 */
int64_t stream_progress_ns(const struct stream *stream);

/* On the socket, since the start. */
uint64_t stream_bytes_received(const struct stream *stream);
uint64_t stream_bytes_sent(const struct stream *stream);

#endif
