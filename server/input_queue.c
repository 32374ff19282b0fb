// SPDX-License-Identifier: GPL-2.0-or-later
/* What waits on its way into the guest, and its buttons. */
#include "server/input_queue.h"

#include <stddef.h>

const struct input_button_kind input_button_kinds[INPUT_BUTTON_KINDS] = {
	{ INPUT_BUTTON_LEFT, "left", 0, false },
	{ INPUT_BUTTON_MIDDLE, "middle", 1, false },
	{ INPUT_BUTTON_RIGHT, "right", 2, false },
	{ INPUT_BUTTON_WHEEL_UP, "wheel-up", 3, true },
	{ INPUT_BUTTON_WHEEL_DOWN, "wheel-down", 4, true },
	{ INPUT_BUTTON_WHEEL_LEFT, "wheel-left", 7, true },
	{ INPUT_BUTTON_WHEEL_RIGHT, "wheel-right", 8, true },
	{ INPUT_BUTTON_BACK, "side", 5, false },
	{ INPUT_BUTTON_FORWARD, "extra", 6, false },
};

static struct input_event *event_at(struct input_queue *queue, unsigned int index)
{
	return &queue->events[(queue->head + index) % INPUT_QUEUE_MAX];
}

/* The pointer moved, and no button changed. */
static bool is_motion(const struct input_event *event)
{
	return event->kind != INPUT_KEY && !event->pointer.changed;
}

static bool drop_oldest_motion(struct input_queue *queue)
{
	unsigned int found = 0;

	while (found < queue->count && !is_motion(event_at(queue, found)))
		found++;
	if (found == queue->count)
		return false;
	for (unsigned int i = found; i + 1 < queue->count; i++)
		*event_at(queue, i) = *event_at(queue, i + 1);
	queue->count--;
	return true;
}

/* Makes one of two that come one behind the other, in last. */
static bool join_motion(struct input_event *last, const struct input_event *new)
{
	if (!is_motion(last) || !is_motion(new) || last->kind != new->kind)
		return false;
	if (new->kind == INPUT_MOTION) {
		last->pointer.dx = input_add_motion(last->pointer.dx, new->pointer.dx);
		last->pointer.dy = input_add_motion(last->pointer.dy, new->pointer.dy);
	} else {
		*last = *new;
	}
	return true;
}

bool input_queue_put(struct input_queue *queue, const struct input_event *event)
{
	if (queue->count && join_motion(event_at(queue, queue->count - 1), event))
		return true;
	if (queue->count == INPUT_QUEUE_MAX && !drop_oldest_motion(queue))
		return false;
	*event_at(queue, queue->count++) = *event;
	return true;
}

bool input_queue_take(struct input_queue *queue, struct input_event *ret)
{
	if (!queue->count)
		return false;
	*ret = *event_at(queue, 0);
	queue->head = (queue->head + 1) % INPUT_QUEUE_MAX;
	queue->count--;
	return true;
}

uint32_t input_buttons_after(uint32_t before, const struct input_event *event)
{
	return (before & ~event->pointer.changed) | (event->pointer.buttons & event->pointer.changed);
}

uint32_t input_buttons_held(uint32_t buttons)
{
	for (size_t i = 0; i < INPUT_BUTTON_KINDS; i++)
		buttons &= input_button_kinds[i].wheel ? ~input_button_kinds[i].mask : ~0u;
	return buttons;
}
