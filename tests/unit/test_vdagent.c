// SPDX-License-Identifier: GPL-2.0-or-later
/* What agents and viewers say of clipboards: found however it is cut, and nothing else is. */
#include "server/vdagent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <event2/buffer.h>
#include <spice/vd_agent.h>

#include "net/spice_wire.h"

#define TEXT_MAX 1000
#define SELECTION (1u << VD_AGENT_CAP_CLIPBOARD_SELECTION)
#define BIG (10 * 1024)

static struct evbuffer *out;
static char found[16384]; /* a word for each message */

static int setup(void **state)
{
	(void)state;
	out = evbuffer_new();
	return out ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	evbuffer_free(out);
	return 0;
}

static void put_u32(uint32_t value)
{
	uint8_t word[4];

	spice_wire_put_u32(word, value);
	evbuffer_add(out, word, sizeof(word));
}

static void put_header(uint32_t protocol, uint32_t type, uint32_t size)
{
	put_u32(protocol);
	put_u32(type);
	put_u32(0);
	put_u32(0);
	put_u32(size);
}

static void note(const struct vdagent_reader *reader, const struct vdagent_message *message)
{
	static const char *const names[] = {
		[VDAGENT_CAPABILITIES] = "caps", [VDAGENT_MONITORS] = "monitors", [VDAGENT_GRAB] = "grab",
		[VDAGENT_RELEASE] = "release", [VDAGENT_REQUEST] = "request", [VDAGENT_TEXT] = "text",
	};
	char *end = found + strlen(found);
	size_t room = (size_t)(found + sizeof(found) - end);

	switch (message->kind) {
	case VDAGENT_CAPABILITIES:
		snprintf(end, room, "caps:%x%s ", reader->caps, message->asks ? "?" : "");
		break;
	case VDAGENT_MONITORS:
		snprintf(end, room, "monitors:%ux%u ", message->width, message->height);
		break;
	case VDAGENT_TEXT:
		if (message->text)
			snprintf(end, room, "text:%.*s ", (int)message->bytes, message->text);
		else
			snprintf(end, room, "text!%zu ", message->bytes);
		break;
	default:
		snprintf(end, room, "%s%s ", names[message->kind], message->has_text ? "+" : "");
	}
}

/* In pieces of that size. */
static int read_all(size_t piece)
{
	struct vdagent_reader reader = { .size_max = BIG, .text_max = TEXT_MAX };
	const size_t bytes = evbuffer_get_length(out);
	const uint8_t *data = evbuffer_pullup(out, -1);
	struct vdagent_message message;
	int r = 0;

	found[0] = '\0';
	for (size_t from = 0; from < bytes && r >= 0; from += piece) {
		size_t to = from + piece < bytes ? from + piece : bytes, taken;

		for (size_t at = from; at < to && r >= 0; at += taken) {
			/* Of its own, so that a step beyond it is seen. */
			uint8_t *copy = malloc(to - at);

			memcpy(copy, data + at, to - at);
			r = vdagent_input(&reader, copy, to - at, &taken, &message);
			free(copy);
			assert_in_range(taken, 1, to - at);
			if (r > 0)
				note(&reader, &message);
		}
	}
	vdagent_reader_finish(&reader);
	return r;
}

#define EXPECT(words)                                                                              \
	do {                                                                                       \
		for (size_t piece_ = 1; piece_ < 300; piece_++) {                                  \
			assert_int_equal(read_all(piece_) < 0, 0);                                 \
			assert_string_equal(found, words);                                         \
		}                                                                                  \
		read_all(SIZE_MAX / 2);                                                            \
		assert_string_equal(found, words);                                                 \
	} while (0)

static void finds_what_it_says_itself(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		const bool selection = i;

		evbuffer_drain(out, SIZE_MAX);
		assert_int_equal(vdagent_add_capabilities(out, selection ? SELECTION | 1 : 1, true), 0);
		assert_int_equal(vdagent_add_grab(out, selection), 0);
		assert_int_equal(vdagent_add_request(out, selection), 0);
		assert_int_equal(vdagent_add_text(out, selection, "abc", 3), 0);
		assert_int_equal(vdagent_add_text(out, selection, "", 0), 0);
		assert_int_equal(vdagent_add_text(out, selection, NULL, 0), 0);
		assert_int_equal(vdagent_add_max_clipboard(out, UINT32_MAX), 0);
		assert_int_equal(vdagent_add_disconnected(out), 0);
		assert_int_equal(vdagent_add_release(out, selection), 0);
		assert_int_equal(vdagent_add_capabilities(out, 0, false), 0);
		if (selection)
			EXPECT("caps:41? grab+ request+ text:abc text: text!0 release caps:0 ");
		else
			EXPECT("caps:1? grab+ request+ text:abc text: text!0 release caps:0 ");
	}
}

static void long_text_is_kept_up_to_the_limit(void **state)
{
	static char text[TEXT_MAX + 2], expected[TEXT_MAX + 100];

	(void)state;
	memset(text, 'x', TEXT_MAX + 1);
	vdagent_add_text(out, false, text, TEXT_MAX);
	vdagent_add_text(out, false, text, TEXT_MAX + 1);
	vdagent_add_text(out, false, "z", 1);
	snprintf(expected, sizeof(expected), "text:%.*s text!%d text:z ", TEXT_MAX, text, TEXT_MAX + 1);
	EXPECT(expected);
}

static void other_selections_and_types_are_not_meant(void **state)
{
	(void)state;
	vdagent_add_capabilities(out, SELECTION, false);
	for (uint32_t type = VD_AGENT_CLIPBOARD; type <= VD_AGENT_CLIPBOARD_RELEASE; type++) {
		if (type == VD_AGENT_DISPLAY_CONFIG || type == VD_AGENT_ANNOUNCE_CAPABILITIES)
			continue;
		put_header(VD_AGENT_PROTOCOL, type, 8);
		put_u32(VD_AGENT_CLIPBOARD_SELECTION_PRIMARY);
		put_u32(VD_AGENT_CLIPBOARD_UTF8_TEXT);
	}
	put_header(VD_AGENT_PROTOCOL, VD_AGENT_CLIPBOARD_GRAB, 12);
	put_u32(0);
	put_u32(VD_AGENT_CLIPBOARD_IMAGE_PNG);
	put_u32(VD_AGENT_CLIPBOARD_IMAGE_BMP);
	put_header(VD_AGENT_PROTOCOL, VD_AGENT_CLIPBOARD_GRAB, 12);
	put_u32(0);
	put_u32(VD_AGENT_CLIPBOARD_IMAGE_PNG);
	put_u32(VD_AGENT_CLIPBOARD_UTF8_TEXT);
	put_header(VD_AGENT_PROTOCOL, VD_AGENT_CLIPBOARD_REQUEST, 8);
	put_u32(0);
	put_u32(VD_AGENT_CLIPBOARD_IMAGE_PNG);
	put_header(VD_AGENT_PROTOCOL, VD_AGENT_CLIPBOARD, 12);
	put_u32(0);
	put_u32(VD_AGENT_CLIPBOARD_IMAGE_PNG);
	put_u32(0x50505050);
	EXPECT("caps:40 grab grab+ request text!0 ");
}

/* Of sizes that are too small for what they are, of other protocols, of types that nobody knows. */
static void nonsense_is_passed_over(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		vdagent_add_capabilities(out, i ? SELECTION : 0, false);
		for (uint32_t type = 0; type < 20; type++) {
			if (type == VD_AGENT_CLIPBOARD_GRAB || type == VD_AGENT_CLIPBOARD_RELEASE)
				continue;
			for (uint32_t size = 0; size < (type == VD_AGENT_MONITORS_CONFIG ? 28 : 4); size++) {
				put_header(VD_AGENT_PROTOCOL, type, size);
				for (uint32_t n = 0; n < size; n++)
					evbuffer_add(out, "\1", 1);
			}
		}
		put_header(VD_AGENT_PROTOCOL + 1, VD_AGENT_CLIPBOARD_GRAB, 4);
		put_u32(VD_AGENT_CLIPBOARD_UTF8_TEXT);
		put_header(VD_AGENT_PROTOCOL, 0xfffffff0, 400);
		for (int n = 0; n < 100; n++)
			put_u32(VD_AGENT_CLIPBOARD_GRAB);
	}
	EXPECT("caps:0 caps:40 ");
}

static void too_much_is_the_end(void **state)
{
	(void)state;
	vdagent_add_grab(out, false);
	put_header(VD_AGENT_PROTOCOL, VD_AGENT_FILE_XFER_DATA, BIG + 1);
	for (size_t piece = 1; piece < 100; piece++) {
		assert_int_equal(read_all(piece), -E2BIG);
		assert_string_equal(found, "grab+ ");
	}
	evbuffer_drain(out, SIZE_MAX);
	put_header(VD_AGENT_PROTOCOL, VD_AGENT_CLIPBOARD, UINT32_MAX);
	assert_int_equal(read_all(7), -E2BIG);
}

static void a_size_is_read(void **state)
{
	(void)state;
	put_header(VD_AGENT_PROTOCOL, VD_AGENT_MONITORS_CONFIG, 8 + 2 * 20);
	put_u32(2);
	put_u32(0);
	for (uint32_t i = 0; i < 2; i++) {
		put_u32(1080 + i);
		put_u32(1920 + i);
		put_u32(32);
		put_u32(0);
		put_u32(0);
	}
	EXPECT("monitors:1920x1080 ");
}

static void chunks_are_put_together(void **state)
{
	struct evbuffer *messages = evbuffer_new();
	static char text[5000];
	const uint8_t *data;
	size_t bytes;

	(void)state;
	memset(text, 'x', sizeof(text));
	vdagent_add_text(messages, false, text, sizeof(text));
	vdagent_add_grab(messages, false);
	bytes = evbuffer_get_length(messages);
	/* What goes between agent and server is not looked at, and may be empty. */
	put_u32(VDP_SERVER_PORT);
	put_u32(3);
	evbuffer_add(out, "xyz", 3);
	put_u32(VDP_CLIENT_PORT);
	put_u32(0);
	assert_int_equal(vdagent_chunk_add(out, messages), 0);
	assert_int_equal(evbuffer_get_length(messages), 0);
	data = evbuffer_pullup(out, -1);
	for (size_t piece = 1; piece < 5000; piece += 7) {
		struct vdagent_chunk chunk = { .have = 0 };
		struct evbuffer *joined = evbuffer_new();
		size_t taken, useful;

		for (size_t at = 0; at < evbuffer_get_length(out); at += taken) {
			size_t left = evbuffer_get_length(out) - at;

			assert_int_equal(vdagent_chunk_input(&chunk, data + at, left < piece ? left : piece, &taken,
							 &useful), 0);
			assert_in_range(taken, 1, left);
			evbuffer_add(joined, data + at + taken - useful, useful);
		}
		assert_int_equal(evbuffer_get_length(joined), bytes);
		assert_memory_equal(evbuffer_pullup(joined, -1) + 24, text, sizeof(text));
		evbuffer_free(joined);
	}
	evbuffer_free(messages);
}

static void a_chunk_of_no_port_is_none(void **state)
{
	static const uint8_t ports[] = { 0, 3, 0xff };
	size_t taken, useful;

	(void)state;
	for (size_t i = 0; i < sizeof(ports); i++) {
		struct vdagent_chunk chunk = { .have = 0 };
		const uint8_t data[8] = { ports[i], 0, 0, 0, 1 };

		assert_int_equal(vdagent_chunk_input(&chunk, data, sizeof(data), &taken, &useful), -EPROTO);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(finds_what_it_says_itself),
		TEST(long_text_is_kept_up_to_the_limit),
		TEST(other_selections_and_types_are_not_meant),
		TEST(nonsense_is_passed_over),
		TEST(too_much_is_the_end),
		TEST(a_size_is_read),
		TEST(chunks_are_put_together),
		TEST(a_chunk_of_no_port_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
