/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Types what viewers type at a guest whose keyboard has another layout than theirs. A viewer that sends keysyms
 * only says which character it means and which of its own modifiers it holds: '@' is Shift+2 on its keyboard and
 * AltGr+Q on the guest's. So for as long as a character's key is down the guest's Shift, AltGr and Caps Lock are
 * as that character needs them, and afterwards as viewers have them again; keys without a character (arrows, F1)
 * keep the viewers' modifiers, keypad keys get the Num Lock they need. What the layout has with a dead key only
 * is typed with that.
 *
 * A guest has one keyboard, and this is it: one for all viewers of a VM. Those who send key numbers know what they
 * press and pass through. Each release lets go of what its press had pressed. Pure: state and key numbers.
 */
#ifndef PLANECAST_SERVER_KEYTEXT_H
#define PLANECAST_SERVER_KEYTEXT_H

#include <stdbool.h>
#include <stdint.h>

struct input_event;
struct keymap;

/* Keysyms that are down at once; more are not typed. */
#define KEYTEXT_HELD_MAX 64
#define KEYTEXT_KEYS 256

struct keytext_held {
	uint32_t keysym;
	uint8_t qnum; /* 0: nothing of it is down */
	bool is_text;
};

/* All zero but for the keymap, which is borrowed. */
struct keytext {
	const struct keymap *keymap;
	struct keytext_held held[KEYTEXT_HELD_MAX]; /* by keysym, oldest first */
	unsigned int n_held;
	bool viewers[KEYTEXT_KEYS]; /* down, as viewers have it */
	bool guest[KEYTEXT_KEYS]; /* down, as the guest was told */
	bool bent; /* modifiers are a character's, not the viewers' */
	bool hides_control; /* Control and Alt too */
	bool flipped_caps; /* for a character; to be pressed again */
};

/* A key of the guest goes down, again if it is down, or up. */
typedef void (*keytext_press_fn)(void *user, uint32_t qnum, bool down);

/*
 * A viewer's key, of INPUT_KEY. locks: which lock keys the guest has on, enum input_led. False: the layout has no
 * key for that keysym, nothing was pressed.
 */
bool keytext_key(struct keytext *keytext, const struct input_event *event, unsigned int locks,
		keytext_press_fn press, void *user);
/* The guest holds nothing any more, whatever it was told: it is another one, or was made to let go. */
void keytext_forget_guest(struct keytext *keytext);

#endif
