// SPDX-License-Identifier: GPL-2.0-or-later
/* Viewers' keys and pointer as calls of QEMU's D-Bus display. */
#include "server/qemu_input.h"

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/input_queue.h"
#include "server/log.h"
#include "server/qemu_bus.h"

#define CONSOLE_PATH "/org/qemu/Display1/Console_0"
#define KEYBOARD "org.qemu.Display1.Keyboard"
#define MOUSE "org.qemu.Display1.Mouse"
#define PROPERTIES "org.freedesktop.DBus.Properties"
#define QNUM_MAX 255
/* Calls that QEMU has not answered; past that, events wait. One event is at most 3 + 2 a button. */
#define IN_FLIGHT_MAX 16

struct call {
	struct qemu_input *input;
	sd_bus_slot *slot; /* NULL: free */
};

struct qemu_input {
	struct qemu_bus *bus;
	struct qemu_bus_user bus_user;
	const struct qemu_input_events *events;
	void *user;
	bool ready;
	sd_bus_slot *changes, *asked[2];

	struct call calls[IN_FLIGHT_MAX + 3 + 2 * INPUT_BUTTON_KINDS];
	unsigned int in_flight;
	char warned[128]; /* QEMU's last refusal, so that it is said once */

	struct input_queue queue;
	bool overflowed;
	/* What the guest has been told. */
	bool keys_down[QNUM_MAX + 1];
	uint32_t buttons;
};

static void pump(struct qemu_input *input);

static int handle_answer(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct call *call = user;
	struct qemu_input *input = call->input;
	const sd_bus_error *refusal = sd_bus_message_get_error(message);
	const char *why = refusal ? refusal->message ? refusal->message : refusal->name : NULL;

	(void)error;
	call->slot = sd_bus_slot_unref(call->slot);
	input->in_flight--;
	if (why && strncmp(why, input->warned, sizeof(input->warned) - 1)) {
		snprintf(input->warned, sizeof(input->warned), "%s", why);
		log_warn(NULL, "QEMU's D-Bus display refuses input: %s", input->warned);
	}
	pump(input);
	return 0;
}

/* There is a free one for each call of one event. */
static struct call *find_free(struct qemu_input *input)
{
	struct call *call = input->calls;

	while (call->slot)
		call++;
	return call;
}

static void press(struct qemu_input *input, const char *interface, bool down, uint32_t number)
{
	struct call *call = find_free(input);
	int r = qemu_bus_call(input->bus, &call->slot, CONSOLE_PATH, interface, down ? "Press" : "Release",
			handle_answer, call, "u", number);

	input->in_flight += r >= 0;
}

static void move(struct qemu_input *input, const char *member, const char *types, int32_t x, int32_t y)
{
	struct call *call = find_free(input);
	int r = qemu_bus_call(input->bus, &call->slot, CONSOLE_PATH, MOUSE, member, handle_answer, call, types, x, y);

	input->in_flight += r >= 0;
}

static void send_buttons(struct qemu_input *input, uint32_t after)
{
	for (size_t i = 0; i < INPUT_BUTTON_KINDS; i++) {
		const struct input_button_kind *kind = &input_button_kinds[i];
		const bool was = input->buttons & kind->mask, is = after & kind->mask;

		if (was == is || (kind->wheel && !is))
			continue;
		press(input, MOUSE, is, kind->dbus);
		if (kind->wheel)
			press(input, MOUSE, false, kind->dbus);
	}
	input->buttons = input_buttons_held(after);
}

static void send(struct qemu_input *input, const struct input_event *event)
{
	if (event->kind == INPUT_KEY) {
		input->keys_down[event->key.qnum] = event->key.down;
		press(input, KEYBOARD, event->key.down, event->key.qnum);
		return;
	}
	if (event->kind == INPUT_POINTER) {
		const uint32_t right = event->pointer.width - 1, bottom = event->pointer.height - 1;

		move(input, "SetAbsPosition", "uu", (int32_t)(event->pointer.x < right ? event->pointer.x : right),
				(int32_t)(event->pointer.y < bottom ? event->pointer.y : bottom));
	} else if (event->pointer.dx || event->pointer.dy) {
		move(input, "RelMotion", "ii", event->pointer.dx, event->pointer.dy);
	}
	send_buttons(input, input_buttons_after(input->buttons, event));
}

/* False: nothing was held. */
static bool let_go(struct qemu_input *input, unsigned int at_most)
{
	unsigned int count = 0;

	if (input->buttons)
		send_buttons(input, 0);
	for (uint32_t qnum = 0; qnum <= QNUM_MAX && count < at_most; qnum++) {
		if (!input->keys_down[qnum])
			continue;
		input->keys_down[qnum] = false;
		press(input, KEYBOARD, false, qnum);
		count++;
	}
	return count > 0;
}

static void pump(struct qemu_input *input)
{
	struct input_event event;

	while (input->ready && input->in_flight < IN_FLIGHT_MAX && (input->queue.count || input->overflowed)) {
		if (input_queue_take(&input->queue, &event))
			send(input, &event);
		else
			/* Nobody knows what the viewer still holds: let go of everything. */
			input->overflowed = let_go(input, 1);
	}
}

void qemu_input_put(struct qemu_input *input, const struct input_event *event)
{
	const bool usable = event->kind == INPUT_KEY ? event->key.qnum && event->key.qnum <= QNUM_MAX
			: event->kind == INPUT_MOTION ||
				(event->kind == INPUT_POINTER && event->pointer.width && event->pointer.height);

	if (!input->ready || !usable)
		return;
	if (!input_queue_put(&input->queue, event)) {
		if (!input->overflowed)
			log_warn(NULL, "QEMU takes no input: keys are lost");
		input->overflowed = true;
		return;
	}
	pump(input);
}

/* One property, whichever it is. */
static int read_property(struct qemu_input *input, sd_bus_message *message, const char *name)
{
	uint32_t leds;
	int absolute, r;

	if (!strcmp(name, "Modifiers")) {
		r = sd_bus_message_read(message, "v", "u", &leds);
		if (r >= 0)
			input->events->leds(input->user, leds & (INPUT_LED_SCROLL | INPUT_LED_NUM | INPUT_LED_CAPS));
	} else if (!strcmp(name, "IsAbsolute")) {
		r = sd_bus_message_read(message, "v", "b", &absolute);
		if (r >= 0)
			input->events->pointer(input->user, absolute);
	} else {
		r = sd_bus_message_skip(message, "v");
	}
	return r;
}

static int handle_changes(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_input *input = user;
	const char *name;
	int r;

	(void)error;
	if (!qemu_bus_is_sender(input->bus, message) || sd_bus_message_skip(message, "s") < 0 ||
			sd_bus_message_enter_container(message, 'a', "{sv}") < 0)
		return 0;
	while (input->ready && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		r = sd_bus_message_read(message, "s", &name);
		if (r >= 0)
			r = read_property(input, message, name);
		if (r < 0 || sd_bus_message_exit_container(message) < 0)
			return 0;
	}
	return 0;
}

static int handle_leds(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_input *input = user;

	(void)error;
	if (!sd_bus_message_is_method_error(message, NULL))
		read_property(input, message, "Modifiers");
	return 0;
}

static int handle_absolute(sd_bus_message *message, void *user, sd_bus_error *error)
{
	struct qemu_input *input = user;

	(void)error;
	if (!sd_bus_message_is_method_error(message, NULL))
		read_property(input, message, "IsAbsolute");
	return 0;
}

static void handle_up(void *user)
{
	struct qemu_input *input = user;

	input->ready = true;
	if (qemu_bus_hear(input->bus, &input->changes, CONSOLE_PATH, PROPERTIES, "PropertiesChanged", handle_changes,
			    input) < 0 ||
			qemu_bus_call(input->bus, &input->asked[0], CONSOLE_PATH, PROPERTIES, "Get", handle_leds, input,
					"ss", KEYBOARD, "Modifiers") < 0 ||
			qemu_bus_call(input->bus, &input->asked[1], CONSOLE_PATH, PROPERTIES, "Get", handle_absolute,
					input, "ss", MOUSE, "IsAbsolute") < 0)
		log_warn(NULL, "no memory to ask QEMU for its mouse and lights");
	input->events->ready(input->user, true);
}

static void forget(struct qemu_input *input)
{
	for (size_t i = 0; i < sizeof(input->calls) / sizeof(input->calls[0]); i++)
		input->calls[i].slot = sd_bus_slot_unref(input->calls[i].slot);
	for (size_t i = 0; i < sizeof(input->asked) / sizeof(input->asked[0]); i++)
		input->asked[i] = sd_bus_slot_unref(input->asked[i]);
	input->changes = sd_bus_slot_unref(input->changes);
	input->in_flight = 0;
	input->ready = input->overflowed = false;
	input->queue.head = input->queue.count = 0;
	input->buttons = 0;
	input->warned[0] = '\0';
	memset(input->keys_down, 0, sizeof(input->keys_down));
}

static void handle_down(void *user)
{
	struct qemu_input *input = user;

	forget(input);
	input->events->ready(input->user, false);
}

int qemu_input_new(struct qemu_bus *bus, const struct qemu_input_events *events, void *user, struct qemu_input **ret)
{
	struct qemu_input *input = calloc(1, sizeof(*input));

	if (!input)
		return -ENOMEM;
	input->bus = bus;
	input->events = events;
	input->user = user;
	input->bus_user = (struct qemu_bus_user){ .up = handle_up, .down = handle_down, .data = input };
	for (size_t i = 0; i < sizeof(input->calls) / sizeof(input->calls[0]); i++)
		input->calls[i].input = input;
	*ret = input;
	qemu_bus_add_user(bus, &input->bus_user);
	return 0;
}

void qemu_input_free(struct qemu_input *input)
{
	if (!input)
		return;
	/* As far as the socket takes it: what nobody lets go of, the guest holds. */
	for (unsigned int qnum = 0; input->ready && qnum <= QNUM_MAX; qnum++)
		if (input->keys_down[qnum])
			qemu_bus_call(input->bus, NULL, CONSOLE_PATH, KEYBOARD, "Release", NULL, NULL, "u", qnum);
	for (size_t i = 0; input->ready && i < INPUT_BUTTON_KINDS; i++)
		if (input->buttons & input_button_kinds[i].mask)
			qemu_bus_call(input->bus, NULL, CONSOLE_PATH, MOUSE, "Release", NULL, NULL, "u",
					input_button_kinds[i].dbus);
	qemu_bus_remove_user(input->bus, &input->bus_user);
	forget(input);
	free(input);
}

bool qemu_input_is_ready(const struct qemu_input *input)
{
	return input->ready;
}
