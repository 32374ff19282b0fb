/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a PC's keyboard sends (set 1 scancodes), byte by byte, back to keys. Pure.
 *
 * One code is ours, SPICE_SCAN_LOCKS and the lights as one byte: the lock keys
 * that are on at the viewer. SPICE has a message for that, which the library
 * answers with presses of its own, by a count that begins with nothing for each
 * viewer, knows nothing of other viewers and takes Pause for Num Lock. So
 * net/spice_filter turns it into this code, which the library passes on in its
 * place among the keys.
 */
#ifndef PLANECAST_NET_SPICE_SCAN_H
#define PLANECAST_NET_SPICE_SCAN_H

#include <stdbool.h>
#include <stdint.h>

/* A prefix that no keyboard sends, and that the library knows to be one. */
#define SPICE_SCAN_LOCKS 0xe2

struct spice_scan {
	uint8_t prefix; /* 0: none */
	uint8_t begun; /* the byte behind the prefix of three; 0: it has not come */
};

enum spice_scan_result { SPICE_SCAN_NOTHING, SPICE_SCAN_KEY, SPICE_SCAN_LOCKED };

struct spice_scan_key {
	uint8_t qnum; /* as in struct input_event */
	bool down;
	unsigned int locks; /* enum input_led; of SPICE_SCAN_LOCKED, which has nothing else */
};

/* NOTHING: more has to come, or it was no key; *ret is then untouched. */
enum spice_scan_result spice_scan_push(struct spice_scan *scan, uint8_t byte, struct spice_scan_key *ret);

#endif
