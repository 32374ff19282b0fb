/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which way the input of a VM's viewers goes into the guest: through the source of pictures
 * where that takes it (D-Bus), else through QMP; there may be neither. Sources that play with
 * input by themselves see it, too. Loop thread.
 */
#ifndef PLANECAST_SERVER_INPUT_ROUTE_H
#define PLANECAST_SERVER_INPUT_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "server/keytext.h"
#include "server/locks.h"

struct capture;
struct guest;
struct input_event;

struct input_route {
	struct keymap *keymap;
	struct keytext keytext;
	/* The owner lends these and may change them. */
	struct guest *guest; /* NULL: none configured */
	struct capture *capture; /* NULL while the VM comes and goes */
	bool took; /* the source, the last time */
	struct locks locks; /* of the guest that the source takes input to */
	bool guest_relative, source_relative; /* as each says of the pointer */
	uint32_t x, y, width, height; /* where a viewer last pointed; 0 of 0: nowhere */
};

/* route is all zero. An unknown layout is logged, and us is used. -ENOMEM, -EINVAL: not even that. */
int input_route_init(struct input_route *route, const char *layout);
/* All zero is fine. */
void input_route_finish(struct input_route *route);

/*
 * What is typed with keysyms only is put on the guest's keys (server/keytext.h). False: a key that the layout does
 * not have.
 */
bool input_route_put(struct input_route *route, const struct input_event *event);
/* The guest holds no keys any more: whoever goes between has lost it, or made it let go. */
void input_route_forget_keys(struct input_route *route);
/* The guest's lights as the source tells of them: whoever counts presses of lock keys goes on from there. */
void input_route_note_leds(struct input_route *route, unsigned int leds);
/* The pointer of the way that is in use takes positions. */
bool input_route_is_absolute(const struct input_route *route);

#endif
