// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest control against a peer of the test's own on a real unix socket: what
 * goes over the wire, what happens when the peer stalls, breaks or vanishes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/guest.h"
#include "server/input.h"
#include "tests/unit/guest_peer.h"

static void test_events_on_the_wire(void **state)
{
	static const char *const expected[] = {
		"[" KEY("true", "200") "]",
		"[" KEY("false", "200") "]",
		"[" AXIS("x", "16") "," AXIS("y", "32") "]",
		"[" AXIS("x", "32752") "," AXIS("y", "32736") ","
		BUTTON("true", "left") "," BUTTON("true", "right") "]",
		"[" BUTTON("false", "right") "]",
		"[" BUTTON("true", "wheel-up") "," BUTTON("false", "wheel-up") "]",
		"[" BUTTON("false", "left") "," BUTTON("true", "middle") ","
		BUTTON("true", "wheel-down") "," BUTTON("false", "wheel-down") ","
		BUTTON("true", "wheel-left") "," BUTTON("false", "wheel-left") ","
		BUTTON("true", "wheel-right") "," BUTTON("false", "wheel-right") ","
		BUTTON("true", "side") "," BUTTON("true", "extra") "]",
	};
	struct peer *peer = *state;
	struct guest *guest = connected_guest(peer);
	unsigned int first = peer->n_lines;

	send_key(guest, 0xc8, true);
	send_key(guest, 0xc8, false);
	send_key(guest, 0, true); /* no key */
	send_key(guest, 256, true);
	send_pointer(guest, 0, 0, 0);
	send_pointer(guest, 0, 0, 0); /* nothing new */
	send_pointer(guest, 1023, 5000, INPUT_BUTTON_LEFT | INPUT_BUTTON_RIGHT); /* beyond the picture */
	send_pointer(guest, 1023, 5000, INPUT_BUTTON_LEFT);
	send_pointer(guest, 1023, 5000, INPUT_BUTTON_LEFT | INPUT_BUTTON_WHEEL_UP);
	send_pointer(guest, 1023, 5000, 0x1f2);
	PEER_WAIT(peer, peer->n_lines >= first + 7);
	for (unsigned int i = 0; i < 7; i++)
		assert_string_equal(peer->lines[first + i], expected[i]);
	guest_free(guest);
}

static void test_viewers_hold_what_they_hold(void **state)
{
	static const char *const expected[] = {
		"[" AXIS("x", "16") "," AXIS("y", "32") "," BUTTON("true", "left") "]",
		"[" AXIS("x", "48") "," AXIS("y", "32") "]", /* another viewer only moves */
		"[" BUTTON("true", "right") "," BUTTON("true", "wheel-up") "," BUTTON("false", "wheel-up") "]",
		/* A third one's step while the wheel of the other one is still in its event. */
		"[" BUTTON("true", "wheel-up") "," BUTTON("false", "wheel-up") "]",
		"[" BUTTON("false", "right") "]",
		"[" BUTTON("false", "left") "]",
	};
	struct peer *peer = *state;
	struct guest *guest = connected_guest(peer);
	unsigned int first = peer->n_lines;

	send_pointer(guest, 0, 0, INPUT_BUTTON_LEFT);
	last_buttons = 0;
	send_pointer(guest, 1, 0, 0);
	send_pointer(guest, 1, 0, INPUT_BUTTON_RIGHT | INPUT_BUTTON_WHEEL_UP);
	last_buttons = 0;
	send_pointer(guest, 1, 0, INPUT_BUTTON_WHEEL_UP);
	last_buttons = INPUT_BUTTON_RIGHT | INPUT_BUTTON_WHEEL_UP;
	send_pointer(guest, 1, 0, 0);
	last_buttons = INPUT_BUTTON_LEFT;
	send_pointer(guest, 1, 0, 0);
	PEER_WAIT(peer, peer->n_lines >= first + 6);
	for (unsigned int i = 0; i < 6; i++)
		assert_string_equal(peer->lines[first + i], expected[i]);
	guest_free(guest);
}

static void test_motion_is_replaced(void **state)
{
	struct peer *peer = *state;
	struct guest *guest;
	unsigned int first;
	char **last;

	peer->answering = false;
	guest = connected_guest(peer);
	first = peer->n_lines;
	/* Nothing is answered: a few go out, the rest waits. */
	for (uint32_t i = 0; i < 500; i++)
		send_pointer(guest, i, i, 0);
	/* The press must stay where it was made, whatever comes after it. */
	send_pointer(guest, 512, 0, INPUT_BUTTON_LEFT);
	for (uint32_t i = 0; i < 500; i++)
		send_pointer(guest, 520 + i, i, INPUT_BUTTON_LEFT);
	send_key(guest, 0x1e, true);
	peer->answering = true;
	peer_answer(peer);
	PEER_WAIT(peer, strstr(peer->lines[peer->n_lines - 1], "\"data\":30}"));
	/* Newest motion, press in its place, newest drag, key; before them at most what was in flight. */
	assert_in_range(peer->n_lines - first, 4, 4 + 8);
	last = &peer->lines[peer->n_lines - 4];
	assert_string_equal(last[0], "[" AXIS("x", "15984") "," AXIS("y", "31968") "]");
	assert_string_equal(last[1], "[" AXIS("x", "16400") "," AXIS("y", "32") "," BUTTON("true", "left") "]");
	assert_string_equal(last[2], "[" AXIS("x", "32624") "," AXIS("y", "31968") "]");
	guest_free(guest);
}

static void test_overflow_lets_go(void **state)
{
	struct peer *peer = *state;
	bool down[256] = { false };
	struct guest *guest;
	unsigned int first, lines;

	peer->answering = false;
	guest = connected_guest(peer);
	first = peer->n_lines;
	send_pointer(guest, 1, 1, INPUT_BUTTON_LEFT);
	send_pointer(guest, 2, 2, INPUT_BUTTON_LEFT);
	for (uint32_t i = 0; i < 600; i++)
		send_key(guest, 1 + i % 200, true);
	for (uint32_t i = 0; i < 200; i++)
		send_key(guest, 1 + i, false); /* all lost */
	peer->answering = true;
	peer_answer(peer);
	/* 256 wait at most, 8 are in flight, then the releases, 16 keys each. */
	PEER_WAIT(peer, peer->n_lines && strstr(peer->lines[peer->n_lines - 1], "\"data\":200}") &&
					!strstr(peer->lines[peer->n_lines - 1], "true"));
	lines = peer->n_lines - first;
	assert_in_range(lines, 200, 256 + 8 + 14);
	for (unsigned int i = first; i < peer->n_lines; i++) {
		for (const char *at = peer->lines[i]; (at = strstr(at, "\"down\":")); at++) {
			unsigned int number = 0; /* the button */
			char word[8];

			assert_int_equal(sscanf(at, "\"down\":%7[a-z],\"key\":{\"type\":\"number\",\"data\":%u",
							word, &number) + !number, 2);
			down[number & 255] = !strcmp(word, "true");
		}
	}
	for (unsigned int i = 0; i < 256; i++)
		assert_false(down[i]);
	guest_free(guest);
}

static void test_missing_then_there_then_gone(void **state)
{
	struct peer *peer = *state;
	struct guest *guest;

	assert_int_equal(guest_new(peer->base, peer->path, NULL, NULL, &guest), 0);
	event_base_loop(peer->base, EVLOOP_ONCE);
	send_key(guest, 0x1e, true); /* forgotten */
	peer_listen(peer);
	PEER_WAIT(peer, peer->negotiated);
	PEER_WAIT(peer, (send_key(guest, 0x1f, true), peer->n_lines > 0));
	assert_string_equal(peer->lines[0], "[" KEY("true", "31") "]");

	/* QEMU restarts: another socket of the same name. */
	peer_vanish(peer);
	peer_listen(peer);
	PEER_WAIT(peer, peer->negotiated);
	PEER_WAIT(peer, (send_key(guest, 0x20, true), peer->n_lines > 0));
	assert_string_equal(peer->lines[0], "[" KEY("true", "32") "]");
	assert_int_equal(peer->connections, 2);
	guest_free(guest);
}

static void test_broken_peers(void **state)
{
	static char flood[300000];
	static const struct {
		const char *name, *bytes;
		size_t length;
	} cases[] = {
		{ "another protocol", "RFB 003.008\n", 12 },
		{ "not an object", "[1]", 3 },
		{ "null", "null ", 5 },
		{ "no greeting", "{\"return\": {}}", 14 },
		{ "a NUL byte", "{\"QMP\"\0: {}}", 12 },
		{ "too deep", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", 32 },
		{ "endless", flood, sizeof(flood) },
		{ "capabilities refused", "{\"QMP\": {}} {\"id\": 0, \"error\": {\"desc\": \"no\"}}", 47 },
		{ "an answer to no command",
				PEER_GREETING "{\"return\": {}, \"id\": 0}{\"return\": {}, \"id\": 1}", 0 },
		{ "a wrong id", PEER_GREETING "{\"return\": {}, \"id\": 7}", 0 },
		{ "an id that is none", PEER_GREETING "{\"return\": {}, \"id\": {\"a\": []}}", 0 },
		{ "no id", PEER_GREETING "{\"return\": {}}", 0 },
	};
	struct peer *peer = *state;
	struct guest *guest;

	memset(flood, ' ', sizeof(flood));
	flood[0] = '{';
	peer_listen(peer);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		unsigned int before = peer->connections;

		peer->opening = cases[i].bytes;
		peer->opening_bytes = cases[i].length ? cases[i].length : strlen(cases[i].bytes);
		/* A new one each, for a back-off that starts afresh. */
		assert_int_equal(guest_new(peer->base, peer->path, NULL, NULL, &guest), 0);
		PEER_WAIT(peer, peer->connections == before + 2); /* gave up, came again */
		guest_free(guest);
		peer_hang_up(peer);
	}
}

static void test_half_messages(void **state)
{
	struct peer *peer = *state;
	struct guest *guest;
	size_t length = strlen(PEER_GREETING);

	peer->opening_bytes = 0;
	peer_listen(peer);
	assert_int_equal(guest_new(peer->base, peer->path, NULL, NULL, &guest), 0);
	PEER_WAIT(peer, peer->connections == 1);
	for (size_t i = 0; i < length; i++) {
		bufferevent_write(peer->bev, &PEER_GREETING[i], 1);
		event_base_loop(peer->base, EVLOOP_ONCE);
	}
	PEER_WAIT(peer, peer->negotiated);
	PEER_WAIT(peer, (send_key(guest, 0x1f, true), peer->n_lines > 0));
	guest_free(guest);
}

/* Standard error into a file, for as long as the test looks at the log. */
static unsigned int count_in_log(FILE *log, const char *text)
{
	unsigned int count = 0;
	char line[1024];

	fflush(stderr);
	rewind(log);
	while (fgets(line, sizeof(line), log))
		count += strstr(line, text) != NULL;
	return count;
}

static void test_said_once(void **state)
{
	struct peer *peer = *state;
	FILE *log = tmpfile();
	int saved = dup(STDERR_FILENO);
	unsigned int first, refused, missing;
	struct guest *guest;

	assert_non_null(log);
	dup2(fileno(log), STDERR_FILENO);
	guest = connected_guest(peer);
	peer->error = "Input handler not found";
	first = peer->n_lines;
	for (uint32_t i = 0; i < 20; i++) {
		send_pointer(guest, i, 0, i & 1);
		PEER_WAIT(peer, peer->n_lines > first + i);
	}
	refused = count_in_log(log, "Input handler not found");
	peer_vanish(peer);
	/* Attempts follow after 0.1 and 0.2 s; that they say nothing shows in their time only. */
	for (int64_t until_ns = clock_now_ns() + 400 * NSEC_PER_MSEC; clock_now_ns() < until_ns;) {
		struct timeval step = clock_timeval(50 * NSEC_PER_MSEC);

		event_base_loopexit(peer->base, &step);
		event_base_loop(peer->base, 0);
	}
	missing = count_in_log(log, "No such file");
	dup2(saved, STDERR_FILENO);
	close(saved);
	fclose(log);
	guest_free(guest);
	assert_int_equal(refused, 1);
	assert_int_equal(missing, 1);
}

static void test_end_lets_go(void **state)
{
	struct peer *peer = *state;
	struct guest *guest = connected_guest(peer);
	char wire[65536], text[80];
	unsigned int told = 0;
	int fd = dup(bufferevent_getfd(peer->bev));
	size_t bytes = 0;
	ssize_t n;

	/* Not answered any more, as when a viewer types while the process is told to end. */
	bufferevent_disable(peer->bev, EV_READ);
	for (uint32_t qnum = 29; qnum < 49; qnum++)
		send_key(guest, qnum, true);
	guest_free(guest);
	/* It has been told already; the socket is closed when the loop turns. */
	event_base_loop(peer->base, EVLOOP_NONBLOCK);
	while ((n = read(fd, wire + bytes, sizeof(wire) - 1 - bytes)) > 0)
		bytes += (size_t)n;
	close(fd);
	assert_int_equal(n, 0);
	wire[bytes] = '\0';
	for (uint32_t qnum = 29; qnum < 49; qnum++) {
		static const char key[] = "\"down\":%s,\"key\":{\"type\":\"number\",\"data\":%u}";

		snprintf(text, sizeof(text), key, "true", qnum);
		if (!strstr(wire, text))
			continue;
		told++;
		snprintf(text, sizeof(text), key, "false", qnum);
		assert_non_null(strstr(wire, text));
	}
	assert_true(told > 0);
}

static void test_bad_paths(void **state)
{
	struct peer *peer = *state;
	struct guest *guest = NULL;
	char path[200];

	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(guest_new(peer->base, path, NULL, NULL, &guest), -EINVAL);
	assert_int_equal(guest_new(peer->base, "", NULL, NULL, &guest), -EINVAL);
	assert_null(guest);
	guest_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		/* First: the log limits lines of one kind, of which later tests make many. */
		cmocka_unit_test_setup_teardown(test_said_once, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_events_on_the_wire, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_viewers_hold_what_they_hold, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_motion_is_replaced, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_overflow_lets_go, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_missing_then_there_then_gone, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_broken_peers, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_half_messages, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_end_lets_go, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_bad_paths, peer_set_up, peer_tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
