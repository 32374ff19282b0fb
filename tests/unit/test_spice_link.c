// SPDX-License-Identifier: GPL-2.0-or-later
/* The start of a SPICE connection: every channel, every refusal, and both ends against each other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <spice/enums.h>
#include <spice/protocol.h>
#include <string.h>

#include "net/spice_filter.h"
#include "encoders/packet.h"
#include "net/spice_link.h"
#include "net/spice_ticket.h"
#include "net/spice_uplink.h"
#include "net/spice_wire.h"

#define COMMON 0xbu /* selection, ticket, mini headers */
#define HEADER_BYTES 16
#define REPLY_BYTES 178

static struct spice_link link;
static struct evbuffer *input, *output;

static int setup(void **state)
{
	(void)state;
	input = evbuffer_new();
	output = evbuffer_new();
	spice_link_init(&link);
	return input && output ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	evbuffer_free(input);
	evbuffer_free(output);
	return 0;
}

/* A link message with one word of each kind of capabilities. */
struct message {
	uint8_t bytes[HEADER_BYTES + 18 + 8];
};

static struct message make_message(uint32_t id, uint8_t type, uint32_t common, uint32_t channel)
{
	struct message message = { "REDQ" };
	uint8_t *body = message.bytes + HEADER_BYTES;

	spice_wire_put_u32(message.bytes + 4, 2);
	spice_wire_put_u32(message.bytes + 8, 2);
	spice_wire_put_u32(message.bytes + 12, 18 + 8);
	spice_wire_put_u32(body, id);
	body[4] = type;
	spice_wire_put_u32(body + 6, 1);
	spice_wire_put_u32(body + 10, 1);
	spice_wire_put_u32(body + 14, 18);
	spice_wire_put_u32(body + 18, common);
	spice_wire_put_u32(body + 22, channel);
	return message;
}

static enum spice_link_result feed(const void *data, size_t bytes)
{
	evbuffer_add(input, data, bytes);
	return spice_link_input(&link, input, output);
}

static enum spice_link_result feed_message(const struct message *message)
{
	return feed(message->bytes, sizeof(message->bytes));
}

/* The answer is a reply that says no and nothing else. */
static void assert_refused(uint32_t error)
{
	uint8_t reply[HEADER_BYTES + REPLY_BYTES + 1];

	assert_int_equal(evbuffer_remove(output, reply, sizeof(reply)), HEADER_BYTES + REPLY_BYTES);
	assert_memory_equal(reply, "REDQ", 4);
	assert_int_equal(spice_wire_get_u32(reply + 12), REPLY_BYTES);
	assert_int_equal(spice_wire_get_u32(reply + HEADER_BYTES), error);
	for (size_t i = HEADER_BYTES + 4; i < HEADER_BYTES + REPLY_BYTES; i++)
		assert_int_equal(reply[i], 0);
}

static void assert_bad(const struct message *message, uint32_t error)
{
	assert_int_equal(feed_message(message), SPICE_LINK_BAD);
	assert_non_null(link.error);
	assert_refused(error);
}

static void test_knows_every_channel(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++) {
		uint32_t id = i == SPICE_LINK_MAIN ? 0 : 0x12345678;
		struct message message = make_message(id, spice_link_channels[i].type, COMMON, ~0u);

		spice_link_init(&link);
		assert_int_equal(feed_message(&message), SPICE_LINK_ASKED);
		assert_int_equal(link.message.channel, i);
		assert_int_equal(link.message.connection_id, id);
		assert_int_equal(link.message.common_caps, COMMON);
		assert_int_equal(link.message.channel_caps, spice_link_channels[i].accepted);
		assert_int_equal(evbuffer_get_length(output), 0);
	}
}

static void test_knows_what_clients_decode(void **state)
{
	const unsigned int h264 = 1u << PACKET_H264, mjpeg = 1u << PACKET_MJPEG;
	const uint32_t multi = 1u << SPICE_DISPLAY_CAP_MULTI_CODEC;
	const struct {
		uint32_t caps;
		unsigned int codecs;
	} cases[] = {
		{ 0, mjpeg },
		{ 1u << SPICE_DISPLAY_CAP_CODEC_H264, mjpeg },
		{ multi, 0 },
		{ multi | 1u << SPICE_DISPLAY_CAP_CODEC_MJPEG, mjpeg },
		{ multi | 1u << SPICE_DISPLAY_CAP_CODEC_H264, h264 },
		{ ~0u, h264 | mjpeg },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (unsigned int channel = SPICE_LINK_DISPLAY; channel <= SPICE_LINK_INPUTS; channel++) {
			struct message message = make_message(1, spice_link_channels[channel].type, COMMON,
					cases[i].caps);

			spice_link_init(&link);
			assert_int_equal(feed_message(&message), SPICE_LINK_ASKED);
			assert_int_equal(link.message.codecs,
					channel == SPICE_LINK_DISPLAY ? cases[i].codecs : 0);
		}
	}
}

static void test_never_hears_of_scanouts_by_descriptor(void **state)
{
	(void)state;
	assert_false(spice_link_channels[SPICE_LINK_DISPLAY].accepted & 1u << SPICE_DISPLAY_CAP_GL_SCANOUT);
}

static void test_takes_a_message_in_single_bytes(void **state)
{
	struct message message = make_message(0, SPICE_CHANNEL_MAIN, COMMON, 0);

	(void)state;
	for (size_t i = 0; i < sizeof(message.bytes) - 1; i++)
		assert_int_equal(feed(message.bytes + i, 1), SPICE_LINK_MORE);
	assert_int_equal(feed(message.bytes + sizeof(message.bytes) - 1, 1), SPICE_LINK_ASKED);
}

static void test_replies_with_key_and_capabilities(void **state)
{
	struct message message = make_message(7, SPICE_CHANNEL_DISPLAY, COMMON, 0);
	uint8_t reply[HEADER_BYTES + REPLY_BYTES + 9], key[SPICE_LINK_KEY_BYTES];

	(void)state;
	memset(key, 0xa5, sizeof(key));
	assert_int_equal(feed_message(&message), SPICE_LINK_ASKED);
	assert_int_equal(spice_link_reply(&link, key, output), 0);
	assert_int_equal(evbuffer_remove(output, reply, sizeof(reply)), HEADER_BYTES + REPLY_BYTES + 8);
	assert_int_equal(spice_wire_get_u32(reply + 12), REPLY_BYTES + 8);
	assert_int_equal(spice_wire_get_u32(reply + HEADER_BYTES), SPICE_LINK_ERR_OK);
	assert_memory_equal(reply + HEADER_BYTES + 4, key, sizeof(key));
	assert_int_equal(spice_wire_get_u32(reply + HEADER_BYTES + REPLY_BYTES - 12), 1);
	assert_int_equal(spice_wire_get_u32(reply + HEADER_BYTES + REPLY_BYTES - 8), 1);
	assert_int_equal(spice_wire_get_u32(reply + HEADER_BYTES + REPLY_BYTES - 4), REPLY_BYTES);
	assert_int_equal(spice_wire_get_u32(reply + HEADER_BYTES + REPLY_BYTES), COMMON);
	assert_int_equal(spice_wire_get_u32(reply + HEADER_BYTES + REPLY_BYTES + 4),
			spice_link_channels[SPICE_LINK_DISPLAY].offered);
}

static void test_stops_behind_the_ticket(void **state)
{
	struct message message = make_message(0, SPICE_CHANNEL_MAIN, COMMON, 0);
	uint8_t rest[4 + SPICE_LINK_TICKET_BYTES + 3] = { SPICE_COMMON_CAP_AUTH_SPICE };
	uint8_t key[SPICE_LINK_KEY_BYTES] = { 0 };

	(void)state;
	memset(rest + 4, 0x5a, SPICE_LINK_TICKET_BYTES);
	memcpy(rest + 4 + SPICE_LINK_TICKET_BYTES, "xyz", 3);
	/* All at once: nothing is looked at before its turn. */
	evbuffer_add(input, message.bytes, sizeof(message.bytes));
	assert_int_equal(feed(rest, sizeof(rest)), SPICE_LINK_ASKED);
	assert_int_equal(spice_link_input(&link, input, output), SPICE_LINK_MORE);
	assert_int_equal(spice_link_reply(&link, key, output), 0);
	assert_int_equal(spice_link_input(&link, input, output), SPICE_LINK_TICKET);
	assert_memory_equal(link.ticket, rest + 4, SPICE_LINK_TICKET_BYTES);
	assert_int_equal(evbuffer_get_length(input), 3);
	assert_int_equal(spice_link_input(&link, input, output), SPICE_LINK_MORE);
	assert_int_equal(evbuffer_get_length(input), 3);
}

static void test_refuses_in_one_word_behind_the_reply(void **state)
{
	struct message message = make_message(0, SPICE_CHANNEL_MAIN, COMMON, 0);
	uint8_t key[SPICE_LINK_KEY_BYTES] = { 0 }, mechanism[4] = { SPICE_COMMON_CAP_AUTH_SASL }, verdict[5];

	(void)state;
	assert_int_equal(feed_message(&message), SPICE_LINK_ASKED);
	assert_int_equal(spice_link_reply(&link, key, output), 0);
	evbuffer_drain(output, SIZE_MAX);
	assert_int_equal(feed(mechanism, sizeof(mechanism)), SPICE_LINK_BAD);
	assert_int_equal(evbuffer_remove(output, verdict, sizeof(verdict)), 4);
	assert_int_equal(spice_wire_get_u32(verdict), SPICE_LINK_ERR_INVALID_DATA);
}

static void test_refuses_what_is_no_link(void **state)
{
	const struct message good = make_message(0, SPICE_CHANNEL_MAIN, COMMON, 0);
	const struct {
		size_t at;
		uint32_t value, error;
	} wrong[] = {
		{ 4, 1, SPICE_LINK_ERR_VERSION_MISMATCH },
		{ 12, 17, SPICE_LINK_ERR_INVALID_DATA },
		{ 12, 4097, SPICE_LINK_ERR_INVALID_DATA },
		{ 12, UINT32_MAX, SPICE_LINK_ERR_INVALID_DATA },
		{ HEADER_BYTES + 6, 2, SPICE_LINK_ERR_INVALID_DATA }, /* one capability too many */
		{ HEADER_BYTES + 6, UINT32_MAX, SPICE_LINK_ERR_INVALID_DATA },
		{ HEADER_BYTES + 10, 0x40000000, SPICE_LINK_ERR_INVALID_DATA },
		{ HEADER_BYTES + 14, 17, SPICE_LINK_ERR_INVALID_DATA },
		{ HEADER_BYTES + 14, 19, SPICE_LINK_ERR_INVALID_DATA },
		{ HEADER_BYTES + 14, UINT32_MAX, SPICE_LINK_ERR_INVALID_DATA },
		{ HEADER_BYTES, 1, SPICE_LINK_ERR_BAD_CONNECTION_ID }, /* as if it migrated to here */
		{ HEADER_BYTES + 18, COMMON & ~8u, SPICE_LINK_ERR_VERSION_MISMATCH },
		{ HEADER_BYTES + 18, COMMON & ~1u, SPICE_LINK_ERR_VERSION_MISMATCH },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct message message = good;

		spice_link_init(&link);
		evbuffer_drain(input, SIZE_MAX);
		spice_wire_put_u32(message.bytes + wrong[i].at, wrong[i].value);
		assert_bad(&message, wrong[i].error);
	}
}

static void test_refuses_channels_that_are_not_served(void **state)
{
	struct message message;

	(void)state;
	for (unsigned int type = 0; type < 256; type++) {
		bool served = type >= SPICE_CHANNEL_MAIN && type <= SPICE_CHANNEL_CURSOR;

		spice_link_init(&link);
		message = make_message(type == SPICE_CHANNEL_MAIN ? 0 : 1, (uint8_t)type, COMMON, 0);
		if (served)
			assert_int_equal(feed_message(&message), SPICE_LINK_ASKED);
		else
			assert_bad(&message, SPICE_LINK_ERR_CHANNEL_NOT_AVAILABLE);
	}
	spice_link_init(&link);
	message = make_message(1, SPICE_CHANNEL_DISPLAY, COMMON, 0);
	message.bytes[HEADER_BYTES + 5] = 1; /* a second display */
	assert_bad(&message, SPICE_LINK_ERR_CHANNEL_NOT_AVAILABLE);
	spice_link_init(&link);
	message = make_message(0, SPICE_CHANNEL_DISPLAY, COMMON, 0);
	assert_bad(&message, SPICE_LINK_ERR_BAD_CONNECTION_ID);
}

static void test_says_nothing_to_other_protocols(void **state)
{
	(void)state;
	assert_int_equal(feed("GET / HTTP/1.1\r\n\r\n", 18), SPICE_LINK_BAD);
	assert_int_equal(evbuffer_get_length(output), 0);
	spice_link_init(&link);
	evbuffer_drain(input, SIZE_MAX);
	assert_int_equal(feed("RFB 003.008\n", 12), SPICE_LINK_MORE);
}

/* What the door says, as the library would. */
static enum spice_uplink_result feed_uplink(struct spice_uplink *uplink)
{
	const size_t bytes = evbuffer_get_length(output);
	enum spice_uplink_result result;
	size_t taken;

	result = spice_uplink_input(uplink, evbuffer_pullup(output, -1), bytes, input, &taken);
	assert_int_equal(evbuffer_drain(output, taken), 0);
	return result;
}

static void test_an_uplink_gets_in(void **state)
{
	const struct spice_link_message wish = {
		.connection_id = 0xfedcba98,
		.channel = SPICE_LINK_DISPLAY,
		.common_caps = COMMON,
		.channel_caps = spice_link_channels[SPICE_LINK_DISPLAY].accepted,
		.codecs = 1u << PACKET_MJPEG,
	};
	struct spice_ticket_password password;
	struct spice_ticket_key *key;
	struct spice_uplink uplink;
	uint8_t message[64];

	(void)state;
	assert_int_equal(spice_ticket_key_new(&key), 0);
	assert_int_equal(spice_uplink_init(&uplink, &wish, input), 0);
	assert_int_equal(spice_link_input(&link, input, output), SPICE_LINK_ASKED);
	assert_memory_equal(&link.message, &wish, sizeof(wish));
	assert_int_equal(spice_link_reply(&link, spice_ticket_key_public(key), output), 0);
	assert_int_equal(feed_uplink(&uplink), SPICE_UPLINK_MORE);
	assert_int_equal(spice_link_input(&link, input, output), SPICE_LINK_TICKET);
	assert_int_equal(spice_ticket_decrypt(key, link.ticket, &password), 0);
	assert_string_equal(password.text, "");
	/* The library would wait for this, so it is there already. */
	assert_int_equal(evbuffer_remove(input, message, sizeof(message)), SPICE_FILTER_HEADER_BYTES + 14);
	assert_int_equal(spice_wire_get_u16(message), SPICE_MSGC_DISPLAY_INIT);
	assert_int_equal(spice_wire_get_u32(message + 2), 14);
	assert_int_equal(spice_link_admit(&link, output), 0);
	evbuffer_add(output, "next", 4);
	assert_int_equal(feed_uplink(&uplink), SPICE_UPLINK_DONE);
	assert_int_equal(evbuffer_get_length(output), 4);
	spice_ticket_key_unref(key);
}

static void test_an_uplink_hears_no(void **state)
{
	const struct spice_link_message wish = { .channel = SPICE_LINK_MAIN, .common_caps = COMMON };
	struct spice_ticket_key *key;
	struct spice_uplink uplink;

	(void)state;
	assert_int_equal(spice_ticket_key_new(&key), 0);
	assert_int_equal(spice_uplink_init(&uplink, &wish, input), 0);
	assert_int_equal(spice_link_input(&link, input, output), SPICE_LINK_ASKED);
	spice_link_refuse(&link, SPICE_LINK_ERR_ERROR, output);
	assert_int_equal(feed_uplink(&uplink), SPICE_UPLINK_FAILED);
	assert_non_null(uplink.error);

	spice_link_init(&link);
	evbuffer_drain(output, SIZE_MAX);
	assert_int_equal(spice_uplink_init(&uplink, &wish, input), 0);
	assert_int_equal(spice_link_input(&link, input, output), SPICE_LINK_ASKED);
	assert_int_equal(spice_link_reply(&link, spice_ticket_key_public(key), output), 0);
	assert_int_equal(feed_uplink(&uplink), SPICE_UPLINK_MORE);
	assert_int_equal(spice_link_input(&link, input, output), SPICE_LINK_TICKET);
	assert_int_equal(evbuffer_get_length(input), 0); /* no display */
	spice_link_refuse(&link, SPICE_LINK_ERR_PERMISSION_DENIED, output);
	assert_int_equal(feed_uplink(&uplink), SPICE_UPLINK_FAILED);
	spice_ticket_key_unref(key);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_knows_every_channel, setup, teardown),
		cmocka_unit_test_setup_teardown(test_knows_what_clients_decode, setup, teardown),
		cmocka_unit_test(test_never_hears_of_scanouts_by_descriptor),
		cmocka_unit_test_setup_teardown(test_takes_a_message_in_single_bytes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_replies_with_key_and_capabilities, setup, teardown),
		cmocka_unit_test_setup_teardown(test_stops_behind_the_ticket, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refuses_in_one_word_behind_the_reply, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refuses_what_is_no_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refuses_channels_that_are_not_served, setup, teardown),
		cmocka_unit_test_setup_teardown(test_says_nothing_to_other_protocols, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_uplink_gets_in, setup, teardown),
		cmocka_unit_test_setup_teardown(test_an_uplink_hears_no, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
