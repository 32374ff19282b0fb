/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * WebSocket frames (RFC 6455 5) as a server reads and writes them: masked binary
 * messages in, in any number of fragments, their payload out as one stream of
 * bytes; unmasked whole messages out. What a client may not send ends it. Pure:
 * bytes in, bytes out; any thread.
 */
#ifndef PLANECAST_NET_WEBSOCKET_FRAMES_H
#define PLANECAST_NET_WEBSOCKET_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

/* Nothing waits for a frame to be whole; this only keeps lengths from being absurd. */
#define WEBSOCKET_FRAME_MAX (64u << 20)
#define WEBSOCKET_CONTROL_MAX 125
#define WEBSOCKET_HEADER_MAX 14

enum websocket_close {
	WEBSOCKET_CLOSE_NORMAL = 1000,
	WEBSOCKET_CLOSE_GOING_AWAY = 1001,
	WEBSOCKET_CLOSE_PROTOCOL = 1002,
	WEBSOCKET_CLOSE_DATA = 1003,
	WEBSOCKET_CLOSE_TOO_BIG = 1009,
};

enum websocket_opcode {
	WEBSOCKET_CONTINUATION = 0,
	WEBSOCKET_TEXT = 1,
	WEBSOCKET_BINARY = 2,
	WEBSOCKET_CLOSE = 8,
	WEBSOCKET_PING = 9,
	WEBSOCKET_PONG = 10,
};

/* Zeroes: nothing read yet. */
struct websocket_reader {
	/* Once it returned -EPROTO. */
	enum websocket_close code;
	const char *error; /* a constant */
	/* Once it returned WEBSOCKET_PING or WEBSOCKET_CLOSE. */
	uint8_t control[WEBSOCKET_CONTROL_MAX];
	size_t control_bytes;

	uint8_t header[WEBSOCKET_HEADER_MAX];
	size_t header_bytes; /* so far */
	bool in_payload, in_message;
	uint64_t left; /* of the payload */
	uint8_t mask[4]; /* of the next byte first */
};

/*
 * Goes through input and moves payload to it, until there is no more input (0), a
 * ping or a close is whole (its opcode; call again behind a ping, never behind
 * a close), or the client is to be sent a close frame and dropped: -EPROTO,
 * -ENOMEM. Not again then.
 */
int websocket_read(struct websocket_reader *reader, struct evbuffer *input, struct evbuffer *payload);

/* Moves all of data as one binary message to output; nothing for nothing. -ENOMEM. */
int websocket_write(struct evbuffer *data, struct evbuffer *output);
/* bytes is at most WEBSOCKET_CONTROL_MAX. -ENOMEM. */
int websocket_write_control(enum websocket_opcode opcode, const void *data, size_t bytes, struct evbuffer *output);
int websocket_write_close(enum websocket_close code, struct evbuffer *output);

#endif
