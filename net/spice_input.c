// SPDX-License-Identifier: GPL-2.0-or-later
/* A keyboard, a tablet and a mouse that hand on what one viewer does with them. */
#include "net/spice_input.h"

#include <errno.h>
#include <event2/event.h>
#include <spice.h>
#include <stdlib.h>

#include "net/spice_scan.h"
#include "server/input.h"

#define KEYS 256

/* There with sanitizers only. */
void __lsan_ignore_object(const void *object) __attribute__((weak));

struct spice_input {
	/* Each found from its instance. */
	struct device {
		union {
			SpiceKbdInstance keyboard;
			SpiceTabletInstance tablet;
			SpiceMouseInstance mouse;
		};
		struct spice_input *input;
	} keyboard, tablet, mouse;
	const struct spice_input_events *events;
	void *user;

	struct spice_scan scan;
	struct {
		bool down, told;
	} keys[KEYS];
	unsigned int locks; /* enum input_led: at the viewer */
	bool locks_said; /* the library is to know them, from the loop */
	int leds; /* of the guest, enum input_led; -1: not known */

	struct RedsState *server;
	bool absolute; /* the guest's pointer; there is a tablet */
	bool placed; /* x, y are known */
	uint32_t x, y, buttons, buttons_told;
	int32_t dx, dy; /* for a guest whose pointer is not absolute */
	bool moved; /* not told yet */
	struct event *later;
};

static struct spice_input *from_keyboard(SpiceKbdInstance *keyboard)
{
	return ((struct device *)keyboard)->input;
}

static struct spice_input *from_tablet(SpiceTabletInstance *tablet)
{
	return ((struct device *)tablet)->input;
}

static struct spice_input *from_mouse(SpiceMouseInstance *mouse)
{
	return ((struct device *)mouse)->input;
}

static bool find_place(struct spice_input *input, struct input_event *event)
{
	input->events->size(input->user, &event->pointer.width, &event->pointer.height);
	if (!event->pointer.width || !event->pointer.height)
		return false;
	if (!input->placed) {
		input->placed = true;
		input->x = event->pointer.width / 2;
		input->y = event->pointer.height / 2;
	}
	event->pointer.x = input->x < event->pointer.width ? input->x : event->pointer.width - 1;
	event->pointer.y = input->y < event->pointer.height ? input->y : event->pointer.height - 1;
	return true;
}

static void tell_pointer(struct spice_input *input, uint32_t extra)
{
	struct input_event event = { .kind = input->absolute ? INPUT_POINTER : INPUT_MOTION };

	input->moved = false;
	if (!input->absolute) {
		event.pointer.dx = input->dx;
		event.pointer.dy = input->dy;
		input->dx = 0;
		input->dy = 0;
	} else if (!find_place(input, &event)) {
		return;
	}
	event.pointer.buttons = input->buttons | extra;
	event.pointer.changed = event.pointer.buttons ^ input->buttons_told;
	if (input->events->input(input->user, &event))
		input->buttons_told = event.pointer.buttons;
}

static void flush(struct spice_input *input)
{
	if (input->moved)
		tell_pointer(input, 0);
}

static unsigned int shown_leds(const struct spice_input *input)
{
	return input->leds < 0 ? input->locks : (unsigned int)input->leds;
}

static void tell_leds(struct spice_input *input)
{
	spice_server_kbd_leds(&input->keyboard.keyboard, (int)shown_leds(input));
}

static void handle_later(evutil_socket_t fd, short what, void *data)
{
	struct spice_input *input = data;

	(void)fd;
	(void)what;
	flush(input);
	if (!input->locks_said)
		return;
	/* It tells the client what it holds them to be, and would be behind. */
	input->locks_said = false;
	tell_leds(input);
}

static void tell_locks(struct spice_input *input)
{
	const struct input_event event = { .kind = INPUT_LOCKS, .locks = input->locks };

	input->events->input(input->user, &event);
}

static void tell_key(struct spice_input *input, uint8_t qnum, bool down)
{
	const struct input_event event = {
		.kind = INPUT_KEY,
		.key = { .down = down, .qnum = qnum },
	};

	input->keys[qnum].down = down;
	input->keys[qnum].told = input->events->input(input->user, &event) && down;
}

static void handle_key(struct spice_input *input, uint8_t qnum, bool down)
{
	/* A key does what the pointer is on, and means what the locks make of it. */
	flush(input);
	if (down && !input->keys[qnum].down) {
		tell_locks(input);
		input->locks ^= input_led_of(qnum);
	}
	tell_key(input, qnum, down);
}

static void push_scan(SpiceKbdInstance *keyboard, uint8_t byte)
{
	struct spice_input *input = from_keyboard(keyboard);
	struct spice_scan_key key;

	switch (spice_scan_push(&input->scan, byte, &key)) {
	case SPICE_SCAN_NOTHING:
		break;
	case SPICE_SCAN_KEY:
		handle_key(input, key.qnum, key.down);
		break;
	case SPICE_SCAN_LOCKED:
		input->locks = key.locks;
		/* Not from inside: the library is still at it. */
		input->locks_said = true;
		event_active(input->later, 0, 0);
		break;
	}
}

static uint8_t get_leds(SpiceKbdInstance *keyboard)
{
	return (uint8_t)shown_leds(from_keyboard(keyboard));
}

/* The library's own numbers, which are not the protocol's. */
static uint32_t buttons_of(uint32_t state)
{
	static const struct {
		uint32_t theirs, ours;
	} map[] = {
		{ 1 << 0, INPUT_BUTTON_LEFT },
		{ 1 << 1, INPUT_BUTTON_RIGHT },
		{ 1 << 2, INPUT_BUTTON_MIDDLE },
		{ 1 << 6, INPUT_BUTTON_BACK },
		{ 1 << 7, INPUT_BUTTON_FORWARD },
	};
	uint32_t buttons = 0;

	for (size_t i = 0; i < sizeof(map) / sizeof(map[0]); i++)
		buttons |= state & map[i].theirs ? map[i].ours : 0;
	return buttons;
}

static void set_buttons(struct spice_input *input, uint32_t state)
{
	uint32_t buttons = buttons_of(state);

	/* Where the pointer is when a button changes matters. */
	if (buttons != input->buttons)
		flush(input);
	input->buttons = buttons;
	if (buttons != input->buttons_told)
		tell_pointer(input, 0);
}

static void turn_wheel(struct spice_input *input, int dz, uint32_t state)
{
	set_buttons(input, state);
	flush(input);
	if (!dz)
		return;
	tell_pointer(input, dz < 0 ? INPUT_BUTTON_WHEEL_UP : INPUT_BUTTON_WHEEL_DOWN);
	tell_pointer(input, 0);
}

static void move(struct spice_input *input, uint32_t x, uint32_t y)
{
	input->placed = true;
	input->x = x;
	input->y = y;
	input->moved = true;
	event_active(input->later, 0, 0);
}

/* May come from the library's thread; the picture's size is known better elsewhere. */
static void set_logical_size(SpiceTabletInstance *tablet, int width, int height)
{
	(void)tablet;
	(void)width;
	(void)height;
}

static void tablet_position(SpiceTabletInstance *tablet, int x, int y, uint32_t state)
{
	struct spice_input *input = from_tablet(tablet);

	if (buttons_of(state) != input->buttons)
		flush(input);
	move(input, x < 0 ? 0 : (uint32_t)x, y < 0 ? 0 : (uint32_t)y);
	set_buttons(input, state);
}

static void tablet_wheel(SpiceTabletInstance *tablet, int dz, uint32_t state)
{
	turn_wheel(from_tablet(tablet), dz, state);
}

static void tablet_buttons(SpiceTabletInstance *tablet, uint32_t state)
{
	set_buttons(from_tablet(tablet), state);
}

static uint32_t add_clamped(uint32_t value, int by, uint32_t size)
{
	int64_t sum = (int64_t)value + by;

	return sum < 0 ? 0 : sum >= size ? size - 1 : (uint32_t)sum;
}

static void move_by(struct spice_input *input, int dx, int dy)
{
	struct input_event now = { .kind = INPUT_POINTER };

	if (find_place(input, &now))
		move(input, add_clamped(now.pointer.x, dx, now.pointer.width),
				add_clamped(now.pointer.y, dy, now.pointer.height));
}

static void add_motion(struct spice_input *input, int dx, int dy)
{
	input->dx = input_add_motion(input->dx, dx);
	input->dy = input_add_motion(input->dy, dy);
	input->moved = true;
	event_active(input->later, 0, 0);
}

static void mouse_motion(SpiceMouseInstance *mouse, int dx, int dy, int dz, uint32_t state)
{
	struct spice_input *input = from_mouse(mouse);

	if ((dx || dy) && input->absolute)
		move_by(input, dx, dy);
	else if (dx || dy)
		add_motion(input, dx, dy);
	turn_wheel(input, dz, state);
}

static void mouse_buttons(SpiceMouseInstance *mouse, uint32_t state)
{
	set_buttons(from_mouse(mouse), state);
}

#define INTERFACE(kind, text)                                                                      \
	.base = {                                                                                  \
		.type = SPICE_INTERFACE_##kind,                                                    \
		.description = text,                                                               \
		.major_version = SPICE_INTERFACE_##kind##_MAJOR,                                   \
		.minor_version = SPICE_INTERFACE_##kind##_MINOR,                                   \
	}

static const SpiceKbdInterface keyboard_interface = {
	INTERFACE(KEYBOARD, "planecast's keyboard"),
	.push_scan_freg = push_scan,
	.get_leds = get_leds,
};

static const SpiceTabletInterface tablet_interface = {
	INTERFACE(TABLET, "planecast's tablet"),
	.set_logical_size = set_logical_size,
	.position = tablet_position,
	.wheel = tablet_wheel,
	.buttons = tablet_buttons,
};

static const SpiceMouseInterface mouse_interface = {
	INTERFACE(MOUSE, "planecast's mouse"),
	.motion = mouse_motion,
	.buttons = mouse_buttons,
};

/*
 * The library has no way to remove a keyboard or a mouse: what it keeps of them,
 * 276 bytes in all, it forgets with the instance. It is its own to free.
 */
static void expect_leaks(const struct spice_input *input)
{
	if (!__lsan_ignore_object)
		return;
	__lsan_ignore_object(input->keyboard.keyboard.st);
	__lsan_ignore_object(input->mouse.mouse.st);
}

int spice_input_new(struct RedsState *server, struct event_base *base,
		const struct spice_input_events *events, void *user, struct spice_input **ret)
{
	struct spice_input *input = calloc(1, sizeof(*input));

	if (!input)
		return -ENOMEM;
	input->events = events;
	input->server = server;
	input->absolute = true;
	input->leds = -1;
	input->user = user;
	input->later = event_new(base, -1, 0, handle_later, input);
	if (!input->later) {
		free(input);
		return -ENOMEM;
	}
	input->keyboard = (struct device){ .keyboard.base.sif = &keyboard_interface.base, .input = input };
	input->tablet = (struct device){ .tablet.base.sif = &tablet_interface.base, .input = input };
	input->mouse = (struct device){ .mouse.base.sif = &mouse_interface.base, .input = input };
	if (spice_server_add_interface(server, &input->keyboard.keyboard.base) < 0 ||
			spice_server_add_interface(server, &input->mouse.mouse.base) < 0 ||
			spice_server_add_interface(server, &input->tablet.tablet.base) < 0) {
		*ret = input;
		return -EINVAL;
	}
	expect_leaks(input);
	*ret = input;
	return 0;
}

void spice_input_free(struct spice_input *input)
{
	if (!input)
		return;
	event_free(input->later);
	free(input);
}

void spice_input_set_absolute(struct spice_input *input, bool absolute)
{
	if (absolute == input->absolute)
		return;
	flush(input);
	input->absolute = absolute;
	if (absolute)
		spice_server_add_interface(input->server, &input->tablet.tablet.base);
	else
		spice_server_remove_interface(&input->tablet.tablet.base);
}

void spice_input_set_leds(struct spice_input *input, unsigned int leds)
{
	if (input->leds == (int)leds)
		return;
	input->leds = (int)leds;
	tell_leds(input);
}

void spice_input_release(struct spice_input *input)
{
	/* It may be what he did when he was not allowed to any more. */
	input->moved = false;
	input->dx = 0;
	input->dy = 0;
	for (unsigned int i = 0; i < KEYS; i++) {
		if (input->keys[i].told)
			tell_key(input, (uint8_t)i, false);
	}
	input->buttons = 0;
	if (input->buttons_told)
		tell_pointer(input, 0);
}
