// SPDX-License-Identifier: GPL-2.0-or-later
/* The RFB handshake: both versions, both security types, every refusal, garbage at every state. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <rfb/rfb.h>
#include <stdio.h>
#include <string.h>

#include "config/config.h"
#include "net/auth.h"
#include "net/rfb_handshake.h"

static struct rfb_handshake handshake;
static struct evbuffer *input, *output;
static enum rfb_handshake_result result;

static int setup(void **state)
{
	(void)state;
	input = evbuffer_new();
	output = evbuffer_new();
	return input && output ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	evbuffer_free(input);
	evbuffer_free(output);
	return 0;
}

/* The server said exactly this since the last call. */
static void expect(const void *data, size_t bytes)
{
	uint8_t said[256];

	assert_int_equal(evbuffer_get_length(output), bytes);
	assert_int_equal(evbuffer_remove(output, said, sizeof(said)), bytes);
	assert_memory_equal(said, data, bytes);
}

#define EXPECT(text) expect(text, sizeof(text) - 1)

static void start(int auth)
{
	evbuffer_drain(input, SIZE_MAX);
	evbuffer_drain(output, SIZE_MAX);
	assert_int_equal(rfb_handshake_init(&handshake, auth, false, output), 0);
	EXPECT("RFB 003.008\n");
	result = RFB_HANDSHAKE_MORE;
}

/* The client says, byte by byte. */
static void say(const void *data, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++) {
		assert_int_equal(result, RFB_HANDSHAKE_MORE);
		evbuffer_add(input, (const uint8_t *)data + i, 1);
		result = rfb_handshake_input(&handshake, input, output);
	}
}

#define SAY(text) say(text, sizeof(text) - 1)

static void answer(const char *password)
{
	uint8_t response[RFB_CHALLENGE_BYTES];
	char key[9] = "";

	assert_int_equal(evbuffer_remove(output, response, sizeof(response)), sizeof(response));
	assert_int_equal(evbuffer_get_length(output), 0);
	snprintf(key, sizeof(key), "%s", password);
	rfbEncryptBytes(response, key);
	say(response, sizeof(response));
}

static void without_password(void **state)
{
	(void)state;
	start(CONFIG_AUTH_NONE);
	SAY("RFB 003.008\n");
	EXPECT("\1\1");
	SAY("\1");
	EXPECT("\0\0\0\0");
	assert_true(handshake.authenticated);
	SAY("\1");
	assert_int_equal(result, RFB_HANDSHAKE_DONE);
	assert_true(handshake.shared);

	/* 3.7 has no result after None. */
	start(CONFIG_AUTH_NONE);
	SAY("RFB 003.007\n");
	EXPECT("\1\1");
	SAY("\1");
	EXPECT("");
	SAY("\0");
	assert_int_equal(result, RFB_HANDSHAKE_DONE);
	assert_false(handshake.shared);
}

static void all_at_once(void **state)
{
	(void)state;
	start(CONFIG_AUTH_NONE);
	evbuffer_add(input, "RFB 003.008\n\1\1next", 18);
	assert_int_equal(rfb_handshake_input(&handshake, input, output), RFB_HANDSHAKE_DONE);
	/* What follows belongs to the messages. */
	assert_int_equal(evbuffer_get_length(input), 4);
}

static void with_password(void **state)
{
	static const char *const versions[] = { "RFB 003.007\n", "RFB 003.008\n", "RFB 003.889\n",
		"RFB 004.000\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		start(CONFIG_AUTH_VNCAUTH);
		say(versions[i], RFB_VERSION_BYTES);
		EXPECT("\1\2");
		SAY("\2");
		answer("secret");
		assert_int_equal(result, RFB_HANDSHAKE_CHECK);
		assert_false(handshake.authenticated);
		EXPECT("");
		assert_true(auth_matches_vnc("secret", handshake.challenge, handshake.response));
		result = rfb_handshake_admit(&handshake, output);
		EXPECT("\0\0\0\0");
		assert_true(handshake.authenticated);
		SAY("\1");
		assert_int_equal(result, RFB_HANDSHAKE_DONE);
	}
}

static void a_wrong_password_is_answered_later(void **state)
{
	(void)state;
	start(CONFIG_AUTH_VNCAUTH);
	SAY("RFB 003.008\n");
	EXPECT("\1\2");
	SAY("\2");
	answer("secreT");
	assert_int_equal(result, RFB_HANDSHAKE_CHECK);
	assert_false(handshake.authenticated);
	assert_false(auth_matches_vnc("secret", handshake.challenge, handshake.response));
	EXPECT("");
	rfb_handshake_tell(&handshake, output);
	EXPECT("\0\0\0\1\0\0\0\x15" "Authentication failed");

	start(CONFIG_AUTH_VNCAUTH);
	SAY("RFB 003.007\n");
	EXPECT("\1\2");
	SAY("\2");
	answer("");
	assert_int_equal(result, RFB_HANDSHAKE_CHECK);
	rfb_handshake_tell(&handshake, output);
	EXPECT("\0\0\0\1");
}

/* Whoever does not wait for the answer is none the worse, and none the better, for it. */
static void what_comes_before_the_answer_waits_for_it(void **state)
{
	(void)state;
	start(CONFIG_AUTH_VNCAUTH);
	SAY("RFB 003.008\n\2");
	evbuffer_drain(output, RFB_CHALLENGE_BYTES);
	evbuffer_drain(output, SIZE_MAX);
	evbuffer_add(input, "0123456789abcdef\1next", 21);
	assert_int_equal(rfb_handshake_input(&handshake, input, output), RFB_HANDSHAKE_CHECK);
	assert_int_equal(rfb_handshake_input(&handshake, input, output), RFB_HANDSHAKE_MORE);
	assert_false(handshake.authenticated);
	assert_int_equal(evbuffer_get_length(output), 0);
	assert_int_equal(rfb_handshake_admit(&handshake, output), RFB_HANDSHAKE_MORE);
	assert_true(handshake.authenticated);
	assert_int_equal(rfb_handshake_input(&handshake, input, output), RFB_HANDSHAKE_DONE);
	assert_int_equal(evbuffer_get_length(input), 4);
}

/* Somebody else was quicker while the password was checked. */
static void a_right_password_does_not_make_room(void **state)
{
	(void)state;
	start(CONFIG_AUTH_VNCAUTH);
	SAY("RFB 003.008\n");
	EXPECT("\1\2");
	SAY("\2");
	answer("secret");
	assert_int_equal(result, RFB_HANDSHAKE_CHECK);
	handshake.full = "full";
	assert_int_equal(rfb_handshake_admit(&handshake, output), RFB_HANDSHAKE_REFUSED);
	assert_false(handshake.authenticated);
	EXPECT("\0\0\0\1\0\0\0\4full");
}

static void challenges_differ(void **state)
{
	uint8_t first[RFB_CHALLENGE_BYTES];

	(void)state;
	start(CONFIG_AUTH_VNCAUTH);
	SAY("RFB 003.008\n\2");
	memcpy(first, handshake.challenge, sizeof(first));
	start(CONFIG_AUTH_VNCAUTH);
	SAY("RFB 003.008\n\2");
	assert_memory_not_equal(first, handshake.challenge, sizeof(first));
}

static void only_what_was_offered_can_be_chosen(void **state)
{
	static const int auths[] = { CONFIG_AUTH_NONE, CONFIG_AUTH_VNCAUTH, CONFIG_AUTH_ONE_TIME };

	(void)state;
	for (size_t i = 0; i < sizeof(auths) / sizeof(auths[0]); i++) {
		const int auth = auths[i];

		for (unsigned int type = 0; type < 256; type++) {
			const uint8_t byte = (uint8_t)type;

			if (type == (auth == CONFIG_AUTH_NONE ? 1 : 2))
				continue;
			start(auth);
			SAY("RFB 003.008\n");
			evbuffer_drain(output, SIZE_MAX);
			say(&byte, 1);
			assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
			assert_false(handshake.authenticated);
			EXPECT("\0\0\0\1\0\0\0\x22That security type was not offered");
		}
	}
}

static void old_versions_are_told_so(void **state)
{
	static const char *const versions[] = { "RFB 003.003\n", "RFB 003.005\n", "RFB 003.000\n",
		"RFB 000.000\n", "RFB 002.999\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		start(CONFIG_AUTH_NONE);
		say(versions[i], RFB_VERSION_BYTES);
		assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
		EXPECT("\0\0\0\0\0\0\0\x22This server speaks RFB 3.7 and 3.8");
	}
}

static void a_full_house_is_said_wherever_it_can_be(void **state)
{
	(void)state;
	start(CONFIG_AUTH_NONE);
	handshake.full = "full";
	SAY("RFB 003.008\n");
	assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
	EXPECT("\0\0\0\0\4full");

	/* Somebody else was quicker. */
	start(CONFIG_AUTH_NONE);
	SAY("RFB 003.008\n");
	EXPECT("\1\1");
	handshake.full = "full";
	SAY("\1");
	assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
	assert_false(handshake.authenticated);
	EXPECT("\0\0\0\1\0\0\0\4full");

	/* 3.7 without a password has no place for it, and must not be let in. */
	start(CONFIG_AUTH_NONE);
	SAY("RFB 003.007\n");
	EXPECT("\1\1");
	handshake.full = "full";
	SAY("\1");
	assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
	EXPECT("");
}

static void what_is_no_version_is_dropped_without_a_word(void **state)
{
	static const char version[] = "RFB 003.008\n";
	static const char *const garbage[] = { "GET / HTTP/1", "\x16\3\1\2\0\1\0\1\xfc\3\3\xff",
		"SSH-2.0-Open", "RFB 003.008\r", "RFB 003,008\n", "RFB 00\0.008\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		start(CONFIG_AUTH_NONE);
		say(garbage[i], RFB_VERSION_BYTES);
		assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
		assert_string_equal(handshake.error, "not an RFB client");
		EXPECT("");
	}
	/* Each byte of it counts. */
	for (size_t i = 0; i < RFB_VERSION_BYTES; i++) {
		char bad[sizeof(version)];

		memcpy(bad, version, sizeof(bad));
		bad[i] = '!';
		start(CONFIG_AUTH_NONE);
		say(bad, RFB_VERSION_BYTES);
		assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
	}
}

static void garbage_at_every_state_lets_nobody_in(void **state)
{
	static const char steps[] = "RFB 003.008\n\2";
	uint32_t seed = 1;

	(void)state;
	for (size_t good = 0; good < sizeof(steps); good++) {
		for (int round = 0; round < 200; round++) {
			start(CONFIG_AUTH_VNCAUTH);
			say(steps, good);
			for (int i = 0; i < 40 && result == RFB_HANDSHAKE_MORE; i++) {
				const uint8_t byte = (uint8_t)((seed = seed * 1103515245u + 12345u) >> 16);

				say(&byte, 1);
			}
			assert_int_not_equal(result, RFB_HANDSHAKE_DONE);
			assert_false(handshake.authenticated);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_password, setup, teardown),
		cmocka_unit_test_setup_teardown(all_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(with_password, setup, teardown),
		cmocka_unit_test_setup_teardown(a_wrong_password_is_answered_later, setup, teardown),
		cmocka_unit_test_setup_teardown(what_comes_before_the_answer_waits_for_it, setup, teardown),
		cmocka_unit_test_setup_teardown(a_right_password_does_not_make_room, setup, teardown),
		cmocka_unit_test_setup_teardown(challenges_differ, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_was_offered_can_be_chosen, setup, teardown),
		cmocka_unit_test_setup_teardown(old_versions_are_told_so, setup, teardown),
		cmocka_unit_test_setup_teardown(a_full_house_is_said_wherever_it_can_be, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_version_is_dropped_without_a_word, setup, teardown),
		cmocka_unit_test_setup_teardown(garbage_at_every_state_lets_nobody_in, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
