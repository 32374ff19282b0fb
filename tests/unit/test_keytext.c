// SPDX-License-Identifier: GPL-2.0-or-later
/* What viewers type arrives as text: shortcuts, fast fingers, locks, dead keys, other viewers, other guests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "server/input.h"
#include "tests/unit/keytext_guest.h"

/* A viewer with a US keyboard, at a guest with a German one. */
static void test_at_sign(void **state)
{
	struct keytext_guest guest;

	(void)state;
	guest_begin(&guest, "de", "");
	guest_put(&guest, XKB_KEY_Shift_L, true);
	guest_put(&guest, '@', true);
	/* For as long as it is down, so that a guest that repeats it by itself repeats an @. */
	assert_true(guest.down[0xb8] && guest.down[0x10] && !guest.down[0x2a]);
	guest_put(&guest, '@', true);
	guest_put(&guest, '@', true);
	guest_put(&guest, '@', false);
	guest_expect_down(&guest, 0x2a);
	guest_put(&guest, XKB_KEY_Shift_L, false);
	guest_expect_text(&guest, U"@@@");
	/* Shift goes first. */
	guest_put(&guest, XKB_KEY_Shift_L, true);
	guest_put(&guest, '@', true);
	guest_put(&guest, XKB_KEY_Shift_L, false);
	guest_put(&guest, '2', false);
	guest_expect_down(&guest, 0);
	/* And comes while another character is down that has none. */
	guest_put(&guest, '/', true);
	guest_put(&guest, XKB_KEY_Shift_R, true);
	guest_put(&guest, '/', false);
	guest_expect_down(&guest, 0x36);
	guest_put(&guest, XKB_KEY_Shift_R, false);
	guest_expect_down(&guest, 0);
	guest_end(&guest);
}

static void test_fast_fingers(void **state)
{
	struct keytext_guest guest;

	(void)state;
	guest_begin(&guest, "de", "");
	/* Each next key goes down before the one before it is up; two of them are one key there. */
	guest_put(&guest, 'a', true);
	guest_put(&guest, '@', true);
	guest_put(&guest, 'a', false);
	guest_put(&guest, 'q', true);
	guest_put(&guest, '@', false);
	guest_put(&guest, 'Q', true);
	guest_put(&guest, 'q', false);
	guest_put(&guest, 'Q', false);
	guest_expect_text(&guest, U"a@qQ");
	guest_expect_down(&guest, 0);
	/* The same key is named by what Shift makes of it meanwhile. */
	guest_put(&guest, 'w', true);
	guest_put(&guest, XKB_KEY_Shift_L, true);
	guest_put(&guest, 'W', true);
	guest_put(&guest, 'W', false);
	guest_put(&guest, XKB_KEY_Shift_L, false);
	guest_expect_down(&guest, 0);
	guest.n_text = 0;
	guest_put(&guest, XKB_KEY_Shift_L, true);
	guest_put(&guest, 'A', true);
	guest_put(&guest, XKB_KEY_Shift_L, false);
	guest_put(&guest, 'a', false);
	guest_expect_text(&guest, U"A");
	guest_expect_down(&guest, 0);
	/* Nobody pressed these. */
	guest_put(&guest, 'x', false);
	guest_put(&guest, XKB_KEY_F1, false);
	guest_put(&guest, XKB_KEY_Shift_L, false);
	assert_int_equal(guest.n_text, 0);
	guest_end(&guest);
}

/* Keys without a character keep what viewers hold; shortcuts keep Control. */
static void test_other_keys(void **state)
{
	struct keytext_guest guest;

	(void)state;
	guest_begin(&guest, "de", "");
	guest_put(&guest, XKB_KEY_Shift_L, true);
	guest_put(&guest, XKB_KEY_Left, true);
	assert_true(guest.down[0x2a] && guest.down[0xcb]);
	guest_put(&guest, XKB_KEY_Left, false);
	guest_put(&guest, XKB_KEY_Tab, true);
	assert_true(guest.down[0x2a] && guest.down[0x0f]);
	guest_put(&guest, XKB_KEY_ISO_Left_Tab, false);
	guest_put(&guest, '@', true);
	/* In the middle of a character, too. */
	guest_put(&guest, XKB_KEY_Up, true);
	assert_true(guest.down[0x2a] && !guest.down[0xb8]);
	guest_put(&guest, XKB_KEY_Up, false);
	guest_put(&guest, '@', false);
	guest_put(&guest, XKB_KEY_Shift_L, false);
	guest_put(&guest, XKB_KEY_Control_L, true);
	guest_put(&guest, 'z', true);
	assert_true(guest.down[0x1d] && guest.down[0x15]);
	guest_put(&guest, 'z', false);
	guest_expect_down(&guest, 0x1d);
	guest_put(&guest, XKB_KEY_Control_L, false);
	/* Shift and Alt: the other name of Alt. */
	guest_put(&guest, XKB_KEY_Alt_L, true);
	guest_put(&guest, XKB_KEY_Shift_L, true);
	guest_put(&guest, XKB_KEY_Meta_L, false);
	guest_put(&guest, XKB_KEY_Shift_L, false);
	guest_expect_down(&guest, 0);
	guest_end(&guest);
	/* Control+C at a Cyrillic guest is the key where C is elsewhere. */
	guest_begin(&guest, "ru", "");
	guest_put(&guest, XKB_KEY_Control_L, true);
	guest_put(&guest, 'c', true);
	assert_true(guest.down[0x1d] && guest.down[0x2e]);
	guest_put(&guest, 'c', false);
	guest_put(&guest, XKB_KEY_Control_L, false);
	guest_expect_down(&guest, 0);
	guest_end(&guest);
}

/* Windows' viewers send Control and Alt for AltGr. */
static void test_altgr_of_windows(void **state)
{
	static const uint32_t alts[] = { XKB_KEY_Alt_L, XKB_KEY_Alt_R };
	struct keytext_guest guest;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		guest_begin(&guest, "de", "");
		guest_put(&guest, XKB_KEY_Control_L, true);
		guest_put(&guest, alts[i], true);
		guest_put(&guest, '@', true);
		assert_true(guest.down[0xb8] && guest.down[0x10]);
		assert_false(guest.down[0x1d] || guest.down[0x38]);
		guest_put(&guest, '@', false);
		assert_true(guest.down[0x1d]);
		/* But that is a shortcut. */
		if (alts[i] == XKB_KEY_Alt_L) {
			guest_put(&guest, 't', true);
			assert_true(guest.down[0x1d] && guest.down[0x38] && guest.down[0x14]);
			guest_put(&guest, 't', false);
		}
		guest.n_text = 0;
		guest_put(&guest, '@', true);
		guest_put(&guest, XKB_KEY_Control_L, false);
		guest_put(&guest, alts[i], false);
		guest_put(&guest, '@', false);
		guest_expect_text(&guest, U"@");
		guest_expect_down(&guest, 0);
		guest_end(&guest);
	}
}

static void test_caps_lock(void **state)
{
	struct keytext_guest guest;

	(void)state;
	guest_begin(&guest, "de", "");
	guest_tap(&guest, XKB_KEY_Caps_Lock);
	assert_int_equal(guest_lights(&guest), INPUT_LED_CAPS);
	/* The viewer's lock is on, too: it sends capitals, and small ones with Shift. */
	guest_tap(&guest, 'A');
	guest_put(&guest, XKB_KEY_Shift_L, true);
	guest_tap(&guest, 'b');
	guest_put(&guest, XKB_KEY_Shift_L, false);
	guest_tap(&guest, '1');
	guest_tap(&guest, XKB_KEY_Ecircumflex);
	guest_tap(&guest, XKB_KEY_Adiaeresis);
	guest_expect_text(&guest, U"Ab1ÊÄ");
	assert_int_equal(guest_lights(&guest), INPUT_LED_CAPS);
	guest_tap(&guest, XKB_KEY_Caps_Lock);
	guest_tap(&guest, 'A');
	guest_tap(&guest, 'b');
	guest_expect_text(&guest, U"Ab");
	/* Held down: nobody can press it for a character. */
	guest_put(&guest, XKB_KEY_Caps_Lock, true);
	guest_tap(&guest, 'c');
	guest_put(&guest, XKB_KEY_Caps_Lock, false);
	guest_expect_text(&guest, U"c");
	guest_end(&guest);
}

static void test_keypad(void **state)
{
	struct keytext_guest guest;

	(void)state;
	guest_begin(&guest, "de", "");
	guest_tap(&guest, XKB_KEY_KP_7);
	assert_int_equal(guest_lights(&guest), INPUT_LED_NUM);
	guest_tap(&guest, XKB_KEY_KP_0);
	guest_expect_text(&guest, U"70");
	guest_tap(&guest, XKB_KEY_KP_Home);
	assert_int_equal(guest_lights(&guest), 0);
	assert_int_equal(guest.text[0], XKB_KEY_KP_Home);
	guest.n_text = 0;
	/* These need none. */
	guest_tap(&guest, XKB_KEY_KP_Add);
	guest_tap(&guest, XKB_KEY_KP_Divide);
	guest_expect_text(&guest, U"+/");
	guest_tap(&guest, XKB_KEY_KP_Enter);
	assert_int_equal(guest_lights(&guest), 0);
	/* The comma that is on its key, and the point that is on one of Brazil's only. */
	guest_tap(&guest, XKB_KEY_KP_7);
	guest.n_text = 0;
	guest_tap(&guest, XKB_KEY_KP_Separator);
	guest_tap(&guest, XKB_KEY_KP_Decimal);
	guest_expect_text(&guest, U",.");
	/* Shift stays. */
	guest_put(&guest, XKB_KEY_Shift_L, true);
	guest_put(&guest, XKB_KEY_KP_Home, true);
	assert_true(guest.down[0x2a] && guest.down[0x47]);
	guest_put(&guest, XKB_KEY_KP_7, false);
	guest_put(&guest, XKB_KEY_Shift_L, false);
	guest_expect_down(&guest, 0);
	guest_end(&guest);
}

static void test_dead_keys(void **state)
{
	struct keytext_guest guest;

	(void)state;
	guest_begin(&guest, "de", "");
	/* As the viewer's own dead keys, and as the character that its system has made. */
	guest_tap(&guest, XKB_KEY_dead_circumflex);
	guest_tap(&guest, 'e');
	guest_put(&guest, XKB_KEY_Shift_L, true);
	guest_put(&guest, XKB_KEY_ecircumflex, true);
	guest_expect_down(&guest, 0x2a);
	guest_put(&guest, XKB_KEY_ecircumflex, true);
	guest_put(&guest, XKB_KEY_ecircumflex, false);
	guest_tap(&guest, XKB_KEY_asciicircum);
	guest_put(&guest, XKB_KEY_Shift_L, false);
	guest_expect_text(&guest, U"êêê^");
	guest_expect_down(&guest, 0);
	/* One of its keys is down for another character. */
	guest_put(&guest, 'e', true);
	guest_tap(&guest, XKB_KEY_egrave);
	guest_put(&guest, 'e', false);
	guest_expect_text(&guest, U"eè");
	guest_expect_down(&guest, 0);
	guest_end(&guest);
	/* No way at all: nothing happens, now and when it is let go of. */
	guest_begin(&guest, "us", "");
	assert_false(guest_put(&guest, XKB_KEY_ecircumflex, true));
	guest_put(&guest, 'a', true);
	guest_put(&guest, XKB_KEY_ecircumflex, false);
	guest_expect_down(&guest, 0x1e);
	guest_put(&guest, 'a', false);
	assert_false(guest_put(&guest, 0, true));
	assert_false(guest_put(&guest, 0xffffffff, true));
	guest_expect_text(&guest, U"a");
	guest_end(&guest);
}

/* One keyboard for those who send keysyms and those who send key numbers. */
static void test_numbers(void **state)
{
	struct keytext_guest guest;

	(void)state;
	guest_begin(&guest, "de", "");
	guest_put_number(&guest, 0x10, true);
	guest_put_number(&guest, 0x10, true);
	guest_put_number(&guest, 0x10, false);
	guest_expect_text(&guest, U"qq");
	guest_put_number(&guest, 0x2a, true);
	guest_tap(&guest, 'a');
	guest_expect_down(&guest, 0x2a);
	guest_put_number(&guest, 0x2c, true);
	guest_put_number(&guest, 0x2c, false);
	guest_put_number(&guest, 0x2a, false);
	guest_expect_text(&guest, U"aY");
	/* No key of a keyboard. */
	guest_put_number(&guest, 256, true);
	guest_put_number(&guest, UINT32_MAX, true);
	guest_expect_down(&guest, 0);
	guest_end(&guest);
}

static void test_another_guest(void **state)
{
	struct keytext_guest guest;

	(void)state;
	guest_begin(&guest, "de", "");
	guest_put(&guest, XKB_KEY_Shift_L, true);
	guest_put(&guest, '@', true);
	xkb_state_unref(guest.state);
	guest.state = xkb_state_new(guest.xkb);
	memset(guest.down, 0, sizeof(guest.down));
	keytext_forget_guest(&guest.keytext);
	guest_put(&guest, '@', false);
	guest_expect_down(&guest, 0);
	guest_put(&guest, XKB_KEY_Left, true);
	assert_true(guest.down[0x2a] && guest.down[0xcb]);
	guest_put(&guest, XKB_KEY_Left, false);
	guest_put(&guest, XKB_KEY_Shift_L, false);
	guest_expect_down(&guest, 0);
	guest_end(&guest);
}

static void test_many_keys(void **state)
{
	struct keytext_guest guest;

	(void)state;
	guest_begin(&guest, "ru", "");
	for (unsigned int i = 0; i < 3 * KEYTEXT_HELD_MAX; i++)
		guest_put(&guest, 0x01000400 + i, true);
	for (unsigned int i = 0; i < 3 * KEYTEXT_HELD_MAX; i++)
		guest_put(&guest, 0x01000400 + i, false);
	assert_int_equal(guest.keytext.n_held, 0);
	guest_end(&guest);
}

/* The keys of a US keyboard that a viewer has, which names them by what Shift makes of them just then. */
static uint32_t name_of(unsigned int key, bool shifted)
{
	static const char plain[] = "`1234567890-=qwertyuiop[]asdfghjkl;'\\zxcvbnm,./ ";
	static const char with_shift[] = "~!@#$%^&*()_+QWERTYUIOP{}ASDFGHJKL:\"|ZXCVBNM<>? ";
	static const uint32_t others[] = {
		XKB_KEY_Shift_L, XKB_KEY_Shift_R, XKB_KEY_Control_L, XKB_KEY_Alt_L, XKB_KEY_ISO_Level3_Shift,
		XKB_KEY_Caps_Lock, XKB_KEY_Left, XKB_KEY_Return, XKB_KEY_ecircumflex, XKB_KEY_KP_7, 0x1fffff,
	};

	_Static_assert(sizeof(plain) == sizeof(with_shift), "a name each");
	if (key < sizeof(plain) - 1)
		return (uint8_t)(shifted ? with_shift[key] : plain[key]);
	key -= sizeof(plain) - 1;
	return key < sizeof(others) / sizeof(others[0]) ? others[key] : XKB_KEY_NoSymbol;
}

/* Whatever hands do, and however viewers call it: who lets go of all keys holds none. */
static void test_no_key_sticks(void **state)
{
	static const char *const layouts[] = { "us", "de", "fr", "ru" };
	enum { KEYS = 60, STEPS = 400, HANDS = 6 };
	uint32_t seed = 1;

	(void)state;
	for (unsigned int round = 0; round < 200; round++) {
		unsigned int held[HANDS], n_held = 0;
		struct keytext_guest guest;
		bool shifted = false;

		guest_begin(&guest, layouts[round % 4], "");
		for (unsigned int step = 0; step < STEPS || n_held; step++) {
			unsigned int key, i;

			seed = seed * 1664525 + 1013904223;
			key = (seed >> 8) % KEYS;
			for (i = 0; i < n_held && held[i] != key; i++)
				;
			guest.n_text = 0;
			if (n_held && (n_held == HANDS || step >= STEPS || seed >> 31)) {
				i = (seed >> 16) % n_held;
				key = held[i];
				held[i] = held[--n_held];
				guest_put(&guest, name_of(key, shifted), false);
			} else {
				if (i == n_held)
					held[n_held++] = key;
				guest_put(&guest, name_of(key, shifted), true);
			}
			shifted = false;
			for (i = 0; i < n_held; i++)
				shifted = shifted || name_of(held[i], false) == XKB_KEY_Shift_L ||
						name_of(held[i], false) == XKB_KEY_Shift_R;
		}
		guest_expect_down(&guest, 0);
		assert_false(guest.keytext.bent || guest.keytext.flipped_caps);
		guest_end(&guest);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_sign),
		cmocka_unit_test(test_fast_fingers),
		cmocka_unit_test(test_other_keys),
		cmocka_unit_test(test_altgr_of_windows),
		cmocka_unit_test(test_caps_lock),
		cmocka_unit_test(test_keypad),
		cmocka_unit_test(test_dead_keys),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_another_guest),
		cmocka_unit_test(test_many_keys),
		cmocka_unit_test(test_no_key_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
