/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The connection to a launcher that passes a device's fd; the protocol is in
 * attach.h. Loop thread; never blocks.
 */
#ifndef PLANECAST_SERVER_CAPTURE_ATTACH_SOCKET_H
#define PLANECAST_SERVER_CAPTURE_ATTACH_SOCKET_H

#include "server/capture/vfio_plane.h"

struct attach_socket;
struct event_base;

struct attach_socket_events {
	/* The launcher passed fd, which is the callee's from now on. */
	void (*passed)(void *user, int fd);
	/* The connection ended; reason is borrowed. Not for attach_socket_free(). */
	void (*closed)(void *user, const char *reason);
};

/* -ENOMEM. */
int attach_socket_new(struct event_base *base, const char *path, const struct attach_socket_events *events,
		void *user, struct attach_socket **ret);
/* NULL is fine. */
void attach_socket_free(struct attach_socket *attach);

const char *attach_socket_path(const struct attach_socket *attach);
/* Connects unless connected. 0, or negative errno with reason. */
int attach_socket_connect(struct attach_socket *attach, char *reason);

#endif
