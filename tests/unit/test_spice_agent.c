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
	struct spice_agent agent = { .have = 0 };
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
		cmocka_unit_test(test_abilities),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
