/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Viewers' input as arguments of QMP's input-send-event (QEMU's qapi/ui.json):
 * keys by number, pointer by absolute axes or motion, buttons as transitions, the wheel
 * as press and release. Pure: state and text. Loop thread.
 */
#ifndef PLANECAST_SERVER_QMP_INPUT_H
#define PLANECAST_SERVER_QMP_INPUT_H

#include <stdbool.h>
#include <stdint.h>

struct input_event;

#define QMP_INPUT_QNUM_MAX 255
/* A pointer event with every button changing takes about 1,100. */
#define QMP_INPUT_TEXT_MAX_BYTES 2048

/* What the guest has been told. All zero: nothing. */
struct qmp_input {
	bool keys_down[QMP_INPUT_QNUM_MAX + 1];
	uint32_t buttons;
	uint32_t x, y, width, height;
	/* It has no absolute pointer: positions become motion from the one before. The caller's to set. */
	bool relative;
};

/* False: an event that means nothing to QEMU (no key number, a picture without a size). */
bool qmp_input_usable(const struct input_event *event);
/* The event, usable, as JSON. False: it changes nothing, there is no text. */
bool qmp_input_event(struct qmp_input *state, const struct input_event *event,
		char ret_text[QMP_INPUT_TEXT_MAX_BYTES]);
/*
 * Lets go of buttons and keys, as many as one text has room for. False: nothing
 * was held.
 */
bool qmp_input_release(struct qmp_input *state, char ret_text[QMP_INPUT_TEXT_MAX_BYTES]);

#endif
