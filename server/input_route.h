/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which way the input of a VM's viewers goes into the guest: through the source of pictures
 * where that takes it (D-Bus), else through QMP; there may be neither. Sources that play with
 * input by themselves see it, too. Loop thread.
 */
#ifndef PLANECAST_SERVER_INPUT_ROUTE_H
#define PLANECAST_SERVER_INPUT_ROUTE_H

#include <stdbool.h>

#include "server/locks.h"

struct capture;
struct guest;
struct input_event;
struct input_keymap;

/* All zero but for what the owner lends it. */
struct input_route {
	struct input_keymap *keymap;
	struct guest *guest; /* NULL: none configured */
	struct capture *capture; /* NULL while the VM comes and goes */
	struct locks locks; /* of the guest that the source takes input to */
	bool guest_relative, source_relative; /* as each says of the pointer */
};

/* False: a key that the layout does not have. */
bool input_route_put(struct input_route *route, const struct input_event *event);
/* The guest's lights as the source tells of them: whoever counts presses of lock keys goes on from there. */
void input_route_note_leds(struct input_route *route, unsigned int leds);
/* The pointer of the way that is in use takes positions. */
bool input_route_is_absolute(const struct input_route *route);

#endif
