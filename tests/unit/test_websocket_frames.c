// SPDX-License-Identifier: GPL-2.0-or-later
/* WebSocket frames: read in any pieces, written in the shortest way, and each rule broken once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "net/websocket_frames.h"

#define BIG_BYTES 200000

static struct websocket_reader reader;
static struct evbuffer *input, *output;

static int setup(void **state)
{
	(void)state;
	input = evbuffer_new();
	output = evbuffer_new();
	memset(&reader, 0, sizeof(reader));
	return input && output ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	evbuffer_free(input);
	evbuffer_free(output);
	return 0;
}

static void start_anew(void)
{
	memset(&reader, 0, sizeof(reader));
	evbuffer_drain(input, SIZE_MAX);
	evbuffer_drain(output, SIZE_MAX);
}

/* As a client does. */
static void put_frame(struct evbuffer *to, bool final, uint8_t opcode, const void *data, size_t bytes)
{
	static const uint8_t mask[4] = { 0x12, 0x34, 0xa6, 0xf8 };
	uint8_t header[14] = { (uint8_t)(final << 7 | opcode) };
	uint8_t *masked = malloc(bytes ? bytes : 1);
	size_t n = 2;

	header[1] = (uint8_t)(0x80 | (bytes > 0xffff ? 127 : bytes > 125 ? 126 : bytes));
	for (int shift = bytes > 0xffff ? 56 : bytes > 125 ? 8 : -8; shift >= 0; shift -= 8)
		header[n++] = (uint8_t)((uint64_t)bytes >> shift);
	memcpy(header + n, mask, 4);
	for (size_t i = 0; i < bytes; i++)
		masked[i] = ((const uint8_t *)data)[i] ^ mask[i % 4];
	evbuffer_add(to, header, n + 4);
	evbuffer_add(to, masked, bytes);
	free(masked);
}

static void expect_output(const void *data, size_t bytes)
{
	assert_int_equal(evbuffer_get_length(output), bytes);
	if (bytes)
		assert_memory_equal(evbuffer_pullup(output, -1), data, bytes);
	evbuffer_drain(output, SIZE_MAX);
}

static void payload_of_any_length_in_any_pieces(void **state)
{
	static const size_t lengths[] = { 0, 1, 3, 7, 8, 9, 125, 126, 127, 1000, 16384, 65535, 65536, BIG_BYTES };
	static const size_t pieces[] = { 1, 2, 3, 5, 13, 4096, SIZE_MAX };
	uint8_t *data = malloc(BIG_BYTES);
	struct evbuffer *sent = evbuffer_new();

	(void)state;
	for (size_t i = 0; i < BIG_BYTES; i++)
		data[i] = (uint8_t)(i * 7 + (i >> 8));
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		for (size_t j = 0; j < sizeof(pieces) / sizeof(pieces[0]); j++) {
			start_anew();
			put_frame(sent, true, WEBSOCKET_BINARY, data, lengths[i]);
			while (evbuffer_get_length(sent)) {
				size_t left = evbuffer_get_length(sent);

				evbuffer_remove_buffer(sent, input, pieces[j] < left ? pieces[j] : left);
				assert_int_equal(websocket_read(&reader, input, output), 0);
				assert_int_equal(evbuffer_get_length(input), 0);
			}
			expect_output(data, lengths[i]);
		}
	}
	evbuffer_free(sent);
	free(data);
}

static void fragments_and_control_frames_between(void **state)
{
	(void)state;
	put_frame(input, false, WEBSOCKET_BINARY, "ab", 2);
	put_frame(input, true, WEBSOCKET_PING, "ping", 4);
	put_frame(input, false, WEBSOCKET_CONTINUATION, "", 0);
	put_frame(input, true, WEBSOCKET_PONG, "never asked for", 15);
	put_frame(input, true, WEBSOCKET_CONTINUATION, "cde", 3);
	put_frame(input, true, WEBSOCKET_BINARY, "f", 1);
	put_frame(input, true, WEBSOCKET_CLOSE, "\x03\xe8" "bye", 5);
	put_frame(input, true, WEBSOCKET_BINARY, "too late", 8);
	assert_int_equal(websocket_read(&reader, input, output), WEBSOCKET_PING);
	assert_int_equal(reader.control_bytes, 4);
	assert_memory_equal(reader.control, "ping", 4);
	assert_int_equal(websocket_read(&reader, input, output), WEBSOCKET_CLOSE);
	assert_int_equal(reader.control_bytes, 5);
	expect_output("abcdef", 6);
}

static void the_longest_ping(void **state)
{
	uint8_t data[WEBSOCKET_CONTROL_MAX];

	(void)state;
	memset(data, 'p', sizeof(data));
	put_frame(input, true, WEBSOCKET_PING, data, sizeof(data));
	assert_int_equal(websocket_read(&reader, input, output), WEBSOCKET_PING);
	assert_int_equal(reader.control_bytes, sizeof(data));
	assert_memory_equal(reader.control, data, sizeof(data));
	put_frame(input, true, WEBSOCKET_PING, NULL, 0);
	assert_int_equal(websocket_read(&reader, input, output), WEBSOCKET_PING);
	assert_int_equal(reader.control_bytes, 0);
}

#define MASK "\1\2\3\4"
#define BYTES(text) text, sizeof(text) - 1

static void each_rule_broken(void **state)
{
	static const struct {
		const char *data;
		size_t bytes;
		enum websocket_close code;
	} cases[] = {
		{ BYTES("\x82\x01x"), WEBSOCKET_CLOSE_PROTOCOL }, /* not masked */
		{ BYTES("\xc2\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL }, /* reserved bits */
		{ BYTES("\xa2\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL },
		{ BYTES("\x92\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL },
		{ BYTES("\x81\x80" MASK), WEBSOCKET_CLOSE_DATA }, /* text */
		{ BYTES("\x83\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL }, /* no such kind */
		{ BYTES("\x8b\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL },
		{ BYTES("\x8f\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL },
		{ BYTES("\x80\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL }, /* goes on with nothing */
		{ BYTES("\x02\x80" MASK "\x82\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL }, /* one within another */
		{ BYTES("\x82\x80" MASK "\x80\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL }, /* was over */
		{ BYTES("\x09\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL }, /* control in pieces */
		{ BYTES("\x08\x80" MASK), WEBSOCKET_CLOSE_PROTOCOL },
		{ BYTES("\x89\xfe\x00\x7e" MASK), WEBSOCKET_CLOSE_PROTOCOL }, /* control too long */
		{ BYTES("\x88\xff"), WEBSOCKET_CLOSE_PROTOCOL },
		{ BYTES("\x82\xfe\x00\x7d" MASK), WEBSOCKET_CLOSE_PROTOCOL }, /* lengths not in the shortest way */
		{ BYTES("\x82\xff\0\0\0\0\0\0\xff\xff" MASK), WEBSOCKET_CLOSE_PROTOCOL },
		{ BYTES("\x82\xff\x80\0\0\0\0\1\0\0" MASK), WEBSOCKET_CLOSE_PROTOCOL },
		{ BYTES("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" MASK), WEBSOCKET_CLOSE_PROTOCOL },
		{ BYTES("\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff" MASK), WEBSOCKET_CLOSE_TOO_BIG },
		{ BYTES("\x82\xff\0\0\0\0\x04\0\0\1" MASK), WEBSOCKET_CLOSE_TOO_BIG },
		{ BYTES("\x88\x81" MASK "\x02"), WEBSOCKET_CLOSE_PROTOCOL }, /* half a reason */
		{ BYTES("\x88\x82" "\0\0\0\0" "\x03\xe7"), WEBSOCKET_CLOSE_PROTOCOL }, /* 999 */
		{ BYTES("\x88\x82" "\0\0\0\0" "\x03\xed"), WEBSOCKET_CLOSE_PROTOCOL }, /* 1005 */
		{ BYTES("\x88\x82" "\0\0\0\0" "\x0b\xb7"), WEBSOCKET_CLOSE_PROTOCOL }, /* 2999 */
		{ BYTES("\x88\x82" "\0\0\0\0" "\x13\x88"), WEBSOCKET_CLOSE_PROTOCOL }, /* 5000 */
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int r = 0;

		start_anew();
		/* Byte by byte: it is told as soon as it can be known, and not later than at the end. */
		for (size_t at = 0; at < cases[i].bytes && r == 0; at++) {
			evbuffer_add(input, cases[i].data + at, 1);
			r = websocket_read(&reader, input, output);
		}
		if (r != -EPROTO || reader.code != cases[i].code || !reader.error)
			fail_msg("case %zu: %d, %d", i, r, reader.code);
	}
}

static void ends_that_are_in_order(void **state)
{
	static const uint16_t codes[] = { 1000, 1001, 1003, 1011, 1014, 3000, 4999 };

	(void)state;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		const uint8_t data[] = { (uint8_t)(codes[i] >> 8), (uint8_t)codes[i] };

		start_anew();
		put_frame(input, true, WEBSOCKET_CLOSE, data, sizeof(data));
		assert_int_equal(websocket_read(&reader, input, output), WEBSOCKET_CLOSE);
	}
	start_anew();
	put_frame(input, true, WEBSOCKET_CLOSE, NULL, 0);
	assert_int_equal(websocket_read(&reader, input, output), WEBSOCKET_CLOSE);
}

static void the_longest_frame_needs_no_memory(void **state)
{
	(void)state;
	evbuffer_add(input, "\x82\xff\0\0\0\0\x04\0\0\0" MASK "abc", 17);
	assert_int_equal(websocket_read(&reader, input, output), 0);
	expect_output("\x60\x60\x60", 3);
	assert_int_equal(reader.left, WEBSOCKET_FRAME_MAX - 3);
}

static void messages_are_written_in_the_shortest_way(void **state)
{
	static const struct {
		size_t bytes;
		const char *header;
		size_t header_bytes;
	} cases[] = {
		{ 1, BYTES("\x82\x01") },
		{ 125, BYTES("\x82\x7d") },
		{ 126, BYTES("\x82\x7e\x00\x7e") },
		{ 65535, BYTES("\x82\x7e\xff\xff") },
		{ 65536, BYTES("\x82\x7f\0\0\0\0\0\1\0\0") },
	};
	uint8_t *data = calloc(1, 65536);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		evbuffer_add(input, data, cases[i].bytes);
		assert_int_equal(websocket_write(input, output), 0);
		assert_int_equal(evbuffer_get_length(input), 0);
		assert_int_equal(evbuffer_get_length(output), cases[i].header_bytes + cases[i].bytes);
		assert_memory_equal(evbuffer_pullup(output, -1), cases[i].header, cases[i].header_bytes);
		evbuffer_drain(output, SIZE_MAX);
	}
	free(data);
	assert_int_equal(websocket_write(input, output), 0);
	expect_output(NULL, 0);
	assert_int_equal(websocket_write_control(WEBSOCKET_PONG, "abc", 3, output), 0);
	expect_output("\x8a\x03" "abc", 5);
	assert_int_equal(websocket_write_close(WEBSOCKET_CLOSE_PROTOCOL, output), 0);
	expect_output("\x88\x02\x03\xea", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(payload_of_any_length_in_any_pieces, setup, teardown),
		cmocka_unit_test_setup_teardown(fragments_and_control_frames_between, setup, teardown),
		cmocka_unit_test_setup_teardown(the_longest_ping, setup, teardown),
		cmocka_unit_test_setup_teardown(each_rule_broken, setup, teardown),
		cmocka_unit_test_setup_teardown(ends_that_are_in_order, setup, teardown),
		cmocka_unit_test_setup_teardown(the_longest_frame_needs_no_memory, setup, teardown),
		cmocka_unit_test_setup_teardown(messages_are_written_in_the_shortest_way, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
