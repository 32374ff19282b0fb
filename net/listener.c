// SPDX-License-Identifier: GPL-2.0-or-later
/* Listening sockets: bound by one process, accepted from by another. */
#include "net/listener.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "config/address.h"
#include "server/clock.h"
#include "server/log.h"

#define BACKLOG 512
/* Connections taken in one round of the loop. */
#define ACCEPT_ROUND 16
/* How long to leave the socket alone when even the spare descriptor is gone. */
#define BACK_OFF_NS (100 * NSEC_PER_MSEC)

struct listener {
	int fd;
	int spare; /* given up to accept, and so to refuse, one client when descriptors run out */
	char *name;
	listener_accept_fn accept;
	void *user;
	struct event *readable;
	struct event *back_off;
};

/* A descriptor or negative errno. */
static int new_socket(int family)
{
	int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	return fd < 0 ? -errno : fd;
}

/* 0: the path is free now. */
static int remove_stale_socket(const struct sockaddr *address, socklen_t length)
{
	const struct sockaddr_un *sun = (const struct sockaddr_un *)address;
	struct stat st;
	int r = 0;
	int fd;

	if (lstat(sun->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	fd = new_socket(AF_UNIX);
	if (fd < 0)
		return fd;
	/* EAGAIN: somebody listens and his backlog is full. */
	if (connect(fd, address, length) == 0 || errno == EAGAIN)
		r = -EADDRINUSE;
	else if (errno != ECONNREFUSED && errno != ENOENT)
		r = -errno;
	else if (unlink(sun->sun_path) < 0 && errno != ENOENT)
		r = -errno;
	close(fd);
	return r;
}

static bool is_any_ipv6(const struct sockaddr *address)
{
	return address->sa_family == AF_INET6 &&
			IN6_IS_ADDR_UNSPECIFIED(&((const struct sockaddr_in6 *)address)->sin6_addr);
}

static int prepare(int fd, const struct sockaddr *address, socklen_t length)
{
	const int on = 1;
	const int v6_only = !is_any_ipv6(address);

	switch (address->sa_family) {
	case AF_UNIX:
		/* Linux gives the path the mode of the socket's own inode; no umask to juggle. */
		if (fchmod(fd, 0600) < 0)
			return -errno;
		return remove_stale_socket(address, length);
	case AF_INET6:
		if (setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6_only, sizeof(v6_only)) < 0)
			return -errno;
		break;
	}
	/* Or a restart has to wait for the connections of the last run to time out. */
	return setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ? -errno : 0;
}

int listener_bind(const struct sockaddr *address, socklen_t length, int *ret_fd)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd, r;

	fd = new_socket(address->sa_family);
	if (fd == -EAFNOSUPPORT && is_any_ipv6(address)) {
		/* A kernel without IPv6: every address there is. */
		any.sin_port = ((const struct sockaddr_in6 *)address)->sin6_port;
		address = (const struct sockaddr *)&any;
		length = sizeof(any);
		fd = new_socket(AF_INET);
	}
	if (fd < 0)
		return fd;
	r = prepare(fd, address, length);
	if (r < 0)
		goto err_close;
	if (bind(fd, address, length) < 0 || listen(fd, BACKLOG) < 0) {
		r = -errno;
		goto err_close;
	}
	*ret_fd = fd;
	return 0;

err_close:
	close(fd);
	return r;
}

bool listener_fd_listens(int fd)
{
	struct pollfd hung_up = { .fd = fd, .events = POLLRDHUP };
	socklen_t length = sizeof(int);
	int listens = 0;

	/* A unix socket that was shut down is still called a listener. */
	return !getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &length) && listens &&
			poll(&hung_up, 1, 0) == 0;
}

static int open_spare(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void rest(struct listener *listener)
{
	const struct timeval wait = clock_timeval(BACK_OFF_NS);

	event_del(listener->readable);
	event_add(listener->back_off, &wait);
}

/* Level triggered: who stays in the backlog would wake the loop for ever. */
static void refuse_one(struct listener *listener, int error)
{
	int fd;

	if ((error != EMFILE && error != ENFILE) || listener->spare < 0) {
		log_warn(listener->name, "cannot accept for now: %s", strerror(error));
		if (listener->spare < 0)
			listener->spare = open_spare();
		rest(listener);
		return;
	}
	close(listener->spare);
	fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		close(fd);
	listener->spare = open_spare();
	log_warn(listener->name, "client refused: %s", strerror(error));
}

static void handle_readable(evutil_socket_t unused, short what, void *data)
{
	struct listener *listener = data;

	(void)unused;
	(void)what;
	for (unsigned int i = 0; i < ACCEPT_ROUND; i++) {
		struct sockaddr_storage peer;
		socklen_t length = sizeof(peer);
		int fd = accept4(listener->fd, (struct sockaddr *)&peer, &length,
				SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			listener->accept(listener->user, fd, (struct sockaddr *)&peer, length);
			continue;
		}
		switch (errno) {
		case EMFILE:
		case ENFILE:
		case ENOBUFS:
		case ENOMEM:
			refuse_one(listener, errno);
			return;
		case EINTR:
		case ECONNABORTED: /* and what accept(2) wants treated so: the client's own trouble */
		case EPROTO:
		case ENETDOWN:
		case ENETUNREACH:
		case EHOSTUNREACH:
		case EHOSTDOWN:
		case ENONET:
		case ENOPROTOOPT:
		case EPERM:
			continue;
		case EAGAIN:
		case EINVAL:
			if (i == 0 && !listener_fd_listens(listener->fd)) {
				/* It never will again, and is readable for ever. */
				log_info(listener->name, "does not listen any more");
				event_del(listener->readable);
			}
			return;
		default:
			log_error(listener->name, "cannot accept: %s", strerror(errno));
			rest(listener);
			return;
		}
	}
}

static void handle_back_off(evutil_socket_t fd, short what, void *data)
{
	struct listener *listener = data;

	(void)fd;
	(void)what;
	event_add(listener->readable, NULL);
}

int listener_new(struct event_base *base, int fd, const char *name, listener_accept_fn accept,
		void *user, struct listener **ret)
{
	struct listener *listener = calloc(1, sizeof(*listener));

	if (!listener)
		return -ENOMEM;
	listener->fd = -1;
	listener->spare = open_spare();
	listener->accept = accept;
	listener->user = user;
	listener->name = strdup(name);
	listener->readable = event_new(base, fd, EV_READ | EV_PERSIST, handle_readable, listener);
	listener->back_off = evtimer_new(base, handle_back_off, listener);
	if (!listener->name || !listener->readable || !listener->back_off ||
			event_add(listener->readable, NULL) < 0) {
		listener_free(listener);
		return -ENOMEM;
	}
	listener->fd = fd;
	*ret = listener;
	return 0;
}

void listener_free(struct listener *listener)
{
	if (!listener)
		return;
	if (listener->readable)
		event_free(listener->readable);
	if (listener->back_off)
		event_free(listener->back_off);
	if (listener->fd >= 0)
		close(listener->fd);
	if (listener->spare >= 0)
		close(listener->spare);
	free(listener->name);
	free(listener);
}

const char *listener_name(const struct listener *listener)
{
	return listener->name;
}
