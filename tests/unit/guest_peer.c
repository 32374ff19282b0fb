// SPDX-License-Identifier: GPL-2.0-or-later
/* The other end of guest control, for tests. */
#include "tests/unit/guest_peer.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/guest.h"
#include "server/input.h"

uint32_t last_buttons;

void peer_answer(struct peer *peer)
{
	for (; peer->answering && peer->answered < peer->n_commands; peer->answered++) {
		struct evbuffer *output = bufferevent_get_output(peer->bev);

		/* Ids count from 0, which was qmp_capabilities. */
		if (peer->error)
			evbuffer_add_printf(output,
					"{\"id\": %u, \"error\": {\"class\": \"GenericError\", \"desc\": \"%s\"}}\r\n",
					peer->answered + 1, peer->error);
		else if (peer->asked_mice[peer->answered])
			evbuffer_add_printf(output, "{\"return\": %s, \"id\": %u}\r\n", peer->mice, peer->answered + 1);
		else
			evbuffer_add_printf(output, "{\"event\": \"NOISE\"}\r\n{\"return\": {}, \"id\": %u}\r\n",
					peer->answered + 1);
	}
}

static void peer_read(struct bufferevent *bev, void *user)
{
	static const char mice[] = "{\"execute\":\"query-mice\",\"arguments\":{";
	static const char prefix[] = "{\"execute\":\"input-send-event\",\"arguments\":{\"events\":";
	struct peer *peer = user;
	char *line;

	while ((line = evbuffer_readln(bufferevent_get_input(bev), NULL, EVBUFFER_EOL_CRLF_STRICT))) {
		char *tail = strstr(line, "},\"id\":");

		if (!peer->negotiated) {
			assert_string_equal(line, "{\"execute\":\"qmp_capabilities\",\"arguments\":{},\"id\":0}");
			evbuffer_add_printf(bufferevent_get_output(bev), "{\"return\": {}, \"id\": 0}\r\n");
			peer->negotiated = true;
			free(line);
			continue;
		}
		assert_non_null(tail);
		assert_in_range(peer->n_commands, 0, PEER_LINES_MAX - 1);
		assert_int_equal(atoi(tail + strlen("},\"id\":")), peer->n_commands + 1);
		peer->asked_mice[peer->n_commands] = !strncmp(line, mice, strlen(mice));
		if (peer->asked_mice[peer->n_commands++]) {
			peer->n_asked_mice++;
			free(line);
			continue;
		}
		assert_int_equal(strncmp(line, prefix, strlen(prefix)), 0);
		*tail = '\0';
		peer->lines[peer->n_lines++] = strdup(line + strlen(prefix));
		free(line);
	}
	peer_answer(peer);
}

static void forget_lines(struct peer *peer)
{
	while (peer->n_lines)
		free(peer->lines[--peer->n_lines]);
	peer->n_commands = 0;
	peer->n_asked_mice = 0;
	peer->answered = 0;
}

void peer_hang_up(struct peer *peer)
{
	if (peer->bev)
		bufferevent_free(peer->bev);
	peer->bev = NULL;
	peer->negotiated = false;
	forget_lines(peer);
}

static void peer_event(struct bufferevent *bev, short what, void *user)
{
	(void)bev;
	(void)what;
	peer_hang_up(user);
}

static void peer_accept(struct evconnlistener *listener, evutil_socket_t fd,
		struct sockaddr *address, int length, void *user)
{
	struct peer *peer = user;

	(void)listener;
	(void)address;
	(void)length;
	peer_hang_up(peer);
	peer->connections++;
	peer->bev = bufferevent_socket_new(peer->base, fd, BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(peer->bev, peer_read, NULL, peer_event, peer);
	bufferevent_enable(peer->bev, EV_READ | EV_WRITE);
	bufferevent_write(peer->bev, peer->opening, peer->opening_bytes);
}

void peer_listen(struct peer *peer)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", peer->path);
	peer->listener = evconnlistener_new_bind(peer->base, peer_accept, peer, LEV_OPT_CLOSE_ON_FREE, 5,
			(struct sockaddr *)&address, sizeof(address));
	assert_non_null(peer->listener);
}

void peer_vanish(struct peer *peer)
{
	peer_hang_up(peer);
	if (peer->listener)
		evconnlistener_free(peer->listener);
	peer->listener = NULL;
	unlink(peer->path);
}

int peer_set_up(void **state)
{
	struct peer *peer = calloc(1, sizeof(*peer));

	if (!peer)
		return -1;
	last_buttons = 0;
	peer->base = event_base_new();
	peer->opening = PEER_GREETING;
	peer->opening_bytes = strlen(PEER_GREETING);
	peer->answering = true;
	peer->mice = PEER_TABLET;
	strcpy(peer->directory, "/tmp/planecast-guest-XXXXXX");
	if (!mkdtemp(peer->directory))
		return -1;
	snprintf(peer->path, sizeof(peer->path), "%s/qmp", peer->directory);
	*state = peer;
	return 0;
}

int peer_tear_down(void **state)
{
	struct peer *peer = *state;

	peer_vanish(peer);
	rmdir(peer->directory);
	event_base_free(peer->base);
	free(peer);
	return 0;
}

void peer_wake(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	(void)user;
}

void send_key(struct guest *guest, uint32_t qnum, bool down)
{
	const struct input_event event = { .kind = INPUT_KEY, .key = { .down = down, .qnum = qnum } };

	guest_input(guest, &event);
}

void send_pointer(struct guest *guest, uint32_t x, uint32_t y, uint32_t buttons)
{
	const struct input_event event = {
		.kind = INPUT_POINTER,
		.pointer = {
			.x = x,
			.y = y,
			.width = 1024,
			.height = 512,
			.buttons = buttons,
			.changed = buttons ^ last_buttons,
		},
	};

	last_buttons = buttons;
	guest_input(guest, &event);
}

struct guest *connected_guest(struct peer *peer)
{
	struct guest *guest;
	bool answering = peer->answering;

	peer_listen(peer);
	assert_int_equal(guest_new(peer->base, peer->path, NULL, NULL, &guest), 0);
	peer->answering = false;
	PEER_WAIT(peer, peer->negotiated);
	PEER_WAIT(peer, (send_key(guest, 0x01, true), peer->n_lines > 0));
	peer->answering = true;
	peer_answer(peer);
	send_key(guest, 0x01, false);
	PEER_WAIT(peer, peer->n_lines >= 2 && !strstr(peer->lines[peer->n_lines - 1], "true"));
	peer->answering = answering;
	return guest;
}
