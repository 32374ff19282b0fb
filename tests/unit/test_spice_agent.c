// SPDX-License-Identifier: GPL-2.0-or-later
/* What clients say to an agent: what is meant for us is found, however it is cut, and the rest is passed over. */
#include "net/spice_agent.h"

#include <setjmp.h>
#include <spice/enums.h>
#include <spice/vd_agent.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "net/spice_wire.h"

#define CLIPBOARD_BYTES 5000

static uint8_t stream[8192];
static size_t stream_bytes;

static void put_u32(uint32_t value)
{
	spice_wire_put_u32(stream + stream_bytes, value);
	stream_bytes += 4;
}

static void put_message(uint32_t protocol, uint32_t type, uint32_t size)
{
	put_u32(protocol);
	put_u32(type);
	put_u32(0);
	put_u32(0);
	put_u32(size);
}

static void put_monitors(uint32_t n, uint32_t width, uint32_t height)
{
	put_message(VD_AGENT_PROTOCOL, VD_AGENT_MONITORS_CONFIG, 8 + n * 20);
	put_u32(n);
	put_u32(0);
	for (uint32_t i = 0; i < n; i++) {
		put_u32(height + i);
		put_u32(width + i);
		put_u32(32);
		put_u32(0);
		put_u32(0);
	}
}

static void put_announcement(uint32_t request)
{
	put_message(VD_AGENT_PROTOCOL, VD_AGENT_ANNOUNCE_CAPABILITIES, 8);
	put_u32(request);
	put_u32(0xffff);
}

static void put_junk(uint32_t type, uint32_t size)
{
	put_message(VD_AGENT_PROTOCOL, type, size);
	memset(stream + stream_bytes, 0x01, size);
	stream_bytes += size;
}

struct found {
	unsigned int asked, resized;
	uint32_t width, height; /* the last */
};

/* In pieces of that size. */
static struct found read_stream(size_t piece)
{
	struct spice_agent agent = { .size_max = UINT32_MAX };
	struct found found = { .asked = 0 };

	for (size_t from = 0; from < stream_bytes; from += piece) {
		size_t to = from + piece < stream_bytes ? from + piece : stream_bytes, taken;

		for (size_t at = from; at < to; at += taken) {
			switch (spice_agent_input(&agent, stream + at, to - at, &taken)) {
			case SPICE_AGENT_ASKED:
				found.asked++;
				break;
			case SPICE_AGENT_RESIZE:
				found.resized++;
				found.width = agent.width;
				found.height = agent.height;
				break;
			case SPICE_AGENT_TOO_LONG:
				fail();
				break;
			case SPICE_AGENT_MORE:
				break;
			}
			assert_in_range(taken, 1, to - at);
		}
	}
	return found;
}

static int setup(void **state)
{
	(void)state;
	stream_bytes = 0;
	return 0;
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	put_announcement(1);
	put_junk(VD_AGENT_CLIPBOARD, CLIPBOARD_BYTES);
	put_monitors(1, 1920, 1080);
	put_junk(VD_AGENT_CLIPBOARD_RELEASE, 0);
	put_announcement(0); /* an answer, not a question */
	put_monitors(3, 3840, 2160);
	for (size_t piece = 1; piece < 400; piece++) {
		struct found found = read_stream(piece);

		assert_int_equal(found.asked, 1);
		assert_int_equal(found.resized, 2);
		assert_int_equal(found.width, 3840);
		assert_int_equal(found.height, 2160);
	}
	assert_int_equal(read_stream(stream_bytes).resized, 2);
}

/* What looks like a request and is none, with the content of one that came before. */
static void test_nonsense(void **state)
{
	(void)state;
	put_monitors(1, 800, 600);
	put_monitors(0, 0, 0);
	put_message(VD_AGENT_PROTOCOL, VD_AGENT_MONITORS_CONFIG, 0);
	put_message(VD_AGENT_PROTOCOL, VD_AGENT_MONITORS_CONFIG, 8);
	put_u32(1);
	put_u32(0);
	put_message(VD_AGENT_PROTOCOL, VD_AGENT_ANNOUNCE_CAPABILITIES, 0);
	put_message(VD_AGENT_PROTOCOL + 1, VD_AGENT_ANNOUNCE_CAPABILITIES, 4);
	put_u32(1);
	put_junk(4711, 28);
	assert_int_equal(read_stream(stream_bytes).resized, 1);
	assert_int_equal(read_stream(7).resized, 1);
	assert_int_equal(read_stream(7).asked, 0);
	/* It never ends, and nothing behind it is one. */
	put_message(VD_AGENT_PROTOCOL, VD_AGENT_CLIPBOARD, UINT32_MAX);
	put_monitors(1, 640, 480);
	assert_int_equal(read_stream(stream_bytes).resized, 1);
}

/* Said as soon as it is known, before any of what is too much. */
static void test_too_long(void **state)
{
	static const struct {
		uint32_t size, size_max;
		bool too_long;
	} rows[] = {
		{ 0, 1000, false }, { 1000, 1000, false }, { 1001, 1000, true }, { 28, 27, true },
		{ UINT32_MAX, 1000, true }, { UINT32_MAX, UINT32_MAX, false }, { UINT32_MAX, UINT32_MAX - 1, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct spice_agent agent = { .size_max = rows[i].size_max };
		enum spice_agent_result result = SPICE_AGENT_MORE;
		size_t taken;

		stream_bytes = 0;
		put_message(VD_AGENT_PROTOCOL, VD_AGENT_CLIPBOARD, rows[i].size);
		for (size_t at = 0; at < stream_bytes; at++)
			result = spice_agent_input(&agent, stream + at, 1, &taken);
		assert_int_equal(result, rows[i].too_long ? SPICE_AGENT_TOO_LONG : SPICE_AGENT_MORE);
		if (rows[i].too_long)
			assert_int_equal(agent.size, rows[i].size);
	}
}

static void test_abilities(void **state)
{
	const uint8_t *message = spice_agent_abilities + 6;

	(void)state;
	assert_int_equal(spice_wire_get_u16(spice_agent_abilities), SPICE_MSG_MAIN_AGENT_DATA);
	assert_int_equal(spice_wire_get_u32(spice_agent_abilities + 2), spice_agent_abilities_bytes - 6);
	assert_int_equal(spice_wire_get_u32(message), VD_AGENT_PROTOCOL);
	assert_int_equal(spice_wire_get_u32(message + 4), VD_AGENT_ANNOUNCE_CAPABILITIES);
	assert_int_equal(spice_wire_get_u32(message + 16), spice_agent_abilities_bytes - 6 - 20);
	assert_int_equal(spice_wire_get_u32(message + 20), 0);
	assert_int_equal(spice_wire_get_u32(message + 24),
			1 << VD_AGENT_CAP_MONITORS_CONFIG | 1 << VD_AGENT_CAP_FILE_XFER_DISABLED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cut_anywhere, setup),
		cmocka_unit_test_setup(test_nonsense, setup),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_abilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
