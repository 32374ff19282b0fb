// SPDX-License-Identifier: GPL-2.0-or-later
/* What a SPICE client may say, message by message, and what becomes of the library's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <spice/enums.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "net/spice_filter.h"
#include "net/spice_scan.h"
#include "net/spice_wire.h"

#define SESSION 0xcafe1234u

enum fate { PASSES = 1, DROPPED, REFUSED };

static struct evbuffer *input;
static struct spice_filter filter;

static int setup(void **state)
{
	(void)state;
	input = evbuffer_new();
	return input ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	evbuffer_free(input);
	return 0;
}

static enum fate fate_of(enum spice_link_channel channel, uint16_t type, uint32_t size)
{
	static const uint8_t zeroes[8192];
	uint8_t header[SPICE_FILTER_HEADER_BYTES];
	size_t bytes = 0;
	bool drop;
	int r;

	spice_filter_init(&filter, channel, SESSION);
	evbuffer_drain(input, SIZE_MAX);
	spice_wire_put_u16(header, type);
	spice_wire_put_u32(header + 2, size);
	evbuffer_add(input, header, sizeof(header));
	r = spice_filter_client(&filter, 1, input, &bytes, &drop);
	if (r == -EPROTO) {
		assert_non_null(filter.error);
		assert_int_equal(filter.type, type);
		assert_int_equal(filter.size, size);
		return REFUSED;
	}
	/* Not refused by its header, so it is short enough to be waited for. */
	assert_true(size + SPICE_FILTER_HEADER_BYTES <= SPICE_FILTER_MESSAGE_MAX);
	if (size) {
		assert_int_equal(r, 0);
		evbuffer_add(input, zeroes, size - 1);
		assert_int_equal(spice_filter_client(&filter, 1, input, &bytes, &drop), 0);
		evbuffer_add(input, zeroes, 3);
		r = spice_filter_client(&filter, 1, input, &bytes, &drop);
	}
	assert_int_equal(r, 1);
	assert_int_equal(bytes, SPICE_FILTER_HEADER_BYTES + size);
	return drop ? DROPPED : PASSES;
}

/* What must never reach the library, wherever it is said. */
static void test_migration_is_refused_everywhere(void **state)
{
	const uint16_t types[] = { SPICE_MSGC_MIGRATE_FLUSH_MARK, SPICE_MSGC_MIGRATE_DATA };

	(void)state;
	for (unsigned int channel = 0; channel < SPICE_LINK_CHANNELS; channel++) {
		for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
			assert_int_equal(fate_of(channel, types[i], 0), REFUSED);
			assert_int_equal(fate_of(channel, types[i], 64), REFUSED);
		}
	}
	for (uint16_t type = SPICE_MSGC_MAIN_MIGRATE_END; type <= SPICE_MSGC_MAIN_MIGRATE_CONNECTED_SEAMLESS; type++)
		assert_int_equal(fate_of(SPICE_LINK_MAIN, type, 4), REFUSED);
	assert_int_equal(fate_of(SPICE_LINK_MAIN, SPICE_MSGC_MAIN_MIGRATE_CONNECTED, 0), REFUSED);
	assert_int_equal(fate_of(SPICE_LINK_MAIN, SPICE_MSGC_MAIN_MIGRATE_CONNECT_ERROR, 0), REFUSED);
	assert_int_equal(fate_of(SPICE_LINK_DISPLAY, SPICE_MSGC_DISPLAY_GL_DRAW_DONE, 0), REFUSED);
}

static void test_sizes_are_exact(void **state)
{
	const struct {
		enum spice_link_channel channel;
		uint16_t type;
		uint32_t size;
	} exact[] = {
		{ SPICE_LINK_MAIN, SPICE_MSGC_MAIN_ATTACH_CHANNELS, 0 },
		{ SPICE_LINK_MAIN, SPICE_MSGC_MAIN_MOUSE_MODE_REQUEST, 2 },
		{ SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_KEY_DOWN, 4 },
		{ SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_KEY_UP, 4 },
		{ SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_KEY_MODIFIERS, 2 },
		{ SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_MOUSE_MOTION, 10 },
		{ SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_MOUSE_POSITION, 11 },
		{ SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_MOUSE_PRESS, 3 },
		{ SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_MOUSE_RELEASE, 3 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(exact) / sizeof(exact[0]); i++) {
		assert_int_equal(fate_of(exact[i].channel, exact[i].type, exact[i].size), PASSES);
		assert_int_equal(fate_of(exact[i].channel, exact[i].type, exact[i].size + 1), REFUSED);
		assert_int_equal(fate_of(exact[i].channel, exact[i].type, exact[i].size - 1), REFUSED);
		assert_int_equal(fate_of(exact[i].channel, exact[i].type, UINT32_MAX), REFUSED);
	}
	assert_int_equal(fate_of(SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_KEY_SCANCODE, 1), PASSES);
	assert_int_equal(fate_of(SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_KEY_SCANCODE, 64), PASSES);
	assert_int_equal(fate_of(SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_KEY_SCANCODE, 0), REFUSED);
	assert_int_equal(fate_of(SPICE_LINK_INPUTS, SPICE_MSGC_INPUTS_KEY_SCANCODE, 65), REFUSED);
}

/* Of whatever flags, and of nothing behind them. */
static void test_locks_are_scancodes(void **state)
{
	static const uint8_t said[] = {
		SPICE_MSGC_INPUTS_KEY_MODIFIERS, 0, 2, 0, 0, 0, 0xff, 0xff,
		SPICE_MSGC_INPUTS_KEY_MODIFIERS, 0, 2, 0, 0, 0, SPICE_KEYBOARD_MODIFIER_FLAGS_NUM_LOCK, 0,
		SPICE_MSGC_INPUTS_KEY_SCANCODE, 0, 2, 0, 0, 0, 0x1e, 0x9e,
	};
	static const uint8_t bodies[][2] = { { SPICE_SCAN_LOCKS, 7 }, { SPICE_SCAN_LOCKS, 2 }, { 0x1e, 0x9e } };
	uint8_t message[8];
	size_t bytes;
	bool drop;

	(void)state;
	spice_filter_init(&filter, SPICE_LINK_INPUTS, SESSION);
	evbuffer_add(input, said, sizeof(said));
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		assert_int_equal(spice_filter_client(&filter, 1, input, &bytes, &drop), 1);
		assert_int_equal(bytes, sizeof(message));
		assert_false(drop);
		evbuffer_remove(input, message, sizeof(message));
		assert_memory_equal(message, said + 16, 6);
		assert_memory_equal(message + 6, bodies[i], 2);
	}
}

/* However fast they come. */
static void test_rare_messages_stay_rare(void **state)
{
	const int64_t step_ns = SPICE_FILTER_RARE_NS / 1000;
	unsigned int passed = 0;
	uint8_t data[8] = { 0 };
	int64_t now_ns = 1;
	size_t bytes;
	bool drop;

	(void)state;
	spice_wire_put_u16(data, SPICE_MSGC_MAIN_MOUSE_MODE_REQUEST);
	spice_wire_put_u32(data + 2, 2);
	spice_filter_init(&filter, SPICE_LINK_MAIN, SESSION);
	for (unsigned int i = 0; i < 3000; i++, now_ns += step_ns) {
		evbuffer_add(input, data, sizeof(data));
		assert_int_equal(spice_filter_client(&filter, now_ns, input, &bytes, &drop), 1);
		evbuffer_drain(input, bytes);
		passed += !drop;
		assert_true(drop || i % 1000 < SPICE_FILTER_RARE_MAX);
	}
	assert_int_equal(passed, 3 * SPICE_FILTER_RARE_MAX);
}

static void test_what_is_for_nobody_is_dropped(void **state)
{
	(void)state;
	assert_int_equal(fate_of(SPICE_LINK_CURSOR, SPICE_MSGC_PONG, 12), DROPPED);
	assert_int_equal(fate_of(SPICE_LINK_MAIN, SPICE_MSGC_PONG, 11), REFUSED);
	assert_int_equal(fate_of(SPICE_LINK_DISPLAY, SPICE_MSGC_DISPLAY_INIT, 14), DROPPED);
	assert_int_equal(fate_of(SPICE_LINK_DISPLAY, SPICE_MSGC_DISPLAY_INIT, 15), REFUSED);
	assert_int_equal(fate_of(SPICE_LINK_DISPLAY, SPICE_MSGC_DISPLAY_PREFERRED_COMPRESSION, 1), DROPPED);
	assert_int_equal(fate_of(SPICE_LINK_MAIN, SPICE_MSGC_MAIN_AGENT_TOKEN, 4), DROPPED);
	assert_int_equal(fate_of(SPICE_LINK_MAIN, SPICE_MSGC_MAIN_AGENT_DATA, 2048), DROPPED);
	assert_int_equal(fate_of(SPICE_LINK_MAIN, SPICE_MSGC_MAIN_AGENT_DATA, 2049), REFUSED);
	assert_int_equal(fate_of(SPICE_LINK_MAIN, SPICE_MSGC_MAIN_AGENT_DATA, 0xffffffe0), REFUSED);
	assert_int_equal(fate_of(SPICE_LINK_MAIN, SPICE_MSGC_DISCONNECTING, 12), DROPPED);
}

static void test_channels_have_their_own_messages(void **state)
{
	(void)state;
	assert_int_equal(fate_of(SPICE_LINK_CURSOR, SPICE_MSGC_INPUTS_KEY_DOWN, 4), REFUSED);
	assert_int_equal(fate_of(SPICE_LINK_INPUTS, SPICE_MSGC_MAIN_ATTACH_CHANNELS, 0), REFUSED);
	assert_int_equal(fate_of(SPICE_LINK_MAIN, SPICE_MSGC_INPUTS_MOUSE_MOTION, 10), REFUSED);
	for (uint32_t type = 0; type < 65536; type++) {
		enum fate fate = fate_of(SPICE_LINK_CURSOR, (uint16_t)type, 0);

		assert_int_equal(fate == REFUSED, type != SPICE_MSGC_ACK && type != SPICE_MSGC_DISCONNECTING);
	}
}

static size_t put(uint8_t *at, uint16_t type, uint32_t size)
{
	spice_wire_put_u16(at, type);
	spice_wire_put_u32(at + 2, size);
	memset(at + 6, 0, size);
	return SPICE_FILTER_HEADER_BYTES + size;
}

static void test_the_session_id_and_the_clock_are_ours(void **state)
{
	uint8_t init[38], clock[10];

	(void)state;
	put(init, SPICE_MSG_MAIN_INIT, 32);
	spice_wire_put_u32(init + 6, 0x01020304);
	spice_wire_put_u32(init + 6 + 24, 1000);
	spice_filter_init(&filter, SPICE_LINK_MAIN, SESSION);
	for (size_t bytes = 0; bytes < sizeof(init); bytes++)
		assert_int_equal(spice_filter_library(&filter, init, bytes), 0);
	assert_int_equal(spice_filter_library(&filter, init, sizeof(init)), sizeof(init));
	assert_int_equal(filter.library_id, 0x01020304);
	assert_int_equal(spice_wire_get_u32(init + 6), SESSION);
	/* Clients ask nobody but an agent for a size. */
	assert_int_equal(spice_wire_get_u32(init + 6 + 16), 1);
	assert_int_equal(spice_wire_get_u32(init + 6 + 20), INT32_MAX);
	assert_int_equal(spice_wire_get_u32(init + 6 + 24), 1000 + SPICE_FILTER_CLOCK_MS);

	put(clock, SPICE_MSG_MAIN_MULTI_MEDIA_TIME, 4);
	spice_wire_put_u32(clock + 6, UINT32_MAX);
	assert_int_equal(spice_filter_library(&filter, clock, sizeof(clock)), sizeof(clock));
	assert_int_equal(spice_wire_get_u32(clock + 6), SPICE_FILTER_CLOCK_MS - 1);

	/* On another channel the same number is another message. */
	spice_filter_init(&filter, SPICE_LINK_CURSOR, SESSION);
	put(init, SPICE_MSG_MAIN_INIT, 32);
	assert_int_equal(spice_filter_library(&filter, init, sizeof(init)), sizeof(init));
	assert_int_equal(spice_wire_get_u32(init + 6), 0);
	assert_int_equal(filter.library_id, 0);
}

/* Cut anywhere, the pieces end where messages end, and the draws are counted. */
static void test_pieces_end_with_messages(void **state)
{
	const struct {
		uint16_t type;
		uint32_t size;
	} messages[] = {
		{ SPICE_MSG_SET_ACK, 8 },
		{ SPICE_MSG_DISPLAY_DRAW_COPY, 300 },
		{ SPICE_MSG_DISPLAY_MARK, 0 },
		{ SPICE_MSG_DISPLAY_COPY_BITS, 29 },
		{ SPICE_MSG_DISPLAY_DRAW_COPY, 1 },
		{ SPICE_MSG_PING, 12 },
	};
	size_t ends[6], total = 0;
	uint8_t data[512];

	(void)state;
	for (size_t i = 0; i < 6; i++) {
		total += put(data + total, messages[i].type, messages[i].size);
		ends[i] = total;
	}
	for (size_t step = 1; step <= total; step++) {
		size_t at = 0, have = 0, next = 0;

		spice_filter_init(&filter, SPICE_LINK_DISPLAY, SESSION);
		while (at < total) {
			size_t now = spice_filter_library(&filter, data + at, have - at);

			if (!now) {
				assert_true(have < total);
				have = have + step < total ? have + step : total;
				continue;
			}
			at += now;
			assert_true(at <= ends[next]);
			if (at == ends[next])
				next++;
		}
		assert_int_equal(next, 6);
		assert_int_equal(filter.draws, 3);
	}
}

static bool is_dropped(uint16_t type, uint32_t size)
{
	uint8_t data[16];
	size_t bytes;
	bool drop;

	evbuffer_drain(input, SIZE_MAX);
	evbuffer_add(input, data, put(data, type, size));
	assert_int_equal(spice_filter_client(&filter, 1, input, &bytes, &drop), 1);
	assert_int_equal(bytes, SPICE_FILTER_HEADER_BYTES + size);
	return drop;
}

/* Each costs the library's thread some work, and too many confuse its count. */
static void test_nothing_is_acknowledged_that_did_not_come(void **state)
{
	const uint32_t window = 20;
	uint8_t data[64];

	(void)state;
	for (unsigned int channel = 0; channel < SPICE_LINK_CHANNELS; channel++) {
		assert_int_equal(fate_of(channel, SPICE_MSGC_ACK_SYNC, 4), DROPPED);
		assert_int_equal(fate_of(channel, SPICE_MSGC_ACK_SYNC, 3), REFUSED);
		assert_int_equal(fate_of(channel, SPICE_MSGC_ACK, 0), DROPPED);
		assert_int_equal(fate_of(channel, SPICE_MSGC_ACK, 1), REFUSED);
	}
	for (unsigned int round = 0; round < 2; round++) {
		put(data, SPICE_MSG_SET_ACK, 8);
		spice_wire_put_u32(data + 10, window);
		for (size_t bytes = 0; bytes < 14; bytes++)
			assert_int_equal(spice_filter_library(&filter, data, bytes), 0);
		assert_int_equal(spice_filter_library(&filter, data, sizeof(data)), 14);
		assert_false(is_dropped(SPICE_MSGC_ACK_SYNC, 4));
		assert_true(is_dropped(SPICE_MSGC_ACK_SYNC, 4));
		/* The library counts the one that says how many there are to be. */
		for (uint32_t i = 1; i < 5 * window; i++) {
			assert_true(is_dropped(SPICE_MSGC_ACK, 0));
			assert_int_equal(spice_filter_library(&filter, data, put(data, SPICE_MSG_PING, 12)), 18);
			if ((i + 1) % window == 0)
				assert_false(is_dropped(SPICE_MSGC_ACK, 0));
		}
	}
	/* Not in time, but all. */
	for (uint32_t i = 0; i < 3 * window; i++)
		assert_int_equal(spice_filter_library(&filter, data, put(data, SPICE_MSG_PING, 12)), 18);
	for (unsigned int i = 0; i < 3; i++)
		assert_false(is_dropped(SPICE_MSGC_ACK, 0));
	assert_true(is_dropped(SPICE_MSGC_ACK, 0));
}

/*
 * A client that counts what is put between the library's messages, too; a library that waits
 * as it does (more than two windows). Whatever is put there, and however late anything
 * comes, the library is not told of more than it sent, and all it has to say comes.
 */
static void test_acknowledgements_balance(void **state)
{
	const uint32_t window = 20;
	uint8_t data[64];
	unsigned int waits = 0;

	(void)state;
	for (unsigned int seed = 0; seed < 200; seed++) {
		unsigned int sent = 0, way = 0, acks = 0, counted = 0;
		uint32_t library = 1; /* unacknowledged, as the library counts it */

		srand(seed);
		spice_filter_init(&filter, SPICE_LINK_DISPLAY, SESSION);
		put(data, SPICE_MSG_SET_ACK, 8);
		spice_wire_put_u32(data + 10, window);
		spice_filter_library(&filter, data, 14);
		counted = 1;
		while (sent < 1000) {
			const bool blocked = library > 2 * window;

			/* Nothing is under way: it may not have to wait. */
			assert_false(blocked && !way && !acks);
			waits += blocked;
			switch (rand() % 4) {
			case 0: /* the library's */
				if (blocked)
					break;
				spice_filter_library(&filter, data, put(data, SPICE_MSG_PING, 12));
				library++;
				sent++;
				way++;
				break;
			case 1: /* ours: in some runs many, in some none */
				way += (unsigned int)rand() % 8 < seed % 8;
				break;
			case 2: /* what is under way to the client */
				for (; way && rand() % 4; way--) {
					acks += ++counted == window;
					counted %= window;
				}
				break;
			default: /* and from him */
				for (; acks && rand() % 3; acks--) {
					if (is_dropped(SPICE_MSGC_ACK, 0))
						continue;
					assert_true(library >= window);
					library -= window;
				}
			}
		}
	}
	assert_true(waits);
}

static void test_knows_the_surface(void **state)
{
	uint8_t data[64];

	(void)state;
	spice_filter_init(&filter, SPICE_LINK_DISPLAY, SESSION);
	for (uint32_t id = 0; id < 2; id++) {
		put(data, SPICE_MSG_DISPLAY_SURFACE_CREATE, 20);
		spice_wire_put_u32(data + 6, id);
		spice_wire_put_u32(data + 10, id ? 1 : 1366);
		spice_wire_put_u32(data + 14, id ? 1 : 768);
		for (size_t bytes = 0; bytes < 26; bytes++)
			assert_int_equal(spice_filter_library(&filter, data, bytes), 0);
		assert_int_equal(spice_filter_library(&filter, data, 26), 26);
		assert_int_equal(filter.surface_width, 1366);
		assert_int_equal(filter.surface_height, 768);
	}
	for (uint32_t id = 2; id-- > 0;) {
		put(data, SPICE_MSG_DISPLAY_SURFACE_DESTROY, 4);
		spice_wire_put_u32(data + 6, id);
		assert_int_equal(spice_filter_library(&filter, data, 10), 10);
		assert_int_equal(filter.surface_width, id ? 1366 : 0);
	}
}

static void test_a_message_of_4_gib_is_counted_right(void **state)
{
	uint8_t data[64];

	(void)state;
	spice_filter_init(&filter, SPICE_LINK_DISPLAY, SESSION);
	put(data, SPICE_MSG_DISPLAY_DRAW_COPY, 0);
	spice_wire_put_u32(data + 2, UINT32_MAX);
	assert_int_equal(spice_filter_library(&filter, data, sizeof(data)), sizeof(data));
	assert_int_equal(spice_filter_library(&filter, data, sizeof(data)), sizeof(data));
	assert_int_equal(filter.draws, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_migration_is_refused_everywhere, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rare_messages_stay_rare, setup, teardown),
		cmocka_unit_test_setup_teardown(test_sizes_are_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locks_are_scancodes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_for_nobody_is_dropped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_channels_have_their_own_messages, setup, teardown),
		cmocka_unit_test(test_the_session_id_and_the_clock_are_ours),
		cmocka_unit_test(test_pieces_end_with_messages),
		cmocka_unit_test_setup_teardown(test_nothing_is_acknowledged_that_did_not_come, setup, teardown),
		cmocka_unit_test_setup_teardown(test_acknowledgements_balance, setup, teardown),
		cmocka_unit_test(test_knows_the_surface),
		cmocka_unit_test(test_a_message_of_4_gib_is_counted_right),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
