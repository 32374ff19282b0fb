// SPDX-License-Identifier: GPL-2.0-or-later
/* Keys and locks of SPICE viewers through the real library, and that whoever goes holds nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <spice/enums.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "server/clock.h"
#include "server/input.h"
#include "tests/unit/spice_inputs.h"

#define MESSAGES 400

/* Keys in order, a release as its negative, a wish for locks as 1000 and what; without the mark. */
static void expect_keys(const int *keys, unsigned int n)
{
	unsigned int at = 0;
	unsigned int locks = 0;

	for (unsigned int i = 0; i < spice_rig.n_inputs; i++) {
		const struct input_event *event = &spice_rig.inputs[i];
		int what;

		if (event->kind == INPUT_POINTER || (event->kind == INPUT_KEY && event->key.qnum == INPUTS_MARK))
			continue;
		/* The same again before each key. */
		if (event->kind == INPUT_LOCKS && event->locks == locks)
			continue;
		if (event->kind == INPUT_LOCKS)
			locks = event->locks;
		what = event->kind == INPUT_LOCKS ? 1000 + (int)locks
				: event->key.down ? (int)event->key.qnum : -(int)event->key.qnum;
		assert_in_range(at, 0, n - 1);
		assert_int_equal(what, keys[at]);
		at++;
	}
	assert_int_equal(at, n);
}
#define EXPECT_KEYS(...) \
	expect_keys((const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))

/* The two messages of old carry up to four codes, the newer one up to 64. */
static void keys_come_through(void **state)
{
	static const uint8_t down[4] = { 0xe0, 0x4d }, up[4] = { 0xe0, 0xcd }, four[4] = { 0x1e, 0x9e, 0x30, 0xb0 };
	static const uint8_t pause_first[4] = { 0xe1, 0x1d }, pause_second[4] = { 0x45 };
	static const uint8_t pause_up_first[4] = { 0xe1, 0x9d }, pause_up_second[4] = { 0xc5 };

	(void)state;
	inputs_tell(0, SPICE_MSGC_INPUTS_KEY_DOWN, down, sizeof(down));
	inputs_tell(0, SPICE_MSGC_INPUTS_KEY_UP, up, sizeof(up));
	inputs_tell(0, SPICE_MSGC_INPUTS_KEY_DOWN, four, sizeof(four));
	/* As spice-gtk says Pause. */
	inputs_tell(0, SPICE_MSGC_INPUTS_KEY_DOWN, pause_first, sizeof(pause_first));
	inputs_tell(0, SPICE_MSGC_INPUTS_KEY_DOWN, pause_second, sizeof(pause_second));
	inputs_tell(0, SPICE_MSGC_INPUTS_KEY_UP, pause_up_first, sizeof(pause_up_first));
	inputs_tell(0, SPICE_MSGC_INPUTS_KEY_UP, pause_up_second, sizeof(pause_up_second));
	SCAN(0, "\x1d\xe0\x46\xe0\xc6\x9d");
	inputs_settle(0);
	EXPECT_KEYS(0xcd, -0xcd, 0x1e, -0x1e, 0x30, -0x30, 0xc6, -0xc6, 0x1d, 0xc6, -0xc6, -0x1d);
}

static void locks_are_what_the_viewer_says(void **state)
{
	struct spice_client *inputs = &clients[0][SPICE_LINK_INPUTS];

	(void)state;
	/* Told with the next key, in their place, and nothing is pressed for them. */
	SCAN(0, "\x1e\x9e");
	say_modifiers(0, SPICE_KEYBOARD_MODIFIER_FLAGS_CAPS_LOCK | SPICE_KEYBOARD_MODIFIER_FLAGS_NUM_LOCK | 0xff00);
	SCAN(0, "\x1e\x9e");
	inputs_settle(0);
	EXPECT_KEYS(0x1e, -0x1e, 1000 + (INPUT_LED_CAPS | INPUT_LED_NUM), 0x1e, -0x1e);
	/* And it hears the same. */
	SPICE_RIG_UNTIL(hear_all() && inputs->locks == (INPUT_LED_CAPS | INPUT_LED_NUM));
	/* A press is one more change, with its repeats, of its own lock only; Pause and Break are none. */
	spice_rig.n_inputs = 0;
	SCAN(0, "\x3a\x3a\x3a\xba\xe1\x1d\x45\xe1\x9d\xc5\xe0\x46\xe0\xc6\x1e\x9e");
	inputs_settle(0);
	EXPECT_KEYS(1000 + (INPUT_LED_CAPS | INPUT_LED_NUM), 0x3a, 0x3a, 0x3a, -0x3a, 1000 + INPUT_LED_NUM, 0xc6,
			-0xc6, 0xc6, -0xc6, 0x1e, -0x1e);
	/* What a viewer says again after its own press is no news. */
	spice_rig.n_inputs = 0;
	say_modifiers(0, SPICE_KEYBOARD_MODIFIER_FLAGS_NUM_LOCK);
	SCAN(0, "\x1e\x9e");
	inputs_settle(0);
	EXPECT_KEYS(1000 + INPUT_LED_NUM, 0x1e, -0x1e);
	SPICE_RIG_UNTIL(hear_all() && inputs->locks == INPUT_LED_NUM);
}

/* What the guest shows is shown to the viewer, and changes nothing of what its keys mean. */
static void the_guests_lights_are_shown(void **state)
{
	struct spice_client *inputs = &clients[0][SPICE_LINK_INPUTS];

	(void)state;
	spice_rig.spice->impl->leds(spice_rig.spice, INPUT_LED_NUM);
	SPICE_RIG_UNTIL(hear_all() && inputs->locks == INPUT_LED_NUM);
	SCAN(0, "\x1e\x9e");
	say_modifiers(0, SPICE_KEYBOARD_MODIFIER_FLAGS_CAPS_LOCK);
	SCAN(0, "\x1e\x9e");
	inputs_settle(0);
	EXPECT_KEYS(0x1e, -0x1e, 1000 + INPUT_LED_CAPS, 0x1e, -0x1e);
	spice_rig.spice->impl->leds(spice_rig.spice, INPUT_LED_CAPS | INPUT_LED_SCROLL);
	SPICE_RIG_UNTIL(hear_all() && inputs->locks == (INPUT_LED_CAPS | INPUT_LED_SCROLL));
	/* Also to who comes later. */
	inputs_join(clients[1]);
	SPICE_RIG_UNTIL(hear_all() && clients[1][SPICE_LINK_INPUTS].locks == (INPUT_LED_CAPS | INPUT_LED_SCROLL));
	spice_rig.spice->impl->leds(spice_rig.spice, 0);
	SPICE_RIG_UNTIL(hear_all() && !inputs->locks && !clients[1][SPICE_LINK_INPUTS].locks);
}

static void each_viewer_has_its_own_locks(void **state)
{
	(void)state;
	inputs_join(clients[1]);
	inputs_begin(1);
	inputs_begin(0);
	say_modifiers(0, SPICE_KEYBOARD_MODIFIER_FLAGS_CAPS_LOCK);
	inputs_settle(0);
	spice_rig.n_inputs = 0;
	SCAN(1, "\x1e\x9e");
	inputs_settle(1);
	SCAN(0, "\x30\xb0");
	inputs_settle(0);
	SCAN(1, "\x45\xc5\x2e\xae");
	inputs_settle(1);
	EXPECT_KEYS(0x1e, -0x1e, 1000 + INPUT_LED_CAPS, 0x30, -0x30, 1000, 0x45, -0x45, 1000 + INPUT_LED_NUM, 0x2e,
			-0x2e);
}

static void one_lets_go_of_nothing_of_the_others(void **state)
{
	(void)state;
	inputs_join(clients[1]);
	inputs_begin(1);
	inputs_begin(0);
	say_position(0, 10, 10, 0);
	press_button(0, SPICE_MOUSE_BUTTON_LEFT, SPICE_MOUSE_BUTTON_MASK_LEFT);
	SCAN(0, "\x1e");
	inputs_settle(0);
	say_position(1, 20, 20, 0);
	press_button(1, SPICE_MOUSE_BUTTON_RIGHT, SPICE_MOUSE_BUTTON_MASK_RIGHT);
	SCAN(1, "\x30");
	inputs_settle(1);
	assert_int_equal(spice_rig.buttons, INPUT_BUTTON_LEFT | INPUT_BUTTON_RIGHT);
	spice_viewer_leave(clients[1]);
	SPICE_RIG_UNTIL(!spice_rig.keys[0x30] && spice_rig.buttons == INPUT_BUTTON_LEFT);
	assert_true(spice_rig.keys[0x1e]);
}

static void who_may_only_watch_does_nothing(void **state)
{
	unsigned int presses;

	(void)state;
	SCAN(0, "\x1d\xe0\x48");
	say_position(0, 10, 10, SPICE_MOUSE_BUTTON_MASK_LEFT);
	inputs_settle(0);
	assert_true(spice_rig.keys[0x1d] && spice_rig.keys[0xc8] && spice_rig.buttons);
	spice_rig.config.view_only = true;
	spice_rig.spice->impl->reconfigure(spice_rig.spice, &spice_rig.config);
	SPICE_RIG_UNTIL(!spice_rig_holds_anything());
	presses = spice_rig.presses;
	for (unsigned int i = 0; i < 20; i++) {
		SCAN(0, "\x1e\x9e\x1f");
		say_position(0, i, i, SPICE_MOUSE_BUTTON_MASK_RIGHT);
		say_modifiers(0, 7);
		spice_rig_turn(NSEC_PER_MSEC);
		spice_rig.spice->impl->reconfigure(spice_rig.spice, &spice_rig.config);
	}
	assert_int_equal(spice_rig.presses, presses);
	assert_int_equal(spice_rig.locks, 0);
	/* What is locked meanwhile holds once he may again, repeats or not. */
	say_modifiers(0, 0);
	SCAN(0, "\x9f\x3a\x3a\x3a\xba\x45\x45\xc5");
	for (unsigned int i = 0; i < 20; i++)
		spice_rig_turn(NSEC_PER_MSEC);
	spice_rig.config.view_only = false;
	spice_rig.spice->impl->reconfigure(spice_rig.spice, &spice_rig.config);
	inputs_settle(0);
	assert_int_equal(spice_rig.locks, INPUT_LED_CAPS | INPUT_LED_NUM);
}

/* Whatever was said, in whatever mode, and whichever of its channels goes first. */
static void whoever_leaves_holds_nothing(void **state)
{
	static const struct {
		uint16_t type;
		uint32_t min, max;
	} messages[] = {
		{ SPICE_MSGC_INPUTS_KEY_DOWN, 4, 4 }, { SPICE_MSGC_INPUTS_KEY_DOWN, 4, 4 },
		{ SPICE_MSGC_INPUTS_KEY_UP, 4, 4 }, { SPICE_MSGC_INPUTS_KEY_MODIFIERS, 2, 2 },
		{ SPICE_MSGC_INPUTS_KEY_SCANCODE, 1, 64 }, { SPICE_MSGC_INPUTS_MOUSE_MOTION, 10, 10 },
		{ SPICE_MSGC_INPUTS_MOUSE_POSITION, 11, 11 }, { SPICE_MSGC_INPUTS_MOUSE_PRESS, 3, 3 },
		{ SPICE_MSGC_INPUTS_MOUSE_RELEASE, 3, 3 },
	};
	const unsigned int seed = (unsigned int)time(NULL);
	unsigned int held = 0;

	(void)state;
	printf("seed %u\n", seed);
	srand(seed);
	for (unsigned int round = 0; round < 12; round++) {
		const enum spice_link_channel first = rand() % SPICE_LINK_CHANNELS;

		if (round)
			inputs_join(clients[0]);
		if (round % 2)
			use_server_mouse(0);
		spice_rig.spice->impl->pointer(spice_rig.spice, round % 4 != 2);
		for (unsigned int i = 0; i < MESSAGES; i++) {
			const unsigned int what = (unsigned int)rand() % (sizeof(messages) / sizeof(messages[0]));
			const uint32_t more = messages[what].max - messages[what].min;
			uint8_t data[64];

			for (size_t at = 0; at < sizeof(data); at++)
				data[at] = (uint8_t)(rand() >> 4);
			inputs_tell(0, messages[what].type, data,
					messages[what].min + (more ? (uint32_t)rand() % (more + 1) : 0));
			if (rand() % 16 == 0)
				spice_rig_turn(0);
			if (rand() % 64 == 0)
				spice_rig.spice->impl->pointer(spice_rig.spice, rand() & 1);
		}
		held += spice_rig_holds_anything();
		spice_client_close(&clients[0][first]);
		if (round % 3)
			spice_rig_turn(NSEC_PER_MSEC);
		spice_viewer_leave(clients[0]);
		SPICE_RIG_UNTIL(spice_rig_is_empty());
		assert_false(spice_rig_holds_anything());
		spice_rig.spice->impl->pointer(spice_rig.spice, true);
	}
	assert_true(held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_come_through, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(locks_are_what_the_viewer_says, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(the_guests_lights_are_shown, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(each_viewer_has_its_own_locks, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(one_lets_go_of_nothing_of_the_others, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(who_may_only_watch_does_nothing, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(whoever_leaves_holds_nothing, inputs_setup, inputs_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
