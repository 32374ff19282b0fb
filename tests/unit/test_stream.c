// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams: bytes both ways, what is pending, layers on top, and an end at any moment. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/stream.h"
#include "tests/unit/pump.h"

#define BIG_BYTES (8 << 20)

static struct event_base *base;
static struct stream *stream;
static int peer;

/* What the events did, and at which of them the stream is to be freed. */
static struct {
	unsigned int readable, drained, closed;
	int error;
	enum { NEVER, IN_READABLE, IN_DRAINED, IN_CLOSED } free_in;
	unsigned int again;
} seen;

static void free_stream(void)
{
	stream_free(stream);
	stream = NULL;
}

static void handle_readable(void *user)
{
	assert_ptr_equal(user, &seen);
	seen.readable++;
	if (seen.again) {
		seen.again--;
		stream_again(stream);
	}
	if (seen.free_in == IN_READABLE)
		free_stream();
}

static void handle_drained(void *user)
{
	assert_ptr_equal(user, &seen);
	assert_int_equal(stream_pending(stream), 0);
	seen.drained++;
	if (seen.free_in == IN_DRAINED)
		free_stream();
}

static void handle_closed(void *user, int error)
{
	assert_ptr_equal(user, &seen);
	seen.closed++;
	seen.error = error;
	if (seen.free_in == IN_CLOSED)
		free_stream();
}

static const struct stream_events events = {
	.readable = handle_readable,
	.drained = handle_drained,
	.closed = handle_closed,
};

static int setup(void **state)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	socklen_t length = sizeof(address);
	int listener, fd;

	(void)state;
	memset(&seen, 0, sizeof(seen));
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, length) < 0 ||
			listen(listener, 1) < 0 ||
			getsockname(listener, (struct sockaddr *)&address, &length) < 0)
		return -1;
	peer = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (connect(peer, (struct sockaddr *)&address, length) < 0)
		return -1;
	fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	close(listener);
	if (fd < 0 || fcntl(peer, F_SETFL, O_NONBLOCK) < 0)
		return -1;
	base = event_base_new();
	return base ? stream_new(base, fd, &events, &seen, &stream) : -1;
}

static int teardown(void **state)
{
	(void)state;
	free_stream();
	if (peer >= 0)
		close(peer);
	event_base_free(base);
	return 0;
}

/* What the peer can read now, added to *total; false at the end. */
static bool peer_read(size_t *total)
{
	static uint8_t buffer[65536];
	ssize_t n;

	while ((n = recv(peer, buffer, sizeof(buffer), 0)) > 0)
		*total += (size_t)n;
	return n < 0 && errno == EAGAIN;
}

static void what_the_peer_sends_is_readable(void **state)
{
	uint8_t data[5];

	(void)state;
	assert_int_equal(send(peer, "hello", 5, 0), 5);
	PUMP_UNTIL(base, seen.readable > 0);
	assert_int_equal(evbuffer_remove(stream_input(stream), data, sizeof(data)), 5);
	assert_memory_equal(data, "hello", 5);
	assert_int_equal(stream_bytes_received(stream), 5);
}

static void input_beyond_the_limit_stays_in_the_kernel(void **state)
{
	static const uint8_t data[65536];
	size_t sent = 0, drained = 0;
	unsigned int calls;

	(void)state;
	stream_set_input_limit(stream, 1000);
	while (sent < sizeof(data)) {
		ssize_t n = send(peer, data + sent, sizeof(data) - sent, 0);

		if (n > 0)
			sent += (size_t)n;
		event_base_loop(base, EVLOOP_NONBLOCK);
		assert_true(evbuffer_get_length(stream_input(stream)) < 1000 + 16384);
	}
	/* And the owner is not called for what he has been told of. */
	calls = seen.readable;
	for (int i = 0; i < 10; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(seen.readable, calls);
	/* Taking it out goes on reading, by itself. */
	while (drained < sent) {
		size_t before = drained;

		PUMP_UNTIL(base, evbuffer_get_length(stream_input(stream)) > 0);
		drained += evbuffer_get_length(stream_input(stream));
		evbuffer_drain(stream_input(stream), SIZE_MAX);
		assert_true(drained > before);
	}
	assert_int_equal(drained, sent);
}

static void an_owner_that_yields_is_called_again(void **state)
{
	(void)state;
	seen.again = 3;
	assert_int_equal(send(peer, "x", 1, 0), 1);
	PUMP_UNTIL(base, seen.readable == 4);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(seen.readable, 4);
}

static void pending_output_and_progress(void **state)
{
	uint8_t *data = calloc(1, BIG_BYTES);
	int64_t before_ns = clock_now_ns();
	int64_t stuck_ns;
	size_t received = 0;
	size_t pending;

	(void)state;
	assert_non_null(data);
	assert_int_equal(stream_write(stream, data, BIG_BYTES), 0);
	free(data);
	assert_int_equal(stream_pending(stream), BIG_BYTES);
	assert_true(stream_progress_ns(stream) >= before_ns);
	/* The peer does not read: the kernel takes some, then no more. */
	do {
		pending = stream_pending(stream);
		for (int i = 0; i < 5; i++)
			pump_round(base);
	} while (stream_pending(stream) != pending);
	assert_true(pending > 0 && pending < BIG_BYTES);
	assert_int_equal(seen.drained, 0);
	stuck_ns = stream_progress_ns(stream);
	assert_int_equal(stream_bytes_sent(stream), BIG_BYTES - pending);
	/* Now it does. */
	while (received < BIG_BYTES) {
		assert_true(peer_read(&received));
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	PUMP_UNTIL(base, seen.drained == 1);
	assert_true(stream_progress_ns(stream) > stuck_ns);
	assert_int_equal(received, BIG_BYTES);
	assert_int_equal(stream_bytes_sent(stream), BIG_BYTES);
}

static void buffers_are_moved(void **state)
{
	struct evbuffer *data = evbuffer_new();
	size_t received = 0;

	(void)state;
	evbuffer_add(data, "abc", 3);
	assert_int_equal(stream_write_buffer(stream, data), 0);
	assert_int_equal(evbuffer_get_length(data), 0);
	evbuffer_free(data);
	PUMP_UNTIL(base, peer_read(&received) && received == 3);
	assert_int_equal(seen.drained, 1);
}

static void send_bytes(size_t bytes)
{
	struct evbuffer *data = evbuffer_new();
	uint8_t *zeroes = calloc(1, bytes);

	assert_int_equal(evbuffer_add(data, zeroes, bytes), 0);
	assert_int_equal(stream_send_buffer(stream, data), 0);
	assert_int_equal(evbuffer_get_length(data), 0);
	evbuffer_free(data);
	free(zeroes);
}

static void what_is_sent_does_not_wait_for_the_loop(void **state)
{
	size_t received = 0;

	(void)state;
	send_bytes(3);
	assert_int_equal(stream_pending(stream), 0);
	assert_true(peer_read(&received));
	assert_int_equal(received, 3);
	for (int i = 0; i < 5; i++)
		pump_round(base);
	assert_int_equal(seen.drained, 0);
	/* What is written does, as ever, */
	assert_int_equal(stream_write(stream, "abc", 3), 0);
	assert_int_equal(stream_pending(stream), 3);
	PUMP_UNTIL(base, peer_read(&received) && received == 6);
	assert_int_equal(seen.drained, 1);
	/* and so does what the kernel takes no more of. */
	send_bytes(BIG_BYTES);
	send_bytes(1);
	assert_true(stream_pending(stream) > 0 && stream_pending(stream) <= BIG_BYTES);
	PUMP_UNTIL(base, peer_read(&received) && received == BIG_BYTES + 7);
	PUMP_UNTIL(base, seen.drained == 2);
	send_bytes(1);
	PUMP_UNTIL(base, peer_read(&received) && received == BIG_BYTES + 8);
	assert_int_equal(stream_bytes_sent(stream), received);
}

static void nobody_is_there_to_be_sent_to(void **state)
{
	(void)state;
	seen.free_in = IN_CLOSED;
	close(peer);
	peer = -1;
	for (int i = 0; i < 10; i++)
		send_bytes(65536);
	PUMP_UNTIL(base, seen.closed == 1);
}

static void the_end_of_the_peer_is_told_once(void **state)
{
	(void)state;
	close(peer);
	peer = -1;
	PUMP_UNTIL(base, seen.closed == 1);
	assert_int_equal(seen.error, 0);
	event_base_loop(base, EVLOOP_NONBLOCK);
	assert_int_equal(seen.closed, 1);
}

static void a_reset_is_an_error(void **state)
{
	const struct linger linger = { .l_onoff = 1 };

	(void)state;
	assert_int_equal(setsockopt(peer, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)), 0);
	close(peer);
	peer = -1;
	PUMP_UNTIL(base, seen.closed == 1);
	assert_int_equal(seen.error, -ECONNRESET);
}

static void may_be_freed_in_each_callback(void **state)
{
	const int when = (int)(intptr_t)*state;
	size_t received = 0;

	seen.free_in = (unsigned int)when;
	switch (when) {
	case IN_READABLE:
		seen.again = 1;
		assert_int_equal(send(peer, "x", 1, 0), 1);
		break;
	case IN_DRAINED:
		assert_int_equal(stream_write(stream, "x", 1), 0);
		break;
	case IN_CLOSED:
		shutdown(peer, SHUT_WR);
		break;
	}
	PUMP_UNTIL(base, !stream);
	assert_int_equal(seen.readable + seen.drained + seen.closed, 1);
	PUMP_UNTIL(base, !peer_read(&received));
	assert_int_equal(received, when == IN_DRAINED ? 1 : 0);
}


static void the_last_words_arrive(void **state)
{
	size_t received = 0;

	(void)state;
	/* Unread input would make the kernel reset the connection and lose them. */
	assert_int_equal(send(peer, "never read", 10, 0), 10);
	stream_set_input_limit(stream, 1);
	PUMP_UNTIL(base, seen.readable > 0);
	assert_int_equal(stream_write(stream, "no", 2), 0);
	free_stream();
	PUMP_UNTIL(base, !peer_read(&received));
	assert_int_equal(received, 2);
	assert_int_equal(errno, EAGAIN);
}

static int get_option(int fd, int level, int name)
{
	int value = -1;
	socklen_t length = sizeof(value);

	assert_int_equal(getsockopt(fd, level, name, &value, &length), 0);
	return value;
}

static void sockets_get_their_options(void **state)
{
	int fd = -1;

	(void)state;
	/* The stream's own end: the one that is connected to the peer's port. */
	for (int i = 3; i < 64 && fd < 0; i++) {
		struct sockaddr_in a, b;
		socklen_t a_length = sizeof(a), b_length = sizeof(b);

		if (i != peer && !getpeername(i, (struct sockaddr *)&a, &a_length) &&
				!getsockname(peer, (struct sockaddr *)&b, &b_length) &&
				a.sin_family == AF_INET && a.sin_port == b.sin_port)
			fd = i;
	}
	assert_true(fd >= 0);
	assert_int_equal(get_option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
	assert_int_equal(get_option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), STREAM_NOTSENT_BYTES);
	assert_int_equal(get_option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
	stream_set_dead_peer(stream, 30 * NSEC_PER_SEC, 60 * NSEC_PER_SEC);
	assert_int_equal(get_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 30000);
	assert_int_equal(get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 10); /* so that three are lost before it is over */
	assert_int_equal(get_option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 10);
	stream_set_dead_peer(stream, 30 * NSEC_PER_SEC, 4 * NSEC_PER_SEC);
	assert_int_equal(get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 4);
	assert_int_equal(get_option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 4);
	/* In mid-stream, and the shortest there is. */
	stream_set_dead_peer(stream, NSEC_PER_SEC, NSEC_PER_SEC);
	assert_int_equal(get_option(fd, IPPROTO_TCP, TCP_USER_TIMEOUT), 1000);
	assert_int_equal(get_option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 1);
	assert_int_equal(get_option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 1);
}

/* A layer as TLS or WebSocket will be one: here each byte is turned over. */
static enum bufferevent_filter_result invert(struct evbuffer *source, struct evbuffer *destination,
		ev_ssize_t limit, enum bufferevent_flush_mode mode, void *context)
{
	uint8_t data[256];
	int n;

	(void)limit;
	(void)mode;
	(void)context;
	n = evbuffer_remove(source, data, sizeof(data));
	for (int i = 0; i < n; i++)
		data[i] = (uint8_t)~data[i];
	if (n <= 0)
		return BEV_NEED_MORE;
	evbuffer_add(destination, data, (size_t)n);
	return BEV_OK;
}

static int invert_open(struct event_base *event_base, struct bufferevent *below, void *argument,
		struct bufferevent **ret)
{
	(void)event_base;
	if (argument)
		return -EPROTO;
	*ret = bufferevent_filter_new(below, invert, invert, BEV_OPT_CLOSE_ON_FREE, NULL, NULL);
	return *ret ? 0 : -ENOMEM;
}

static void invert_close(struct bufferevent *layer, void *argument)
{
	(void)argument;
	bufferevent_write(layer, "\xff", 1);
}

static const struct stream_layer invert_layer = {
	.name = "invert",
	.open = invert_open,
	.close = invert_close,
};

static void layers_go_between(void **state)
{
	uint8_t data[4];
	size_t received = 0;

	(void)state;
	send_bytes(1);
	assert_int_equal(recv(peer, data, 1, 0), 1);
	assert_int_equal(stream_push(stream, &invert_layer, stream), -EPROTO);
	assert_int_equal(stream_push(stream, &invert_layer, NULL), 0);
	assert_int_equal(send(peer, "\xfe\xfd", 2, 0), 2);
	PUMP_UNTIL(base, evbuffer_get_length(stream_input(stream)) == 2);
	evbuffer_remove(stream_input(stream), data, 2);
	assert_memory_equal(data, "\x01\x02", 2);

	assert_int_equal(stream_write(stream, "\x0f", 1), 0);
	PUMP_UNTIL(base, recv(peer, data, sizeof(data), 0) == 1);
	assert_int_equal(data[0], 0xf0);
	PUMP_UNTIL(base, seen.drained == 1);

	/* Twice turned is as before; there is room for no third. */
	assert_int_equal(stream_push(stream, &invert_layer, NULL), 0);
	assert_int_equal(stream_push(stream, &invert_layer, NULL), -ENOSPC);
	assert_int_equal(stream_write(stream, "\x0f", 1), 0);
	PUMP_UNTIL(base, recv(peer, data, sizeof(data), 0) == 1);
	assert_int_equal(data[0], 0x0f);
	/* Each layer's last word. */
	free_stream();
	PUMP_UNTIL(base, !peer_read(&received));
	assert_int_equal(received, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_the_peer_sends_is_readable, setup, teardown),
		cmocka_unit_test_setup_teardown(input_beyond_the_limit_stays_in_the_kernel, setup, teardown),
		cmocka_unit_test_setup_teardown(an_owner_that_yields_is_called_again, setup, teardown),
		cmocka_unit_test_setup_teardown(pending_output_and_progress, setup, teardown),
		cmocka_unit_test_setup_teardown(buffers_are_moved, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_sent_does_not_wait_for_the_loop, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_is_there_to_be_sent_to, setup, teardown),
		cmocka_unit_test_setup_teardown(the_end_of_the_peer_is_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(a_reset_is_an_error, setup, teardown),
		cmocka_unit_test_prestate_setup_teardown(may_be_freed_in_each_callback, setup,
				teardown, (void *)(intptr_t)IN_READABLE),
		cmocka_unit_test_prestate_setup_teardown(may_be_freed_in_each_callback, setup,
				teardown, (void *)(intptr_t)IN_DRAINED),
		cmocka_unit_test_prestate_setup_teardown(may_be_freed_in_each_callback, setup,
				teardown, (void *)(intptr_t)IN_CLOSED),
		cmocka_unit_test_setup_teardown(the_last_words_arrive, setup, teardown),
		cmocka_unit_test_setup_teardown(sockets_get_their_options, setup, teardown),
		cmocka_unit_test_setup_teardown(layers_go_between, setup, teardown),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
