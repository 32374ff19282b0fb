// SPDX-License-Identifier: GPL-2.0-or-later
/* Guests whose pointer takes positions, guests whose pointer takes motion, and those that change. */
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

#include "server/guest.h"
#include "server/input.h"
#include "tests/unit/guest_peer.h"

#define MOTION(name, value) "{\"type\":\"rel\",\"data\":{\"axis\":\"" name "\",\"value\":" value "}}"

static unsigned int n_told;
static bool told_absolute;

static void handle_pointer(void *user, bool absolute)
{
	assert_ptr_equal(user, &n_told);
	n_told++;
	told_absolute = absolute;
}

static const struct guest_events events = { .pointer = handle_pointer };

static struct guest *start(struct peer *peer)
{
	struct guest *guest;

	n_told = 0;
	peer_listen(peer);
	assert_int_equal(guest_new(peer->base, peer->path, &events, &n_told, &guest), 0);
	PEER_WAIT(peer, peer->n_asked_mice == 1);
	/* Its answer has come when that of a later command has. */
	PEER_WAIT(peer, (send_key(guest, 0x01, false), peer->n_lines > 8));
	send_key(guest, 0x02, false);
	PEER_WAIT(peer, strstr(peer->lines[peer->n_lines - 1], "\"data\":2}"));
	return guest;
}

static void send_motion(struct guest *guest, int32_t dx, int32_t dy, uint32_t buttons)
{
	const struct input_event event = {
		.kind = INPUT_MOTION,
		.pointer = { .dx = dx, .dy = dy, .buttons = buttons, .changed = buttons ^ last_buttons },
	};

	last_buttons = buttons;
	guest_input(guest, &event);
}

static void expect_lines(struct peer *peer, unsigned int first, const char *const *lines, unsigned int n)
{
	PEER_WAIT(peer, peer->n_lines >= first + n);
	for (unsigned int i = 0; i < n; i++)
		assert_string_equal(peer->lines[first + i], lines[i]);
}

static void test_motion_only(void **state)
{
	static const char *const expected[] = {
		"[" MOTION("x", "5") "," MOTION("y", "-6") "]",
		"[" MOTION("x", "2147483647") "," BUTTON("true", "left") "]",
		"[" BUTTON("true", "wheel-up") "," BUTTON("false", "wheel-up") "]",
		"[" BUTTON("false", "left") "]",
		/* Who says positions moves it by the way between two. */
		"[" MOTION("x", "-90") "," MOTION("y", "7") "]",
		"[" MOTION("y", "1") "," BUTTON("true", "right") "]",
	};
	struct peer *peer = *state;
	struct guest *guest;
	unsigned int first;

	peer->mice = PEER_MOUSE;
	guest = start(peer);
	assert_int_equal(n_told, 1);
	assert_false(told_absolute);
	first = peer->n_lines;
	send_motion(guest, 5, -6, 0);
	send_motion(guest, 0, 0, 0);
	send_motion(guest, INT32_MAX, 0, INPUT_BUTTON_LEFT);
	send_motion(guest, 0, 0, INPUT_BUTTON_LEFT | INPUT_BUTTON_WHEEL_UP);
	send_motion(guest, 0, 0, INPUT_BUTTON_LEFT);
	send_motion(guest, 0, 0, 0);
	send_pointer(guest, 100, 10, 0);
	send_pointer(guest, 10, 17, 0);
	send_pointer(guest, 10, 18, INPUT_BUTTON_RIGHT);
	expect_lines(peer, first, expected, sizeof(expected) / sizeof(expected[0]));
	guest_free(guest);
}

static void test_motion_adds_up(void **state)
{
	struct peer *peer = *state;
	struct guest *guest;
	unsigned int first;
	long dx = 0, dy = 0;

	peer->mice = PEER_MOUSE;
	guest = start(peer);
	peer->answering = false;
	first = peer->n_lines;
	for (int i = 0; i < 1000; i++)
		send_motion(guest, i % 7, -1, 0);
	send_key(guest, 0x1e, true);
	peer->answering = true;
	peer_answer(peer);
	PEER_WAIT(peer, peer->n_lines && strstr(peer->lines[peer->n_lines - 1], "\"data\":30}"));
	assert_in_range(peer->n_lines - first, 2, 8 + 2);
	for (unsigned int i = first; i + 1 < peer->n_lines; i++) {
		const char *x = strstr(peer->lines[i], "\"x\",\"value\":");
		const char *y = strstr(peer->lines[i], "\"y\",\"value\":");

		dx += x ? atol(x + 12) : 0;
		dy += y ? atol(y + 12) : 0;
	}
	assert_int_equal(dx, 1000 / 7 * 21 + 15);
	assert_int_equal(dy, -1000);
	guest_free(guest);
}

/* Points now and then. */
static void point_until_told(struct peer *peer, struct guest *guest, unsigned int n, unsigned int *ret_sent)
{
	const int64_t end_ns = clock_now_ns() + PEER_DEADLINE_NS;
	const struct timeval step = clock_timeval(50 * NSEC_PER_MSEC);
	struct event *waker = evtimer_new(peer->base, peer_wake, NULL);

	while (n_told < n) {
		assert_true(clock_now_ns() < end_ns);
		send_pointer(guest, ++*ret_sent % 1000, 5, 0);
		evtimer_add(waker, &step);
		while (evtimer_pending(waker, NULL))
			event_base_loop(peer->base, EVLOOP_ONCE);
	}
	event_free(waker);
}

/* Nobody is told, so that it is asked, not with each motion, and not while nobody points. */
static void test_pointer_that_changes(void **state)
{
	struct peer *peer = *state;
	struct guest *guest;
	unsigned int sent = 0, first;

	guest = start(peer);
	assert_int_equal(n_told, 0);
	peer->mice = PEER_MOUSE;
	point_until_told(peer, guest, 1, &sent);
	assert_false(told_absolute);
	assert_int_equal(peer->n_asked_mice, 2);
	assert_true(sent > 2);
	first = peer->n_lines;
	send_pointer(guest, 1001, 5, 0);
	PEER_WAIT(peer, peer->n_lines > first);
	assert_non_null(strstr(peer->lines[peer->n_lines - 1], "\"rel\""));
	/* Another QEMU, with a tablet, which takes over. */
	peer->mice = PEER_TABLET;
	peer_hang_up(peer);
	PEER_WAIT(peer, n_told == 2);
	assert_true(told_absolute);
	guest_free(guest);
}

/* What a peer that is no QEMU may answer. */
static void test_answers_that_say_nothing(void **state)
{
	static const char *const answers[] = {
		"[]", "[1, null, [], \"current\"]", "[{\"current\": true}]",
		"[{\"current\": false, \"absolute\": false}]", "{\"current\": true, \"absolute\": false}",
	};
	struct peer *peer = *state;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct guest *guest;

		peer->mice = answers[i];
		guest = start(peer);
		assert_int_equal(n_told, 0);
		guest_free(guest);
		peer_vanish(peer);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_motion_only, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_motion_adds_up, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_pointer_that_changes, peer_set_up, peer_tear_down),
		cmocka_unit_test_setup_teardown(test_answers_that_say_nothing, peer_set_up, peer_tear_down),
	};

	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
