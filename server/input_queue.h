/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input on its way into the guest, while QEMU takes no more of it. Pointer motion that waits is joined with newer
 * motion, keys and buttons keep their order; past the limit the oldest motion goes first. Pure.
 */
#ifndef PLANECAST_SERVER_INPUT_QUEUE_H
#define PLANECAST_SERVER_INPUT_QUEUE_H

#include <stdbool.h>

#include "server/input.h"

#define INPUT_QUEUE_MAX 256

/* All zero: empty. */
struct input_queue {
	struct input_event events[INPUT_QUEUE_MAX];
	unsigned int head, count;
};

/* No locks. False: full of keys and buttons, and the event lost. */
bool input_queue_put(struct input_queue *queue, const struct input_event *event);
/* False: empty; else *ret is the oldest, which is in the queue no more. */
bool input_queue_take(struct input_queue *queue, struct input_event *ret);

/* One button, as the ways into the guest call it. */
struct input_button_kind {
	uint32_t mask; /* enum input_button */
	const char *qmp; /* InputButton of QEMU's qapi/ui.json */
	uint32_t dbus; /* of org.qemu.Display1.Mouse */
	bool wheel; /* a step, not a state */
};
#define INPUT_BUTTON_KINDS 9
extern const struct input_button_kind input_button_kinds[INPUT_BUTTON_KINDS];

/* What is held once event, of the pointer, has come, with the wheel's steps in it. */
uint32_t input_buttons_after(uint32_t before, const struct input_event *event);
/* Without the wheel's steps: those are not held. */
uint32_t input_buttons_held(uint32_t buttons);

#endif
