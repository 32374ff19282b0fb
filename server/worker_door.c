// SPDX-License-Identifier: GPL-2.0-or-later
/* Takes connections from the gateway, one message each. */
#include "server/worker_door.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "config/role.h"
#include "config/text.h"
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

/* Of a family that we listen to. */
static bool is_address(const struct sockaddr_storage *address, socklen_t length)
{
	const size_t least = address->ss_family == AF_INET ? sizeof(struct sockaddr_in)
			: address->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
			: address->ss_family == AF_UNIX ? sizeof(sa_family_t) : SIZE_MAX;

	return length >= least && length <= sizeof(*address);
}

/* A connected stream of a family that we listen to. */
static bool is_connection(int fd, struct sockaddr_storage *peer, socklen_t *length)
{
	int type, listens;

	*length = sizeof(*peer);
	return get_option(fd, SO_TYPE, &type) && type == SOCK_STREAM && get_option(fd, SO_ACCEPTCONN, &listens) &&
			!listens && getpeername(fd, (struct sockaddr *)peer, length) == 0 && is_address(peer, *length);
}

/* Only what the listener says of it: who is behind it, and that it is one. */
static bool is_handed(const char *payload, size_t bytes, int fd, enum config_listeners *ret_key,
		struct sockaddr_storage *ret_peer, socklen_t *ret_length)
{
	return read_key(payload, bytes, ret_key) && is_connection(fd, ret_peer, ret_length);
}

static bool is_viewer(const char *payload, int fd, struct channel_viewer *ret)
{
	struct sockaddr_storage between;
	socklen_t length;

	memcpy(ret, payload, sizeof(*ret));
	return is_address(&ret->address, ret->address_bytes) && memchr(ret->user, '\0', sizeof(ret->user)) &&
			(!ret->user[0] || !role_name_fault(ret->user)) && memchr(ret->tls, '\0', sizeof(ret->tls)) &&
			text_printable(ret->tls, strlen(ret->tls)) == strlen(ret->tls) &&
			is_connection(fd, &between, &length) && between.ss_family == AF_UNIX;
}

/* Whoever is not taken has gone, or comes from a gateway that is not ours any more. */
static void take(struct worker_door *door, enum channel_kind kind, const char *payload, size_t bytes, int fd)
{
	struct channel_viewer viewer;
	struct sockaddr_storage peer;
	enum config_listeners key;
	socklen_t length;

	if (fd >= 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0) {
		if (kind == CHANNEL_HANDED && is_handed(payload, bytes, fd, &key, &peer, &length)) {
			door->events->handed(door->user, key, fd, (struct sockaddr *)&peer, length);
			return;
		}
		if (kind == CHANNEL_VIEWER && is_viewer(payload, fd, &viewer)) {
			door->events->viewer(door->user, fd, &viewer);
			return;
		}
	}
	log_info(NULL, "what the gateway hands over is no connection of ours, or none any more");
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

int worker_door_open(struct worker_door *door, struct event_base *base, int fd,
		const struct worker_door_events *events, void *user)
{
	worker_door_close(door);
	door->fd = fd;
	door->events = events;
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
