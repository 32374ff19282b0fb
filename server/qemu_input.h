/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Input into the running VM over QEMU's D-Bus display (org.qemu.Display1.Keyboard and Mouse), and what the guest
 * says of its lights and its pointer there. Loop thread; asynchronous; comes and goes with the connection.
 */
#ifndef PLANECAST_SERVER_QEMU_INPUT_H
#define PLANECAST_SERVER_QEMU_INPUT_H

#include <stdbool.h>

struct input_event;
struct qemu_bus;
struct qemu_input;

/* From the loop, or qemu_input_new(). */
struct qemu_input_events {
	/* Input can be taken now, or no more. */
	void (*ready)(void *user, bool ready);
	/* The guest's pointer takes positions, or motion only; positions at first. */
	void (*pointer)(void *user, bool absolute);
	/* The guest's keyboard lights, enum input_led. */
	void (*leds)(void *user, unsigned int leds);
};

/* bus and events are borrowed. -ENOMEM. */
int qemu_input_new(struct qemu_bus *bus, const struct qemu_input_events *events, void *user, struct qemu_input **ret);
/* Lets go of the keys and buttons that the guest was told of. NULL is fine. */
void qemu_input_free(struct qemu_input *input);

bool qemu_input_is_ready(const struct qemu_input *input);
/*
 * Sends, or forgets while it is not ready. Positions for a pointer that takes those, motion for one that does not; no
 * locks. Bounded (server/input_queue.h): past the limit a warning, and all is let go.
 */
void qemu_input_put(struct qemu_input *input, const struct input_event *event);

#endif
