// SPDX-License-Identifier: GPL-2.0-or-later
/* Viewers' input as arguments of QMP's input-send-event. */
#include "server/qmp_input.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include "server/input_queue.h"

/* Absolute axes of InputMoveEvent: 0 .. 0x7fff. */
#define AXIS_RANGE 32768
#define RELEASED_KEYS_MAX 16

struct text {
	char *data;
	size_t used;
	unsigned int events;
};

static void __attribute__((format(printf, 2, 3))) append(struct text *text, const char *fmt, ...)
{
	size_t room = QMP_INPUT_TEXT_MAX_BYTES - text->used;
	va_list ap;
	int length;

	va_start(ap, fmt);
	length = vsnprintf(text->data + text->used, room, fmt, ap);
	va_end(ap);
	if (length > 0 && (size_t)length < room)
		text->used += (size_t)length;
}

static const char *comma(struct text *text)
{
	return text->events++ ? "," : "";
}

static void append_key(struct text *text, uint32_t qnum, bool down)
{
	append(text,
			"%s{\"type\":\"key\",\"data\":{\"down\":%s,\"key\":"
			"{\"type\":\"number\",\"data\":%u}}}",
			comma(text), down ? "true" : "false", qnum);
}

static void append_button(struct text *text, const char *name, bool down)
{
	append(text, "%s{\"type\":\"btn\",\"data\":{\"down\":%s,\"button\":\"%s\"}}", comma(text),
			down ? "true" : "false", name);
}

/* The middle of the pixel, so that a guest that scales back and rounds down meets it. */
static void append_axis(struct text *text, const char *axis, uint32_t pixel, uint32_t size)
{
	uint64_t clamped = pixel < size ? pixel : size - 1;
	uint64_t value = (2 * clamped + 1) * AXIS_RANGE / (2 * (uint64_t)size);

	append(text, "%s{\"type\":\"abs\",\"data\":{\"axis\":\"%s\",\"value\":%u}}", comma(text), axis,
			(unsigned int)value);
}

static void append_motion(struct text *text, const char *axis, int64_t pixels)
{
	if (pixels)
		append(text, "%s{\"type\":\"rel\",\"data\":{\"axis\":\"%s\",\"value\":%lld}}", comma(text), axis,
				(long long)pixels);
}

static void append_place(struct text *text, const struct qmp_input *state, const struct input_event *event)
{
	const bool same_size = event->pointer.width == state->width && event->pointer.height == state->height;

	if (same_size && event->pointer.x == state->x && event->pointer.y == state->y)
		return;
	if (!state->relative) {
		append_axis(text, "x", event->pointer.x, event->pointer.width);
		append_axis(text, "y", event->pointer.y, event->pointer.height);
	} else if (same_size) {
		append_motion(text, "x", (int64_t)event->pointer.x - state->x);
		append_motion(text, "y", (int64_t)event->pointer.y - state->y);
	}
}

static void append_buttons(struct text *text, uint32_t before, uint32_t after)
{
	for (size_t i = 0; i < INPUT_BUTTON_KINDS; i++) {
		const struct input_button_kind *kind = &input_button_kinds[i];
		bool was = before & kind->mask, is = after & kind->mask;

		if (was == is || (kind->wheel && !is))
			continue;
		append_button(text, kind->qmp, is);
		if (kind->wheel)
			append_button(text, kind->qmp, false);
	}
}

static struct text begin(char *data)
{
	struct text text = { .data = data };

	append(&text, "{\"events\":[");
	return text;
}

static bool end(struct text *text)
{
	append(text, "]}");
	return text->events > 0;
}

bool qmp_input_usable(const struct input_event *event)
{
	if (event->kind == INPUT_KEY)
		return event->key.qnum && event->key.qnum <= QMP_INPUT_QNUM_MAX;
	return event->kind == INPUT_MOTION ||
			(event->kind == INPUT_POINTER && event->pointer.width && event->pointer.height);
}

bool qmp_input_event(struct qmp_input *state, const struct input_event *event,
		char ret_text[QMP_INPUT_TEXT_MAX_BYTES])
{
	struct text text = begin(ret_text);
	uint32_t buttons;

	if (event->kind == INPUT_KEY) {
		state->keys_down[event->key.qnum] = event->key.down;
		append_key(&text, event->key.qnum, event->key.down);
		return end(&text);
	}
	if (event->kind == INPUT_MOTION) {
		append_motion(&text, "x", event->pointer.dx);
		append_motion(&text, "y", event->pointer.dy);
	} else {
		append_place(&text, state, event);
	}
	buttons = input_buttons_after(state->buttons, event);
	append_buttons(&text, state->buttons, buttons);
	state->buttons = input_buttons_held(buttons);
	if (event->kind == INPUT_POINTER) {
		state->x = event->pointer.x;
		state->y = event->pointer.y;
		state->width = event->pointer.width;
		state->height = event->pointer.height;
	}
	return end(&text);
}

bool qmp_input_release(struct qmp_input *state, char ret_text[QMP_INPUT_TEXT_MAX_BYTES])
{
	struct text text = begin(ret_text);
	unsigned int keys = 0;

	append_buttons(&text, state->buttons, 0);
	state->buttons = 0;
	for (uint32_t qnum = 0; qnum <= QMP_INPUT_QNUM_MAX && keys < RELEASED_KEYS_MAX; qnum++) {
		if (!state->keys_down[qnum])
			continue;
		append_key(&text, qnum, false);
		state->keys_down[qnum] = false;
		keys++;
	}
	return end(&text);
}
