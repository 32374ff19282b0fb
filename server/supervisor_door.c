// SPDX-License-Identifier: GPL-2.0-or-later
/* Pairs of sockets, open one way only. */
#include "server/supervisor_door.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

/* Whoever has an end can shut it down for all. */
static bool is_open(const struct supervisor_door *door)
{
	struct pollfd ends[] = { { .fd = door->worker_fd, .events = POLLRDHUP }, { .fd = door->gateway_fd } };

	return door->worker_fd >= 0 && poll(ends, 2, 0) >= 0 && !(ends[0].revents & (POLLRDHUP | POLLHUP)) &&
			!(ends[1].revents & (POLLHUP | POLLERR));
}

int supervisor_door_open(struct supervisor_door *door)
{
	int ends[2];

	if (is_open(door))
		return 0;
	supervisor_door_close(door);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0)
		return -errno;
	/* A worker has nothing to tell the gateway. */
	shutdown(ends[0], SHUT_WR);
	*door = (struct supervisor_door){ .worker_fd = ends[0], .gateway_fd = ends[1] };
	return 1;
}

void supervisor_door_close(struct supervisor_door *door)
{
	if (door->worker_fd >= 0)
		close(door->worker_fd);
	if (door->gateway_fd >= 0)
		close(door->gateway_fd);
	*door = SUPERVISOR_DOOR_NONE;
}
