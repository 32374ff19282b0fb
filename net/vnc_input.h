/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A viewer's keys and pointer on their way to the guest. Motion is told once a
 * round of the loop, the newest; keys and buttons keep their order. What is
 * still down when a viewer leaves is let go. Loop thread.
 */
#ifndef PLANECAST_NET_VNC_INPUT_H
#define PLANECAST_NET_VNC_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "net/rate.h"

struct vnc_client;

/* Keys one viewer holds down; more are passed on, but not let go by themselves. */
#define VNC_INPUT_KEYS_MAX 32
/* Bytes of what is more than input-rate that may wait; it is less than a stream holds. */
#define VNC_INPUT_WAITING_MAX 65536

struct vnc_input {
	unsigned int n_keys;
	struct {
		uint32_t qnum, keysym;
	} keys[VNC_INPUT_KEYS_MAX];
	uint32_t x, y, buttons; /* newest */
	uint32_t buttons_told;
	bool motion; /* the viewer was told to say by how much it moves, not where to */
	int32_t dx, dy; /* of that, not told yet */
	bool moved; /* not told yet */
	struct rate rate;
};

/*
 * What is more than input-rate waits: -EAGAIN when it has to be said again, once the
 * stream is read again. But where the pointer has been since does not.
 */

/* qnum as in struct input_event; 0: only the keysym is known. */
int vnc_input_key(struct vnc_client *client, bool down, uint32_t qnum, uint32_t keysym);
/* As they stand in PointerEvent, whatever the viewer was told that they mean. */
int vnc_input_pointer(struct vnc_client *client, uint32_t x, uint32_t y, uint32_t buttons);
/* The viewer is told now: its next positions are motion, or positions again. */
void vnc_input_set_motion(struct vnc_client *client, bool motion);
/* End of the round: the pointer is told where it is, or the stream is read again when it may be. */
void vnc_input_flush(struct vnc_client *client);
/* Lets everything go, also for a closed client. */
void vnc_input_release(struct vnc_client *client);

#endif
