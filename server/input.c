// SPDX-License-Identifier: GPL-2.0-or-later
/* Keysym -> QEMU key number, by way of an XKB layout and the Linux key codes. */
#include "server/input.h"

#include <errno.h>
#include <linux/input-event-codes.h>
#include <stdlib.h>
#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

/* XKB's "evdev" key codes are Linux ones plus this. */
#define XKB_EVDEV_OFFSET 8
#define LAYOUT_NAME_MAX 32
/* Two layouts and the aliases come to about 1,000. */
#define SYMS_MAX 4096

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
 * Keysyms some clients send for keys that the layout calls otherwise: AltGr has
 * three names, and X servers differ in what they call the Windows keys.
 */
static const struct {
	xkb_keysym_t keysym;
	uint8_t qnum;
} aliases[] = {
	{ XKB_KEY_ISO_Level3_Shift, 0xb8 }, { XKB_KEY_Mode_switch, 0xb8 }, { XKB_KEY_Alt_R, 0xb8 },
	{ XKB_KEY_Meta_L, 0x38 }, { XKB_KEY_Meta_R, 0xb8 },
	{ XKB_KEY_Super_L, 0xdb }, { XKB_KEY_Super_R, 0xdc },
	{ XKB_KEY_Hyper_L, 0xdb }, { XKB_KEY_Hyper_R, 0xdc },
	{ XKB_KEY_Multi_key, 0xdd }, { XKB_KEY_Menu, 0xdd },
	{ XKB_KEY_KP_Separator, 0x53 },
};

struct key_sym {
	xkb_keysym_t keysym;
	uint32_t rank; /* the lowest wins */
	uint32_t qnum;
};

struct input_keymap {
	size_t count;
	struct key_sym syms[]; /* by keysym */
};

static uint32_t evdev_to_qnum(uint32_t evdev)
{
	if ((evdev >= KEY_ESC && evdev <= KEY_KPDOT) || evdev == KEY_F11 || evdev == KEY_F12)
		return evdev;
	return evdev < sizeof(qnum_of_evdev) ? qnum_of_evdev[evdev] : 0;
}

/* One spelling for each: clients send old Latin-1 names and Unicode ones alike. */
static xkb_keysym_t normalise(xkb_keysym_t keysym)
{
	xkb_keysym_t plain = XKB_KEY_NoSymbol;

	if (keysym > 0x01000000 && keysym <= 0x0110ffff)
		plain = xkb_utf32_to_keysym(keysym - 0x01000000);
	return plain != XKB_KEY_NoSymbol ? plain : keysym;
}

static void add_sym(struct input_keymap *keymap, xkb_keysym_t keysym, uint32_t rank, uint32_t qnum)
{
	if (qnum && keymap->count < SYMS_MAX)
		keymap->syms[keymap->count++] = (struct key_sym){ normalise(keysym), rank, qnum };
}

static int compare_syms(const void *a, const void *b)
{
	const struct key_sym *x = a, *y = b;

	if (x->keysym != y->keysym)
		return x->keysym < y->keysym ? -1 : 1;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* Sorts, and leaves the best key of each keysym. */
static void settle(struct input_keymap *keymap)
{
	size_t kept = 0;

	qsort(keymap->syms, keymap->count, sizeof(keymap->syms[0]), compare_syms);
	for (size_t i = 0; i < keymap->count; i++)
		if (!kept || keymap->syms[kept - 1].keysym != keymap->syms[i].keysym)
			keymap->syms[kept++] = keymap->syms[i];
	keymap->count = kept;
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

static int add_layout(struct input_keymap *keymap, struct xkb_context *context, const char *layout,
		const char *variant, uint32_t rank)
{
	const struct xkb_rule_names names = {
		.rules = "evdev", .model = "pc105", .layout = layout, .variant = variant, .options = "",
	};
	struct xkb_keymap *xkb;

	xkb = xkb_keymap_new_from_names(context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
	if (!xkb)
		return -EINVAL;
	for (xkb_keycode_t code = XKB_EVDEV_OFFSET; code <= xkb_keymap_max_keycode(xkb); code++) {
		uint32_t evdev = code - XKB_EVDEV_OFFSET;
		xkb_level_index_t levels = xkb_keymap_num_levels_for_key(xkb, code, 0);
		const xkb_keysym_t *syms;

		for (xkb_level_index_t level = 0; level < levels; level++)
			if (xkb_keymap_key_get_syms_by_level(xkb, code, 0, level, &syms) == 1)
				add_sym(keymap, syms[0], rank + is_seldom(evdev) * 16 + level,
						evdev_to_qnum(evdev));
	}
	xkb_keymap_unref(xkb);
	return 0;
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

int input_keymap_new(const char *layout_text, struct input_keymap **ret)
{
	char layout[LAYOUT_NAME_MAX], variant[LAYOUT_NAME_MAX];
	struct input_keymap *keymap = NULL, *shrunk;
	struct xkb_context *context;
	int result;

	result = split_layout(layout_text, layout, variant);
	if (result < 0)
		return result;
	context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES);
	keymap = calloc(1, sizeof(*keymap) + SYMS_MAX * sizeof(keymap->syms[0]));
	result = -ENOMEM;
	if (!context || !keymap)
		goto out;
	/* The caller says what is wrong; the library would print it line by line. */
	xkb_context_set_log_level(context, XKB_LOG_LEVEL_CRITICAL);
	result = add_layout(keymap, context, layout, variant, 0);
	if (result < 0)
		goto out;
	/* A Latin letter typed at a Cyrillic guest is the key of the US layout, as for Ctrl+C. */
	result = add_layout(keymap, context, "us", "", 1 << 8);
	if (result < 0)
		goto out;
	for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
		add_sym(keymap, aliases[i].keysym, 1 << 9, aliases[i].qnum);
	settle(keymap);
	shrunk = realloc(keymap, sizeof(*keymap) + keymap->count * sizeof(keymap->syms[0]));
	*ret = shrunk ? shrunk : keymap;
	keymap = NULL;
out:
	free(keymap);
	xkb_context_unref(context);
	return result;
}

void input_keymap_free(struct input_keymap *keymap)
{
	free(keymap);
}

bool input_keymap_resolve(const struct input_keymap *keymap, struct input_event *event)
{
	const struct key_sym wanted = { .keysym = normalise(event->key.keysym) };
	size_t low = 0, high = keymap->count;

	if (event->key.qnum)
		return true;
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (keymap->syms[middle].keysym < wanted.keysym)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == keymap->count || keymap->syms[low].keysym != wanted.keysym)
		return false;
	event->key.qnum = keymap->syms[low].qnum;
	return true;
}
