// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hands events from standard input to guest control, for tests against a real
 * QEMU: guestprobe QMP-SOCKET [LAYOUT], then lines
 *   keysym NUMBER down|up
 *   key QNUM down|up
 *   pointer X Y WIDTH HEIGHT BUTTONS
 * Ends with its input. The log on standard error says when QEMU is connected.
 */
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/guest.h"
#include "server/input.h"
#include "server/input_route.h"

struct probe {
	struct event_base *base;
	struct input_route route;
	uint32_t buttons;
};

static void fail(const char *what)
{
	fprintf(stderr, "guestprobe: %s\n", what);
	exit(2);
}

static void handle_pointer(void *user, bool absolute)
{
	(void)user;
	(void)absolute;
}

static void handle_let_go(void *user)
{
	input_route_forget_keys(&((struct probe *)user)->route);
}

static const struct guest_events guest_events = { .pointer = handle_pointer, .let_go = handle_let_go };

static void do_line(struct probe *probe, const char *line)
{
	struct input_event event = { .kind = INPUT_KEY };
	char state[8];

	if (sscanf(line, "keysym %i %7s", (int *)&event.key.keysym, state) == 2) {
		event.key.down = !strcmp(state, "down");
	} else if (sscanf(line, "key %i %7s", (int *)&event.key.qnum, state) == 2) {
		event.key.down = !strcmp(state, "down");
	} else {
		event = (struct input_event){ .kind = INPUT_POINTER };
		if (sscanf(line, "pointer %u %u %u %u %u", &event.pointer.x, &event.pointer.y,
				    &event.pointer.width, &event.pointer.height,
				    &event.pointer.buttons) != 5)
			fail(line);
		event.pointer.changed = event.pointer.buttons ^ probe->buttons;
		probe->buttons = event.pointer.buttons;
	}
	if (!input_route_put(&probe->route, &event))
		fail(line);
}

static void handle_read(struct bufferevent *bev, void *user)
{
	char *line;

	while ((line = evbuffer_readln(bufferevent_get_input(bev), NULL, EVBUFFER_EOL_LF))) {
		do_line(user, line);
		free(line);
	}
}

static void handle_end(struct bufferevent *bev, short what, void *user)
{
	struct probe *probe = user;

	(void)bev;
	(void)what;
	event_base_loopbreak(probe->base);
}

int main(int argc, char **argv)
{
	struct probe probe = { .base = event_base_new() };
	struct bufferevent *input;

	if (argc < 2)
		fail("usage: guestprobe QMP-SOCKET [LAYOUT]");
	signal(SIGPIPE, SIG_IGN);
	if (!probe.base || input_route_init(&probe.route, argc > 2 ? argv[2] : "us") < 0 ||
			guest_new(probe.base, argv[1], &guest_events, &probe, &probe.route.guest) < 0)
		fail("cannot start");
	input = bufferevent_socket_new(probe.base, STDIN_FILENO, 0);
	if (!input)
		fail("no memory");
	bufferevent_setcb(input, handle_read, NULL, handle_end, &probe);
	bufferevent_enable(input, EV_READ);
	event_base_dispatch(probe.base);
	bufferevent_free(input);
	guest_free(probe.route.guest);
	input_route_finish(&probe.route);
	event_base_free(probe.base);
	return 0;
}
