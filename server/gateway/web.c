// SPDX-License-Identifier: GPL-2.0-or-later
/* TLS with the server's certificate, and an answer by HTTP. */
#include "server/gateway/web.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "net/stream.h"
#include "net/tls.h"
#include "net/websocket_upgrade.h"
#include "server/clock.h"
#include "server/gateway/gateway.h"
#include "server/log.h"

#define PATIENCE_NS (10 * NSEC_PER_SEC)
#define REQUEST_MAX_BYTES 8192

struct visitor {
	TAILQ_ENTRY(visitor) link;
	struct web *web;
	struct stream *stream;
	struct tls_link tls;
	int64_t until_ns;
};

struct web {
	struct gateway *gateway;
	TAILQ_HEAD(, visitor) visitors; /* oldest first */
};

static void drop(struct visitor *visitor)
{
	TAILQ_REMOVE(&visitor->web->visitors, visitor, link);
	stream_free(visitor->stream);
	free(visitor);
}

static void handle_readable(void *user)
{
	struct visitor *visitor = user;
	struct evbuffer *input = stream_input(visitor->stream), *output;
	const bool whole = evbuffer_search(input, "\r\n\r\n", 4, NULL).pos >= 0;

	if (clock_now_ns() >= visitor->until_ns || evbuffer_get_length(input) > REQUEST_MAX_BYTES) {
		drop(visitor);
		return;
	}
	if (!whole)
		return;
	output = evbuffer_new();
	if (output && websocket_upgrade_refuse(404, "no VM of that name is served here", output) == 0)
		stream_write_buffer(visitor->stream, output);
	if (output)
		evbuffer_free(output);
	drop(visitor);
}

static void handle_drained(void *user)
{
	(void)user;
}

static void handle_closed(void *user, int error)
{
	(void)error;
	drop(user);
}

static const struct stream_events stream_events = {
	.readable = handle_readable,
	.drained = handle_drained,
	.closed = handle_closed,
};

void web_accept(struct web *web, int fd, const struct sockaddr *peer, socklen_t length)
{
	struct visitor *visitor = calloc(1, sizeof(*visitor));
	int r = visitor ? 0 : -ENOMEM;

	(void)peer;
	(void)length;
	if (!r)
		r = stream_new(gateway_base(web->gateway), fd, &stream_events, visitor, &visitor->stream);
	if (r < 0) {
		free(visitor);
		close(fd);
		return;
	}
	visitor->web = web;
	visitor->tls.tls = gateway_tls(web->gateway);
	visitor->until_ns = clock_now_ns() + PATIENCE_NS;
	TAILQ_INSERT_TAIL(&web->visitors, visitor, link);
	stream_set_input_limit(visitor->stream, REQUEST_MAX_BYTES);
	stream_again_in(visitor->stream, PATIENCE_NS);
	r = stream_push(visitor->stream, &tls_layer, &visitor->tls);
	if (r < 0) {
		log_warn(NULL, "visitor refused: %s", strerror(-r));
		drop(visitor);
	}
}

int web_new(struct gateway *gateway, struct web **ret)
{
	struct web *web = calloc(1, sizeof(*web));

	if (!web)
		return -ENOMEM;
	web->gateway = gateway;
	TAILQ_INIT(&web->visitors);
	*ret = web;
	return 0;
}

void web_free(struct web *web)
{
	struct visitor *visitor;

	if (!web)
		return;
	while ((visitor = TAILQ_FIRST(&web->visitors)))
		drop(visitor);
	free(web);
}

void web_reconfigure(struct web *web)
{
	(void)web; /* what counts is read when somebody comes */
}
