// SPDX-License-Identifier: GPL-2.0-or-later
/* The connection to a launcher that passes a device's fd. */
#include "server/capture/attach_socket.h"

#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* More than one message may bring; all of them have to be closed. */
#define FDS_MAX 16

struct attach_socket {
	struct event_base *base;
	char *path;
	const struct attach_socket_events *events;
	void *user;
	int fd; /* -1: not connected */
	struct event *readable;
};

static void disconnect(struct attach_socket *attach)
{
	if (attach->readable)
		event_free(attach->readable);
	attach->readable = NULL;
	if (attach->fd >= 0)
		close(attach->fd);
	attach->fd = -1;
}

/* The first descriptor of the message, or -1; others are closed. */
static int take_fd(struct msghdr *message)
{
	int first = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; CMSG_LEN(at + sizeof(int)) <= c->cmsg_len; at += sizeof(int)) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + at, sizeof(fd));
			if (first < 0)
				first = fd;
			else
				close(fd);
		}
	}
	return first;
}

static void receive(evutil_socket_t fd, short what, void *user)
{
	struct attach_socket *attach = user;
	union {
		char buffer[CMSG_SPACE(FDS_MAX * sizeof(int))];
		struct cmsghdr align;
	} control;
	char byte;
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buffer,
		.msg_controllen = sizeof(control.buffer),
	};
	char reason[VFIO_REASON_BYTES];
	ssize_t bytes = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int passed;

	(void)what;
	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (bytes <= 0) {
		snprintf(reason, sizeof(reason), "The launcher at %.64s closed the connection, as it does when "
				"the virtual machine ends.", attach->path);
		disconnect(attach);
		attach->events->closed(attach->user, reason);
		return;
	}
	passed = take_fd(&message);
	if (passed >= 0)
		attach->events->passed(attach->user, passed);
}

int attach_socket_new(struct event_base *base, const char *path, const struct attach_socket_events *events,
		void *user, struct attach_socket **ret)
{
	struct attach_socket *attach = malloc(sizeof(*attach));

	if (!attach)
		return -ENOMEM;
	*attach = (struct attach_socket){ .base = base, .events = events, .user = user, .fd = -1 };
	attach->path = strdup(path);
	if (!attach->path) {
		free(attach);
		return -ENOMEM;
	}
	*ret = attach;
	return 0;
}

void attach_socket_free(struct attach_socket *attach)
{
	if (!attach)
		return;
	disconnect(attach);
	free(attach->path);
	free(attach);
}

const char *attach_socket_path(const struct attach_socket *attach)
{
	return attach->path;
}

static int explain(const struct attach_socket *attach, int error, char *reason)
{
	if (error == -ENOENT || error == -ECONNREFUSED)
		snprintf(reason, VFIO_REASON_BYTES, "Nobody listens on %.64s: start the launcher that passes the "
				"vGPU, or mend vfio-socket.", attach->path);
	else if (error == -EACCES || error == -EPERM)
		snprintf(reason, VFIO_REASON_BYTES, "No permission to connect to %.64s: give planecast's user write "
				"access to the launcher's socket.", attach->path);
	else
		snprintf(reason, VFIO_REASON_BYTES, "The launcher at %.64s cannot be reached: %s.", attach->path,
				strerror(-error));
	return error;
}

int attach_socket_connect(struct attach_socket *attach, char *reason)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int r;

	if (attach->fd >= 0)
		return 0;
	if (strlen(attach->path) >= sizeof(address.sun_path))
		return explain(attach, -ENAMETOOLONG, reason);
	strcpy(address.sun_path, attach->path);
	attach->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (attach->fd < 0)
		return explain(attach, -errno, reason);
	/* On a unix socket this succeeds or fails at once. */
	if (connect(attach->fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		r = -errno;
		goto fail;
	}
	attach->readable = event_new(attach->base, attach->fd, EV_READ | EV_PERSIST, receive, attach);
	r = attach->readable && !event_add(attach->readable, NULL) ? 0 : -ENOMEM;
	if (!r)
		return 0;
fail:
	disconnect(attach);
	return explain(attach, r, reason);
}
