// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes connections from the gateway, one message each. */
#include "server/worker_door.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "server/channel.h"
#include "server/log.h"

/* Taken in one round of the loop, as a listener does. */
#define ROUND 16

/* What may be handed over: connections that begin with TLS. */
static bool read_key(const char *name, size_t bytes, enum config_listeners *ret)
{
	*ret = config_find_listeners(name, bytes);
	return *ret == CONFIG_LISTENERS_SPICE_TLS || *ret == CONFIG_LISTENERS_WEBSOCKET;
}

static bool get_option(int fd, int option, int *ret)
{
	socklen_t length = sizeof(*ret);

	return getsockopt(fd, SOL_SOCKET, option, ret, &length) == 0;
}

/* A connected stream of a family that we listen to. */
static bool is_connection(int fd, struct sockaddr_storage *peer, socklen_t *length)
{
	int type, listens;

	*length = sizeof(*peer);
	return get_option(fd, SO_TYPE, &type) && type == SOCK_STREAM && get_option(fd, SO_ACCEPTCONN, &listens) &&
			!listens && getpeername(fd, (struct sockaddr *)peer, length) == 0 &&
			(peer->ss_family == AF_INET || peer->ss_family == AF_INET6 || peer->ss_family == AF_UNIX);
}

static void take(struct worker_door *door, enum channel_kind kind, const char *payload, size_t bytes, int fd)
{
	struct sockaddr_storage peer;
	enum config_listeners key;
	socklen_t length;

	if (kind != CHANNEL_HANDED || !read_key(payload, bytes, &key)) {
		log_warn(NULL, "the gateway hands over what is not its to hand over");
	} else if (is_connection(fd, &peer, &length) && fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
		door->accept(door->user, key, fd, (struct sockaddr *)&peer, length);
		return;
	}
	/* Or whoever it was has gone. */
	if (fd >= 0)
		close(fd);
}

static void handle_readable(evutil_socket_t fd, short what, void *user)
{
	static char payload[CHANNEL_PAYLOAD_MAX + 1];
	struct worker_door *door = user;
	enum channel_kind kind;
	int passed_fd, r;
	size_t bytes;

	(void)what;
	for (int i = 0; i < ROUND; i++) {
		r = channel_receive(fd, &kind, payload, &bytes, &passed_fd);
		if (!r) {
			take(door, kind, payload, bytes, passed_fd);
			continue;
		}
		if (r == -EAGAIN)
			return;
		if (r == -EPIPE) {
			worker_door_close(door); /* no more ports to share */
			return;
		}
		log_warn(NULL, "what the gateway hands over cannot be read: %s", strerror(-r));
	}
}

int worker_door_open(struct worker_door *door, struct event_base *base, int fd, worker_door_fn accept, void *user)
{
	worker_door_close(door);
	door->fd = fd;
	door->accept = accept;
	door->user = user;
	door->readable = event_new(base, fd, EV_READ | EV_PERSIST, handle_readable, door);
	if (door->readable && event_add(door->readable, NULL) == 0)
		return 0;
	if (door->readable)
		event_free(door->readable);
	door->readable = NULL;
	close(fd);
	return -ENOMEM;
}

void worker_door_close(struct worker_door *door)
{
	if (!door->readable)
		return;
	event_free(door->readable);
	door->readable = NULL;
	close(door->fd);
}
