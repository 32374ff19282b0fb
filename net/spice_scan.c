// SPDX-License-Identifier: GPL-2.0-or-later
/* Scancodes to keys. */
#include "net/spice_scan.h"

#include "server/input.h"

#define PREFIX_EXTENDED 0xe0
#define PREFIX_PAUSE 0xe1
/* The bit of a key that is let go. */
#define RELEASE 0x80
/* What is between Pause's prefix and its end: right so, or no key. */
#define PAUSE_FIRST 0x1d
#define PAUSE_SECOND 0x45
#define KEY_PAUSE 0xc6
/* What keyboards of old put around extended keys. */
#define SHIFT_LEFT 0x2a
#define SHIFT_RIGHT 0x36

static enum spice_scan_result tell(struct spice_scan_key *ret, uint8_t qnum, uint8_t byte)
{
	*ret = (struct spice_scan_key){ .qnum = qnum, .down = !(byte & RELEASE) };
	return SPICE_SCAN_KEY;
}

static enum spice_scan_result push_pause(struct spice_scan *scan, uint8_t byte, struct spice_scan_key *ret)
{
	const uint8_t first = scan->begun;

	if (!first) {
		scan->begun = byte;
		return SPICE_SCAN_NOTHING;
	}
	scan->prefix = 0;
	if ((first & ~RELEASE) != PAUSE_FIRST || (byte & ~RELEASE) != PAUSE_SECOND)
		return SPICE_SCAN_NOTHING;
	return tell(ret, KEY_PAUSE, byte);
}

enum spice_scan_result spice_scan_push(struct spice_scan *scan, uint8_t byte, struct spice_scan_key *ret)
{
	const uint8_t code = byte & (uint8_t)~RELEASE, prefix = scan->prefix;

	if (byte == PREFIX_EXTENDED || byte == PREFIX_PAUSE || byte == SPICE_SCAN_LOCKS) {
		*scan = (struct spice_scan){ .prefix = byte };
		return SPICE_SCAN_NOTHING;
	}
	if (prefix == PREFIX_PAUSE)
		return push_pause(scan, byte, ret);
	scan->prefix = 0;
	if (prefix == SPICE_SCAN_LOCKS) {
		*ret = (struct spice_scan_key){
			.locks = byte & (INPUT_LED_SCROLL | INPUT_LED_NUM | INPUT_LED_CAPS),
		};
		return SPICE_SCAN_LOCKED;
	}
	if (!code || (prefix && (code == SHIFT_LEFT || code == SHIFT_RIGHT)))
		return SPICE_SCAN_NOTHING;
	return tell(ret, prefix ? code | 0x80 : code, byte);
}
