/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Characters of two keys: a dead one, and then the one it changes. Pure. */
#ifndef PLANECAST_SERVER_KEYMAP_DEAD_H
#define PLANECAST_SERVER_KEYMAP_DEAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * The index-th way to write keysym (as keymap_normalise() spells it) so, as X11's compose tables and Windows
 * have it. False: there is none.
 */
bool keymap_dead_find(uint32_t keysym, size_t index, uint32_t *ret_dead, uint32_t *ret_base);

#endif
