// SPDX-License-Identifier: GPL-2.0-or-later
/* Telling the service manager, without ever waiting for it. */
#include "server/notify.h"

#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define TEXT_MAX_BYTES 256

int notify_send(const char *fmt, ...)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	char text[TEXT_MAX_BYTES];
	size_t path_bytes;
	va_list arguments;
	int fd, n, r = 0;

	if (!path || !*path)
		return 0;
	path_bytes = strlen(path);
	if (path_bytes >= sizeof(address.sun_path) || (*path != '/' && *path != '@'))
		return -EINVAL;
	memcpy(address.sun_path, path, path_bytes);
	if (*path == '@') /* the abstract namespace */
		address.sun_path[0] = '\0';

	va_start(arguments, fmt);
	n = vsnprintf(text, sizeof(text), fmt, arguments);
	va_end(arguments);
	if (n < 0 || (size_t)n >= sizeof(text))
		return -EINVAL;

	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (sendto(fd, text, n, MSG_DONTWAIT | MSG_NOSIGNAL, (struct sockaddr *)&address,
			    offsetof(struct sockaddr_un, sun_path) + path_bytes) < 0)
		r = -errno;
	close(fd);
	return r;
}
