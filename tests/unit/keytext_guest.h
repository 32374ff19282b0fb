/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of server/keytext: a guest that libxkbcommon and X11's compose tables play, which reads what is typed.
 * Keys that are let go of when they are up fail the test.
 */
#ifndef PLANECAST_TESTS_UNIT_KEYTEXT_GUEST_H
#define PLANECAST_TESTS_UNIT_KEYTEXT_GUEST_H

#include <stdbool.h>
#include <stdint.h>
#include <uchar.h>
#include <xkbcommon/xkbcommon-compose.h>
#include <xkbcommon/xkbcommon.h>

#include "server/keymap.h"
#include "server/keytext.h"

#define TEXT_MAX 256

struct keytext_guest {
	struct xkb_context *context;
	struct xkb_keymap *xkb;
	struct xkb_state *state;
	struct xkb_compose_table *table;
	struct xkb_compose_state *compose;
	bool down[256];
	uint32_t text[TEXT_MAX]; /* characters; keysyms where there is none */
	unsigned int n_text, presses;
	struct keymap *keymap;
	struct keytext keytext;
};

void guest_begin(struct keytext_guest *guest, const char *layout, const char *variant);
void guest_end(struct keytext_guest *guest);
/* Of its keyboard, enum input_led. */
unsigned int guest_lights(const struct keytext_guest *guest);
/* A viewer's key by its keysym; as keytext_key(). */
bool guest_put(struct keytext_guest *guest, uint32_t keysym, bool down);
/* A viewer's key by its number. */
void guest_put_number(struct keytext_guest *guest, uint32_t qnum, bool down);
void guest_tap(struct keytext_guest *guest, uint32_t keysym);
/* That it has read since, and no more. */
void guest_expect_text(struct keytext_guest *guest, const char32_t *text);
/* Nothing is down there but that key; 0: nothing. */
void guest_expect_down(const struct keytext_guest *guest, uint32_t only);

#endif
