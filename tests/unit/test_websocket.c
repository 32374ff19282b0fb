// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams through WebSocket: who is let in, what goes both ways, and each way to end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "config/config.h"
#include "net/stream.h"
#include "net/web_pages.h"
#include "net/websocket.h"
#include "server/log.h"
#include "tests/unit/pump.h"

/* The request and its answer of RFC 6455 1.3. */
#define KEY "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
#define ACCEPT "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"
#define GET "GET /websockify HTTP/1.1\r\n"
#define HOST "Host: 127.0.0.1:5700\r\n"
#define UPGRADE "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n"
#define VERSION "Sec-WebSocket-Version: 13\r\n"
#define REQUEST GET HOST UPGRADE KEY VERSION
/* Of a client: the mask that changes nothing. */
#define FRAME(first, length) first length "\0\0\0\0"

static struct event_base *base;
static struct stream *stream;
static int peer;
static struct config_addresses origins;
static struct websocket_link websocket;
static char got[1 << 16];
static size_t got_bytes;
static struct {
	unsigned int readable, closed;
	int error;
	bool free_in_readable;
} seen;

static void handle_readable(void *user)
{
	(void)user;
	seen.readable++;
	if (seen.free_in_readable) {
		stream_free(stream);
		stream = NULL;
	}
}

static void handle_drained(void *user)
{
	(void)user;
}

static void handle_closed(void *user, int error)
{
	(void)user;
	seen.closed++;
	seen.error = error;
	stream_free(stream);
	stream = NULL;
}

static const struct stream_events events = {
	.readable = handle_readable,
	.drained = handle_drained,
	.closed = handle_closed,
};

/* A layer below that works at once, as TLS does. */
static bool has_layer_below;

static enum bufferevent_filter_result pass(struct evbuffer *source, struct evbuffer *target, ev_ssize_t limit,
		enum bufferevent_flush_mode mode, void *user)
{
	(void)limit;
	(void)mode;
	(void)user;
	if (!evbuffer_get_length(source))
		return BEV_NEED_MORE;
	evbuffer_add_buffer(target, source);
	return BEV_OK;
}

static int pass_open(struct event_base *event_base, struct bufferevent *below, void *argument, struct bufferevent **ret)
{
	(void)event_base;
	(void)argument;
	*ret = bufferevent_filter_new(below, pass, pass, BEV_OPT_CLOSE_ON_FREE, NULL, NULL);
	return *ret ? 0 : -ENOMEM;
}

static const struct stream_layer pass_layer = { .name = "pass", .open = pass_open };

static void begin(void)
{
	int fds[2];

	memset(&seen, 0, sizeof(seen));
	got_bytes = 0;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	peer = fds[0];
	assert_int_equal(stream_new(base, fds[1], &events, NULL, &stream), 0);
	if (has_layer_below)
		assert_int_equal(stream_push(stream, &pass_layer, NULL), 0);
	assert_int_equal(stream_push(stream, &websocket_layer, &websocket), 0);
}

static void finish(void)
{
	stream_free(stream);
	stream = NULL;
	close(peer);
	peer = -1;
}

static int setup(void **state)
{
	(void)state;
	log_set_level(LOG_LEVEL_ERROR - 1);
	base = event_base_new();
	origins.count = 0;
	has_layer_below = false;
	websocket = (struct websocket_link){ .policy.origins = &origins };
	begin();
	return 0;
}

static int setup_above(void **state)
{
	setup(state);
	finish();
	has_layer_below = true;
	begin();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	finish();
	event_base_free(base);
	return 0;
}

static void say(const void *data, size_t bytes)
{
	assert_int_equal(send(peer, data, bytes, MSG_NOSIGNAL), bytes);
}

#define SAY(text) say(text, sizeof(text) - 1)

/* Adds to got; false at the end. */
static bool listen_to_server(void)
{
	ssize_t n = recv(peer, got + got_bytes, sizeof(got) - 1 - got_bytes, 0);

	got_bytes += n > 0 ? (size_t)n : 0;
	got[got_bytes] = '\0';
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void expect(const char *data, size_t bytes)
{
	PUMP_UNTIL(base, !listen_to_server() || got_bytes >= bytes);
	assert_int_equal(got_bytes, bytes);
	assert_memory_equal(got, data, bytes);
	got_bytes = 0;
}

#define EXPECT(text) expect(text, sizeof(text) - 1)
#define ACCEPTED "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" ACCEPT

static void upgrade(void)
{
	SAY(REQUEST "\r\n");
	EXPECT(ACCEPTED "\r\n");
}

static void expect_input(const char *data, size_t bytes)
{
	PUMP_UNTIL(base, evbuffer_get_length(stream_input(stream)) >= bytes);
	assert_int_equal(evbuffer_get_length(stream_input(stream)), bytes);
	assert_memory_equal(evbuffer_pullup(stream_input(stream), -1), data, bytes);
	evbuffer_drain(stream_input(stream), SIZE_MAX);
}

static void the_server_may_speak_first(void **state)
{
	(void)state;
	assert_int_equal(stream_write(stream, "RFB 003.008\n", 12), 0);
	for (int i = 0; i < 5; i++)
		pump_round(base);
	assert_true(listen_to_server());
	assert_int_equal(got_bytes, 0);
	SAY(REQUEST "Sec-WebSocket-Protocol: chat, binary\r\n\r\n");
	EXPECT(ACCEPTED "Sec-WebSocket-Protocol: binary\r\n\r\n\x82\x0cRFB 003.008\n");
	assert_int_equal(stream_pending(stream), 0);
	assert_int_equal(seen.readable, 0);
}

static void bytes_go_both_ways(void **state)
{
	(void)state;
	upgrade();
	SAY(FRAME("\x82", "\x85") "hello");
	expect_input("hello", 5);
	assert_int_equal(stream_write(stream, "one", 3), 0);
	assert_int_equal(stream_write(stream, "two", 3), 0);
	EXPECT("\x82\x03one\x82\x03two");
}

static void a_request_with_more_behind_it_in_pieces(void **state)
{
	static const char all[] = REQUEST "\r\n" FRAME("\x02", "\x81") "a" FRAME("\x80", "\x82") "bc";

	(void)state;
	for (size_t i = 0; i < sizeof(all) - 1; i++) {
		say(all + i, 1);
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	expect_input("abc", 3);
	finish();
	begin();
	SAY(REQUEST "\r\n" FRAME("\x02", "\x81") "a" FRAME("\x80", "\x82") "bc");
	expect_input("abc", 3);
}

static void much_input_at_once(void **state)
{
	static char data[8 + 60000] = "\x82\xfe\xea\x60";
	size_t received = 0;

	(void)state;
	upgrade();
	stream_set_input_limit(stream, 1000);
	memset(data + 8, 'x', 60000);
	say(data, sizeof(data));
	while (received < 60000) {
		PUMP_UNTIL(base, evbuffer_get_length(stream_input(stream)) > 0);
		assert_true(evbuffer_get_length(stream_input(stream)) < 1000 + 32768);
		received += evbuffer_get_length(stream_input(stream));
		evbuffer_drain(stream_input(stream), SIZE_MAX);
	}
	assert_int_equal(received, 60000);
}

static void pings_are_answered(void **state)
{
	(void)state;
	upgrade();
	SAY(FRAME("\x89", "\x83") "abc" FRAME("\x82", "\x81") "x");
	expect_input("x", 1);
	EXPECT("\x8a\x03" "abc");
	/* Who does not read is not answered for ever. */
	for (int i = 0; i < 2000; i++) {
		SAY(FRAME("\x89", "\x84") "ping");
		if (i % 100 == 0)
			event_base_loop(base, EVLOOP_NONBLOCK);
	}
	SAY(FRAME("\x82", "\x81") "x");
	expect_input("x", 1);
	assert_true(stream_pending(stream) <= 1024);
}

static void the_client_ends_it(void **state)
{
	(void)state;
	upgrade();
	SAY(FRAME("\x82", "\x81") "x" FRAME("\x88", "\x82") "\x03\xe8" FRAME("\x82", "\x81") "y");
	PUMP_UNTIL(base, seen.closed);
	assert_int_equal(seen.readable, 1);
	assert_int_equal(seen.error, 0);
	EXPECT("\x88\x02\x03\xe8");
	assert_false(listen_to_server());
}

static void the_server_ends_it(void **state)
{
	(void)state;
	upgrade();
	assert_int_equal(stream_write(stream, "last", 4), 0);
	stream_free(stream);
	stream = NULL;
	EXPECT("\x82\x04last\x88\x02\x03\xe8");
	assert_false(listen_to_server());
}

static void rules_are_kept(void **state)
{
	(void)state;
	upgrade();
	SAY("\x82\x01x");
	PUMP_UNTIL(base, seen.closed);
	assert_int_equal(seen.error, -EPROTO);
	EXPECT("\x88\x02\x03\xea");
	assert_false(listen_to_server());
	assert_int_equal(seen.readable, 0);
}

static void the_connection_breaks(void **state)
{
	(void)state;
	shutdown(peer, SHUT_WR);
	PUMP_UNTIL(base, seen.closed);
	assert_int_equal(seen.error, 0);
	finish();
	begin();
	upgrade();
	SAY("\x82");
	shutdown(peer, SHUT_WR);
	PUMP_UNTIL(base, seen.closed);
	assert_int_equal(seen.error, 0);
}

static void may_be_freed_when_readable(void **state)
{
	(void)state;
	upgrade();
	seen.free_in_readable = true;
	SAY(FRAME("\x82", "\x81") "x" FRAME("\x82", "\x81") "y");
	PUMP_UNTIL(base, !stream);
	EXPECT("\x88\x02\x03\xe8");
	assert_false(listen_to_server());
}

static void before_it_is_open_nothing_of_it_is_said(void **state)
{
	(void)state;
	assert_int_equal(stream_write(stream, "RFB 003.008\n", 12), 0);
	stream_free(stream);
	stream = NULL;
	assert_false(listen_to_server());
	assert_int_equal(got_bytes, 0);
}

/* Sends one request; returns the status of the answer. */
static int answer_to(const char *request)
{
	char line[16] = "";
	int status;

	finish();
	begin();
	say(request, strlen(request));
	PUMP_UNTIL(base, !listen_to_server() || strstr(got, "\r\n\r\n"));
	memcpy(line, got, 12);
	assert_int_equal(sscanf(line, "HTTP/1.1 %d", &status), 1);
	if (status != 101) {
		PUMP_UNTIL(base, seen.closed && !listen_to_server());
		assert_int_equal(seen.error, -EPROTO);
		assert_int_equal(seen.readable, 0);
		assert_non_null(strstr(got, "Connection: close\r\n"));
	}
	return status;
}

static void requests(void **state)
{
	static const struct {
		const char *request;
		int status;
	} cases[] = {
		{ REQUEST "\r\n", 101 },
		{ "GET /?token=any HTTP/1.1\r\n" HOST UPGRADE KEY VERSION "\r\n", 101 },
		{ "GET /other HTTP/1.1\r\n" HOST UPGRADE KEY VERSION "\r\n", 404 },
		{ "GET /websockify/ HTTP/1.1\r\n" HOST UPGRADE KEY VERSION "\r\n", 404 },
		{ "POST / HTTP/1.1\r\n" HOST UPGRADE KEY VERSION "\r\n", 405 },
		{ "GET / HTTP/1.0\r\n" HOST UPGRADE KEY VERSION "\r\n", 505 },
		{ GET "Host: a b\r\n" UPGRADE KEY VERSION "\r\n", 400 },
		{ GET UPGRADE KEY VERSION "\r\n", 400 },
		{ GET HOST KEY VERSION "\r\n", 426 },
		{ GET HOST "Connection: Upgrade\r\n" KEY VERSION "\r\n", 426 },
		{ GET HOST "Upgrade: websocket\r\n" KEY VERSION "\r\n", 426 },
		{ GET HOST "Upgrade: h2c\r\nConnection: Upgrade\r\n" KEY VERSION "\r\n", 426 },
		{ GET HOST UPGRADE KEY "\r\n", 426 },
		{ GET HOST UPGRADE KEY "Sec-WebSocket-Version: 8\r\n\r\n", 426 },
		{ GET HOST UPGRADE VERSION "\r\n", 400 },
		{ GET HOST UPGRADE VERSION "Sec-WebSocket-Key: short\r\n\r\n", 400 },
		{ GET HOST UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZR==\r\n\r\n", 400 },
		{ GET HOST UPGRADE VERSION "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=A\r\n\r\n", 400 },
		{ GET HOST UPGRADE VERSION "Sec-WebSocket-Key: dGhl!HNhbXBsZSBub25jZQ==\r\n\r\n", 400 },
		{ REQUEST KEY "\r\n", 400 },
		{ REQUEST "Sec-WebSocket-Protocol: base64\r\n\r\n", 400 },
		{ REQUEST "Sec-WebSocket-Protocol: base64\r\nSec-WebSocket-Protocol: binary\r\n\r\n", 101 },
		{ REQUEST "Content-Length: 1\r\n\r\nx", 400 },
		{ "RFB 003.008\n\r\n\r\n", 400 },
		{ "\x16\x03\x01\x02\r\n\r\n", 400 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int status = answer_to(cases[i].request);

		if (status != cases[i].status)
			fail_msg("case %zu: %d", i, status);
	}
}

static void endless_requests(void **state)
{
	static char data[65536];

	(void)state;
	memset(data, 'x', sizeof(data));
	say(data, sizeof(data));
	PUMP_UNTIL(base, seen.closed && !listen_to_server());
	assert_non_null(strstr(got, "HTTP/1.1 431 "));
}

static int answer_to_page(const char *host, const char *origin)
{
	char request[512];

	snprintf(request, sizeof(request), GET UPGRADE KEY VERSION "Host: %s\r\nOrigin: %s\r\n\r\n", host, origin);
	return answer_to(request);
}

static void pages_of_this_host(void **state)
{
	(void)state;
	assert_int_equal(answer_to_page("127.0.0.1:5700", "http://127.0.0.1:8080"), 101);
	assert_int_equal(answer_to_page("localhost:5700", "http://localhost"), 101);
	assert_int_equal(answer_to_page("[::1]:5700", "https://[::1]"), 101);
	assert_int_equal(answer_to_page("127.0.0.1:5700", "http://localhost"), 403);
	assert_int_equal(answer_to_page("127.0.0.1:5700", "http://evil.example"), 403);
	assert_int_equal(answer_to_page("127.0.0.1:5700", "null"), 403);
	assert_int_equal(answer_to_page("127.0.0.1:5700", ""), 403);
	assert_int_equal(answer_to_page("127.0.0.1:5700", "http://127.0.0.1.evil.example"), 403);
	assert_int_equal(answer_to_page("127.0.0.1:5700", "file://127.0.0.1"), 403);
	/* A name that was made to mean this machine. */
	assert_int_equal(answer_to_page("evil.example:5700", "http://evil.example:5700"), 403);
	websocket.policy.secure = true;
	assert_int_equal(answer_to_page("desk.example:5700", "https://desk.example"), 101);
	assert_int_equal(answer_to_page("desk.example:5700", "https://evil.example"), 403);
}

static void pages_that_are_listed(void **state)
{
	char desk[] = "https://desk.example", local[] = "http://localhost:8080";

	(void)state;
	origins = (struct config_addresses){ .count = 2, .text = { desk, local } };
	assert_int_equal(answer_to_page("127.0.0.1:5700", "https://desk.example"), 101);
	assert_int_equal(answer_to_page("desk.example:5700", "https://desk.example"), 101);
	assert_int_equal(answer_to_page("127.0.0.1:5700", "http://localhost:8080"), 101);
	assert_int_equal(answer_to_page("127.0.0.1:5700", "http://desk.example"), 403);
	assert_int_equal(answer_to_page("127.0.0.1:5700", "https://desk.example:8443"), 403);
	assert_int_equal(answer_to_page("127.0.0.1:5700", "http://127.0.0.1"), 403);
	/* Programs that are no browsers say nothing. */
	assert_int_equal(answer_to(REQUEST "\r\n"), 101);
}

/* A folder with the least that noVNC is. */
static struct web_pages *make_pages(void)
{
	char folder[] = "/tmp/planecast-test-XXXXXX", path[64];
	struct web_pages *pages;
	int fd;

	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/vnc.html", folder);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "<p>noVNC</p>", 12), 12);
	close(fd);
	assert_int_equal(web_pages_load(folder, &pages), 0);
	unlink(path);
	rmdir(folder);
	return pages;
}

static void pages_beside_it(void **state)
{
	struct web_pages *pages = make_pages();

	(void)state;
	websocket.policy.pages = pages;
	assert_int_equal(stream_write(stream, "RFB 003.008\n", 12), 0);
	SAY("GET /vnc.html?a=b HTTP/1.1\r\n" HOST "\r\nGET /vnc.html HTTP/1.1\r\n" HOST "\r\n");
	PUMP_UNTIL(base, listen_to_server() && strstr(got, "<p>noVNC</p>"));
	SAY(REQUEST "\r\n" FRAME("\x82", "\x81") "x");
	for (int i = 0; i < 5; i++)
		pump_round(base);
	/* One page a connection, and nothing else: no second one, and none of what waits for a viewer. */
	assert_true(listen_to_server());
	assert_true(websocket.browses);
	assert_non_null(strstr(got, "HTTP/1.1 200 OK\r\nConnection: close\r\n"));
	assert_string_equal(strstr(got, "<p>"), "<p>noVNC</p>");
	assert_int_equal(seen.readable + seen.closed, 0);
	shutdown(peer, SHUT_WR);
	PUMP_UNTIL(base, seen.closed);
	assert_int_equal(seen.error, 0);
	/* Another one connects. */
	finish();
	websocket.browses = false;
	begin();
	upgrade();
	finish();
	begin();
	/* Upgrades are refused as ever. */
	assert_int_equal(answer_to("GET /vnc.html HTTP/1.1\r\n" HOST UPGRADE KEY VERSION "\r\n"), 404);
	assert_false(websocket.browses);
	web_pages_free(pages);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_server_may_speak_first, setup, teardown),
		cmocka_unit_test_setup_teardown(the_server_may_speak_first, setup_above, teardown),
		cmocka_unit_test_setup_teardown(bytes_go_both_ways, setup, teardown),
		cmocka_unit_test_setup_teardown(bytes_go_both_ways, setup_above, teardown),
		cmocka_unit_test_setup_teardown(pings_are_answered, setup_above, teardown),
		cmocka_unit_test_setup_teardown(the_client_ends_it, setup_above, teardown),
		cmocka_unit_test_setup_teardown(the_server_ends_it, setup_above, teardown),
		cmocka_unit_test_setup_teardown(rules_are_kept, setup_above, teardown),
		cmocka_unit_test_setup_teardown(a_request_with_more_behind_it_in_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(much_input_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(pings_are_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(the_client_ends_it, setup, teardown),
		cmocka_unit_test_setup_teardown(the_server_ends_it, setup, teardown),
		cmocka_unit_test_setup_teardown(rules_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(the_connection_breaks, setup, teardown),
		cmocka_unit_test_setup_teardown(may_be_freed_when_readable, setup, teardown),
		cmocka_unit_test_setup_teardown(before_it_is_open_nothing_of_it_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(requests, setup, teardown),
		cmocka_unit_test_setup_teardown(endless_requests, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_of_this_host, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_that_are_listed, setup, teardown),
		cmocka_unit_test_setup_teardown(pages_beside_it, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
