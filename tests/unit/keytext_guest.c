// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest that reads what is typed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <linux/input-event-codes.h>
#include <stdio.h>
#include <xkbcommon/xkbcommon-keysyms.h>

#include "server/input.h"
#include "tests/unit/keytext_guest.h"

/* A guest's side of the table of scancodes. */
static uint32_t evdev_of(uint32_t qnum)
{
	static const uint32_t extended[][2] = {
		{ 0x9c, KEY_KPENTER }, { 0x9d, KEY_RIGHTCTRL }, { 0xb5, KEY_KPSLASH }, { 0xb8, KEY_RIGHTALT },
		{ 0xc7, KEY_HOME }, { 0xc8, KEY_UP }, { 0xcb, KEY_LEFT }, { 0xd3, KEY_DELETE },
		{ 0x7e, KEY_KPCOMMA }, { 0x73, KEY_RO }, { 0x7d, KEY_YEN },
	};

	for (size_t i = 0; i < sizeof(extended) / sizeof(extended[0]); i++)
		if (extended[i][0] == qnum)
			return extended[i][1];
	assert_in_range(qnum, 1, 0x58);
	return qnum;
}

static bool is_modifier(xkb_keysym_t keysym)
{
	return (keysym >= XKB_KEY_Shift_L && keysym <= XKB_KEY_Hyper_R) || keysym == XKB_KEY_Num_Lock ||
			keysym == XKB_KEY_ISO_Level3_Shift;
}

static void note(struct keytext_guest *guest, xkb_keysym_t keysym)
{
	const uint32_t character = xkb_keysym_to_utf32(keysym);

	assert_true(guest->n_text < TEXT_MAX);
	guest->text[guest->n_text++] = character >= ' ' && character != 0x7f ? character : keysym;
}

static void read_key(struct keytext_guest *guest, xkb_keysym_t keysym)
{
	if (is_modifier(keysym))
		return;
	guest->presses++;
	xkb_compose_state_feed(guest->compose, keysym);
	switch (xkb_compose_state_get_status(guest->compose)) {
	case XKB_COMPOSE_COMPOSING:
		break;
	case XKB_COMPOSE_COMPOSED:
		note(guest, xkb_compose_state_get_one_sym(guest->compose));
		break;
	case XKB_COMPOSE_CANCELLED:
		note(guest, XKB_KEY_VoidSymbol);
		break;
	case XKB_COMPOSE_NOTHING:
		note(guest, keysym);
		break;
	}
}

static void press(void *user, uint32_t qnum, bool down)
{
	struct keytext_guest *guest = user;
	const xkb_keycode_t code = evdev_of(qnum) + 8;

	if (down)
		read_key(guest, xkb_state_key_get_one_sym(guest->state, code));
	/* A release of nothing would be a mistake that guests forgive. */
	assert_true(down || guest->down[qnum]);
	if (guest->down[qnum] != down)
		xkb_state_update_key(guest->state, code, down ? XKB_KEY_DOWN : XKB_KEY_UP);
	guest->down[qnum] = down;
}

void guest_begin(struct keytext_guest *guest, const char *layout, const char *variant)
{
	const struct xkb_rule_names names = {
		.rules = "evdev", .model = "pc105", .layout = layout, .variant = variant, .options = "",
	};
	char text[64];

	*guest = (struct keytext_guest){ .context = xkb_context_new(XKB_CONTEXT_NO_ENVIRONMENT_NAMES) };
	guest->xkb = xkb_keymap_new_from_names(guest->context, &names, XKB_KEYMAP_COMPILE_NO_FLAGS);
	assert_non_null(guest->xkb);
	guest->state = xkb_state_new(guest->xkb);
	guest->table = xkb_compose_table_new_from_locale(guest->context, "en_US.UTF-8",
			XKB_COMPOSE_COMPILE_NO_FLAGS);
	assert_non_null(guest->table); /* libx11-data */
	guest->compose = xkb_compose_state_new(guest->table, XKB_COMPOSE_STATE_NO_FLAGS);
	snprintf(text, sizeof(text), variant[0] ? "%s(%s)" : "%s", layout, variant);
	assert_int_equal(keymap_new(text, &guest->keymap), 0);
	guest->keytext.keymap = guest->keymap;
}

void guest_end(struct keytext_guest *guest)
{
	keymap_free(guest->keymap);
	xkb_compose_state_unref(guest->compose);
	xkb_compose_table_unref(guest->table);
	xkb_state_unref(guest->state);
	xkb_keymap_unref(guest->xkb);
	xkb_context_unref(guest->context);
}

unsigned int guest_lights(const struct keytext_guest *guest)
{
	return (xkb_state_led_name_is_active(guest->state, XKB_LED_NAME_CAPS) > 0 ? INPUT_LED_CAPS : 0u) |
			(xkb_state_led_name_is_active(guest->state, XKB_LED_NAME_NUM) > 0 ? INPUT_LED_NUM : 0u);
}

bool guest_put(struct keytext_guest *guest, uint32_t keysym, bool down)
{
	const struct input_event event = { .kind = INPUT_KEY, .key = { .down = down, .keysym = keysym } };

	return keytext_key(&guest->keytext, &event, guest_lights(guest), press, guest);
}

void guest_put_number(struct keytext_guest *guest, uint32_t qnum, bool down)
{
	const struct input_event event = { .kind = INPUT_KEY, .key = { .down = down, .qnum = qnum } };

	assert_true(keytext_key(&guest->keytext, &event, guest_lights(guest), press, guest));
}

void guest_tap(struct keytext_guest *guest, uint32_t keysym)
{
	guest_put(guest, keysym, true);
	guest_put(guest, keysym, false);
}

void guest_expect_text(struct keytext_guest *guest, const char32_t *text)
{
	unsigned int i = 0;

	for (; text[i]; i++)
		if (i >= guest->n_text || guest->text[i] != text[i])
			fail_msg("character %u is U+%04X, not U+%04X", i, i < guest->n_text ? guest->text[i] : 0,
					(unsigned int)text[i]);
	assert_int_equal(guest->n_text, i);
	guest->n_text = 0;
}

void guest_expect_down(const struct keytext_guest *guest, uint32_t only)
{
	for (uint32_t i = 0; i < 256; i++)
		if (guest->down[i] != (only && i == only))
			fail_msg("key 0x%x is %s", i, guest->down[i] ? "down" : "up");
}
