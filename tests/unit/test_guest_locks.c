// SPDX-License-Identifier: GPL-2.0-or-later
/* Lock keys on the way to a guest that does not say what it has on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <event2/bufferevent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/guest.h"
#include "server/input.h"
#include "tests/unit/guest_peer.h"

static void send_locks(struct guest *guest, unsigned int locks)
{
	const struct input_event event = { .kind = INPUT_LOCKS, .locks = locks };

	guest_input(guest, &event);
}

static unsigned int seen; /* lines that were looked at */

/* What came next, as key numbers, a release as its negative. */
static void expect_keys(struct peer *peer, const int *keys, unsigned int n)
{
	PEER_WAIT(peer, peer->n_lines >= seen + n);
	for (unsigned int i = 0; i < n; i++) {
		char expected[128];

		snprintf(expected, sizeof(expected), "[" KEY("%s", "%d") "]", keys[i] < 0 ? "false" : "true",
				abs(keys[i]));
		assert_string_equal(peer->lines[seen++], expected);
	}
}

#define EXPECT_KEYS(peer, ...) \
	expect_keys(peer, (const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

static void test_locks(void **state)
{
	enum { CAPS = 0x3a, NUM = 0x45, SCROLL = 0x46, A = 0x1e };
	static const char reset[] = "{\"event\": \"RESET\", \"data\": {}}\r\n";
	struct peer *peer = *state;
	struct guest *guest = connected_guest(peer);
	unsigned int before;
	char wire[4096], *at;
	ssize_t bytes;
	int fd;

	seen = peer->n_lines;
	send_locks(guest, 0);
	send_locks(guest, INPUT_LED_CAPS | INPUT_LED_NUM);
	send_locks(guest, INPUT_LED_CAPS | INPUT_LED_NUM);
	EXPECT_KEYS(peer, NUM, -NUM, CAPS, -CAPS);
	/* Pressed by whomever, once however often it repeats; not while it is down. */
	for (int i = 0; i < 3; i++)
		send_key(guest, CAPS, true);
	send_locks(guest, INPUT_LED_CAPS | INPUT_LED_SCROLL);
	send_key(guest, CAPS, false);
	send_locks(guest, INPUT_LED_SCROLL);
	send_key(guest, A, true);
	EXPECT_KEYS(peer, CAPS, CAPS, CAPS, SCROLL, -SCROLL, NUM, -NUM, -CAPS, A);
	send_locks(guest, INPUT_LED_SCROLL | INPUT_LED_CAPS);
	EXPECT_KEYS(peer, CAPS, -CAPS);
	/* The machine begins anew, and has none. */
	before = peer->connections;
	bufferevent_write(peer->bev, reset, sizeof(reset) - 1);
	send_key(guest, A, false);
	EXPECT_KEYS(peer, -A);
	send_key(guest, A, true);
	EXPECT_KEYS(peer, A);
	send_locks(guest, INPUT_LED_NUM);
	EXPECT_KEYS(peer, NUM, -NUM);
	assert_int_equal(peer->connections, before);
	/* Who ends leaves none on. */
	bufferevent_disable(peer->bev, EV_READ);
	fd = dup(bufferevent_getfd(peer->bev));
	guest_free(guest);
	bytes = read(fd, wire, sizeof(wire) - 1);
	close(fd);
	assert_true(bytes > 0);
	wire[bytes] = '\0';
	assert_non_null(strstr(wire, "[" KEY("false", "30") "]"));
	at = strstr(wire, "[" KEY("true", "69") "]");
	assert_non_null(at);
	assert_non_null(strstr(at, "[" KEY("false", "69") "]"));
	assert_null(strstr(wire, "58}"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_locks, peer_set_up, peer_tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
