// SPDX-License-Identifier: GPL-2.0-or-later
/* A stream's WebSocket layer: a bufferevent filter around the pure parsers. */
#include "net/websocket.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_request.h"
#include "net/web_pages.h"
#include "net/websocket_frames.h"
#include "server/log.h"

/* Pongs that may wait for a client to read; it is not told more often that we live. */
#define PONGS_WAITING_BYTES 1024

struct websocket {
	struct bufferevent *below, *layer;
	struct websocket_link *link;
	struct http_request *request; /* NULL once it is answered */
	struct websocket_reader reader;
	size_t pong_bytes; /* written since below had nothing to send */
	bool open, closed; /* answered with yes; a close frame was sent */
	bool ended; /* the owner is told of the end: nothing is read any more */
};

/* The owner hears of it, but not from inside the filter. error: 0 or negative errno. */
static void end(struct websocket *websocket, int error)
{
	if (websocket->ended)
		return;
	websocket->ended = true;
	errno = -error;
	bufferevent_trigger_event(websocket->layer, BEV_EVENT_READING | (error ? BEV_EVENT_ERROR : BEV_EVENT_EOF),
			BEV_TRIG_DEFER_CALLBACKS);
}

static void put_close(struct websocket *websocket, enum websocket_close code, struct evbuffer *output)
{
	if (!websocket->closed)
		(void)websocket_write_close(code, output);
	websocket->closed = true;
}

static void refuse(struct websocket *websocket, unsigned int status, const char *error)
{
	log_notice(websocket->link->policy.peer, "WebSocket refused: %s", error);
	/* Without memory the client learns it from the end of the connection. */
	(void)websocket_upgrade_refuse(status, error, bufferevent_get_output(websocket->below));
	end(websocket, -EPROTO);
}

/* True once the request is answered with yes. */
static bool read_request(struct websocket *websocket, struct evbuffer *input)
{
	const struct websocket_policy *policy = &websocket->link->policy;
	struct http_request *request = websocket->request;
	unsigned int status;
	const char *error;
	int r = http_request_read(request, input);

	if (r == -EPROTO) {
		refuse(websocket, request->status, request->error);
	} else if (r > 0 && policy->pages && !http_request_header(request, "upgrade")) {
		websocket->link->browses = true;
		r = web_pages_answer(policy->pages, request, bufferevent_get_output(websocket->below));
	} else if (r > 0 && websocket_upgrade_check(request, policy, &status, &error) < 0) {
		refuse(websocket, status, error);
	} else if (r > 0) {
		r = websocket_upgrade_accept(request, bufferevent_get_output(websocket->below));
		websocket->open = r == 0;
	}
	if (r < 0)
		end(websocket, r);
	if (!websocket->open)
		return false;
	free(request);
	websocket->request = NULL;
	/* What waited. */
	bufferevent_flush(websocket->layer, EV_WRITE, BEV_NORMAL);
	return true;
}

static void answer_ping(struct websocket *websocket)
{
	struct evbuffer *output = bufferevent_get_output(websocket->below);
	const struct websocket_reader *reader = &websocket->reader;

	if (!evbuffer_get_length(output))
		websocket->pong_bytes = 0;
	websocket->pong_bytes += 2 + reader->control_bytes;
	if (websocket->closed || websocket->pong_bytes > PONGS_WAITING_BYTES)
		return;
	if (websocket_write_control(WEBSOCKET_PONG, reader->control, reader->control_bytes, output) < 0)
		end(websocket, -ENOMEM);
}

static void read_frames(struct websocket *websocket, struct evbuffer *input, struct evbuffer *payload)
{
	struct evbuffer *output = bufferevent_get_output(websocket->below);
	int r;

	while (!websocket->ended && (r = websocket_read(&websocket->reader, input, payload)) != 0) {
		switch (r) {
		case WEBSOCKET_PING:
			answer_ping(websocket);
			break;
		case WEBSOCKET_CLOSE:
			put_close(websocket, WEBSOCKET_CLOSE_NORMAL, output);
			end(websocket, 0);
			break;
		case -EPROTO:
			log_notice(websocket->link->policy.peer, "WebSocket ended: %s", websocket->reader.error);
			put_close(websocket, websocket->reader.code, output);
			/* fall through */
		default:
			end(websocket, r);
		}
	}
}

static enum bufferevent_filter_result filter_input(struct evbuffer *source, struct evbuffer *target,
		ev_ssize_t limit, enum bufferevent_flush_mode mode, void *user)
{
	struct websocket *websocket = user;
	size_t before = evbuffer_get_length(target);

	(void)limit;
	(void)mode;
	if (!websocket->ended && !websocket->link->browses && (websocket->open || read_request(websocket, source)))
		read_frames(websocket, source, target);
	if (websocket->ended || websocket->link->browses)
		evbuffer_drain(source, SIZE_MAX);
	return evbuffer_get_length(target) > before ? BEV_OK : BEV_NEED_MORE;
}

static enum bufferevent_filter_result filter_output(struct evbuffer *source, struct evbuffer *target,
		ev_ssize_t limit, enum bufferevent_flush_mode mode, void *user)
{
	struct websocket *websocket = user;
	size_t before = evbuffer_get_length(target);

	(void)limit;
	if (!websocket->open)
		return BEV_NEED_MORE;
	if (websocket->closed)
		evbuffer_drain(source, SIZE_MAX);
	else if (websocket_write(source, target) < 0)
		end(websocket, -ENOMEM);
	if (mode == BEV_FINISHED)
		put_close(websocket, WEBSOCKET_CLOSE_NORMAL, target);
	return evbuffer_get_length(target) > before ? BEV_OK : BEV_NEED_MORE;
}

static void websocket_free(void *user)
{
	struct websocket *websocket = user;

	free(websocket->request);
	free(websocket);
}

static int websocket_open(struct event_base *base, struct bufferevent *below, void *argument,
		struct bufferevent **ret)
{
	struct websocket *websocket = calloc(1, sizeof(*websocket));
	struct http_request *request = malloc(sizeof(*request));

	(void)base;
	if (!websocket || !request)
		goto err_free;
	http_request_init(request);
	websocket->below = below;
	websocket->link = argument;
	websocket->request = request;
	websocket->open = websocket->link->upgraded;
	websocket->layer = bufferevent_filter_new(below, filter_input, filter_output, BEV_OPT_CLOSE_ON_FREE,
			websocket_free, websocket);
	if (!websocket->layer)
		goto err_free;
	*ret = websocket->layer;
	return 0;

err_free:
	free(request);
	free(websocket);
	return -ENOMEM;
}

const struct stream_layer websocket_layer = {
	.name = "WebSocket",
	.open = websocket_open,
};
