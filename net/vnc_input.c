// SPDX-License-Identifier: GPL-2.0-or-later
/* Turns a viewer's keys and pointer into events for the guest. */
#include "net/vnc_input.h"

#include <errno.h>
#include <event2/buffer.h>

#include "config/config.h"
#include "net/stream.h"
#include "net/vnc.h"
#include "net/vnc_client.h"
#include "server/clock.h"
#include "server/input.h"

static void tell(struct vnc_client *client, const struct input_event *event)
{
	struct vnc *vnc = client->vnc;

	vnc->last_input_ns = clock_now_ns();
	vnc->events->input(vnc->user, client, event);
}

static void tell_key(struct vnc_client *client, bool down, uint32_t qnum, uint32_t keysym)
{
	tell(client, &(struct input_event){
		.kind = INPUT_KEY,
		.key = { .down = down, .qnum = qnum, .keysym = keysym },
	});
}

static void tell_pointer(struct vnc_client *client)
{
	struct vnc_input *input = &client->input;
	const uint32_t changed = input->buttons ^ input->buttons_told;

	struct input_event event = {
		.kind = INPUT_POINTER,
		.pointer = {
			.x = input->x,
			.y = input->y,
			.width = client->width,
			.height = client->height,
			.buttons = input->buttons,
			.changed = changed,
		},
	};

	if (input->motion) {
		event.kind = INPUT_MOTION;
		event.pointer.dx = input->dx;
		event.pointer.dy = input->dy;
	}
	input->moved = false;
	input->dx = 0;
	input->dy = 0;
	input->buttons_told = input->buttons;
	tell(client, &event);
}

/* One more event for the guest? Else the stream is read again as soon as there may be. */
static bool may_tell(struct vnc_client *client)
{
	const int64_t per_second = client->vnc->config->input_rate, now_ns = clock_now_ns();
	const int64_t wait_ns = rate_wait_ns(&client->input.rate, per_second, now_ns);

	if (wait_ns)
		stream_again_in(client->stream, wait_ns);
	else
		rate_take(&client->input.rate, per_second, 1, now_ns);
	return !wait_ns;
}

/* The same for what has to be told: it waits in the stream. */
static int wait_to_tell(struct vnc_client *client)
{
	if (may_tell(client))
		return 0;
	/* Nothing more is read of who goes on for long, and so not that he has gone. */
	if (evbuffer_get_length(stream_input(client->stream)) >= VNC_INPUT_WAITING_MAX)
		vnc_client_close(client, LOG_LEVEL_NOTICE, "says more than input-rate, and goes on");
	return -EAGAIN;
}

/* A key, or a button, does what the pointer is on. */
static void tell_place(struct vnc_client *client)
{
	if (client->input.moved)
		tell_pointer(client);
}

/* The same key has the same keysym, or the same number whatever Shift made of its keysym. */
static unsigned int find_key(const struct vnc_input *input, uint32_t qnum, uint32_t keysym)
{
	unsigned int i = 0;

	while (i < input->n_keys && (qnum ? input->keys[i].qnum != qnum : input->keys[i].keysym != keysym))
		i++;
	return i;
}

int vnc_input_key(struct vnc_client *client, bool down, uint32_t qnum, uint32_t keysym)
{
	struct vnc_input *input = &client->input;
	unsigned int i = find_key(input, qnum, keysym);
	int r;

	if (!vnc_client_may_control(client))
		return 0;
	r = wait_to_tell(client);
	if (r < 0)
		return r;
	tell_place(client);
	if (!down && i < input->n_keys) {
		input->keys[i] = input->keys[--input->n_keys];
	} else if (down && i == input->n_keys && i < VNC_INPUT_KEYS_MAX) {
		input->keys[i].qnum = qnum;
		input->keys[i].keysym = keysym;
		input->n_keys++;
	}
	tell_key(client, down, qnum, keysym);
	return 0;
}

static void place(struct vnc_client *client, uint32_t x, uint32_t y)
{
	struct vnc_input *input = &client->input;

	if (!input->motion) {
		input->x = x < client->width ? x : client->width - 1;
		input->y = y < client->height ? y : client->height - 1;
		input->moved = true;
	} else if (x >= PROTOCOL_PICTURE_MAX && y >= PROTOCOL_PICTURE_MAX) {
		input->dx = input_add_motion(input->dx, (int32_t)x - RFB_MOTION_ZERO);
		input->dy = input_add_motion(input->dy, (int32_t)y - RFB_MOTION_ZERO);
		input->moved = true;
	}
	/* Else it is a position, of before the viewer was told: no hand is as quick as that motion would be. */
}

int vnc_input_pointer(struct vnc_client *client, uint32_t x, uint32_t y, uint32_t buttons)
{
	struct vnc_input *input = &client->input;
	int r;

	if (!vnc_client_may_control(client))
		return 0;
	if (buttons != input->buttons) {
		r = wait_to_tell(client);
		if (r < 0)
			return r;
		tell_place(client);
	}
	place(client, x, y);
	input->buttons = buttons;
	if (buttons != input->buttons_told)
		tell_pointer(client);
	return 0;
}

void vnc_input_set_motion(struct vnc_client *client, bool motion)
{
	struct vnc_input *input = &client->input;

	if (input->motion == motion)
		return;
	input->motion = motion;
	input->moved = false;
	input->dx = 0;
	input->dy = 0;
}

void vnc_input_flush(struct vnc_client *client)
{
	if (client->input.moved && may_tell(client))
		tell_pointer(client);
}

void vnc_input_release(struct vnc_client *client)
{
	struct vnc_input *input = &client->input;

	while (input->n_keys) {
		input->n_keys--;
		tell_key(client, false, input->keys[input->n_keys].qnum, input->keys[input->n_keys].keysym);
	}
	input->moved = false;
	input->dx = 0;
	input->dy = 0;
	input->buttons = 0;
	if (input->buttons_told)
		tell_pointer(client);
}
