// SPDX-License-Identifier: GPL-2.0-or-later
/* SPICE connections from their first byte to their last, with the library behind them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <spice/enums.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "net/spice.h"
#include "net/spice_display.h"
#include "net/spice_filter.h"
#include "net/spice_session.h"
#include "net/spice_tally.h"
#include "server/clock.h"
#include "tests/unit/spice_rig.h"

#define SCRIPTS 60
#define SCRIPT_BYTES 160

static struct spice_client clients[SPICE_LEAVING_MAX + 1][SPICE_LINK_CHANNELS];

static int setup(void **state)
{
	(void)state;
	spice_rig_start();
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++) {
		for (size_t channel = 0; channel < SPICE_LINK_CHANNELS; channel++)
			clients[i][channel] = (struct spice_client){ .fd = -1, .acknowledges = true };
	}
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(clients) / sizeof(clients[0]); i++)
		spice_viewer_leave(clients[i]);
	spice_rig_stop();
	return 0;
}

/* Split anywhere, in any order, with any ends: nothing is left behind. See spice_rig_drive(). */
static void any_clients_leave_nothing(void **state)
{
	const unsigned int seed = (unsigned int)time(NULL);
	uint8_t script[SCRIPT_BYTES];

	(void)state;
	printf("seed %u\n", seed);
	srand(seed);
	spice_rig.config.handshake_timeout_ns = 300 * NSEC_PER_MSEC;
	for (unsigned int i = 0; i < SCRIPTS; i++) {
		for (size_t at = 0; at < sizeof(script); at++)
			script[at] = (uint8_t)(rand() >> 4);
		spice_rig_drive(script, sizeof(script));
	}
}

static void what_is_held_down_is_let_go(void **state)
{
	static const uint8_t key[4] = { 0xe0, 0x1d }, press[3] = { 3, 4 };
	struct spice_client *inputs = &clients[0][SPICE_LINK_INPUTS];

	(void)state;
	/* Whichever end comes first: the last word was on its way then. */
	for (unsigned int i = 0; i < 2; i++) {
		spice_viewer_join(clients[0]);
		SPICE_RIG_UNTIL(spice_rig_holds_anything());
		spice_client_tell(inputs, SPICE_MSGC_INPUTS_KEY_DOWN, key, sizeof(key));
		spice_client_tell(inputs, SPICE_MSGC_INPUTS_MOUSE_PRESS, press, sizeof(press));
		spice_client_close(&clients[0][i ? SPICE_LINK_MAIN : SPICE_LINK_INPUTS]);
		if (i == 0) {
			SPICE_RIG_UNTIL(!spice_rig_holds_anything());
			assert_int_equal(spice_rig_stats().viewers, 1);
		}
		spice_viewer_leave(clients[0]);
		SPICE_RIG_UNTIL(spice_rig_is_empty());
		assert_false(spice_rig_holds_anything());
	}
	assert_true(spice_rig.presses >= 8);
}

/* None is lost; and of scancodes each byte counts. */
static void keys_beyond_the_rate_wait(void **state)
{
	static const uint8_t down[4] = { 0x1e }, up[4] = { 0x9e };
	static const uint8_t scancodes[40] = { 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e,
		0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e,
		0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e, 0x1e, 0x9e };
	struct spice_client *inputs = &clients[0][SPICE_LINK_INPUTS];
	unsigned int presses;
	int64_t start_ns;

	(void)state;
	spice_rig.config.input_rate = 50;
	spice_viewer_join(clients[0]);
	SPICE_RIG_UNTIL(spice_rig_holds_anything());
	spice_client_tell(inputs, SPICE_MSGC_INPUTS_KEY_UP, up, sizeof(up));
	SPICE_RIG_UNTIL(!spice_rig.keys[0x1e] && spice_rig.buttons);
	presses = spice_rig.presses;
	start_ns = clock_now_ns();
	for (unsigned int i = 0; i < 20; i++) {
		spice_client_tell(inputs, SPICE_MSGC_INPUTS_KEY_DOWN, down, sizeof(down));
		spice_client_tell(inputs, SPICE_MSGC_INPUTS_KEY_UP, up, sizeof(up));
	}
	spice_client_tell(inputs, SPICE_MSGC_INPUTS_KEY_SCANCODE, scancodes, sizeof(scancodes));
	spice_client_tell(inputs, SPICE_MSGC_INPUTS_KEY_DOWN, down, sizeof(down));
	SPICE_RIG_UNTIL(spice_rig.presses == presses + 40 + 40 + 1);
	assert_true(clock_now_ns() - start_ns >= 500 * NSEC_PER_MSEC);
}

static void who_talks_before_he_is_served_is_closed(void **state)
{
	static const uint8_t bytes[SPICE_FILTER_MESSAGE_MAX];
	struct spice_client *main = &clients[0][SPICE_LINK_MAIN];

	(void)state;
	spice_rig.hides = true;
	for (unsigned int i = 0; i < 2; i++) {
		spice_client_connect(main, SPICE_LINK_MAIN, 0, spice_rig_new_source());
		while (main->state != SPICE_CLIENT_IN) {
			spice_client_push(main, SIZE_MAX);
			SPICE_RIG_UNTIL(spice_client_hear(main));
		}
		/* As much as he may before he is heard, or more. */
		spice_client_say(main, bytes, sizeof(bytes) - !i);
		if (i == 0) {
			spice_rig_turn(NSEC_PER_MSEC);
			assert_int_equal(spice_rig_stats().viewers, 1);
			spice_client_close(main);
		}
		SPICE_RIG_UNTIL(spice_rig_is_empty());
	}
	spice_client_hear(main);
	assert_int_equal(main->fd, -1);
}

static void those_who_leave_count_until_they_are_gone(void **state)
{
	struct spice_client *late = &clients[SPICE_LEAVING_MAX][SPICE_LINK_MAIN];

	(void)state;
	spice_rig.config.max_viewers = 64;
	for (unsigned int i = 0; i < SPICE_LEAVING_MAX; i++)
		spice_viewer_link(clients[i], SPICE_LINK_MAIN, spice_rig_new_source());
	for (unsigned int i = 0; i < SPICE_LEAVING_MAX; i++)
		spice_viewer_leave(clients[i]);
	SPICE_RIG_UNTIL(spice_rig_stats().viewers == 0);
	spice_client_connect(late, SPICE_LINK_MAIN, 0, spice_rig_new_source());
	spice_client_join(late);
	assert_int_equal(late->refused, SPICE_LINK_ERR_ERROR);
	spice_client_close(late);
	SPICE_RIG_UNTIL(spice_rig_is_empty());
	spice_viewer_link(clients[0], SPICE_LINK_MAIN, spice_rig_new_source());
}

/* What is painted over is not kept by the library, so this is not. */
static void show_elsewhere(unsigned int turn)
{
	const int32_t x = (int32_t)(turn * 4 % 300);
	pixman_box32_t boxes[32];

	for (int i = 0; i < 32; i++)
		boxes[i] = (pixman_box32_t){ x, i * 6, x + 2, i * 6 + 2 };
	spice_rig_show(boxes, 32);
}

/*
 * When the size changes the library's thread waits half a minute for who does not
 * acknowledge; whoever waits for that thread would, too.
 */
static void change_size_and_leave(void)
{
	const struct spice *spice = (const struct spice *)spice_rig.spice;
	struct spice_client *display = &clients[0][SPICE_LINK_DISPLAY];
	int64_t start_ns = clock_now_ns();

	do {
		/* It changed at once: nobody waited. */
		assert_true(clock_now_ns() - start_ns < 10 * NSEC_PER_SEC);
		spice_rig_show_size(640, 480);
		spice_client_hear(display);
		spice_client_push(display, SIZE_MAX);
		spice_rig_turn(NSEC_PER_MSEC);
	} while (!spice_display_is_changing(TAILQ_FIRST(&spice->sessions)->display));
	start_ns = clock_now_ns();
	while (clock_now_ns() - start_ns < 100 * NSEC_PER_MSEC) {
		spice_client_hear(display);
		spice_client_push(display, SIZE_MAX);
		spice_rig_turn(NSEC_PER_MSEC);
	}
	/* Or the test is none. */
	assert_true(spice_display_is_changing(TAILQ_FIRST(&spice->sessions)->display));
	spice_client_close(&clients[0][SPICE_LINK_MAIN]);
	SPICE_RIG_UNTIL(spice_rig_is_empty());
	assert_true(clock_now_ns() - start_ns < 10 * NSEC_PER_SEC);
}

static void a_pointer_not_acknowledged_holds_nobody_up(void **state)
{
	struct spice_client *cursor = &clients[0][SPICE_LINK_CURSOR];

	(void)state;
	cursor->acknowledges = false;
	spice_viewer_join(clients[0]);
	/* More than the library sends without hearing of it. */
	for (unsigned int i = 0; i < 100; i++) {
		spice_rig_show_cursor(i * 10 + 1);
		spice_rig_turn(2 * NSEC_PER_MSEC);
		spice_client_hear(cursor);
	}
	assert_true(cursor->messages > 20 && cursor->messages < 80);
	change_size_and_leave();
}

/* All that is given to the library and not fetched would be kept. */
static void a_display_not_acknowledged_is_given_no_more(void **state)
{
	struct spice_client *display = &clients[0][SPICE_LINK_DISPLAY];
	unsigned int turn = 0;
	int64_t rested_ns;
	uint64_t updates;

	(void)state;
	display->acknowledges = false;
	spice_viewer_join(clients[0]);
	updates = spice_rig_stats().updates_sent;
	show_elsewhere(turn++);
	rested_ns = clock_now_ns();
	/* What was given comes out late, or is taken for that after a while. */
	while (clock_now_ns() < rested_ns + SPICE_TALLY_PATIENCE_NS + 3 * NSEC_PER_SEC / 2) {
		spice_rig_turn(20 * NSEC_PER_MSEC);
		spice_client_hear(display);
		if (spice_rig_stats().updates_sent != updates) {
			updates = spice_rig_stats().updates_sent;
			rested_ns = clock_now_ns();
			assert_true(updates < 10);
			/* One at a time: of what adds up there would be few rectangles, each over some before. */
			show_elsewhere(turn++);
		}
	}
	assert_true(updates);
	change_size_and_leave();
}

/* Its thread does not survive it everywhere. */
static void display_dies_at_any_moment(void **state)
{
	struct spice_client *main = &clients[0][SPICE_LINK_MAIN], *display = &clients[0][SPICE_LINK_DISPLAY];

	(void)state;
	for (unsigned int i = 0; i < 24; i++) {
		const uint32_t source = spice_rig_new_source();

		spice_viewer_link(clients[0], SPICE_LINK_MAIN, source);
		spice_client_connect(display, SPICE_LINK_DISPLAY, main->session_id, source);
		while (display->fd >= 0 && display->state != SPICE_CLIENT_IN && !display->refused) {
			spice_client_push(display, SIZE_MAX);
			SPICE_RIG_UNTIL(spice_client_hear(display) || display->fd < 0);
		}
		for (unsigned int turns = 0; turns < i % 8; turns++)
			spice_rig_turn(0);
		spice_viewer_leave(clients[0]);
	}
	SPICE_RIG_UNTIL(spice_rig_is_empty());
}

/* As real ones do: a viewer's further channels, before any of them has said which it is. */
static void channels_come_all_at_once_in_a_crowd(void **state)
{
	const uint32_t source = spice_rig_new_source(), crowd = spice_rig_new_source();
	struct spice_client *viewer = clients[0];

	(void)state;
	spice_rig.config.max_handshakes = SPICE_LEAVING_MAX;
	spice_viewer_link(viewer, SPICE_LINK_MAIN, source);
	for (unsigned int i = 1; i <= SPICE_LEAVING_MAX; i++)
		spice_client_connect(&clients[i][SPICE_LINK_MAIN], SPICE_LINK_MAIN, 0, crowd);
	for (unsigned int i = SPICE_LINK_MAIN + 1; i < SPICE_LINK_CHANNELS; i++)
		spice_client_connect(&viewer[i], i, viewer[SPICE_LINK_MAIN].session_id, source);
	for (unsigned int i = SPICE_LINK_MAIN + 1; i < SPICE_LINK_CHANNELS; i++) {
		spice_client_join(&viewer[i]);
		assert_true(viewer[i].messages);
	}
	assert_int_equal(spice_rig_stats().handshakes, SPICE_LEAVING_MAX - 3);
}

/* Else the next picture needs other memory, and a copy of all that is in this. */
static void pictures_are_drawn_where_they_are(void **state)
{
	(void)state;
	spice_viewer_join(clients[0]);
	spice_rig_show_all();
	assert_true(frame_may_be_drawn(spice_rig.frame));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(any_clients_leave_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_held_down_is_let_go, setup, teardown),
		cmocka_unit_test_setup_teardown(keys_beyond_the_rate_wait, setup, teardown),
		cmocka_unit_test_setup_teardown(who_talks_before_he_is_served_is_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(those_who_leave_count_until_they_are_gone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_pointer_not_acknowledged_holds_nobody_up, setup, teardown),
		cmocka_unit_test_setup_teardown(a_display_not_acknowledged_is_given_no_more, setup, teardown),
		cmocka_unit_test_setup_teardown(display_dies_at_any_moment, setup, teardown),
		cmocka_unit_test_setup_teardown(pictures_are_drawn_where_they_are, setup, teardown),
		cmocka_unit_test_setup_teardown(channels_come_all_at_once_in_a_crowd, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
