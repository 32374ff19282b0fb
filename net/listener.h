/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Listening sockets. The supervisor binds them (listener_bind), a worker
 * accepts from them (listener_new), so that clients which arrive while a worker
 * restarts wait in the backlog. Loop thread.
 */
#ifndef PLANECAST_NET_LISTENER_H
#define PLANECAST_NET_LISTENER_H

#include <stdbool.h>
#include <sys/socket.h>

struct event_base;
struct listener;

/*
 * A non-blocking, close-on-exec listening socket. A stale unix socket nobody
 * answers on is replaced (mode 0600); a live one is -EADDRINUSE. *ret_fd is
 * owned by the caller. Negative errno of socket/bind/listen.
 */
int listener_bind(const struct sockaddr *address, socklen_t length, int *ret_fd);

/* False once somebody who has the socket, too, has shut it down. */
bool listener_fd_listens(int fd);

/*
 * fd is a connected, non-blocking, close-on-exec socket; the callee owns it.
 * It must not free the listener.
 */
typedef void (*listener_accept_fn)(void *user, int fd, const struct sockaddr *peer, socklen_t length);

/*
 * Takes fd, on success only. When descriptors run out, a waiting client is
 * accepted on a spare one and closed, with one log line, so that it learns at
 * once and the loop does not spin. A socket that was shut down is one log line,
 * then left alone. -ENOMEM.
 */
int listener_new(struct event_base *base, int fd, const char *name, listener_accept_fn accept,
		void *user, struct listener **ret);
void listener_free(struct listener *listener);
const char *listener_name(const struct listener *listener);

#endif
