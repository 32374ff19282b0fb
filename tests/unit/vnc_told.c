// SPDX-License-Identifier: GPL-2.0-or-later
/* What a viewer for tests is told that is no picture. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "net/bytes.h"
#include "tests/unit/vnc_rig.h"

static void take_name(struct viewer *viewer, struct bytes_reader *reader)
{
	const uint32_t n = bytes_get_u32(reader);
	const uint8_t *name;

	assert_true(n < sizeof(viewer->name));
	name = bytes_get(reader, n);
	if (!name)
		return;
	memset(viewer->name, 0, sizeof(viewer->name));
	memcpy(viewer->name, name, n);
	viewer->names_told++;
}

bool viewer_take_told(struct viewer *viewer, int32_t encoding, uint16_t x, struct bytes_reader *reader)
{
	switch (encoding) {
	case RFB_PSEUDO_QEMU_LED_STATE:
		viewer->leds = bytes_get_u8(reader);
		viewer->leds_told++;
		break;
	case RFB_PSEUDO_VMWARE_LED_STATE:
		viewer->leds = (uint8_t)bytes_get_u32(reader);
		viewer->led_words_told++;
		break;
	case RFB_PSEUDO_QEMU_POINTER_MOTION:
		assert_true(x <= 1);
		viewer->moves = !x;
		viewer->pointers_told++;
		break;
	case RFB_PSEUDO_QEMU_KEY_EVENT:
		viewer->keycodes_told++;
		break;
	case RFB_PSEUDO_EXTENDED_MOUSE_BUTTONS:
		viewer->buttons_told++;
		break;
	case RFB_PSEUDO_DESKTOP_NAME:
		take_name(viewer, reader);
		break;
	default:
		return false;
	}
	return true;
}
