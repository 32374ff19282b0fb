// SPDX-License-Identifier: GPL-2.0-or-later
/* Heads of HTTP requests: what is read, in whatever pieces, and all that is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_request.h"

static struct http_request request;
static struct evbuffer *input;

static int setup(void **state)
{
	(void)state;
	input = evbuffer_new();
	http_request_init(&request);
	return input ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	evbuffer_free(input);
	return 0;
}

/* Anew, in pieces of that many bytes; each in a chain of its own. */
static int read_in_pieces(const char *text, size_t bytes, size_t piece)
{
	int r = 0;

	http_request_init(&request);
	evbuffer_drain(input, SIZE_MAX);
	for (size_t at = 0; at < bytes && r == 0; at += piece) {
		struct evbuffer *next = evbuffer_new();

		evbuffer_add(next, text + at, bytes - at < piece ? bytes - at : piece);
		evbuffer_add_buffer(input, next);
		evbuffer_free(next);
		r = http_request_read(&request, input);
	}
	return r;
}

static int read_text(const char *text)
{
	return read_in_pieces(text, strlen(text), strlen(text));
}

static const char browser[] = "GET /some/path?with=query&a=b HTTP/1.1\r\n"
			      "Host: desk.example.org:8443\r\n"
			      "Connection: keep-alive, Upgrade\r\n"
			      "Upgrade:websocket\r\n"
			      "X-Empty:\r\n"
			      "X-Blanks: \t two words \t\r\n"
			      "X-List: a,b\r\n"
			      "x-list: c\r\n"
			      "\r\n";

static void a_browsers_request(void **state)
{
	(void)state;
	for (size_t piece = 1; piece <= sizeof(browser); piece++) {
		assert_int_equal(read_in_pieces(browser, sizeof(browser) - 1, piece), 1);
		assert_int_equal(evbuffer_get_length(input), 0);
		assert_string_equal(request.method, "GET");
		assert_string_equal(request.path, "/some/path");
		assert_string_equal(request.query, "with=query&a=b");
		assert_int_equal(request.n_headers, 7);
		assert_string_equal(http_request_header(&request, "HOST"), "desk.example.org:8443");
		assert_string_equal(http_request_header(&request, "x-empty"), "");
		assert_string_equal(http_request_header(&request, "x-blanks"), "two words");
		assert_null(http_request_header(&request, "x-other"));
		assert_true(http_request_has_token(&request, "connection", "upgrade"));
		assert_true(http_request_has_token(&request, "connection", "keep-alive"));
		assert_false(http_request_has_token(&request, "connection", "keep"));
		assert_true(http_request_has_token(&request, "x-list", "B"));
		assert_true(http_request_has_token(&request, "x-list", "c"));
		assert_false(http_request_has_token(&request, "x-list", "a,b"));
		assert_false(http_request_has_token(&request, "x-empty", ""));
	}
}

static void what_follows_stays(void **state)
{
	static const char text[] = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello";
	char rest[8] = "";
	size_t bytes;

	(void)state;
	assert_int_equal(read_text(text), 1);
	assert_null(request.query);
	assert_int_equal(http_request_body_bytes(&request, 5, &bytes), 0);
	assert_int_equal(bytes, 5);
	assert_int_equal(http_request_body_bytes(&request, 4, &bytes), -E2BIG);
	assert_int_equal(evbuffer_remove(input, rest, sizeof(rest)), 5);
	assert_string_equal(rest, "hello");
}

static void body_lengths(void **state)
{
	static const struct {
		const char *text;
		int r;
	} cases[] = { { "0", 0 }, { "007", 0 }, { "", -EPROTO }, { "-1", -EPROTO }, { "+1", -EPROTO },
		{ "1 2", -EPROTO }, { "0x1", -EPROTO }, { "99999999999999999999999999999", -E2BIG },
		{ "99999999999999999999999x", -EPROTO }, { "18446744073709551617", -E2BIG } };
	size_t bytes;
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %s\r\n\r\n", cases[i].text);
		assert_int_equal(read_text(text), 1);
		if (http_request_body_bytes(&request, 4096, &bytes) != cases[i].r)
			fail_msg("'%s'", cases[i].text);
	}
	assert_int_equal(read_text("GET / HTTP/1.1\r\nHost: a\r\n\r\n"), 1);
	assert_int_equal(http_request_body_bytes(&request, 0, &bytes), 0);
	assert_int_equal(bytes, 0);
}

#define LINE "GET / HTTP/1.1\r\n"
#define HOST "Host: a\r\n"

static void refused(void **state)
{
	static const struct {
		const char *text;
		unsigned int status;
	} cases[] = {
		{ "\r\n\r\n", 400 },
		{ "GET\r\n\r\n", 400 },
		{ "GET /\r\n\r\n", 400 },
		{ "GET / \r\n\r\n", 400 },
		{ "RFB 003.008\n\r\n\r\n", 400 },
		{ "\r\n" LINE HOST "\r\n", 400 },
		{ "GET  / HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ " GET / HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET / HTTP/1.1 \r\n" HOST "\r\n", 505 },
		{ "GET / HTTP/1.0\r\n" HOST "\r\n", 505 },
		{ "GET / HTTP/2\r\n" HOST "\r\n", 505 },
		{ "GET / http/1.1\r\n" HOST "\r\n", 400 },
		{ "G(T / HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET * HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET http://a/ HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET /\x01 HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET /\x80 HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET /#a HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ "GET /\t HTTP/1.1\r\n" HOST "\r\n", 400 },
		{ LINE "\r\n", 400 },
		{ LINE HOST HOST "\r\n", 400 },
		{ LINE HOST "Origin: http://a\r\norigin: http://b\r\n\r\n", 400 },
		{ LINE HOST "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400 },
		{ LINE HOST "Sec-WebSocket-Key: a\r\nSec-WebSocket-Key: b\r\n\r\n", 400 },
		{ LINE HOST "Cookie: a=b\r\nCookie: a=c\r\n\r\n", 400 },
		{ LINE HOST "Transfer-Encoding: chunked\r\n\r\n", 501 },
		{ LINE HOST "no colon\r\n\r\n", 400 },
		{ LINE HOST ": no name\r\n\r\n", 400 },
		{ LINE HOST "Blank : a\r\n\r\n", 400 },
		{ LINE HOST "X: a\r\n folded\r\n\r\n", 400 },
		{ LINE HOST "X: a\nY: b\r\n\r\n", 400 },
		{ LINE HOST "X: a\rY: b\r\n\r\n", 400 },
		{ LINE HOST "X: \x01\r\n\r\n", 400 },
		{ LINE HOST "X: \x7f\r\n\r\n", 400 },
	};
	static const char nul[] = LINE HOST "X: \0\r\n\r\n";

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = read_text(cases[i].text);

		if (r != -EPROTO || request.status != cases[i].status || !request.error)
			fail_msg("case %zu: %d, %u", i, r, request.status);
		/* In pieces it comes to the same. */
		if (read_in_pieces(cases[i].text, strlen(cases[i].text), 1) != -EPROTO ||
				request.status != cases[i].status)
			fail_msg("case %zu in pieces: %u", i, request.status);
	}
	assert_int_equal(read_in_pieces(nul, sizeof(nul) - 1, 1000), -EPROTO);
}

static void limits(void **state)
{
	static char text[HTTP_HEAD_MAX * 2];
	size_t bytes;

	(void)state;
	/* As long as can be, and one byte more. */
	bytes = (size_t)sprintf(text, LINE HOST "X: ");
	memset(text + bytes, 'x', sizeof(text) - bytes);
	memcpy(text + HTTP_HEAD_MAX - 4, "\r\n\r\n", 5);
	assert_int_equal(read_in_pieces(text, HTTP_HEAD_MAX, 1000), 1);
	memcpy(text + HTTP_HEAD_MAX - 4, "x\r\n\r\n", 6);
	assert_int_equal(read_in_pieces(text, HTTP_HEAD_MAX + 1, 1000), -EPROTO);
	assert_int_equal(request.status, 431);
	/* Without an end it is refused as soon as it is too long. */
	memset(text + bytes, 'x', sizeof(text) - bytes);
	assert_int_equal(read_in_pieces(text, HTTP_HEAD_MAX - 1, 1000), 0);
	assert_int_equal(read_in_pieces(text, HTTP_HEAD_MAX, 1000), -EPROTO);
	assert_int_equal(request.status, 431);
	/* Headers, with that of the host. */
	bytes = (size_t)sprintf(text, LINE HOST);
	for (unsigned int i = 1; i < HTTP_HEADERS_MAX; i++)
		bytes += (size_t)sprintf(text + bytes, "X%u: a\r\n", i);
	strcpy(text + bytes, "\r\n");
	assert_int_equal(read_text(text), 1);
	assert_int_equal(request.n_headers, HTTP_HEADERS_MAX);
	strcpy(text + bytes, "X: a\r\n\r\n");
	assert_int_equal(read_text(text), -EPROTO);
	assert_int_equal(request.status, 431);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_browsers_request, setup, teardown),
		cmocka_unit_test_setup_teardown(what_follows_stays, setup, teardown),
		cmocka_unit_test_setup_teardown(body_lengths, setup, teardown),
		cmocka_unit_test_setup_teardown(refused, setup, teardown),
		cmocka_unit_test_setup_teardown(limits, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
