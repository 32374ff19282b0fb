// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes the head of an HTTP request apart. */
#include "net/http_request.h"

#include <errno.h>
#include <event2/buffer.h>
#include <string.h>
#include <strings.h>

static const char end_of_head[] = "\r\n\r\n";
#define END_BYTES (sizeof(end_of_head) - 1)

static int refuse(struct http_request *request, unsigned int status, const char *error)
{
	request->status = status;
	request->error = error;
	return -EPROTO;
}

/* RFC 9110 5.6.2 */
static bool is_token(const char *text)
{
	const char *at = text;

	while ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') ||
			(*at && strchr("!#$%&'*+-.^_`|~", *at)))
		at++;
	return at != text && !*at;
}

/* May a header of that name come once only? Those with a list for a value are joined when they are asked for. */
static bool is_single(const char *name)
{
	static const char *const names[] = { "host", "origin", "cookie", "upgrade", "content-length",
		"content-type", "sec-websocket-key", "sec-websocket-version", "sec-fetch-site" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!strcasecmp(names[i], name))
			return true;
	}
	return false;
}

/* line is terminated in place. */
static int read_start(struct http_request *request, char *line)
{
	char *target = strchr(line, ' ');
	char *version = target ? strchr(target + 1, ' ') : NULL;
	char *query;

	if (!version)
		return refuse(request, 400, "no HTTP request");
	*target++ = '\0';
	*version++ = '\0';
	if (strcmp(version, "HTTP/1.1"))
		return refuse(request, strncmp(version, "HTTP/", 5) ? 400 : 505, "only HTTP/1.1 is spoken here");
	if (!is_token(line))
		return refuse(request, 400, "no HTTP request");
	if (*target != '/')
		return refuse(request, 400, "the target is no path");
	for (const char *at = target; *at; at++) {
		if (*at <= ' ' || *at > '~' || *at == '#')
			return refuse(request, 400, "the path has a character that it may not have");
	}
	query = strchr(target, '?');
	if (query)
		*query++ = '\0';
	request->method = line;
	request->path = target;
	request->query = query;
	return 0;
}

static int read_header(struct http_request *request, char *line)
{
	char *value = strchr(line, ':'), *end;

	if (!value)
		return refuse(request, 400, "a header has no colon");
	*value++ = '\0';
	/* Also finds blanks before the colon, and lines that go on the one before. */
	if (!is_token(line))
		return refuse(request, 400, "a header has a character in its name that it may not have");
	value += strspn(value, " \t");
	end = value + strlen(value);
	while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
		*--end = '\0';
	for (const char *at = value; *at; at++) {
		if (((unsigned char)*at < ' ' && *at != '\t') || *at == 0x7f)
			return refuse(request, 400, "a header has a character that it may not have");
	}
	if (request->n_headers == HTTP_HEADERS_MAX)
		return refuse(request, 431, "too many headers");
	if (is_single(line) && http_request_header(request, line))
		return refuse(request, 400, "a header came twice");
	if (!strcasecmp(line, "transfer-encoding"))
		return refuse(request, 501, "no transfer coding is understood");
	request->headers[request->n_headers].name = line;
	request->headers[request->n_headers++].value = value;
	return 0;
}

/* head has bytes bytes and ends with the blank line. */
static int read_head(struct http_request *request, size_t bytes)
{
	char *line = request->head, *end = request->head + bytes - 2, *next;
	int r = 0;

	if (memchr(request->head, '\0', bytes))
		return refuse(request, 400, "no HTTP request");
	for (bool first = true; r == 0 && line < end; line = next, first = false) {
		next = strstr(line, "\r\n");
		*next = '\0';
		next += 2;
		/* A CR or LF alone would be a line's end to others. */
		if (strpbrk(line, "\r\n"))
			return refuse(request, 400, "a line has a character that it may not have");
		r = first ? read_start(request, line) : read_header(request, line);
	}
	if (r == 0 && !request->method)
		return refuse(request, 400, "no HTTP request");
	if (r == 0 && !http_request_header(request, "host"))
		return refuse(request, 400, "there is no Host");
	return r;
}

void http_request_init(struct http_request *request)
{
	/* head is written before it is read. */
	memset(request, 0, offsetof(struct http_request, head));
}

int http_request_read(struct http_request *request, struct evbuffer *input)
{
	size_t there = evbuffer_get_length(input), bytes;
	struct evbuffer_ptr from, found;
	int r;

	/* Each byte is looked at once, whatever pieces it comes in. */
	if (there < END_BYTES || evbuffer_ptr_set(input, &from, request->searched, EVBUFFER_PTR_SET) < 0)
		return 0;
	found = evbuffer_search(input, end_of_head, END_BYTES, &from);
	if (found.pos < 0 && there < HTTP_HEAD_MAX) {
		request->searched = there - (END_BYTES - 1);
		return 0;
	}
	if (found.pos < 0 || (size_t)found.pos + END_BYTES > HTTP_HEAD_MAX)
		return refuse(request, 431, "the request is too long");
	bytes = (size_t)found.pos + END_BYTES;
	if (evbuffer_remove(input, request->head, bytes) != (int)bytes)
		return -ENOMEM;
	request->head[bytes] = '\0';
	r = read_head(request, bytes);
	return r < 0 ? r : 1;
}

const char *http_request_header(const struct http_request *request, const char *name)
{
	for (unsigned int i = 0; i < request->n_headers; i++) {
		if (!strcasecmp(request->headers[i].name, name))
			return request->headers[i].value;
	}
	return NULL;
}

bool http_request_has_token(const struct http_request *request, const char *name, const char *token)
{
	static const char between[] = ", \t";

	for (unsigned int i = 0; i < request->n_headers; i++) {
		const char *at = request->headers[i].value;
		size_t bytes;

		if (strcasecmp(request->headers[i].name, name))
			continue;
		for (at += strspn(at, between); *at; at += bytes, at += strspn(at, between)) {
			bytes = strcspn(at, between);
			if (bytes == strlen(token) && !strncasecmp(at, token, bytes))
				return true;
		}
	}
	return false;
}

int http_request_body_bytes(const struct http_request *request, size_t most, size_t *ret)
{
	const char *text = http_request_header(request, "content-length");
	size_t bytes = 0;

	if (!text) {
		*ret = 0;
		return 0;
	}
	if (!*text)
		return -EPROTO;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -EPROTO;
		/* Beyond most it does not matter how much it is, but that it is a number does. */
		bytes = bytes > most ? bytes : bytes * 10 + (size_t)(*text - '0');
	}
	if (bytes > most)
		return -E2BIG;
	*ret = bytes;
	return 0;
}

const char *http_status_text(unsigned int status)
{
	static const struct {
		unsigned int status;
		const char *text;
	} texts[] = {
		{ 101, "Switching Protocols" },
		{ 200, "OK" },
		{ 303, "See Other" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 413, "Content Too Large" },
		{ 426, "Upgrade Required" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 501, "Not Implemented" },
		{ 503, "Service Unavailable" },
		{ 505, "HTTP Version Not Supported" },
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].status == status)
			return texts[i].text;
	}
	return "Error";
}
