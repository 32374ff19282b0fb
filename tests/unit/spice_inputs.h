/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of what SPICE viewers do: two viewers of the rig, all channels linked, and words for the inputs channel. */
#ifndef PLANECAST_TESTS_UNIT_SPICE_INPUTS_H
#define PLANECAST_TESTS_UNIT_SPICE_INPUTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/unit/spice_rig.h"

#define INPUTS_VIEWERS 2
/* What no key has: says that all before it has come through. */
#define INPUTS_MARK 0x7f

/* By viewer and channel. */
extern struct spice_client clients[INPUTS_VIEWERS][SPICE_LINK_CHANNELS];

/* For cmocka: the rig, and the first viewer in it, with nothing held. */
int inputs_setup(void **state);
int inputs_teardown(void **state);
void inputs_join(struct spice_client *viewer);
/* As ordinary clients do: who takes nothing is not shown anything for long. */
bool hear_all(void);
/* Until all that a viewer has said has been told; then what came is without the mark. */
void inputs_settle(unsigned int viewer);
/* Nothing is held, and nothing of before is in the way. */
void inputs_begin(unsigned int viewer);
void inputs_tell(unsigned int viewer, uint16_t type, const void *data, uint32_t bytes);
void inputs_scan(unsigned int viewer, const char *bytes, size_t n);
#define SCAN(viewer, bytes) inputs_scan(viewer, bytes, sizeof(bytes) - 1)

void say_modifiers(unsigned int viewer, uint16_t locks);
void say_position(unsigned int viewer, uint32_t x, uint32_t y, uint16_t buttons);
void say_motion(unsigned int viewer, int32_t dx, int32_t dy, uint16_t buttons);
/* state: all buttons then, as flags; they go with a change of whichever. */
void press_button(unsigned int viewer, uint8_t button, uint16_t state);
void release_button(unsigned int viewer, uint8_t button, uint16_t state);
void ask_mouse_mode(unsigned int viewer, uint16_t mode);
/* Asks for it, and waits until it is so. */
void use_server_mouse(unsigned int viewer);
/* Positions that came since inputs_begin(). */
unsigned int count_pointers(void);

#endif
