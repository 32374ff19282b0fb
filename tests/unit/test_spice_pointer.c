// SPDX-License-Identifier: GPL-2.0-or-later
/* Pointers of SPICE viewers through the real library, for guests with a tablet and without. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <spice/enums.h>
#include <string.h>

#include "net/spice_wire.h"
#include "server/clock.h"
#include "server/input.h"
#include "tests/unit/spice_inputs.h"

static const struct input_event *last_pointer(void)
{
	for (unsigned int i = spice_rig.n_inputs; i-- > 0;) {
		if (spice_rig.inputs[i].kind == INPUT_POINTER)
			return &spice_rig.inputs[i];
	}
	fail_msg("no pointer event came");
	return NULL;
}

/* The nth pointer event since inputs_begin(). */
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

static void buttons_are_where_they_were_pressed(void **state)
{
	(void)state;
	say_position(0, 10, 20, 0);
	press_button(0, SPICE_MOUSE_BUTTON_RIGHT, SPICE_MOUSE_BUTTON_MASK_RIGHT);
	/* The motion says of another button: it is pressed there. */
	say_position(0, 30, 40, SPICE_MOUSE_BUTTON_MASK_RIGHT | SPICE_MOUSE_BUTTON_MASK_MIDDLE);
	release_button(0, SPICE_MOUSE_BUTTON_RIGHT, SPICE_MOUSE_BUTTON_MASK_MIDDLE);
	say_position(0, 50, 60, 0);
	inputs_settle(0);
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
		inputs_settle(0);
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
	inputs_settle(0);
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
		inputs_settle(0);
		assert_int_equal(last_pointer()->pointer.x, points[i].expected_x);
		assert_int_equal(last_pointer()->pointer.y, points[i].expected_y);
		assert_int_equal(last_pointer()->pointer.width, 320);
		assert_int_equal(last_pointer()->pointer.height, 200);
	}
	/* The picture has become smaller: the last point is outside of it. */
	say_position(0, 300, 150, 0);
	inputs_settle(0);
	spice_rig_show_size(160, 120);
	SPICE_RIG_UNTIL((spice_rig.n_inputs = 0, press_button(0, SPICE_MOUSE_BUTTON_UP, 0), inputs_settle(0),
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
	inputs_settle(0);
	assert_in_range(count_pointers(), 1, 25);
	assert_int_equal(last_pointer()->pointer.x, 199);
	assert_int_equal(last_pointer()->pointer.y, 0);
}

static void a_viewer_moves_a_pointer_of_ours(void **state)
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
	inputs_settle(0);
	expect_pointer(0, x - 20, y + 10, 0);
	expect_pointer(1, x - 20, y + 10, INPUT_BUTTON_LEFT);
	expect_pointer(2, x - 20, y + 10, INPUT_BUTTON_LEFT | INPUT_BUTTON_WHEEL_UP);
	expect_pointer(3, x - 20, y + 10, INPUT_BUTTON_LEFT);
	expect_pointer(4, x - 20, y + 10, 0);
	assert_int_equal(count_pointers(), 5);
	for (unsigned int i = 0; i < 2; i++) {
		say_motion(0, i ? INT32_MAX : INT32_MIN, i ? INT32_MAX : INT32_MIN, 0);
		inputs_settle(0);
		assert_int_equal(last_pointer()->pointer.x, i ? 319 : 0);
		assert_int_equal(last_pointer()->pointer.y, i ? 199 : 0);
	}
}

/* The guest's pointer changes its kind, and with it what viewers are asked for. */
static void set_guest_pointer(unsigned int viewer, bool absolute)
{
	const struct spice_client *main = &clients[viewer][SPICE_LINK_MAIN];

	spice_rig.spice->impl->pointer(spice_rig.spice, absolute);
	if (absolute) {
		SPICE_RIG_UNTIL(hear_all() && main->mouse_modes & SPICE_MOUSE_MODE_CLIENT);
		ask_mouse_mode(viewer, SPICE_MOUSE_MODE_CLIENT);
	}
	SPICE_RIG_UNTIL(hear_all() && main->mouse_mode ==
			(absolute ? SPICE_MOUSE_MODE_CLIENT : SPICE_MOUSE_MODE_SERVER));
}

/* What the motion since inputs_begin() comes to. */
static void expect_motion(int64_t dx, int64_t dy)
{
	for (unsigned int i = 0; i < spice_rig.n_inputs; i++) {
		if (spice_rig.inputs[i].kind != INPUT_MOTION)
			continue;
		dx -= spice_rig.inputs[i].pointer.dx;
		dy -= spice_rig.inputs[i].pointer.dy;
	}
	assert_int_equal(dx, 0);
	assert_int_equal(dy, 0);
	assert_int_equal(count_pointers(), 0);
}

static void a_guest_without_tablet_is_told_motion(void **state)
{
	(void)state;
	say_position(0, 100, 100, 0);
	press_button(0, SPICE_MOUSE_BUTTON_LEFT, SPICE_MOUSE_BUTTON_MASK_LEFT);
	inputs_settle(0);
	set_guest_pointer(0, false);
	spice_rig.n_inputs = 0;
	/* There are no edges, and what is held stays so. */
	say_motion(0, -500, 300, SPICE_MOUSE_BUTTON_MASK_LEFT);
	say_motion(0, 2, -3, SPICE_MOUSE_BUTTON_MASK_LEFT);
	say_position(0, 7, 7, 0);
	inputs_settle(0);
	expect_motion(-498, 297);
	assert_int_equal(spice_rig.buttons, INPUT_BUTTON_LEFT);
	spice_rig.n_inputs = 0;
	press_button(0, SPICE_MOUSE_BUTTON_UP, SPICE_MOUSE_BUTTON_MASK_LEFT);
	release_button(0, SPICE_MOUSE_BUTTON_LEFT, 0);
	inputs_settle(0);
	expect_motion(0, 0);
	assert_int_equal(spice_rig.inputs[0].kind, INPUT_MOTION);
	assert_int_equal(spice_rig.inputs[0].pointer.buttons, INPUT_BUTTON_LEFT | INPUT_BUTTON_WHEEL_UP);
	assert_int_equal(spice_rig.buttons, 0);
	/* It cannot have it otherwise. */
	ask_mouse_mode(0, SPICE_MOUSE_MODE_CLIENT);
	spice_rig.n_inputs = 0;
	for (unsigned int i = 0; i < 4; i++)
		say_motion(0, i % 2 ? INT32_MIN : INT32_MAX, 1, 0);
	inputs_settle(0);
	assert_int_equal(count_pointers(), 0);
	/* Who comes now is asked for the same. */
	inputs_join(clients[1]);
	inputs_begin(1);
	say_motion(1, 5, 6, 0);
	inputs_settle(1);
	expect_motion(5, 6);
	spice_viewer_leave(clients[1]);

	press_button(0, SPICE_MOUSE_BUTTON_RIGHT, SPICE_MOUSE_BUTTON_MASK_RIGHT);
	inputs_settle(0);
	set_guest_pointer(0, true);
	spice_rig.n_inputs = 0;
	say_position(0, 7, 8, SPICE_MOUSE_BUTTON_MASK_RIGHT);
	release_button(0, SPICE_MOUSE_BUTTON_RIGHT, 0);
	inputs_settle(0);
	expect_pointer(0, 7, 8, INPUT_BUTTON_RIGHT);
	expect_pointer(1, 7, 8, 0);
	assert_false(spice_rig_holds_anything());
}

/* Its thread tells the tablet of new sizes, which is there or not. */
static void the_pointer_changes_beside_the_picture(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < 30; i++) {
		spice_rig_show_size(320 + i % 3 * 16, 200);
		for (unsigned int turn = 0; turn < i % 4; turn++)
			spice_rig_turn(0);
		spice_rig.spice->impl->pointer(spice_rig.spice, i % 2);
		say_motion(0, 1, 1, 0);
		hear_all();
		spice_rig_turn(NSEC_PER_MSEC);
	}
	set_guest_pointer(0, false);
	/* Which waits for the last size. */
	SPICE_RIG_UNTIL((spice_rig.n_inputs = 0, say_motion(0, 1, 1, 0), inputs_settle(0), !count_pointers()));
	spice_rig.n_inputs = 0;
	say_motion(0, 3, 4, 0);
	inputs_settle(0);
	expect_motion(3, 4);
	set_guest_pointer(0, true);
	spice_rig.n_inputs = 0;
	say_position(0, 9, 10, 0);
	inputs_settle(0);
	expect_pointer(0, 9, 10, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(buttons_are_where_they_were_pressed, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(every_button_has_its_place, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(the_wheel_makes_steps, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(points_are_in_the_picture, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(floods_of_motion_are_few_events, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(a_viewer_moves_a_pointer_of_ours, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(a_guest_without_tablet_is_told_motion, inputs_setup, inputs_teardown),
		cmocka_unit_test_setup_teardown(the_pointer_changes_beside_the_picture, inputs_setup, inputs_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
