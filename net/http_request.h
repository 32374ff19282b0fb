/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The head of an HTTP/1.1 request (RFC 9112), read strictly: what only old or
 * odd clients write is refused, so that nothing here is understood in two ways.
 * No folded lines, no blanks before a colon, no lone CR or LF, no header twice
 * that has one value, no transfer coding, exactly one Host.
 *
 * Bytes in; no socket, no clock. Any thread.
 */
#ifndef PLANECAST_NET_HTTP_REQUEST_H
#define PLANECAST_NET_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

/* The whole head, the blank line with it. Browsers send one to two KiB, more with many cookies. */
#define HTTP_HEAD_MAX 8192
#define HTTP_HEADERS_MAX 64

struct http_request {
	/* Once it is whole; they point into head. */
	const char *method;
	const char *path; /* begins with '/'; as it was sent: nothing is decoded */
	const char *query; /* behind '?'; NULL: there is none */
	unsigned int n_headers;
	struct {
		const char *name, *value;
	} headers[HTTP_HEADERS_MAX];
	/* Once it is refused. */
	unsigned int status; /* to answer with */
	const char *error; /* a constant; fit for the client and the log */

	size_t searched; /* of the input, for its end */
	char head[HTTP_HEAD_MAX + 1];
};

void http_request_init(struct http_request *request);
/*
 * Takes the head off input when it is all there; what follows stays. 1: it is whole;
 * 0: more is needed, input is as it was; -EPROTO: it is refused; -ENOMEM. Not again
 * after 1 or an error but behind another http_request_init().
 */
int http_request_read(struct http_request *request, struct evbuffer *input);

/* NULL: there is none. Names compare without case. The first, of those that may come twice. */
const char *http_request_header(const struct http_request *request, const char *name);
/* Is token, without case, in one of the comma-separated lists that are the headers of that name? */
bool http_request_has_token(const struct http_request *request, const char *name, const char *token);
/* Content-Length; 0 where there is none. -EPROTO: it is no number; -E2BIG: more than most. */
int http_request_body_bytes(const struct http_request *request, size_t most, size_t *ret);

/* "Forbidden" for 403, of those that this program answers with. */
const char *http_status_text(unsigned int status);

#endif
