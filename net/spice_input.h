/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Keyboard, tablet and mouse of one SPICE viewer, as devices of the library.
 * Scancodes become key numbers; motion is told once a round of the loop, the
 * newest; keys and buttons keep their order. A client without absolute pointer
 * moves one that starts in the middle. What is still down when a viewer leaves is
 * let go. Loop thread.
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
	/* From inside the library. */
	void (*input)(void *user, const struct input_event *event);
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

/* enum input_led. */
void spice_input_set_leds(struct spice_input *input, unsigned int leds);
/* Lets everything go. */
void spice_input_release(struct spice_input *input);

#endif
