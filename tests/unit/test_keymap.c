// SPDX-License-Identifier: GPL-2.0-or-later
/* Keysyms to key numbers and modifiers: US and other layouts, aliases, Unicode, bad names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "server/keymap.h"

struct expectation {
	uint32_t keysym, qnum;
};

/* The best key's number; 0: there is none. */
static uint32_t resolve(const struct keymap *keymap, uint32_t keysym)
{
	const struct keymap_key *keys;

	return keymap_find(keymap, keysym, &keys) ? keys[0].qnum : 0;
}

static void check(const char *layout, const struct expectation *table, size_t count)
{
	struct keymap *keymap;

	assert_int_equal(keymap_new(layout, &keymap), 0);
	for (size_t i = 0; i < count; i++)
		if (resolve(keymap, table[i].keysym) != table[i].qnum)
			fail_msg("%s: keysym 0x%x is key 0x%x, not 0x%x", layout, table[i].keysym,
					resolve(keymap, table[i].keysym), table[i].qnum);
	keymap_free(keymap);
}

#define CHECK(layout, table) check(layout, table, sizeof(table) / sizeof((table)[0]))

static void test_us_text(void **state)
{
	/* Rows of the US keyboard, as they lie, from each row's first scancode on. */
	static const struct {
		const char *plain, *shifted;
		uint32_t first_qnum;
	} rows[] = {
		{ "1234567890-=", "!@#$%^&*()_+", 0x02 },
		{ "qwertyuiop[]", "QWERTYUIOP{}", 0x10 },
		{ "asdfghjkl;'`", "ASDFGHJKL:\"~", 0x1e },
		{ "\\zxcvbnm,./", "|ZXCVBNM<>?", 0x2b },
	};
	struct keymap *keymap;

	(void)state;
	assert_int_equal(keymap_new("us", &keymap), 0);
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		for (uint32_t i = 0; rows[row].plain[i]; i++) {
			/* Printable ASCII is its own keysym. */
			assert_int_equal(resolve(keymap, (uint8_t)rows[row].plain[i]), rows[row].first_qnum + i);
			assert_int_equal(resolve(keymap, (uint8_t)rows[row].shifted[i]), rows[row].first_qnum + i);
		}
	}
	keymap_free(keymap);
}

static void test_us_other_keys(void **state)
{
	static const struct expectation table[] = {
		{ XKB_KEY_Escape, 0x01 }, { XKB_KEY_BackSpace, 0x0e }, { XKB_KEY_Tab, 0x0f },
		{ XKB_KEY_ISO_Left_Tab, 0x0f }, { XKB_KEY_Return, 0x1c }, { XKB_KEY_space, 0x39 },
		{ XKB_KEY_Shift_L, 0x2a }, { XKB_KEY_Shift_R, 0x36 }, { XKB_KEY_Control_L, 0x1d },
		{ XKB_KEY_Control_R, 0x9d }, { XKB_KEY_Alt_L, 0x38 }, { XKB_KEY_Alt_R, 0xb8 },
		/* AltGr makes nothing here. */
		{ XKB_KEY_ISO_Level3_Shift, 0 }, { XKB_KEY_Mode_switch, 0 },
		{ XKB_KEY_Super_L, 0xdb }, { XKB_KEY_Super_R, 0xdc }, { XKB_KEY_Menu, 0xdd },
		{ XKB_KEY_Meta_L, 0x38 }, { XKB_KEY_Caps_Lock, 0x3a }, { XKB_KEY_Num_Lock, 0x45 },
		{ XKB_KEY_Scroll_Lock, 0x46 }, { XKB_KEY_Print, 0xb7 }, { XKB_KEY_Sys_Req, 0xb7 },
		{ XKB_KEY_Pause, 0xc6 }, { XKB_KEY_Break, 0xc6 },
		{ XKB_KEY_F1, 0x3b }, { XKB_KEY_F10, 0x44 }, { XKB_KEY_F11, 0x57 }, { XKB_KEY_F12, 0x58 },
		{ XKB_KEY_Home, 0xc7 }, { XKB_KEY_Up, 0xc8 }, { XKB_KEY_Page_Up, 0xc9 },
		{ XKB_KEY_Left, 0xcb }, { XKB_KEY_Right, 0xcd }, { XKB_KEY_End, 0xcf },
		{ XKB_KEY_Down, 0xd0 }, { XKB_KEY_Page_Down, 0xd1 }, { XKB_KEY_Insert, 0xd2 },
		{ XKB_KEY_Delete, 0xd3 },
		{ XKB_KEY_KP_Home, 0x47 }, { XKB_KEY_KP_7, 0x47 }, { XKB_KEY_KP_0, 0x52 },
		{ XKB_KEY_KP_Insert, 0x52 }, { XKB_KEY_KP_5, 0x4c }, { XKB_KEY_KP_Begin, 0x4c },
		{ XKB_KEY_KP_Decimal, 0x53 }, { XKB_KEY_KP_Delete, 0x53 }, { XKB_KEY_KP_Add, 0x4e },
		{ XKB_KEY_KP_Subtract, 0x4a }, { XKB_KEY_KP_Multiply, 0x37 }, { XKB_KEY_KP_Divide, 0xb5 },
		{ XKB_KEY_KP_Enter, 0x9c },
		{ XKB_KEY_XF86AudioMute, 0xa0 }, { XKB_KEY_XF86AudioRaiseVolume, 0xb0 },
		/* Unicode spelling of what has an old name. */
		{ 0x01000061, 0x1e },
		/* On no US key, no keysym at all, beyond Unicode. */
		{ XKB_KEY_adiaeresis, 0 }, { 0, 0 }, { 0x01ffffff, 0 }, { 0xffffffff, 0 },
	};

	(void)state;
	CHECK("us", table);
}

static void test_other_layouts(void **state)
{
	static const struct expectation german[] = {
		{ 'z', 0x15 }, { 'y', 0x2c }, { XKB_KEY_adiaeresis, 0x28 }, { 0x010000e4, 0x28 },
		{ XKB_KEY_Adiaeresis, 0x28 }, { XKB_KEY_ssharp, 0x0c }, { '<', 0x56 }, { '>', 0x56 },
		{ '|', 0x56 }, { '@', 0x10 }, { XKB_KEY_EuroSign, 0x12 }, { 0x010020ac, 0x12 },
		{ XKB_KEY_dead_acute, 0x0d }, { XKB_KEY_ISO_Level3_Shift, 0xb8 }, { XKB_KEY_Alt_R, 0xb8 },
		{ '/', 0x08 }, { ';', 0x33 },
	};
	static const struct expectation french[] = {
		{ 'a', 0x10 }, { 'q', 0x1e }, { '1', 0x02 }, { '&', 0x02 },
	};
	static const struct expectation dvorak[] = { { 'a', 0x1e }, { 'o', 0x1f }, { ';', 0x2c } };
	/* Latin letters on a layout without them are those of the US keys. */
	static const struct expectation russian[] = {
		{ XKB_KEY_Cyrillic_shorti, 0x10 }, { 'q', 0x10 }, { 'c', 0x2e },
	};
	static const struct expectation japanese[] = {
		{ XKB_KEY_Muhenkan, 0x7b }, { '_', 0x73 }, { '@', 0x1a },
	};

	(void)state;
	CHECK("de", german);
	CHECK("fr(oss)", french);
	CHECK("us(dvorak)", dvorak);
	CHECK("ru", russian);
	CHECK("jp", japanese);
}

static void test_modifiers(void **state)
{
	const struct keymap_key *keys;
	struct keymap *keymap;

	(void)state;
	assert_int_equal(keymap_new("de", &keymap), 0);
	assert_int_equal(keymap_level3(keymap), 0xb8);
	assert_true(keymap_find(keymap, '@', &keys));
	for (unsigned int combo = 0; combo < KEYMAP_COMBOS; combo++)
		assert_int_equal(keys[0].combos >> combo & 1,
				(combo & (KEYMAP_SHIFT | KEYMAP_LEVEL3)) == KEYMAP_LEVEL3);
	assert_true(keymap_find(keymap, 'A', &keys));
	for (unsigned int combo = 0; combo < KEYMAP_COMBOS; combo++)
		if (!(combo & KEYMAP_LEVEL3))
			assert_int_equal(keys[0].combos >> combo & 1,
					!(combo & KEYMAP_SHIFT) != !(combo & KEYMAP_CAPS));
	assert_true(keymap_find(keymap, XKB_KEY_KP_7, &keys));
	assert_true(keys[0].combos >> KEYMAP_NUM & 1);
	assert_false(keys[0].combos & 1);
	keymap_free(keymap);
	assert_int_equal(keymap_new("us", &keymap), 0);
	assert_int_equal(keymap_level3(keymap), 0);
	keymap_free(keymap);
}

static void test_bad_names(void **state)
{
	static const char *const names[] = {
		"", "nosuchlayout", "us(nosuchvariant)", "us(", "us()", "us(dvorak", "us(dvorak)x", "us,de",
		"../../etc/passwd", "us de", "usssssssssssssssssssssssssssssssssssssssssssssss",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct keymap *keymap = NULL;

		if (keymap_new(names[i], &keymap) != -EINVAL || keymap)
			fail_msg("layout '%s' was taken", names[i]);
	}
	keymap_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_us_text),
		cmocka_unit_test(test_us_other_keys),
		cmocka_unit_test(test_other_layouts),
		cmocka_unit_test(test_modifiers),
		cmocka_unit_test(test_bad_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
