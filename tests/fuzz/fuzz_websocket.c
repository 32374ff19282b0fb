// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From the request to the last frame: whatever pieces bytes come in, the same
 * comes of them. The first byte says whose pages may connect, the second where a
 * piece ends.
 */
#include <event2/buffer.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "net/http_request.h"
#include "net/websocket_frames.h"
#include "net/websocket_upgrade.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
	int request, check, frames; /* what each said last */
	unsigned int status, pings;
	enum websocket_close code;
	struct evbuffer *payload;
};

static char desk[] = "https://desk.example";
static struct http_request request;

static int read_frames(struct websocket_reader *reader, struct evbuffer *input, struct outcome *outcome)
{
	size_t before = evbuffer_get_length(outcome->payload) + evbuffer_get_length(input);
	int r;

	while ((r = websocket_read(reader, input, outcome->payload)) == WEBSOCKET_PING) {
		if (reader->control_bytes > WEBSOCKET_CONTROL_MAX)
			abort();
		outcome->pings++;
	}
	/* No more comes out than went in, and nothing is left while more is asked for. */
	if (evbuffer_get_length(outcome->payload) + evbuffer_get_length(input) > before ||
			(r == 0 && evbuffer_get_length(input)))
		abort();
	return r;
}

static void run(const uint8_t *data, size_t size, size_t piece, bool listed, struct outcome *outcome)
{
	const struct config_addresses origins = { .count = listed, .text = { desk } };
	const struct websocket_policy policy = { .origins = &origins };
	struct evbuffer *input = evbuffer_new(), *answer = evbuffer_new();
	struct websocket_reader reader = { .left = 0 };
	const char *error = NULL;

	*outcome = (struct outcome){ .payload = evbuffer_new() };
	http_request_init(&request);
	for (size_t at = 0; at < size && outcome->request >= 0 && outcome->check == 0 && outcome->frames == 0;
			at += piece) {
		evbuffer_add(input, data + at, size - at < piece ? size - at : piece);
		if (outcome->request == 0) {
			outcome->request = http_request_read(&request, input);
			outcome->status = request.status;
			if (outcome->request == 1) {
				outcome->check = websocket_upgrade_check(&request, &policy, &outcome->status, &error);
				if (outcome->check == 0)
					websocket_upgrade_accept(&request, answer);
				else
					websocket_upgrade_refuse(outcome->status, error, answer);
			}
		}
		if (outcome->request == 1 && outcome->check == 0)
			outcome->frames = read_frames(&reader, input, outcome);
	}
	outcome->code = reader.code;
	evbuffer_free(input);
	evbuffer_free(answer);
}

static bool same_payload(struct evbuffer *a, struct evbuffer *b)
{
	size_t bytes = evbuffer_get_length(a);

	return evbuffer_get_length(b) == bytes &&
			(!bytes || !memcmp(evbuffer_pullup(a, -1), evbuffer_pullup(b, -1), bytes));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole, pieces;

	if (size < 2)
		return 0;
	run(data + 2, size - 2, size, data[0] & 1, &whole);
	run(data + 2, size - 2, data[1] ? data[1] : 1, data[0] & 1, &pieces);
	if (whole.request != pieces.request || whole.check != pieces.check || whole.frames != pieces.frames ||
			whole.status != pieces.status || whole.code != pieces.code || whole.pings != pieces.pings ||
			!same_payload(whole.payload, pieces.payload))
		abort();
	evbuffer_free(whole.payload);
	evbuffer_free(pieces.payload);
	return 0;
}
