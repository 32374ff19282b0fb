// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads and writes WebSocket frames. */
#include "net/websocket_frames.h"

#include <errno.h>
#include <event2/buffer.h>
#include <string.h>

#include "net/bytes.h"

#define FIN 0x80
#define RESERVED 0x70
#define OPCODE 0x0f
#define MASKED 0x80
#define LENGTH 0x7f
/* Lengths that stand for a longer one behind them. */
#define LENGTH_16 126
#define LENGTH_64 127
#define MASK_BYTES 4
/* Unmasked at a time. */
#define PIECE_BYTES 16384

static int fail(struct websocket_reader *reader, enum websocket_close code, const char *error)
{
	reader->code = code;
	reader->error = error;
	return -EPROTO;
}

static bool is_control(uint8_t opcode)
{
	return opcode & 8;
}

static size_t length_bytes(uint8_t length)
{
	return length == LENGTH_64 ? 8 : length == LENGTH_16 ? 2 : 0;
}

/* The first two bytes are there. */
static int check_start(struct websocket_reader *reader)
{
	const uint8_t first = reader->header[0], second = reader->header[1];
	const uint8_t opcode = first & OPCODE;

	if (first & RESERVED)
		return fail(reader, WEBSOCKET_CLOSE_PROTOCOL, "a frame of an extension that was not agreed on");
	if (!(second & MASKED))
		return fail(reader, WEBSOCKET_CLOSE_PROTOCOL, "a frame that is not masked");
	switch (opcode) {
	case WEBSOCKET_CONTINUATION:
		return reader->in_message ? 0 : fail(reader, WEBSOCKET_CLOSE_PROTOCOL, "goes on with no message");
	case WEBSOCKET_BINARY:
		return reader->in_message ? fail(reader, WEBSOCKET_CLOSE_PROTOCOL, "a message within another") : 0;
	case WEBSOCKET_TEXT:
		return fail(reader, WEBSOCKET_CLOSE_DATA, "a message of text");
	case WEBSOCKET_CLOSE:
	case WEBSOCKET_PING:
	case WEBSOCKET_PONG:
		if (!(first & FIN) || (second & LENGTH) > WEBSOCKET_CONTROL_MAX)
			return fail(reader, WEBSOCKET_CLOSE_PROTOCOL, "a control frame that is too long or in pieces");
		return 0;
	default:
		return fail(reader, WEBSOCKET_CLOSE_PROTOCOL, "a frame of a kind that there is not");
	}
}

/* The whole header is there. */
static int begin_payload(struct websocket_reader *reader)
{
	const uint8_t length = reader->header[1] & LENGTH, opcode = reader->header[0] & OPCODE;
	const size_t more = length_bytes(length);
	struct bytes_reader bytes = bytes_reader(reader->header + 2, more);
	uint64_t left = more ? bytes_get_number(&bytes, more) : length;

	/* RFC 6455 5.2: the shortest way to write it, and the highest bit not set. */
	if ((length == LENGTH_16 && left < LENGTH_16) || (length == LENGTH_64 && (left <= UINT16_MAX || left >> 63)))
		return fail(reader, WEBSOCKET_CLOSE_PROTOCOL, "a length written in a way that it may not be");
	if (left > WEBSOCKET_FRAME_MAX)
		return fail(reader, WEBSOCKET_CLOSE_TOO_BIG, "a frame that is too long");
	if (is_control(opcode))
		reader->control_bytes = 0;
	else
		reader->in_message = !(reader->header[0] & FIN);
	memcpy(reader->mask, reader->header + 2 + more, MASK_BYTES);
	reader->left = left;
	reader->in_payload = true;
	return 0;
}

/* 1: all there; 0: more is needed. */
static int read_header(struct websocket_reader *reader, struct evbuffer *input)
{
	size_t need;
	int r;

	do {
		need = 2;
		if (reader->header_bytes >= 2)
			need += length_bytes(reader->header[1] & LENGTH) + MASK_BYTES;
		r = evbuffer_remove(input, reader->header + reader->header_bytes, need - reader->header_bytes);
		if (r <= 0)
			return r < 0 ? -ENOMEM : 0;
		reader->header_bytes += (size_t)r;
		if (reader->header_bytes == 2 && need == 2) {
			r = check_start(reader);
			if (r < 0)
				return r;
		}
	} while (need == 2 || reader->header_bytes < need);
	r = begin_payload(reader);
	return r < 0 ? r : 1;
}

/* Eight bytes at a time: the mask is turned so that it fits the next byte. */
static void unmask(struct websocket_reader *reader, uint8_t *data, size_t bytes)
{
	const uint8_t *mask = reader->mask;
	uint8_t turned[MASK_BYTES], twice[8];
	uint64_t word, wide;
	size_t i = 0;

	memcpy(twice, mask, MASK_BYTES);
	memcpy(twice + MASK_BYTES, mask, MASK_BYTES);
	memcpy(&wide, twice, sizeof(wide));
	for (; i + sizeof(word) <= bytes; i += sizeof(word)) {
		memcpy(&word, data + i, sizeof(word));
		word ^= wide;
		memcpy(data + i, &word, sizeof(word));
	}
	for (; i < bytes; i++)
		data[i] ^= mask[i % MASK_BYTES];
	for (i = 0; i < MASK_BYTES; i++)
		turned[i] = mask[(bytes + i) % MASK_BYTES];
	memcpy(reader->mask, turned, MASK_BYTES);
}

static int read_control(struct websocket_reader *reader, struct evbuffer *input)
{
	uint8_t *to = reader->control + reader->control_bytes;
	int r = reader->left ? evbuffer_remove(input, to, (size_t)reader->left) : 0;

	if (r < 0)
		return -ENOMEM;
	unmask(reader, to, (size_t)r);
	reader->control_bytes += (size_t)r;
	reader->left -= (size_t)r;
	return 0;
}

static int read_data(struct websocket_reader *reader, struct evbuffer *input, struct evbuffer *payload)
{
	while (reader->left && evbuffer_get_length(input)) {
		size_t bytes = reader->left < PIECE_BYTES ? (size_t)reader->left : PIECE_BYTES;
		struct evbuffer_iovec space;
		int r;

		if (evbuffer_reserve_space(payload, (ev_ssize_t)bytes, &space, 1) != 1)
			return -ENOMEM;
		r = evbuffer_remove(input, space.iov_base, bytes);
		if (r < 0)
			return -ENOMEM;
		unmask(reader, space.iov_base, (size_t)r);
		space.iov_len = (size_t)r;
		if (evbuffer_commit_space(payload, &space, 1) < 0)
			return -ENOMEM;
		reader->left -= (size_t)r;
	}
	return 0;
}

/* The code that a client may give for its end (7.4.1, 7.4.2), if it gives one. */
static bool close_is_good(const struct websocket_reader *reader)
{
	unsigned int code;

	if (reader->control_bytes == 0)
		return true;
	if (reader->control_bytes == 1)
		return false;
	code = (unsigned int)reader->control[0] << 8 | reader->control[1];
	return (code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006) ||
			(code >= 3000 && code <= 4999);
}

int websocket_read(struct websocket_reader *reader, struct evbuffer *input, struct evbuffer *payload)
{
	uint8_t opcode;
	int r;

	for (;;) {
		if (!reader->in_payload) {
			r = read_header(reader, input);
			if (r <= 0)
				return r;
		}
		opcode = reader->header[0] & OPCODE;
		r = is_control(opcode) ? read_control(reader, input) : read_data(reader, input, payload);
		if (r < 0)
			return r;
		if (reader->left)
			return 0;
		reader->in_payload = false;
		reader->header_bytes = 0;
		if (opcode == WEBSOCKET_CLOSE && !close_is_good(reader))
			return fail(reader, WEBSOCKET_CLOSE_PROTOCOL, "an end for a reason that there is not");
		if (opcode == WEBSOCKET_CLOSE || opcode == WEBSOCKET_PING)
			return opcode;
	}
}

static size_t make_header(enum websocket_opcode opcode, uint64_t bytes, uint8_t header[WEBSOCKET_HEADER_MAX])
{
	struct bytes_writer writer = bytes_writer(header, WEBSOCKET_HEADER_MAX);

	bytes_put_u8(&writer, (uint8_t)(FIN | opcode));
	if (bytes < LENGTH_16) {
		bytes_put_u8(&writer, (uint8_t)bytes);
	} else if (bytes <= UINT16_MAX) {
		bytes_put_u8(&writer, LENGTH_16);
		bytes_put_u16(&writer, (uint16_t)bytes);
	} else {
		bytes_put_u8(&writer, LENGTH_64);
		bytes_put_u32(&writer, (uint32_t)(bytes >> 32));
		bytes_put_u32(&writer, (uint32_t)bytes);
	}
	return bytes_written(&writer);
}

/*
 * Both of these put a frame into the output at once: a layer below may be at work as soon as there is
 * something, and then asks for more.
 */
int websocket_write(struct evbuffer *data, struct evbuffer *output)
{
	uint8_t header[WEBSOCKET_HEADER_MAX];
	size_t bytes = evbuffer_get_length(data);

	if (!bytes)
		return 0;
	if (evbuffer_prepend(data, header, make_header(WEBSOCKET_BINARY, bytes, header)) < 0)
		return -ENOMEM;
	return evbuffer_add_buffer(output, data) < 0 ? -ENOMEM : 0;
}

int websocket_write_control(enum websocket_opcode opcode, const void *data, size_t bytes, struct evbuffer *output)
{
	uint8_t frame[WEBSOCKET_HEADER_MAX + WEBSOCKET_CONTROL_MAX];
	size_t header_bytes = make_header(opcode, bytes, frame);

	if (bytes)
		memcpy(frame + header_bytes, data, bytes);
	return evbuffer_add(output, frame, header_bytes + bytes) < 0 ? -ENOMEM : 0;
}

int websocket_write_close(enum websocket_close code, struct evbuffer *output)
{
	const uint8_t data[2] = { (uint8_t)(code >> 8), (uint8_t)code };

	return websocket_write_control(WEBSOCKET_CLOSE, data, sizeof(data), output);
}
