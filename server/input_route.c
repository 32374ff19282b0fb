// SPDX-License-Identifier: GPL-2.0-or-later
/* Which way the input of a VM's viewers goes into the guest. */
#include "server/input_route.h"

#include "server/capture/capture.h"
#include "server/guest.h"
#include "server/input.h"

static void tell_source(struct input_route *route, const struct input_event *event)
{
	if (event->kind == INPUT_KEY)
		locks_key(&route->locks, event->key.qnum, event->key.down);
	capture_input(route->capture, event);
}

static void set_source_locks(struct input_route *route, unsigned int wanted)
{
	struct input_event event = { .kind = INPUT_KEY };

	while ((event.key.qnum = locks_next(&route->locks, wanted))) {
		event.key.down = true;
		tell_source(route, &event);
		event.key.down = false;
		tell_source(route, &event);
	}
}

static void tell_guest(struct input_route *route, const struct input_event *event)
{
	if (route->guest)
		guest_input(route->guest, event);
	/* The synthetic sources are pointed at, and have no lights. */
	if (route->capture && event->kind != INPUT_LOCKS && event->kind != INPUT_MOTION)
		capture_input(route->capture, event);
}

bool input_route_put(struct input_route *route, const struct input_event *event)
{
	struct input_event resolved = *event;

	if (event->kind == INPUT_KEY && !input_keymap_resolve(route->keymap, &resolved))
		return false;
	if (!capture_takes_input(route->capture))
		tell_guest(route, &resolved);
	else if (event->kind == INPUT_LOCKS)
		set_source_locks(route, event->locks);
	else
		tell_source(route, &resolved);
	return true;
}

void input_route_note_leds(struct input_route *route, unsigned int leds)
{
	route->locks.on = leds;
	if (route->guest)
		guest_note_leds(route->guest, leds);
}

bool input_route_is_absolute(const struct input_route *route)
{
	return !(capture_takes_input(route->capture) ? route->source_relative : route->guest_relative);
}
