// SPDX-License-Identifier: GPL-2.0-or-later
/* VeNCrypt in the RFB handshake: the one way in, and that every other order of things is none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <fcntl.h>
#include <rfb/rfb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "net/auth.h"
#include "net/login.h"
#include "net/rfb_handshake.h"

#define VERSION "RFB 003.008\n"

static char directory[] = "/tmp/vencrypt.XXXXXX";
static char path[64];
static struct rfb_handshake handshake;
static struct evbuffer *input, *output;
static enum rfb_handshake_result result;

static int setup(void **state)
{
	int fd;

	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/password", directory);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "secret\n", 7) != 7)
		return -1;
	input = evbuffer_new();
	output = evbuffer_new();
	return close(fd) || !input || !output ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	evbuffer_free(input);
	evbuffer_free(output);
	unlink(path);
	return rmdir(directory);
}

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
	assert_int_equal(rfb_handshake_init(&handshake, auth, true, output), 0);
	evbuffer_drain(output, SIZE_MAX);
	result = RFB_HANDSHAKE_MORE;
}

static void say(const void *data, size_t bytes)
{
	evbuffer_add(input, data, bytes);
	result = rfb_handshake_input(&handshake, input, output);
}

#define SAY(text) say(text, sizeof(text) - 1)

static void encrypt_challenge(uint8_t response[RFB_CHALLENGE_BYTES], const char *password)
{
	char key[9] = "";

	snprintf(key, sizeof(key), "%s", password);
	memcpy(response, handshake.challenge, RFB_CHALLENGE_BYTES);
	rfbEncryptBytes(response, key);
}

static void up_to_tls(int auth, const char *version, const char *subtype)
{
	start(auth);
	say(version, RFB_VERSION_BYTES);
	/* Nothing else is offered. */
	EXPECT("\1\x13");
	SAY("\x13");
	EXPECT("\0\2");
	SAY("\0\2");
	assert_int_equal(evbuffer_get_length(output), 6);
	assert_memory_equal(evbuffer_pullup(output, 6) + 2, subtype, 4);
	evbuffer_drain(output, 6);
	say(subtype, 4);
	EXPECT("\1");
	assert_int_equal(result, RFB_HANDSHAKE_SECURE);
	assert_false(handshake.authenticated);
}

static void without_a_password(void **state)
{
	static const char *const versions[] = { VERSION, "RFB 003.007\n" };

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		up_to_tls(CONFIG_AUTH_NONE, versions[i], "\0\0\1\4");
		assert_int_equal(rfb_handshake_secured(&handshake, output), RFB_HANDSHAKE_MORE);
		/* Also in 3.7: VeNCrypt is no None. */
		EXPECT("\0\0\0\0");
		assert_true(handshake.authenticated);
		SAY("\1");
		assert_int_equal(result, RFB_HANDSHAKE_DONE);
	}
}

static void with_a_password(void **state)
{
	uint8_t response[RFB_CHALLENGE_BYTES];

	(void)state;
	up_to_tls(CONFIG_AUTH_VNCAUTH, VERSION, "\0\0\1\5");
	assert_int_equal(rfb_handshake_secured(&handshake, output), RFB_HANDSHAKE_MORE);
	assert_true(handshake.asked);
	assert_false(handshake.authenticated);
	expect(handshake.challenge, RFB_CHALLENGE_BYTES);
	encrypt_challenge(response, "secret");
	say(response, sizeof(response));
	assert_int_equal(result, RFB_HANDSHAKE_CHECK);
	assert_true(auth_matches_vnc("secret", handshake.challenge, handshake.response));
	result = rfb_handshake_admit(&handshake, output);
	EXPECT("\0\0\0\0");
	SAY("\1");
	assert_int_equal(result, RFB_HANDSHAKE_DONE);

	up_to_tls(CONFIG_AUTH_VNCAUTH, VERSION, "\0\0\1\5");
	rfb_handshake_secured(&handshake, output);
	evbuffer_drain(output, SIZE_MAX);
	encrypt_challenge(response, "wrong");
	say(response, sizeof(response));
	assert_int_equal(result, RFB_HANDSHAKE_CHECK);
	assert_false(auth_matches_vnc("secret", handshake.challenge, handshake.response));
	assert_false(handshake.authenticated);
	EXPECT("");
}

static void with_a_name_and_a_password(void **state)
{
	(void)state;
	up_to_tls(CONFIG_AUTH_USERS, VERSION, "\0\0\1\6");
	assert_int_equal(rfb_handshake_secured(&handshake, output), RFB_HANDSHAKE_MORE);
	assert_true(handshake.asked);
	SAY("\0\0\0\5\0\0\0\6aliceSesame");
	assert_int_equal(result, RFB_HANDSHAKE_CHECK);
	assert_false(handshake.authenticated);
	EXPECT("");
	assert_string_equal(handshake.claim->name, "alice");
	assert_string_equal(handshake.claim->password, "Sesame");
	assert_int_equal(rfb_handshake_admit(&handshake, output), RFB_HANDSHAKE_MORE);
	EXPECT("\0\0\0\0");
	rfb_handshake_finish(&handshake);
	assert_null(handshake.claim);
}

/* As noVNC does it, in a WebSocket that is in TLS. */
static void with_a_name_and_a_password_where_tls_is_around(void **state)
{
	(void)state;
	assert_int_equal(rfb_handshake_init(&handshake, CONFIG_AUTH_USERS, false, output), 0);
	evbuffer_drain(output, SIZE_MAX);
	result = RFB_HANDSHAKE_MORE;
	SAY(VERSION);
	EXPECT("\1\x13");
	SAY("\x13");
	EXPECT("\0\2");
	SAY("\0\2");
	EXPECT("\0\1\0\0\1\0");
	SAY("\0\0\1\0");
	EXPECT("");
	SAY("\0\0\0\5\0\0\0\6aliceSesame");
	assert_int_equal(result, RFB_HANDSHAKE_CHECK);
	assert_string_equal(handshake.claim->name, "alice");
	assert_string_equal(handshake.claim->password, "Sesame");
	rfb_handshake_finish(&handshake);
}

static void names_and_passwords_have_an_end(void **state)
{
	static const char wrong[] = "\0\0\0\1\0\0\0\x15" "Authentication failed";
	static const char lengths[][8] = { { 0, 0, 1, 0, 0, 0, 0, 1 }, { 0, 0, 0, 1, 0, 0, 1, 0 },
		{ -1, -1, -1, -1, 0, 0, 0, 1 }, { 0, 0, 0, 1, -1, -1, -1, -1 } };

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		up_to_tls(CONFIG_AUTH_USERS, VERSION, "\0\0\1\6");
		rfb_handshake_secured(&handshake, output);
		say(lengths[i], sizeof(lengths[i]));
		assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
		EXPECT("\0\0\0\1\0\0\0\x15" "Authentication failed");
		rfb_handshake_finish(&handshake);
	}
	/* The longest, and none at all. */
	up_to_tls(CONFIG_AUTH_USERS, VERSION, "\0\0\1\6");
	rfb_handshake_secured(&handshake, output);
	SAY("\0\0\0\xff\0\0\0\xff");
	for (int i = 0; i < 510; i++)
		SAY("x");
	assert_int_equal(result, RFB_HANDSHAKE_CHECK);
	assert_int_equal(strlen(handshake.claim->name), 255);
	assert_int_equal(strlen(handshake.claim->password), 255);
	rfb_handshake_finish(&handshake);
	up_to_tls(CONFIG_AUTH_USERS, VERSION, "\0\0\1\6");
	rfb_handshake_secured(&handshake, output);
	SAY("\0\0\0\0\0\0\0\0");
	assert_int_equal(result, RFB_HANDSHAKE_CHECK);
	rfb_handshake_finish(&handshake);
	/* What looks like another name to whoever stops at it. */
	up_to_tls(CONFIG_AUTH_USERS, VERSION, "\0\0\1\6");
	rfb_handshake_secured(&handshake, output);
	SAY("\0\0\0\5\0\0\0\1al\0cex");
	assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
	expect(wrong, sizeof(wrong) - 1);
	rfb_handshake_finish(&handshake);
}

static void with_a_certificate_it_is_the_owner_who_knows(void **state)
{
	(void)state;
	up_to_tls(CONFIG_AUTH_CERTIFICATE, VERSION, "\0\0\1\4");
	assert_int_equal(rfb_handshake_secured(&handshake, output), RFB_HANDSHAKE_CHECK);
	assert_false(handshake.authenticated);
	assert_null(handshake.claim);
	EXPECT("");
}

static void what_comes_too_early_is_left_for_tls(void **state)
{
	(void)state;
	start(CONFIG_AUTH_NONE);
	SAY(VERSION "\x13\0\2\0\0\1\4\1early");
	assert_int_equal(result, RFB_HANDSHAKE_SECURE);
	assert_int_equal(evbuffer_get_length(input), 6);
	/* However often it is asked. */
	SAY("more");
	assert_int_equal(result, RFB_HANDSHAKE_MORE);
	assert_int_equal(evbuffer_get_length(input), 10);
	assert_false(handshake.authenticated);
}

static void a_full_house_is_said_inside(void **state)
{
	(void)state;
	up_to_tls(CONFIG_AUTH_NONE, VERSION, "\0\0\1\4");
	handshake.full = "full";
	assert_int_equal(rfb_handshake_secured(&handshake, output), RFB_HANDSHAKE_REFUSED);
	EXPECT("\0\0\0\1\0\0\0\4full");
	assert_false(handshake.authenticated);
}

static void other_versions_are_refused(void **state)
{
	static const char versions[][2] = { { 0, 1 }, { 0, 3 }, { 1, 2 }, { 2, 0 }, { 0, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
		start(CONFIG_AUTH_NONE);
		SAY(VERSION "\x13");
		evbuffer_drain(output, SIZE_MAX);
		say(versions[i], 2);
		assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
		EXPECT("\xff");
	}
}

static void other_subtypes_are_refused(void **state)
{
	(void)state;
	for (int auth = CONFIG_AUTH_NONE; auth <= CONFIG_AUTH_VNCAUTH; auth++) {
		for (unsigned int type = 0; type < 300; type++) {
			const uint8_t subtype[4] = { 0, 0, (uint8_t)(type >> 8), (uint8_t)type };

			if (type == (auth == CONFIG_AUTH_NONE ? 260u : 261u))
				continue;
			start(auth);
			SAY(VERSION "\x13\0\2");
			evbuffer_drain(output, SIZE_MAX);
			say(subtype, sizeof(subtype));
			assert_int_equal(result, RFB_HANDSHAKE_REFUSED);
			EXPECT("\0");
		}
	}
}

/* What a client may say, and that TLS begins. */
static const struct saying {
	size_t bytes;
	const char *text;
} sayings[] = {
	{ 12, VERSION }, { 1, "\1" }, { 1, "\2" }, { 1, "\x13" }, { 2, "\0\2" }, { 2, "\0\1" },
	{ 4, "\0\0\1\4" }, { 4, "\0\0\1\5" }, { 4, "\0\0\1\2" }, { 0, NULL }, { 0, "right" }, { 0, "wrong" },
};

#define N_SAYINGS (sizeof(sayings) / sizeof(sayings[0]))
#define STEPS_MAX 6

/* The only way in, as one says it; with a password the answer follows. */
static const char way[] = VERSION "\x13\0\2\0\0\1";
static unsigned int ways_in;

static void walk(const unsigned int *steps, unsigned int n, int auth)
{
	uint8_t said[128];
	size_t bytes = 0, secured_at = 0;

	start(auth);
	for (unsigned int i = 0; i < n && !handshake.authenticated; i++) {
		const struct saying *saying = &sayings[steps[i]];
		uint8_t response[RFB_CHALLENGE_BYTES];
		const void *data = saying->text;
		size_t length = saying->bytes;

		if (result == RFB_HANDSHAKE_REFUSED)
			return;
		if (!saying->text) {
			/* The owner lets TLS begin when it is told to, and only then. */
			if (result != RFB_HANDSHAKE_SECURE)
				return;
			evbuffer_drain(input, SIZE_MAX); /* TLS has swallowed it */
			secured_at = bytes;
			result = rfb_handshake_secured(&handshake, output);
			continue;
		}
		if (!length) {
			encrypt_challenge(response, saying->text[0] == 'r' ? "secret" : "other");
			data = response;
			length = sizeof(response);
		}
		memcpy(said + bytes, data, length);
		bytes += length;
		if (result == RFB_HANDSHAKE_SECURE)
			evbuffer_add(input, data, length);
		else
			say(data, length);
		if (result == RFB_HANDSHAKE_CHECK) {
			if (!auth_matches_vnc("secret", handshake.challenge, handshake.response))
				return;
			result = rfb_handshake_admit(&handshake, output);
		}
	}
	if (!handshake.authenticated)
		return;
	ways_in++;
	assert_true(secured_at >= sizeof(way));
	assert_memory_equal(said, way, sizeof(way) - 1);
	assert_int_equal(said[sizeof(way) - 1], auth == CONFIG_AUTH_NONE ? 4 : 5);
	if (auth == CONFIG_AUTH_VNCAUTH) {
		uint8_t response[RFB_CHALLENGE_BYTES];

		encrypt_challenge(response, "secret");
		assert_true(bytes - secured_at >= sizeof(response));
		assert_memory_equal(said + secured_at, response, sizeof(response));
	}
}

static void there_is_one_way_in(void **state)
{
	(void)state;
	for (int auth = CONFIG_AUTH_NONE; auth <= CONFIG_AUTH_VNCAUTH; auth++) {
		unsigned int steps[STEPS_MAX] = { 0 }, at;

		ways_in = 0;
		/* All of them begin with a version, or end there. */
		do {
			walk(steps, STEPS_MAX, auth);
			for (at = STEPS_MAX - 1; at > 0 && ++steps[at] == N_SAYINGS; at--)
				steps[at] = 0;
		} while (at > 0);
		assert_true(ways_in > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_password),
		cmocka_unit_test(with_a_password),
		cmocka_unit_test(what_comes_too_early_is_left_for_tls),
		cmocka_unit_test(a_full_house_is_said_inside),
		cmocka_unit_test(other_versions_are_refused),
		cmocka_unit_test(with_a_name_and_a_password),
		cmocka_unit_test(with_a_name_and_a_password_where_tls_is_around),
		cmocka_unit_test(names_and_passwords_have_an_end),
		cmocka_unit_test(with_a_certificate_it_is_the_owner_who_knows),
		cmocka_unit_test(other_subtypes_are_refused),
		cmocka_unit_test(there_is_one_way_in),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
