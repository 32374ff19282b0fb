/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a viewer does with keyboard and pointer, on its way to the guest.
 *
 * Protocols make events, server/keytext makes key numbers of keysyms, guest
 * control (QMP) and sources that listen (pattern) or take input consume them.
 */
#ifndef PLANECAST_SERVER_INPUT_H
#define PLANECAST_SERVER_INPUT_H

#include <stdbool.h>
#include <stdint.h>

enum input_kind { INPUT_KEY, INPUT_POINTER, INPUT_MOTION, INPUT_LOCKS };

/* Bits as in RFB's PointerEvent and the Extended Mouse Buttons extension. */
enum input_button {
	INPUT_BUTTON_LEFT = 1 << 0,
	INPUT_BUTTON_MIDDLE = 1 << 1,
	INPUT_BUTTON_RIGHT = 1 << 2,
	INPUT_BUTTON_WHEEL_UP = 1 << 3,
	INPUT_BUTTON_WHEEL_DOWN = 1 << 4,
	INPUT_BUTTON_WHEEL_LEFT = 1 << 5,
	INPUT_BUTTON_WHEEL_RIGHT = 1 << 6,
	INPUT_BUTTON_BACK = 1 << 7,
	INPUT_BUTTON_FORWARD = 1 << 8,
};

struct input_event {
	enum input_kind kind;
	union {
		struct {
			bool down; /* again where it is already: it repeats */
			/*
			 * QEMU key number: XT set 1 scancode, 0xe0-prefixed
			 * ones as code | 0x80. 0: unknown, only keysym is.
			 */
			uint32_t qnum;
			uint32_t keysym; /* X11 keysym; 0: unknown */
		} key;
		struct {
			/* POINTER: absolute, in pixels of a picture of width x height */
			uint32_t x, y;
			uint32_t width, height;
			/* MOTION: by how many pixels, for guests without absolute pointer */
			int32_t dx, dy;
			uint32_t buttons; /* all that this viewer has down now */
			/*
			 * Which of them were otherwise with this viewer's last event:
			 * what others hold is not for it to let go.
			 */
			uint32_t changed;
		} pointer;
		/* enum input_led: the lock keys that are on at the viewer, and should be in the guest. */
		unsigned int locks;
	};
};

/* Of two motions, one behind the other. */
static inline int32_t input_add_motion(int32_t a, int32_t b)
{
	int64_t sum = (int64_t)a + b;

	return sum < INT32_MIN ? INT32_MIN : sum > INT32_MAX ? INT32_MAX : (int32_t)sum;
}

/* Keyboard lights, as the guest shows them. */
enum input_led { INPUT_LED_SCROLL = 1 << 0, INPUT_LED_NUM = 1 << 1, INPUT_LED_CAPS = 1 << 2 };

/* What a press of this key changes; 0: nothing. */
static inline unsigned int input_led_of(uint32_t qnum)
{
	switch (qnum) {
	case 0x3a:
		return INPUT_LED_CAPS;
	case 0x45:
		return INPUT_LED_NUM;
	case 0x46:
		return INPUT_LED_SCROLL;
	default:
		return 0;
	}
}

#endif
