// SPDX-License-Identifier: GPL-2.0-or-later
/* SPICE viewers with keyboards and mice, for tests. */
#include "tests/unit/spice_inputs.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <spice/enums.h>

#include "net/spice_wire.h"
#include "server/clock.h"
#include "server/input.h"

struct spice_client clients[INPUTS_VIEWERS][SPICE_LINK_CHANNELS];

void inputs_join(struct spice_client *viewer)
{
	const uint32_t source = spice_rig_new_source();

	for (unsigned int channel = 0; channel < SPICE_LINK_CHANNELS; channel++) {
		/* The inputs channel comes last, and by then the mouse mode is the one it asked for. */
		static const enum spice_link_channel order[SPICE_LINK_CHANNELS] = {
			SPICE_LINK_MAIN, SPICE_LINK_DISPLAY, SPICE_LINK_CURSOR, SPICE_LINK_INPUTS,
		};

		spice_viewer_link(viewer, order[channel], source);
	}
	/* What its first words were. */
	SPICE_RIG_UNTIL(spice_rig.keys[0x1e] && spice_rig.buttons == INPUT_BUTTON_LEFT);
}

void inputs_tell(unsigned int viewer, uint16_t type, const void *data, uint32_t bytes)
{
	spice_client_tell(&clients[viewer][SPICE_LINK_INPUTS], type, data, bytes);
}

void inputs_scan(unsigned int viewer, const char *bytes, size_t n)
{
	inputs_tell(viewer, SPICE_MSGC_INPUTS_KEY_SCANCODE, bytes, (uint32_t)n);
}

bool hear_all(void)
{
	for (unsigned int i = 0; i < INPUTS_VIEWERS; i++) {
		for (unsigned int channel = 0; channel < SPICE_LINK_CHANNELS; channel++) {
			if (spice_client_hear(&clients[i][channel]))
				spice_client_push(&clients[i][channel], SIZE_MAX);
		}
	}
	return true;
}

void inputs_settle(unsigned int viewer)
{
	const char down = INPUTS_MARK, up = (char)(INPUTS_MARK | 0x80);

	inputs_scan(viewer, &down, 1);
	SPICE_RIG_UNTIL(hear_all() && spice_rig.keys[INPUTS_MARK]);
	inputs_scan(viewer, &up, 1);
	SPICE_RIG_UNTIL(hear_all() && !spice_rig.keys[INPUTS_MARK]);
}

void inputs_begin(unsigned int viewer)
{
	static const uint8_t release[3] = { SPICE_MOUSE_BUTTON_LEFT };

	SCAN(viewer, "\x9e");
	inputs_tell(viewer, SPICE_MSGC_INPUTS_MOUSE_RELEASE, release, sizeof(release));
	inputs_settle(viewer);
	assert_false(spice_rig_holds_anything());
	spice_rig.n_inputs = 0;
}

int inputs_setup(void **state)
{
	(void)state;
	spice_rig_start();
	for (size_t i = 0; i < INPUTS_VIEWERS; i++) {
		for (size_t channel = 0; channel < SPICE_LINK_CHANNELS; channel++)
			clients[i][channel] = (struct spice_client){ .fd = -1, .acknowledges = true };
	}
	inputs_join(clients[0]);
	inputs_begin(0);
	return 0;
}

int inputs_teardown(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < INPUTS_VIEWERS; i++)
		spice_viewer_leave(clients[i]);
	SPICE_RIG_UNTIL(spice_rig_is_empty());
	spice_rig_stop();
	return 0;
}

void say_modifiers(unsigned int viewer, uint16_t locks)
{
	uint8_t data[2];

	spice_wire_put_u16(data, locks);
	inputs_tell(viewer, SPICE_MSGC_INPUTS_KEY_MODIFIERS, data, sizeof(data));
}

void say_position(unsigned int viewer, uint32_t x, uint32_t y, uint16_t buttons)
{
	uint8_t data[11] = { 0 };

	spice_wire_put_u32(data, x);
	spice_wire_put_u32(data + 4, y);
	spice_wire_put_u16(data + 8, buttons);
	inputs_tell(viewer, SPICE_MSGC_INPUTS_MOUSE_POSITION, data, sizeof(data));
}

void say_motion(unsigned int viewer, int32_t dx, int32_t dy, uint16_t buttons)
{
	uint8_t data[10];

	spice_wire_put_u32(data, (uint32_t)dx);
	spice_wire_put_u32(data + 4, (uint32_t)dy);
	spice_wire_put_u16(data + 8, buttons);
	inputs_tell(viewer, SPICE_MSGC_INPUTS_MOUSE_MOTION, data, sizeof(data));
}

static void say_button(unsigned int viewer, uint16_t type, uint8_t button, uint16_t state)
{
	uint8_t data[3] = { button };

	spice_wire_put_u16(data + 1, state);
	inputs_tell(viewer, type, data, sizeof(data));
}

void press_button(unsigned int viewer, uint8_t button, uint16_t state)
{
	say_button(viewer, SPICE_MSGC_INPUTS_MOUSE_PRESS, button, state);
}

void release_button(unsigned int viewer, uint8_t button, uint16_t state)
{
	say_button(viewer, SPICE_MSGC_INPUTS_MOUSE_RELEASE, button, state);
}

unsigned int count_pointers(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < spice_rig.n_inputs; i++)
		n += spice_rig.inputs[i].kind == INPUT_POINTER;
	return n;
}

void ask_mouse_mode(unsigned int viewer, uint16_t mode)
{
	uint8_t data[2];

	spice_wire_put_u16(data, mode);
	spice_client_tell(&clients[viewer][SPICE_LINK_MAIN], SPICE_MSGC_MAIN_MOUSE_MODE_REQUEST, data, sizeof(data));
}

void use_server_mouse(unsigned int viewer)
{
	ask_mouse_mode(viewer, SPICE_MOUSE_MODE_SERVER);
	/* In this mode a position is nothing and a motion is one, so that there is news when it holds. */
	SPICE_RIG_UNTIL((spice_rig.n_inputs = 0, say_motion(viewer, 1, 1, 0), inputs_settle(viewer), count_pointers()));
}
