// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines to and from the control socket, one at a time, in nobody's loop. */
#include "tools/planecastctl/link.h"

#include <errno.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/json.h"

#define LINE_MAX_BYTES (16 * 1024 * 1024)
#define READ_BYTES 65536

int link_open(struct link *link, const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	*link = (struct link){ .fd = -1, .passed_fd = -1 };
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	strcpy(address.sun_path, path);
	link->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (link->fd < 0 || connect(link->fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -errno;
	return 0;
}

void link_close(struct link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	if (link->passed_fd >= 0)
		close(link->passed_fd);
	free(link->buffer);
	*link = (struct link){ .fd = -1, .passed_fd = -1 };
}

int link_send(struct link *link, struct json_object *request)
{
	const char *text = json_text(request);
	size_t bytes, sent = 0;
	char *line;
	ssize_t n;

	bytes = text ? strlen(text) + 1 : 0;
	line = text ? malloc(bytes + 1) : NULL;
	if (!line)
		return -ENOMEM;
	memcpy(line, text, bytes - 1);
	line[bytes - 1] = '\n';
	while (sent < bytes) {
		n = send(link->fd, line + sent, bytes - sent, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			break;
		sent += n > 0 ? (size_t)n : 0;
	}
	free(line);
	return sent == bytes ? 0 : -EPIPE;
}

static void take_fd(struct link *link, struct msghdr *message)
{
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(message);

	if (!cmsg || cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
		return;
	if (link->passed_fd >= 0)
		close(link->passed_fd);
	memcpy(&link->passed_fd, CMSG_DATA(cmsg), sizeof(int));
}

static int read_more(struct link *link, unsigned int wait_s)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct pollfd readable = { .fd = link->fd, .events = POLLIN };
	struct iovec iov;
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t n;

	if (link->size - link->bytes < READ_BYTES) {
		char *buffer = link->size < LINE_MAX_BYTES ? realloc(link->buffer, link->size + 2 * READ_BYTES) : NULL;

		if (!buffer)
			return -ENOMEM;
		link->buffer = buffer;
		link->size += 2 * READ_BYTES;
	}
	n = poll(&readable, 1, wait_s ? (int)wait_s * 1000 : -1);
	if (n == 0)
		return -ETIMEDOUT;
	iov = (struct iovec){ .iov_base = link->buffer + link->bytes, .iov_len = READ_BYTES };
	n = n < 0 ? n : recvmsg(link->fd, &message, MSG_CMSG_CLOEXEC);
	if (n < 0 && errno == EINTR)
		return 0;
	if (n <= 0)
		return -EPIPE;
	take_fd(link, &message);
	link->bytes += (size_t)n;
	return 0;
}

int link_receive(struct link *link, unsigned int wait_s, struct json_object **ret)
{
	const char *end, *error;
	int r;

	link->bytes -= link->line_bytes;
	if (link->bytes)
		memmove(link->buffer, link->buffer + link->line_bytes, link->bytes);
	link->line_bytes = 0;
	if (link->passed_fd >= 0)
		close(link->passed_fd);
	link->passed_fd = -1;
	while (!link->bytes || !(end = memchr(link->buffer, '\n', link->bytes))) {
		r = read_more(link, wait_s);
		if (r < 0)
			return r;
	}
	link->line_bytes = (size_t)(end - link->buffer) + 1;
	return json_parse_object(link->buffer, link->line_bytes, ret, &error) < 0 ? -EBADMSG : 0;
}
