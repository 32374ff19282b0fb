// SPDX-License-Identifier: GPL-2.0-or-later
/* Every character that a layout has arrives at a guest of that layout, whatever viewers hold. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/input-event-codes.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "tests/unit/keytext_guest.h"

/* What viewers do before they type, and what is down then. */
static const struct holding {
	const char *what;
	uint32_t keysym; /* held */
	uint32_t qnum;
	uint32_t lock; /* pressed once */
} holdings[] = {
	{ "nothing", 0, 0, 0 },
	{ "Shift", XKB_KEY_Shift_L, 0x2a, 0 },
	{ "the right Shift", XKB_KEY_Shift_R, 0x36, 0 },
	{ "AltGr", XKB_KEY_ISO_Level3_Shift, 0xb8, 0 },
	{ "Caps Lock", 0, 0, XKB_KEY_Caps_Lock },
	{ "Num Lock", 0, 0, XKB_KEY_Num_Lock },
	{ "Shift and Caps Lock", XKB_KEY_Shift_L, 0x2a, XKB_KEY_Caps_Lock },
};

/* Types each of these by itself, and sees that viewers' modifiers are theirs again. */
static void type_each(const char *layout, const char *variant, const uint32_t *characters, size_t count)
{
	struct keytext_guest guest;

	for (size_t h = 0; h < sizeof(holdings) / sizeof(holdings[0]); h++) {
		const struct holding *holding = &holdings[h];
		unsigned int lit;

		guest_begin(&guest, layout, variant);
		if (holding->lock)
			guest_tap(&guest, holding->lock);
		lit = guest_lights(&guest);
		if (holding->keysym)
			guest_put(&guest, holding->keysym, true);
		for (size_t i = 0; i < count; i++) {
			const uint32_t keysym = xkb_utf32_to_keysym(characters[i]);

			guest.n_text = 0;
			if (!guest_put(&guest, keysym, true))
				fail_msg("%s: U+%04X cannot be typed with %s", layout, characters[i], holding->what);
			guest_put(&guest, keysym, false);
			if (guest.n_text != 1 || guest.text[0] != characters[i])
				fail_msg("%s: U+%04X with %s became %u characters, U+%04X", layout, characters[i],
						holding->what, guest.n_text, guest.text[0]);
			assert_int_equal(guest_lights(&guest), lit);
			if (holding->keysym == XKB_KEY_ISO_Level3_Shift && !keymap_level3(guest.keymap))
				guest_expect_down(&guest, 0);
			else
				guest_expect_down(&guest, holding->qnum);
		}
		if (holding->keysym)
			guest_put(&guest, holding->keysym, false);
		guest_expect_down(&guest, 0);
		guest_end(&guest);
	}
}

/* All that layout's own tables say its keys make, by Shift and AltGr. */
static size_t list_characters(const char *layout, const char *variant, uint32_t *ret, size_t max)
{
	struct keytext_guest guest;
	size_t count = 0;
	bool has_altgr;

	guest_begin(&guest, layout, variant);
	has_altgr = xkb_state_key_get_one_sym(guest.state, KEY_RIGHTALT + 8) == XKB_KEY_ISO_Level3_Shift;
	for (uint32_t evdev = KEY_1; evdev <= KEY_102ND; evdev++) {
		const xkb_level_index_t levels = xkb_keymap_num_levels_for_key(guest.xkb, evdev + 8, 0);

		if (evdev >= KEY_NUMLOCK && evdev <= KEY_KPDOT)
			continue;
		for (xkb_level_index_t level = 0; level < levels && level < (has_altgr ? 4 : 2); level++) {
			const xkb_keysym_t *syms;
			uint32_t character;
			bool known = false;

			if (xkb_keymap_key_get_syms_by_level(guest.xkb, evdev + 8, 0, level, &syms) != 1)
				continue;
			character = xkb_keysym_to_utf32(syms[0]);
			for (size_t i = 0; i < count; i++)
				known = known || ret[i] == character;
			if (known || character < ' ' || character == 0x7f ||
					(syms[0] >= XKB_KEY_KP_Space && syms[0] <= XKB_KEY_KP_Equal))
				continue;
			assert_true(count < max);
			ret[count++] = character;
		}
	}
	guest_end(&guest);
	return count;
}

static const struct {
	const char *layout, *variant;
	size_t at_least;
	const char32_t *more; /* what people type there that is on no key by itself, and what certainly is */
} layouts[] = {
	{ "us", "", 95, U" !\"#$%&'()*+,-./0123456789:;<=>?@ABCDEFGHIJKLMNOPQRSTUVWXYZ[\\]^_`"
			"abcdefghijklmnopqrstuvwxyz{|}~" },
	{ "de", "", 150, U"äöüÄÖÜß€@{[]}\\~|µ²³°§^`´êéèâÊÉÈáàûÚ" },
	{ "fr", "", 150, U"éèçàù&²€@{[]}\\~|^`êëïîôûâäÊËÎÔÂÄ°§£µ" },
	{ "ru", "", 80, U"абвгдеёжзийклмнопрстуфхцчшщъыьэюяАБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ№;%:?*()_+=-\\/.,!\""
			U"0123456789" },
	{ "fr", "oss", 150, U"éèçàùÉÈÀêôñ«»œŒ" },
	{ "gb", "", 100, U"£|\\@\"éá" },
	{ "es", "", 150, U"ñÑ¿¡áéíóúÁÉÍÓÚüÜàâ^`" },
	{ "pl", "", 100, U"ąćęłńóśźżĄĆĘŁŃÓŚŹŻ" },
	{ "cz", "", 100, U"ěščřžýáíéúůďťňĚŠČŘŽ" },
	{ "us", "intl", 100, U"áéêñçü'\"" },
};

static void test_layouts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(layouts) / sizeof(layouts[0]); i++) {
		uint32_t characters[400];
		size_t count = list_characters(layouts[i].layout, layouts[i].variant, characters, 300);

		assert_true(count >= layouts[i].at_least);
		for (const char32_t *more = layouts[i].more; *more; more++)
			characters[count++] = *more;
		type_each(layouts[i].layout, layouts[i].variant, characters, count);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_layouts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
