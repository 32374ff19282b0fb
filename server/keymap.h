/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which keys make a keysym in one layout (libxkbcommon), with which modifiers. Pure but for
 * reading XKB's files.
 */
#ifndef PLANECAST_SERVER_KEYMAP_H
#define PLANECAST_SERVER_KEYMAP_H

#include <stddef.h>
#include <stdint.h>

/* What makes a difference to a key: two keys that are held, and two locks. */
enum keymap_modifier {
	KEYMAP_SHIFT = 1 << 0,
	KEYMAP_LEVEL3 = 1 << 1, /* AltGr */
	KEYMAP_CAPS = 1 << 2,
	KEYMAP_NUM = 1 << 3,
};
#define KEYMAP_COMBOS 16

/* Added to the rank of keys that few keyboards have, and of those that another layout has. */
#define KEYMAP_RANK_SELDOM 64
#define KEYMAP_RANK_OTHER 1024

struct keymap_key {
	uint32_t keysym;
	uint16_t rank; /* the lowest goes first */
	/* Bit n: with exactly those enum keymap_modifier in n it makes the keysym. */
	uint16_t combos;
	uint8_t qnum; /* as in struct input_event */
};

struct keymap;

/* layout as in XKB ("us", "de", "fr(oss)"). -EINVAL: unknown layout, -ENOMEM. */
int keymap_new(const char *layout, struct keymap **ret);
/* NULL is fine. */
void keymap_free(struct keymap *keymap);
/*
 * All keys for that keysym, the best first; of the US layout, too, and by other names of theirs. How many;
 * they live as long as keymap.
 */
size_t keymap_find(const struct keymap *keymap, uint32_t keysym, const struct keymap_key **ret);
/* AltGr's key number; 0: the layout has none. */
uint32_t keymap_level3(const struct keymap *keymap);
/* One spelling for each: clients send old Latin-1 names and Unicode ones alike. */
uint32_t keymap_normalise(uint32_t keysym);

#endif
