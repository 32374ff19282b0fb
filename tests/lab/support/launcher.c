// SPDX-License-Identifier: GPL-2.0-or-later
/* A launcher that passes a device. */
#include "tests/lab/support/launcher.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/lab/support/check.h"

#define DEADLINE_MS 30000

void launcher_listen(struct launcher *launcher, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	launcher->path = path;
	launcher->connection_fd = -1;
	launcher->listener_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	unlink(path);
	if (bind(launcher->listener_fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
			listen(launcher->listener_fd, 4) < 0)
		check_bail_out("cannot listen on %s: %s", path, strerror(errno));
}

void launcher_accept(struct launcher *launcher)
{
	struct pollfd pollfd = { .fd = launcher->listener_fd, .events = POLLIN };

	if (poll(&pollfd, 1, DEADLINE_MS) != 1)
		check_bail_out("nobody connects to %s", launcher->path);
	launcher->connection_fd = accept4(launcher->listener_fd, NULL, NULL, SOCK_CLOEXEC);
	if (launcher->connection_fd < 0)
		check_bail_out("accept: %s", strerror(errno));
}

void launcher_pass(struct launcher *launcher, int fd)
{
	union {
		char buffer[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	char byte = 'd';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.buffer,
		.msg_controllen = sizeof(control.buffer),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	if (sendmsg(launcher->connection_fd, &message, MSG_NOSIGNAL) != 1)
		check_bail_out("passing the device: %s", strerror(errno));
}

void launcher_hang_up(struct launcher *launcher)
{
	close(launcher->connection_fd);
	launcher->connection_fd = -1;
}

void launcher_close(struct launcher *launcher)
{
	if (launcher->connection_fd >= 0)
		close(launcher->connection_fd);
	close(launcher->listener_fd);
	unlink(launcher->path);
}
