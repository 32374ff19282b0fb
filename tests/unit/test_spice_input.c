// SPDX-License-Identifier: GPL-2.0-or-later
/* What SPICE viewers do with keyboard and pointer, through the real library, as the VM is told it. */
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

#include "net/spice_wire.h"
#include "server/clock.h"
#include "server/input.h"
#include "tests/unit/spice_rig.h"

#define VIEWERS 2
#define MESSAGES 400
/* What no key has: says that all before it has come through. */
#define MARK 0x7f

static struct spice_client clients[VIEWERS][SPICE_LINK_CHANNELS];

static void join(struct spice_client *viewer)
{
	const uint32_t source = spice_rig_new_source();

	for (unsigned int channel = 0; channel < SPICE_LINK_CHANNELS; channel++) {
		/* The inputs channel comes last, and by then the mouse mode is the one it asked for. */
		static const enum spice_link_channel order[SPICE_LINK_CHANNELS] = {
			SPICE_LINK_MAIN, SPICE_LINK_DISPLAY, SPICE_LINK_CURSOR, SPICE_LINK_INPUTS,
		};
		struct spice_client *client = &viewer[order[channel]];

		spice_client_connect(client, order[channel],
				order[channel] ? viewer[SPICE_LINK_MAIN].session_id : 0, source);
		spice_client_join(client);
		assert_true(client->messages);
	}
	/* What its first words were. */
	SPICE_RIG_UNTIL(spice_rig.keys[0x1e] && spice_rig.buttons == INPUT_BUTTON_LEFT);
}

static void leave(struct spice_client *viewer)
{
	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++)
		spice_client_close(&viewer[i]);
}

static void tell(unsigned int viewer, uint16_t type, const void *data, uint32_t bytes)
{
	spice_client_tell(&clients[viewer][SPICE_LINK_INPUTS], type, data, bytes);
}

static void scan(unsigned int viewer, const char *bytes, size_t n)
{
	tell(viewer, SPICE_MSGC_INPUTS_KEY_SCANCODE, bytes, (uint32_t)n);
}
#define SCAN(viewer, bytes) scan(viewer, bytes, sizeof(bytes) - 1)

/* As ordinary clients do: who takes nothing is not shown anything for long. */
static bool hear_all(void)
{
	for (unsigned int i = 0; i < VIEWERS; i++) {
		for (unsigned int channel = 0; channel < SPICE_LINK_CHANNELS; channel++) {
			if (spice_client_hear(&clients[i][channel]))
				spice_client_push(&clients[i][channel], SIZE_MAX);
		}
	}
	return true;
}

/* Until all that a viewer has said has been told; then what came is without the mark. */
static void settle(unsigned int viewer)
{
	const char down = MARK, up = (char)(MARK | 0x80);

	scan(viewer, &down, 1);
	SPICE_RIG_UNTIL(hear_all() && spice_rig.keys[MARK]);
	scan(viewer, &up, 1);
	SPICE_RIG_UNTIL(hear_all() && !spice_rig.keys[MARK]);
}

/* Nothing is held, and nothing of before is in the way. */
static void begin(unsigned int viewer)
{
	static const uint8_t release[3] = { SPICE_MOUSE_BUTTON_LEFT };

	SCAN(viewer, "\x9e");
	tell(viewer, SPICE_MSGC_INPUTS_MOUSE_RELEASE, release, sizeof(release));
	settle(viewer);
	assert_false(spice_rig_holds_anything());
	spice_rig.n_inputs = 0;
}

static int setup(void **state)
{
	(void)state;
	spice_rig_start();
	for (size_t i = 0; i < VIEWERS; i++) {
		for (size_t channel = 0; channel < SPICE_LINK_CHANNELS; channel++)
			clients[i][channel] = (struct spice_client){ .fd = -1, .acknowledges = true };
	}
	join(clients[0]);
	begin(0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < VIEWERS; i++)
		leave(clients[i]);
	SPICE_RIG_UNTIL(spice_rig_is_empty());
	spice_rig_stop();
	return 0;
}

static void say_modifiers(unsigned int viewer, uint16_t locks)
{
	uint8_t data[2];

	spice_wire_put_u16(data, locks);
	tell(viewer, SPICE_MSGC_INPUTS_KEY_MODIFIERS, data, sizeof(data));
}

static void say_position(unsigned int viewer, uint32_t x, uint32_t y, uint16_t buttons)
{
	uint8_t data[11] = { 0 };

	spice_wire_put_u32(data, x);
	spice_wire_put_u32(data + 4, y);
	spice_wire_put_u16(data + 8, buttons);
	tell(viewer, SPICE_MSGC_INPUTS_MOUSE_POSITION, data, sizeof(data));
}

static void say_motion(unsigned int viewer, int32_t dx, int32_t dy, uint16_t buttons)
{
	uint8_t data[10];

	spice_wire_put_u32(data, (uint32_t)dx);
	spice_wire_put_u32(data + 4, (uint32_t)dy);
	spice_wire_put_u16(data + 8, buttons);
	tell(viewer, SPICE_MSGC_INPUTS_MOUSE_MOTION, data, sizeof(data));
}

/* state: all buttons then, as flags; they go with a change of whichever. */
static void say_button(unsigned int viewer, uint16_t type, uint8_t button, uint16_t state)
{
	uint8_t data[3] = { button };

	spice_wire_put_u16(data + 1, state);
	tell(viewer, type, data, sizeof(data));
}

static void press_button(unsigned int viewer, uint8_t button, uint16_t state)
{
	say_button(viewer, SPICE_MSGC_INPUTS_MOUSE_PRESS, button, state);
}

static void release_button(unsigned int viewer, uint8_t button, uint16_t state)
{
	say_button(viewer, SPICE_MSGC_INPUTS_MOUSE_RELEASE, button, state);
}

/* Keys in order, a release as its negative, a wish for locks as 1000 and what; without the mark. */
static void expect_keys(const int *keys, unsigned int n)
{
	unsigned int at = 0;
	unsigned int locks = 0;

	for (unsigned int i = 0; i < spice_rig.n_inputs; i++) {
		const struct input_event *event = &spice_rig.inputs[i];
		int what;

		if (event->kind == INPUT_POINTER || (event->kind == INPUT_KEY && event->key.qnum == MARK))
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
	tell(0, SPICE_MSGC_INPUTS_KEY_DOWN, down, sizeof(down));
	tell(0, SPICE_MSGC_INPUTS_KEY_UP, up, sizeof(up));
	tell(0, SPICE_MSGC_INPUTS_KEY_DOWN, four, sizeof(four));
	/* As spice-gtk says Pause. */
	tell(0, SPICE_MSGC_INPUTS_KEY_DOWN, pause_first, sizeof(pause_first));
	tell(0, SPICE_MSGC_INPUTS_KEY_DOWN, pause_second, sizeof(pause_second));
	tell(0, SPICE_MSGC_INPUTS_KEY_UP, pause_up_first, sizeof(pause_up_first));
	tell(0, SPICE_MSGC_INPUTS_KEY_UP, pause_up_second, sizeof(pause_up_second));
	SCAN(0, "\x1d\xe0\x46\xe0\xc6\x9d");
	settle(0);
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
	settle(0);
	EXPECT_KEYS(0x1e, -0x1e, 1000 + (INPUT_LED_CAPS | INPUT_LED_NUM), 0x1e, -0x1e);
	/* And it hears the same. */
	SPICE_RIG_UNTIL(hear_all() && inputs->locks == (INPUT_LED_CAPS | INPUT_LED_NUM));
	/* A press is one more change, with its repeats, of its own lock only; Pause and Break are none. */
	spice_rig.n_inputs = 0;
	SCAN(0, "\x3a\x3a\x3a\xba\xe1\x1d\x45\xe1\x9d\xc5\xe0\x46\xe0\xc6\x1e\x9e");
	settle(0);
	EXPECT_KEYS(1000 + (INPUT_LED_CAPS | INPUT_LED_NUM), 0x3a, 0x3a, 0x3a, -0x3a, 1000 + INPUT_LED_NUM, 0xc6,
			-0xc6, 0xc6, -0xc6, 0x1e, -0x1e);
	/* What a viewer says again after its own press is no news. */
	spice_rig.n_inputs = 0;
	say_modifiers(0, SPICE_KEYBOARD_MODIFIER_FLAGS_NUM_LOCK);
	SCAN(0, "\x1e\x9e");
	settle(0);
	EXPECT_KEYS(1000 + INPUT_LED_NUM, 0x1e, -0x1e);
	SPICE_RIG_UNTIL(hear_all() && inputs->locks == INPUT_LED_NUM);
}

static void each_viewer_has_its_own_locks(void **state)
{
	(void)state;
	join(clients[1]);
	begin(1);
	begin(0);
	say_modifiers(0, SPICE_KEYBOARD_MODIFIER_FLAGS_CAPS_LOCK);
	settle(0);
	spice_rig.n_inputs = 0;
	SCAN(1, "\x1e\x9e");
	settle(1);
	SCAN(0, "\x30\xb0");
	settle(0);
	SCAN(1, "\x45\xc5\x2e\xae");
	settle(1);
	EXPECT_KEYS(0x1e, -0x1e, 1000 + INPUT_LED_CAPS, 0x30, -0x30, 1000, 0x45, -0x45, 1000 + INPUT_LED_NUM, 0x2e,
			-0x2e);
}

static const struct input_event *last_pointer(void)
{
	for (unsigned int i = spice_rig.n_inputs; i-- > 0;) {
		if (spice_rig.inputs[i].kind == INPUT_POINTER)
			return &spice_rig.inputs[i];
	}
	fail_msg("no pointer event came");
	return NULL;
}

/* The nth pointer event since begin(). */
static void expect_pointer(unsigned int nth, uint32_t x, uint32_t y, uint32_t buttons)
{
	unsigned int i = 0;

	for (; i < spice_rig.n_inputs; i++) {
		if (spice_rig.inputs[i].kind == INPUT_POINTER && !nth--)
			break;
	}
	assert_in_range(i + 1, 1, spice_rig.n_inputs);
	assert_int_equal(spice_rig.inputs[i].pointer.x, x);
	assert_int_equal(spice_rig.inputs[i].pointer.y, y);
	assert_int_equal(spice_rig.inputs[i].pointer.buttons, buttons);
}

static unsigned int count_pointers(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < spice_rig.n_inputs; i++)
		n += spice_rig.inputs[i].kind == INPUT_POINTER;
	return n;
}

static void buttons_are_where_they_were_pressed(void **state)
{
	(void)state;
	say_position(0, 10, 20, 0);
	press_button(0, SPICE_MOUSE_BUTTON_RIGHT, SPICE_MOUSE_BUTTON_MASK_RIGHT);
	/* The motion says of another button: it is pressed there. */
	say_position(0, 30, 40, SPICE_MOUSE_BUTTON_MASK_RIGHT | SPICE_MOUSE_BUTTON_MASK_MIDDLE);
	release_button(0, SPICE_MOUSE_BUTTON_RIGHT, SPICE_MOUSE_BUTTON_MASK_MIDDLE);
	say_position(0, 50, 60, 0);
	settle(0);
	expect_pointer(0, 10, 20, 0);
	expect_pointer(1, 10, 20, INPUT_BUTTON_RIGHT);
	expect_pointer(2, 30, 40, INPUT_BUTTON_RIGHT);
	expect_pointer(3, 30, 40, INPUT_BUTTON_RIGHT | INPUT_BUTTON_MIDDLE);
	expect_pointer(4, 30, 40, INPUT_BUTTON_MIDDLE);
	expect_pointer(5, 50, 60, INPUT_BUTTON_MIDDLE);
	expect_pointer(6, 50, 60, 0);
	assert_int_equal(count_pointers(), 7);
}

static void every_button_has_its_place(void **state)
{
	static const struct {
		uint16_t theirs;
		uint32_t ours;
	} buttons[] = {
		{ SPICE_MOUSE_BUTTON_MASK_LEFT, INPUT_BUTTON_LEFT },
		{ SPICE_MOUSE_BUTTON_MASK_MIDDLE, INPUT_BUTTON_MIDDLE },
		{ SPICE_MOUSE_BUTTON_MASK_RIGHT, INPUT_BUTTON_RIGHT },
		{ 1 << 5, INPUT_BUTTON_BACK },
		{ 1 << 6, INPUT_BUTTON_FORWARD },
		/* Of the wheel there are steps, and others are nobody's. */
		{ 1 << 3 | 1 << 4 | 0xff80, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(buttons) / sizeof(buttons[0]); i++) {
		press_button(0, 0, buttons[i].theirs);
		settle(0);
		assert_int_equal(spice_rig.buttons, buttons[i].ours);
	}
}

static void the_wheel_makes_steps(void **state)
{
	(void)state;
	press_button(0, SPICE_MOUSE_BUTTON_LEFT, SPICE_MOUSE_BUTTON_MASK_LEFT);
	say_position(0, 5, 6, SPICE_MOUSE_BUTTON_MASK_LEFT);
	for (unsigned int i = 0; i < 2; i++) {
		press_button(0, SPICE_MOUSE_BUTTON_UP, SPICE_MOUSE_BUTTON_MASK_LEFT | 1 << 3);
		release_button(0, SPICE_MOUSE_BUTTON_UP, SPICE_MOUSE_BUTTON_MASK_LEFT);
	}
	press_button(0, SPICE_MOUSE_BUTTON_DOWN, SPICE_MOUSE_BUTTON_MASK_LEFT);
	release_button(0, SPICE_MOUSE_BUTTON_DOWN, 0);
	settle(0);
	/* It was there before that: in the middle, since nobody had said where. */
	expect_pointer(1, 5, 6, INPUT_BUTTON_LEFT);
	expect_pointer(2, 5, 6, INPUT_BUTTON_LEFT | INPUT_BUTTON_WHEEL_UP);
	expect_pointer(3, 5, 6, INPUT_BUTTON_LEFT);
	expect_pointer(4, 5, 6, INPUT_BUTTON_LEFT | INPUT_BUTTON_WHEEL_UP);
	expect_pointer(5, 5, 6, INPUT_BUTTON_LEFT);
	expect_pointer(6, 5, 6, INPUT_BUTTON_LEFT | INPUT_BUTTON_WHEEL_DOWN);
	expect_pointer(7, 5, 6, INPUT_BUTTON_LEFT);
	expect_pointer(8, 5, 6, 0);
	assert_int_equal(count_pointers(), 9);
}

static void points_are_in_the_picture(void **state)
{
	static const struct {
		uint32_t x, y, expected_x, expected_y;
	} points[] = {
		{ 0, 0, 0, 0 }, { 319, 199, 319, 199 }, { 320, 200, 319, 199 }, { 0x7fffffff, 5, 319, 5 },
		{ 0xffffffff, 0x80000000, 0, 0 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
		say_position(0, points[i].x, points[i].y, 0);
		settle(0);
		assert_int_equal(last_pointer()->pointer.x, points[i].expected_x);
		assert_int_equal(last_pointer()->pointer.y, points[i].expected_y);
		assert_int_equal(last_pointer()->pointer.width, 320);
		assert_int_equal(last_pointer()->pointer.height, 200);
	}
	/* The picture has become smaller: the last point is outside of it. */
	say_position(0, 300, 150, 0);
	settle(0);
	spice_rig_show_size(160, 120);
	SPICE_RIG_UNTIL((spice_rig.n_inputs = 0, press_button(0, SPICE_MOUSE_BUTTON_UP, 0), settle(0),
			last_pointer()->pointer.width == 160));
	assert_int_equal(last_pointer()->pointer.height, 120);
	assert_int_equal(last_pointer()->pointer.x, 159);
	assert_int_equal(last_pointer()->pointer.y, 119);
}

/* However many come at once: what is told is less than one in eight, and the last. */
static void floods_of_motion_are_few_events(void **state)
{
	uint8_t flood[17 * 200], *at = flood;

	(void)state;
	for (unsigned int i = 0; i < 200; i++, at += 17) {
		memset(at, 0, 17);
		spice_wire_put_u16(at, SPICE_MSGC_INPUTS_MOUSE_POSITION);
		spice_wire_put_u32(at + 2, 11);
		spice_wire_put_u32(at + 6, i);
		spice_wire_put_u32(at + 10, 199 - i);
	}
	spice_client_say(&clients[0][SPICE_LINK_INPUTS], flood, sizeof(flood));
	settle(0);
	assert_in_range(count_pointers(), 1, 25);
	assert_int_equal(last_pointer()->pointer.x, 199);
	assert_int_equal(last_pointer()->pointer.y, 0);
}

static void use_server_mouse(unsigned int viewer)
{
	static const uint8_t mode[2] = { SPICE_MOUSE_MODE_SERVER };

	spice_client_tell(&clients[viewer][SPICE_LINK_MAIN], SPICE_MSGC_MAIN_MOUSE_MODE_REQUEST, mode, sizeof(mode));
	/* In this mode a position is nothing and a motion is one, so that there is news when it holds. */
	SPICE_RIG_UNTIL((spice_rig.n_inputs = 0, say_motion(viewer, 1, 1, 0), settle(viewer), count_pointers()));
}

static void a_viewer_without_tablet_moves_one_of_ours(void **state)
{
	uint32_t x, y;

	(void)state;
	use_server_mouse(0);
	x = last_pointer()->pointer.x;
	y = last_pointer()->pointer.y;
	assert_int_equal(x, 320 / 2 + 1);
	assert_int_equal(y, 200 / 2 + 1);
	spice_rig.n_inputs = 0;
	say_motion(0, -20, 10, SPICE_MOUSE_BUTTON_MASK_LEFT);
	say_position(0, 3, 3, 0);
	press_button(0, SPICE_MOUSE_BUTTON_UP, SPICE_MOUSE_BUTTON_MASK_LEFT);
	release_button(0, SPICE_MOUSE_BUTTON_LEFT, 0);
	settle(0);
	expect_pointer(0, x - 20, y + 10, 0);
	expect_pointer(1, x - 20, y + 10, INPUT_BUTTON_LEFT);
	expect_pointer(2, x - 20, y + 10, INPUT_BUTTON_LEFT | INPUT_BUTTON_WHEEL_UP);
	expect_pointer(3, x - 20, y + 10, INPUT_BUTTON_LEFT);
	expect_pointer(4, x - 20, y + 10, 0);
	assert_int_equal(count_pointers(), 5);
	for (unsigned int i = 0; i < 2; i++) {
		say_motion(0, i ? INT32_MAX : INT32_MIN, i ? INT32_MAX : INT32_MIN, 0);
		settle(0);
		assert_int_equal(last_pointer()->pointer.x, i ? 319 : 0);
		assert_int_equal(last_pointer()->pointer.y, i ? 199 : 0);
	}
}

static void one_lets_go_of_nothing_of_the_others(void **state)
{
	(void)state;
	join(clients[1]);
	begin(1);
	begin(0);
	say_position(0, 10, 10, 0);
	press_button(0, SPICE_MOUSE_BUTTON_LEFT, SPICE_MOUSE_BUTTON_MASK_LEFT);
	SCAN(0, "\x1e");
	settle(0);
	say_position(1, 20, 20, 0);
	press_button(1, SPICE_MOUSE_BUTTON_RIGHT, SPICE_MOUSE_BUTTON_MASK_RIGHT);
	SCAN(1, "\x30");
	settle(1);
	assert_int_equal(spice_rig.buttons, INPUT_BUTTON_LEFT | INPUT_BUTTON_RIGHT);
	leave(clients[1]);
	SPICE_RIG_UNTIL(!spice_rig.keys[0x30] && spice_rig.buttons == INPUT_BUTTON_LEFT);
	assert_true(spice_rig.keys[0x1e]);
}

static void who_may_only_watch_does_nothing(void **state)
{
	unsigned int presses;

	(void)state;
	SCAN(0, "\x1d\xe0\x48");
	say_position(0, 10, 10, SPICE_MOUSE_BUTTON_MASK_LEFT);
	settle(0);
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
	settle(0);
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
			join(clients[0]);
		if (round % 2)
			use_server_mouse(0);
		for (unsigned int i = 0; i < MESSAGES; i++) {
			const unsigned int what = (unsigned int)rand() % (sizeof(messages) / sizeof(messages[0]));
			const uint32_t more = messages[what].max - messages[what].min;
			uint8_t data[64];

			for (size_t at = 0; at < sizeof(data); at++)
				data[at] = (uint8_t)(rand() >> 4);
			tell(0, messages[what].type, data,
					messages[what].min + (more ? (uint32_t)rand() % (more + 1) : 0));
			if (rand() % 16 == 0)
				spice_rig_turn(0);
		}
		held += spice_rig_holds_anything();
		spice_client_close(&clients[0][first]);
		if (round % 3)
			spice_rig_turn(NSEC_PER_MSEC);
		leave(clients[0]);
		SPICE_RIG_UNTIL(spice_rig_is_empty());
		assert_false(spice_rig_holds_anything());
	}
	assert_true(held);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(keys_come_through, setup, teardown),
		cmocka_unit_test_setup_teardown(locks_are_what_the_viewer_says, setup, teardown),
		cmocka_unit_test_setup_teardown(each_viewer_has_its_own_locks, setup, teardown),
		cmocka_unit_test_setup_teardown(buttons_are_where_they_were_pressed, setup, teardown),
		cmocka_unit_test_setup_teardown(every_button_has_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(the_wheel_makes_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(points_are_in_the_picture, setup, teardown),
		cmocka_unit_test_setup_teardown(floods_of_motion_are_few_events, setup, teardown),
		cmocka_unit_test_setup_teardown(a_viewer_without_tablet_moves_one_of_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(one_lets_go_of_nothing_of_the_others, setup, teardown),
		cmocka_unit_test_setup_teardown(who_may_only_watch_does_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(whoever_leaves_holds_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
