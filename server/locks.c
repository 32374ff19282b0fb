// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's lock keys, by counting their presses. */
#include "server/locks.h"

#include <stddef.h>

#include "server/input.h"

void locks_key(struct locks *locks, uint32_t qnum, bool down)
{
	const unsigned int led = input_led_of(qnum);

	if (down && !(locks->held & led))
		locks->on ^= led;
	locks->held = down ? locks->held | led : locks->held & ~led;
}

uint32_t locks_next(const struct locks *locks, unsigned int wanted)
{
	static const uint32_t keys[] = { 0x46, 0x45, 0x3a };
	const unsigned int wrong = (locks->on ^ wanted) & ~locks->held;
	size_t i = 0;

	while (i < sizeof(keys) / sizeof(keys[0]) && !(wrong & input_led_of(keys[i])))
		i++;
	return i < sizeof(keys) / sizeof(keys[0]) ? keys[i] : 0;
}
