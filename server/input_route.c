// SPDX-License-Identifier: GPL-2.0-or-later
/* Which way the input of a VM's viewers goes into the guest. */
#include "server/input_route.h"

#include <errno.h>

#include "server/capture/capture.h"
#include "server/guest.h"
#include "server/input.h"
#include "server/keymap.h"
#include "server/log.h"

#define FALLBACK_LAYOUT "us"

int input_route_init(struct input_route *route, const char *layout)
{
	int r = keymap_new(layout, &route->keymap);

	if (r == -EINVAL) {
		/* A picture with the wrong keys beats none; most viewers send key numbers anyway. */
		log_error(NULL, "keymap: there is no layout '%s', using '%s'", layout, FALLBACK_LAYOUT);
		r = keymap_new(FALLBACK_LAYOUT, &route->keymap);
	}
	route->keytext.keymap = route->keymap;
	return r;
}

void input_route_finish(struct input_route *route)
{
	keymap_free(route->keymap);
	route->keymap = NULL;
}

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

/* The way from one position to the next is what is left of them. */
static void tell_source_pointer(struct input_route *route, const struct input_event *event)
{
	struct input_event motion = *event;

	if (event->kind == INPUT_POINTER && route->source_relative) {
		const bool same_size = event->pointer.width == route->width && event->pointer.height == route->height;

		motion.kind = INPUT_MOTION;
		motion.pointer.dx = same_size ? (int32_t)((int64_t)event->pointer.x - route->x) : 0;
		motion.pointer.dy = same_size ? (int32_t)((int64_t)event->pointer.y - route->y) : 0;
	}
	if (event->kind == INPUT_POINTER) {
		route->x = event->pointer.x;
		route->y = event->pointer.y;
		route->width = event->pointer.width;
		route->height = event->pointer.height;
	}
	if (motion.kind == INPUT_POINTER || motion.pointer.dx || motion.pointer.dy || motion.pointer.changed)
		tell_source(route, &motion);
}

static void tell_guest(struct input_route *route, const struct input_event *event)
{
	if (route->guest)
		guest_input(route->guest, event);
	/* The synthetic sources are pointed at, and have no lights. */
	if (route->capture && event->kind != INPUT_LOCKS && event->kind != INPUT_MOTION)
		capture_input(route->capture, event);
}

static void put(struct input_route *route, const struct input_event *event)
{
	if (!capture_takes_input(route->capture))
		tell_guest(route, event);
	else if (event->kind == INPUT_LOCKS)
		set_source_locks(route, event->locks);
	else if (event->kind != INPUT_KEY)
		tell_source_pointer(route, event);
	else
		tell_source(route, event);
}

static void press(void *user, uint32_t qnum, bool down)
{
	put(user, &(struct input_event){ .kind = INPUT_KEY, .key = { .down = down, .qnum = qnum } });
}

static unsigned int locks_on(const struct input_route *route)
{
	if (capture_takes_input(route->capture))
		return route->locks.on;
	return route->guest ? guest_locks(route->guest) : 0;
}

bool input_route_put(struct input_route *route, const struct input_event *event)
{
	const bool takes = capture_takes_input(route->capture);

	/* The other way knows nothing of what is held by this one. */
	if (takes != route->took)
		input_route_forget_keys(route);
	route->took = takes;
	if (event->kind == INPUT_KEY)
		return keytext_key(&route->keytext, event, locks_on(route), press, route);
	put(route, event);
	return true;
}

void input_route_forget_keys(struct input_route *route)
{
	keytext_forget_guest(&route->keytext);
	route->locks.held = 0;
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
