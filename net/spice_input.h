/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyboard, tablet and mouse of one SPICE viewer, as devices of the library.
 * Scancodes become key numbers; motion is told once a round of the loop, the
 * newest or their sum; keys and buttons keep their order. A client without absolute
 * pointer moves one that starts in the middle, where the guest has one. What is still down when a viewer leaves is
 * let go.
 *
 * A viewer's lock keys (Caps, Num, Scroll) are its own: off when it comes, what it
 * says they are, and one other with each press. The guest is told before each key
 * and not sooner, so that what several viewers type means what each one's lights
 * say, nobody's are changed behind its back, and who does not type changes nothing.
 * What the guest itself makes of them is told to viewers where anybody knows, which by
 * QMP nobody does (server/locks.h): else they are told what they said.
 *
 * Loop thread.
 */
#ifndef PLANECAST_NET_SPICE_INPUT_H
#define PLANECAST_NET_SPICE_INPUT_H

#include <stdbool.h>
#include <stdint.h>

struct RedsState;
struct event_base;
struct input_event;
struct spice_input;

struct spice_input_events {
	/* From inside the library. False: it was not let through. */
	bool (*input)(void *user, const struct input_event *event);
	/* Of the picture the viewer points into. */
	void (*size)(void *user, uint32_t *ret_width, uint32_t *ret_height);
};

/*
 * To be called before the first client is given to server. -ENOMEM. -EINVAL: the
 * library does not like it; *ret is then set all the same, to be freed when server
 * is destroyed.
 */
int spice_input_new(struct RedsState *server, struct event_base *base,
		const struct spice_input_events *events, void *user, struct spice_input **ret);
/* After server is destroyed. NULL is fine. */
void spice_input_free(struct spice_input *input);

/*
 * false: the guest takes motion only. The client is then asked for motion, which is
 * passed on as such, and has to stop saying where its own pointer is. Not from
 * inside the library, nor while the picture changes its size.
 */
void spice_input_set_absolute(struct spice_input *input, bool absolute);
/*
 * The guest's lights, enum input_led, for the viewer to show; what its keys mean is its own. Not from inside the
 * library.
 */
void spice_input_set_leds(struct spice_input *input, unsigned int leds);
/* Lets everything go that was let through. */
void spice_input_release(struct spice_input *input);

#endif
