// SPDX-License-Identifier: GPL-2.0-or-later
/* Keysym -> QEMU key number and modifiers, by way of an XKB layout and the Linux key codes. */
#include "server/keymap.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

/* XKB's "evdev" key codes are Linux ones plus this. */
#define XKB_EVDEV_OFFSET 8
#define LAYOUT_NAME_MAX 32
/* Two layouts and the aliases come to about 1,200. */
#define KEYS_MAX 4096

/*
 * Linux key code -> key number, from input-event-codes.h and the table of XT
 * set 1 scancodes. Codes 1..83, 87 and 88 were numbered after set 1, so that
 * they are their own key number and not listed.
 */
static const uint8_t qnum_of_evdev[] = {
	[KEY_ZENKAKUHANKAKU] = 0x76, [KEY_102ND] = 0x56, [KEY_RO] = 0x73,
	[KEY_KATAKANA] = 0x78, [KEY_HIRAGANA] = 0x77, [KEY_HENKAN] = 0x79,
	[KEY_KATAKANAHIRAGANA] = 0x70, [KEY_MUHENKAN] = 0x7b, [KEY_KPJPCOMMA] = 0x5c,
	[KEY_KPENTER] = 0x9c, [KEY_RIGHTCTRL] = 0x9d, [KEY_KPSLASH] = 0xb5,
	/* The key is Print; QEMU makes SysRq of it itself when Alt is down. */
	[KEY_SYSRQ] = 0xb7,
	[KEY_RIGHTALT] = 0xb8, [KEY_HOME] = 0xc7, [KEY_UP] = 0xc8, [KEY_PAGEUP] = 0xc9,
	[KEY_LEFT] = 0xcb, [KEY_RIGHT] = 0xcd, [KEY_END] = 0xcf, [KEY_DOWN] = 0xd0,
	[KEY_PAGEDOWN] = 0xd1, [KEY_INSERT] = 0xd2, [KEY_DELETE] = 0xd3,
	[KEY_MUTE] = 0xa0, [KEY_VOLUMEDOWN] = 0xae, [KEY_VOLUMEUP] = 0xb0,
	[KEY_POWER] = 0xde, [KEY_KPEQUAL] = 0x59, [KEY_PAUSE] = 0xc6, [KEY_KPCOMMA] = 0x7e,
	[KEY_HANGEUL] = 0x72, [KEY_HANJA] = 0x71, [KEY_YEN] = 0x7d,
	[KEY_LEFTMETA] = 0xdb, [KEY_RIGHTMETA] = 0xdc, [KEY_COMPOSE] = 0xdd,
	[KEY_CALC] = 0xa1, [KEY_SLEEP] = 0xdf, [KEY_WAKEUP] = 0xe3, [KEY_MAIL] = 0xec,
	[KEY_BOOKMARKS] = 0xe6, [KEY_COMPUTER] = 0xeb, [KEY_BACK] = 0xea, [KEY_FORWARD] = 0xe9,
	[KEY_NEXTSONG] = 0x99, [KEY_PLAYPAUSE] = 0xa2, [KEY_PREVIOUSSONG] = 0x90,
	[KEY_STOPCD] = 0xa4, [KEY_HOMEPAGE] = 0xb2, [KEY_REFRESH] = 0xe7,
};

/*
 * Keysyms some clients send for keys that the layout calls otherwise: X servers differ
 * in what they call the Windows keys, some send the right Alt for AltGr, and Print and Pause have other
 * names with Alt and Control.
 */
static const struct {
	xkb_keysym_t keysym;
	uint8_t qnum;
} aliases[] = {
	{ XKB_KEY_Alt_R, 0xb8 }, { XKB_KEY_Meta_L, 0x38 }, { XKB_KEY_Meta_R, 0xb8 },
	{ XKB_KEY_Super_L, 0xdb }, { XKB_KEY_Super_R, 0xdc },
	{ XKB_KEY_Hyper_L, 0xdb }, { XKB_KEY_Hyper_R, 0xdc },
	{ XKB_KEY_Multi_key, 0xdd }, { XKB_KEY_Menu, 0xdd },
	{ XKB_KEY_KP_Separator, 0x53 }, { XKB_KEY_Sys_Req, 0xb7 }, { XKB_KEY_Break, 0xc6 },
};

struct keymap {
	uint32_t level3; /* key number; 0: none */
	size_t count;
	struct keymap_key keys[]; /* by keysym, then by rank */
};

static uint32_t evdev_to_qnum(uint32_t evdev)
{
	if ((evdev >= KEY_ESC && evdev <= KEY_KPDOT) || evdev == KEY_F11 || evdev == KEY_F12)
		return evdev;
	return evdev < sizeof(qnum_of_evdev) ? qnum_of_evdev[evdev] : 0;
}

uint32_t keymap_normalise(uint32_t keysym)
{
	xkb_keysym_t plain = XKB_KEY_NoSymbol;

	if (keysym > 0x01000000 && keysym <= 0x0110ffff)
		plain = xkb_utf32_to_keysym(keysym - 0x01000000);
	return plain != XKB_KEY_NoSymbol ? plain : keysym;
}

static void add_key(struct keymap *keymap, xkb_keysym_t keysym, unsigned int rank, uint32_t qnum,
		uint16_t combos)
{
	if (keysym != XKB_KEY_NoSymbol && qnum && keymap->count < KEYS_MAX)
		keymap->keys[keymap->count++] = (struct keymap_key){
			.keysym = keymap_normalise(keysym),
			.rank = (uint16_t)rank,
			.qnum = (uint8_t)qnum,
			.combos = combos,
		};
}

static int compare_keys(const void *a, const void *b)
{
	const struct keymap_key *x = a, *y = b;

	if (x->keysym != y->keysym)
		return x->keysym < y->keysym ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->qnum < y->qnum ? -1 : x->qnum > y->qnum;
}

/*
 * XKB gives keys that few keyboards have the keysyms of others as well: '<' and
 * '>' beside the left Shift, the decimal point on Brazil's keypad comma. There
 * every other key goes first.
 */
static bool is_seldom(uint32_t evdev)
{
	return evdev == KEY_102ND || evdev == KEY_KPCOMMA;
}

static bool is_level3(xkb_keysym_t keysym)
{
	return keysym == XKB_KEY_ISO_Level3_Shift || keysym == XKB_KEY_Mode_switch;
}

/* The key code of AltGr; 0: the layout has none. */
static xkb_keycode_t find_level3(struct xkb_keymap *xkb)
{
	for (xkb_keycode_t code = XKB_EVDEV_OFFSET; code <= xkb_keymap_max_keycode(xkb); code++) {
		const xkb_keysym_t *syms;

		if (evdev_to_qnum(code - XKB_EVDEV_OFFSET) &&
				xkb_keymap_key_get_syms_by_level(xkb, code, 0, 0, &syms) == 1 &&
				is_level3(syms[0]))
			return code;
	}
	return 0;
}

static void tap(struct xkb_state *state, uint32_t evdev)
{
	xkb_state_update_key(state, evdev + XKB_EVDEV_OFFSET, XKB_KEY_DOWN);
	xkb_state_update_key(state, evdev + XKB_EVDEV_OFFSET, XKB_KEY_UP);
}

/* The keyboard with these modifiers, pressed as a hand does it: what they are called inside matters to nobody. */
static struct xkb_state *make_state(struct xkb_keymap *xkb, unsigned int combo, xkb_keycode_t level3)
{
	struct xkb_state *state = xkb_state_new(xkb);

	if (!state)
		return NULL;
	if (combo & KEYMAP_CAPS)
		tap(state, KEY_CAPSLOCK);
	if (combo & KEYMAP_NUM)
		tap(state, KEY_NUMLOCK);
	if (combo & KEYMAP_SHIFT)
		xkb_state_update_key(state, KEY_LEFTSHIFT + XKB_EVDEV_OFFSET, XKB_KEY_DOWN);
	if (combo & KEYMAP_LEVEL3 && level3)
		xkb_state_update_key(state, level3, XKB_KEY_DOWN);
	return state;
}

static void add_syms(struct keymap *keymap, struct xkb_state *const states[KEYMAP_COMBOS], xkb_keycode_t code,
		unsigned int rank)
{
	const uint32_t evdev = code - XKB_EVDEV_OFFSET;
	xkb_keysym_t syms[KEYMAP_COMBOS];
	bool added[KEYMAP_COMBOS] = { false };

	for (unsigned int i = 0; i < KEYMAP_COMBOS; i++)
		syms[i] = xkb_state_key_get_one_sym(states[i], code);
	for (unsigned int i = 0; i < KEYMAP_COMBOS; i++) {
		uint16_t combos = 0;

		for (unsigned int j = i; j < KEYMAP_COMBOS && !added[i]; j++) {
			if (syms[j] != syms[i])
				continue;
			combos |= (uint16_t)(1u << j);
			added[j] = j != i;
		}
		if (combos)
			add_key(keymap, syms[i], rank + is_seldom(evdev) * KEYMAP_RANK_SELDOM,
					evdev_to_qnum(evdev), combos);
	}
}

static int add_layout(struct keymap *keymap, struct xkb_context *context, const char *layout,
		const char *variant, unsigned int rank)
{
	const struct xkb_rule_names names = {
		.rules = "evdev", .model = "pc105", .layout = layout, .variant = variant, .options = "",
	};
	struct xkb_state *states[KEYMAP_COMBOS] = { NULL };
	struct xkb_keymap *xkb;
	xkb_keycode_t level3;
	int result = -ENOMEM;

	xkb = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
	if (!xkb)
		return -EINVAL;
	level3 = find_level3(xkb);
	if (level3 && !keymap->level3 && !rank)
		keymap->level3 = evdev_to_qnum(level3 - XKB_EVDEV_OFFSET);
	for (unsigned int i = 0; i < KEYMAP_COMBOS; i++) {
		states[i] = make_state(xkb, i, level3);
		if (!states[i])
			goto out;
	}
	for (xkb_keycode_t code = XKB_EVDEV_OFFSET; code <= xkb_keymap_max_keycode(xkb); code++)
		if (evdev_to_qnum(code - XKB_EVDEV_OFFSET))
			add_syms(keymap, states, code, rank);
	result = 0;
out:
	for (unsigned int i = 0; i < KEYMAP_COMBOS; i++)
		xkb_state_unref(states[i]);
	xkb_keymap_unref(xkb);
	return result;
}

/* "fr(oss)" -> "fr", "oss". Names are file names to XKB: only what its own files use. */
static int split_layout(const char *text, char layout[LAYOUT_NAME_MAX], char variant[LAYOUT_NAME_MAX])
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t length = strspn(text, allowed), variant_length = 0;

	if (!length || length >= LAYOUT_NAME_MAX)
		return -EINVAL;
	if (text[length] == '(') {
		variant_length = strspn(text + length + 1, allowed);
		if (!variant_length || variant_length >= LAYOUT_NAME_MAX ||
				strcmp(text + length + 1 + variant_length, ")") != 0)
			return -EINVAL;
	} else if (text[length]) {
		return -EINVAL;
	}
	memcpy(layout, text, length);
	layout[length] = '\0';
	memcpy(variant, text + length + !!variant_length, variant_length);
	variant[variant_length] = '\0';
	return 0;
}

int keymap_new(const char *layout_text, struct keymap **ret)
{
	char layout[LAYOUT_NAME_MAX], variant[LAYOUT_NAME_MAX];
	struct keymap *keymap = NULL, *shrunk;
	struct xkb_context *context;
	int result;

	result = split_layout(layout_text, layout, variant);
	if (result < 0)
		return result;
	context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	keymap = calloc(1, sizeof(*keymap) + KEYS_MAX * sizeof(keymap->keys[0]));
	result = -ENOMEM;
	if (!context || !keymap)
		goto out;
	/* The caller says what is wrong; the library would print it line by line. */
	xkb_context_set_log_level(context, XKB_LOG_LEVEL_CRITICAL);
	result = add_layout(keymap, context, layout, variant, 0);
	if (result < 0)
		goto out;
	/* A Latin letter typed at a Cyrillic guest is the key of the US layout, as for Ctrl+C. */
	result = add_layout(keymap, context, "us", "", KEYMAP_RANK_OTHER);
	if (result < 0)
		goto out;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		add_key(keymap, aliases[i].keysym, KEYMAP_RANK_OTHER, aliases[i].qnum, UINT16_MAX);
	/* AltGr has several names. Where it makes no characters, it would only be in their way. */
	add_key(keymap, XKB_KEY_ISO_Level3_Shift, KEYMAP_RANK_OTHER, keymap->level3, UINT16_MAX);
	add_key(keymap, XKB_KEY_Mode_switch, KEYMAP_RANK_OTHER, keymap->level3, UINT16_MAX);
	qsort(keymap->keys, keymap->count, sizeof(keymap->keys[0]), compare_keys);
	shrunk = realloc(keymap, sizeof(*keymap) + keymap->count * sizeof(keymap->keys[0]));
	*ret = shrunk ? shrunk : keymap;
	keymap = NULL;
out:
	free(keymap);
	xkb_context_unref(context);
	return result;
}

void keymap_free(struct keymap *keymap)
{
	free(keymap);
}

uint32_t keymap_level3(const struct keymap *keymap)
{
	return keymap->level3;
}

size_t keymap_find(const struct keymap *keymap, uint32_t keysym, const struct keymap_key **ret)
{
	const uint32_t wanted = keymap_normalise(keysym);
	size_t low = 0, high = keymap->count, count = 0;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (keymap->keys[middle].keysym < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	while (low + count < keymap->count && keymap->keys[low + count].keysym == wanted)
		count++;
	*ret = &keymap->keys[low];
	return count;
}
