// SPDX-License-Identifier: GPL-2.0-or-later
/* Moves bytes between two streams, each at the pace of the other. */
#include "server/gateway/relay.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "net/stream.h"
#include "server/clock.h"

/* In the kernel, on the way from the worker. Each picture beyond is one that would be late. */
#define SOCKET_BYTES 65536

struct relay {
	struct stream *browser; /* borrowed */
	struct stream *worker;
	int64_t stall_timeout_ns;
	struct event *timer; /* only while something waits for the browser */
	relay_ended_fn ended;
	void *user;
};

int relay_socketpair(int ret_fds[2])
{
	const int bytes = SOCKET_BYTES;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ret_fds) < 0)
		return -errno;
	/* A larger one would do, too. */
	(void)setsockopt(ret_fds[1], SOL_SOCKET, SO_SNDBUF, &bytes, sizeof(bytes));
	return 0;
}

static int move(struct stream *from, struct stream *to)
{
	struct evbuffer *input = stream_input(from);

	return evbuffer_get_length(input) && !stream_pending(to) ? stream_send_buffer(to, input) : 0;
}

static int watch(struct relay *relay, int64_t delay_ns)
{
	const struct timeval delay = clock_timeval(delay_ns);

	return event_add(relay->timer, &delay) < 0 ? -ENOMEM : 0;
}

static void pump(struct relay *relay)
{
	int r = move(relay->worker, relay->browser);

	if (!r)
		r = move(relay->browser, relay->worker);
	if (!r && stream_pending(relay->browser) && !evtimer_pending(relay->timer, NULL))
		r = watch(relay, relay->stall_timeout_ns);
	if (r < 0)
		relay->ended(relay->user, strerror(-r));
}

/* A worker that has ended it is not heard of for as long as the browser takes nothing. */
static void handle_timer(evutil_socket_t fd, short what, void *data)
{
	struct relay *relay = data;
	const int64_t stuck_ns = clock_now_ns() - stream_progress_ns(relay->browser);

	(void)fd;
	(void)what;
	if (!stream_pending(relay->browser))
		return;
	if (stuck_ns >= relay->stall_timeout_ns)
		relay->ended(relay->user, "it takes nothing any more");
	else if (watch(relay, relay->stall_timeout_ns - stuck_ns) < 0)
		relay->ended(relay->user, "out of memory");
}

static void handle_worker(void *user)
{
	pump(user);
}

static void handle_closed(void *user, int error)
{
	struct relay *relay = user;

	(void)error; /* the worker's log says why */
	/* No more than is held anyway. */
	(void)stream_write_buffer(relay->browser, stream_input(relay->worker));
	relay->ended(relay->user, "the VM's process has closed it");
}

static const struct stream_events worker_events = {
	.readable = handle_worker,
	.drained = handle_worker,
	.closed = handle_closed,
};

int relay_new(struct event_base *base, struct stream *browser, int fd, int64_t stall_timeout_ns, relay_ended_fn ended,
		void *user, struct relay **ret)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	int r = -ENOMEM;

	if (!relay)
		return -ENOMEM;
	relay->browser = browser;
	relay->stall_timeout_ns = stall_timeout_ns;
	relay->timer = evtimer_new(base, handle_timer, relay);
	relay->ended = ended;
	relay->user = user;
	if (relay->timer)
		r = stream_new(base, fd, &worker_events, relay, &relay->worker);
	if (r < 0) {
		relay_free(relay);
		return r;
	}
	stream_set_input_limit(browser, RELAY_FROM_BROWSER_BYTES);
	stream_set_input_limit(relay->worker, RELAY_FROM_WORKER_BYTES);
	*ret = relay;
	return 0;
}

void relay_browser(struct relay *relay)
{
	pump(relay);
}

void relay_free(struct relay *relay)
{
	if (!relay)
		return;
	stream_free(relay->worker);
	if (relay->timer)
		event_free(relay->timer);
	free(relay);
}
