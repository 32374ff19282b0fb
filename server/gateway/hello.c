// SPDX-License-Identifier: GPL-2.0-or-later
/* From records to a handshake message, from that to its extensions, and to the one with the name. */
#include "server/gateway/hello.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "net/bytes.h"

enum {
	RECORD_HEADER_BYTES = 5,
	RECORD_MAX_BYTES = 16384,
	RECORD_HANDSHAKE = 22,
	HANDSHAKE_HEADER_BYTES = 4,
	HANDSHAKE_CLIENT_HELLO = 1,
	RANDOM_BYTES = 32,
	SESSION_ID_MAX_BYTES = 32,
	EXTENSION_SERVER_NAME = 0,
	NAME_TYPE_HOST = 0,
};

static size_t bytes_left(const struct bytes_reader *reader)
{
	return reader->failed ? 0 : (size_t)(reader->end - reader->at);
}

/* A vector behind its length, of so many bytes at least and at most. */
static struct bytes_reader get_vector(struct bytes_reader *reader, size_t length_bytes, size_t least, size_t most)
{
	const size_t bytes = bytes_get_number(reader, length_bytes);
	const uint8_t *at = bytes_get(reader, bytes);

	if (bytes < least || bytes > most)
		reader->failed = true;
	return at ? bytes_reader(at, bytes) : (struct bytes_reader){ .failed = true };
}

/* Exactly one host name, as all who wrote clients have understood it. */
static int read_server_name(struct bytes_reader extension, char *name)
{
	struct bytes_reader list = get_vector(&extension, 2, 1, UINT16_MAX), host;
	const uint8_t type = bytes_get_u8(&list);
	const char *error;
	size_t bytes;

	host = get_vector(&list, 2, 1, SERVER_NAME_MAX);
	bytes = bytes_left(&host);
	if (extension.failed || bytes_left(&extension) || list.failed || bytes_left(&list) || type != NAME_TYPE_HOST ||
			memchr(host.at, '\0', bytes))
		return -EPROTO;
	memcpy(name, host.at, bytes);
	name[bytes] = '\0';
	return server_name_check(name, &error) < 0 ? -EPROTO : 0;
}

static int read_extensions(struct bytes_reader extensions, char *name)
{
	bool named = false;

	while (bytes_left(&extensions)) {
		const uint16_t type = bytes_get_u16(&extensions);
		struct bytes_reader extension = get_vector(&extensions, 2, 0, UINT16_MAX);

		if (extensions.failed)
			return -EPROTO;
		if (type != EXTENSION_SERVER_NAME)
			continue;
		if (named || read_server_name(extension, name) < 0)
			return -EPROTO;
		named = true;
	}
	return 0;
}

static int read_client_hello(struct bytes_reader body, char *name)
{
	const uint16_t version = bytes_get_u16(&body);
	struct bytes_reader suites, extensions;

	bytes_skip(&body, RANDOM_BYTES);
	get_vector(&body, 1, 0, SESSION_ID_MAX_BYTES);
	suites = get_vector(&body, 2, 2, UINT16_MAX - 1);
	get_vector(&body, 1, 1, UINT8_MAX);
	name[0] = '\0';
	if (body.failed || version >> 8 != 3 || bytes_left(&suites) % 2)
		return -EPROTO;
	if (!bytes_left(&body))
		return 0;
	extensions = get_vector(&body, 2, 0, UINT16_MAX);
	if (body.failed || bytes_left(&body))
		return -EPROTO;
	return read_extensions(extensions, name);
}

/* The length of the handshake message that begins so. */
static size_t length_of(const uint8_t message[HANDSHAKE_HEADER_BYTES])
{
	return (size_t)message[1] << 16 | (size_t)message[2] << 8 | message[3];
}

/*
 * Of records that have come the bytes of the ClientHello that they are parts of, as far
 * as there are any, into message, which has room for as many as the records have.
 */
static int join_records(struct bytes_reader records, uint8_t *message, size_t *ret_bytes)
{
	size_t joined = 0, bytes, here;

	if (bytes_left(&records) && records.at[0] != RECORD_HANDSHAKE)
		return -EPROTO;
	while (bytes_left(&records) >= RECORD_HEADER_BYTES) {
		const uint8_t type = bytes_get_u8(&records);
		const uint16_t version = bytes_get_u16(&records);

		bytes = bytes_get_u16(&records);
		if (type != RECORD_HANDSHAKE || version >> 8 != 3 || bytes == 0 || bytes > RECORD_MAX_BYTES)
			return -EPROTO;
		here = bytes < bytes_left(&records) ? bytes : bytes_left(&records);
		if (here)
			memcpy(message + joined, bytes_get(&records, here), here);
		joined += here;
		if (joined && message[0] != HANDSHAKE_CLIENT_HELLO)
			return -EPROTO;
		if (joined >= HANDSHAKE_HEADER_BYTES && length_of(message) > HELLO_MAX_BYTES)
			return -EMSGSIZE;
		/* The record behind the message may be another one. */
		if (joined >= HANDSHAKE_HEADER_BYTES && joined - HANDSHAKE_HEADER_BYTES >= length_of(message))
			break;
	}
	*ret_bytes = joined;
	return 0;
}

int hello_parse(const void *bytes, size_t n_bytes, char ret_name[SERVER_NAME_MAX + 1])
{
	const size_t looked_at = n_bytes < HELLO_MAX_BYTES ? n_bytes : HELLO_MAX_BYTES;
	uint8_t message[HELLO_MAX_BYTES];
	char name[SERVER_NAME_MAX + 1];
	size_t joined;
	int r;

	r = join_records(bytes_reader(bytes, looked_at), message, &joined);
	if (r < 0)
		return r;
	if (joined < HANDSHAKE_HEADER_BYTES || joined - HANDSHAKE_HEADER_BYTES < length_of(message))
		return looked_at < HELLO_MAX_BYTES ? -EAGAIN : -EMSGSIZE;
	r = read_client_hello(bytes_reader(message + HANDSHAKE_HEADER_BYTES, length_of(message)), name);
	if (r < 0)
		return r;
	strcpy(ret_name, name);
	return 0;
}
