// SPDX-License-Identifier: GPL-2.0-or-later
/* Characters of two keys: a dead one, and then the one it changes. */
#include "server/keymap_dead.h"

#include <uchar.h>
#include <xkbcommon/xkbcommon-keysyms.h>
#include <xkbcommon/xkbcommon.h>

/*
 * What is changed, and what it becomes. Spaces make the accent itself only where all systems agree; acute,
 * diaeresis and cedilla become that twice, as with X11.
 */
static const struct {
	xkb_keysym_t dead;
	const char32_t *pairs;
} table[] = {
	{ XKB_KEY_dead_grave, U" `AÀEÈIÌOÒUÙNǸWẀYỲaàeèiìoòuùnǹwẁyỳ" },
	{ XKB_KEY_dead_circumflex, U" ^AÂEÊIÎOÔUÛCĈGĜHĤJĴSŜWŴYŶaâeêiîoôuûcĉgĝhĥjĵsŝwŵyŷ" },
	{ XKB_KEY_dead_tilde, U" ~AÃNÑOÕIĨUŨaãnñoõiĩuũ" },
	{ XKB_KEY_dead_acute, U"AÁEÉIÍOÓUÚYÝCĆLĹNŃRŔSŚZŹaáeéiíoóuúyýcćlĺnńrŕsśzź" },
	{ XKB_KEY_dead_diaeresis, U"AÄEËIÏOÖUÜYŸaäeëiïoöuüyÿ" },
	{ XKB_KEY_dead_abovering, U"AÅUŮaåuů" },
	{ XKB_KEY_dead_cedilla, U"CÇSŞTŢGĢKĶLĻNŅRŖcçsştţkķlļnņrŗ" },
	{ XKB_KEY_dead_caron, U"CČDĎEĚNŇRŘSŠTŤZŽLĽcčdďeěnňrřsštťzžlľ" },
	{ XKB_KEY_dead_ogonek, U"AĄEĘIĮUŲaąeęiįuų" },
	{ XKB_KEY_dead_macron, U"AĀEĒIĪOŌUŪaāeēiīoōuū" },
	{ XKB_KEY_dead_breve, U"AĂGĞUŬaăgğuŭ" },
	{ XKB_KEY_dead_doubleacute, U"OŐUŰoőuű" },
	{ XKB_KEY_dead_abovedot, U"CĊEĖGĠIİZŻcċeėgġzż" },
	{ XKB_KEY_dead_stroke, U"LŁOØDĐHĦlłoødđhħ" },
};

static const struct {
	uint32_t keysym, dead;
} twice[] = {
	{ XKB_KEY_acute, XKB_KEY_dead_acute },
	{ XKB_KEY_diaeresis, XKB_KEY_dead_diaeresis },
	{ XKB_KEY_cedilla, XKB_KEY_dead_cedilla },
};

bool keymap_dead_find(uint32_t keysym, size_t index, uint32_t *ret_dead, uint32_t *ret_base)
{
	const uint32_t character = xkb_keysym_to_utf32(keysym);
	size_t found = 0;

	if (!character)
		return false;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		for (const char32_t *pair = table[i].pairs; pair[0]; pair += 2) {
			if (pair[1] != character || found++ != index)
				continue;
			*ret_dead = table[i].dead;
			*ret_base = xkb_utf32_to_keysym(pair[0]);
			return true;
		}
	}
	for (size_t i = 0; i < sizeof(twice) / sizeof(twice[0]); i++) {
		if (twice[i].keysym != keysym || found++ != index)
			continue;
		*ret_dead = *ret_base = twice[i].dead;
		return true;
	}
	return false;
}
