/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Our end of a connection over which QEMU tells what its display shows (org.qemu.Display1.Listener): every call is
 * answered as soon as it is read, for QEMU may wait for that with its guest. Loop thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_DBUS_LISTENER_H
#define PLANECAST_SERVER_CAPTURE_DBUS_LISTENER_H

#include <stdbool.h>

struct cursor;
struct dbus_listener;
struct dbus_picture;
struct event_base;

struct dbus_listener_events {
	/* The pointer's picture or place is another one; borrowed. */
	void (*cursor)(void *user, const struct cursor *cursor);
	/* The picture is another one, or may be, after one or many calls. */
	void (*changed)(void *user);
	/*
	 * QEMU is not listened to any more; dbus_listener_free() is allowed. Refused: it said what picture->reason
	 * tells; else the connection ended of that, -ESTALE: it has to be made anew, for something was missed.
	 */
	void (*ended)(void *user, int why, bool refused);
};

/*
 * picture is borrowed. ret_fd is the other end: for QEMU, and the caller's to close once QEMU has it. -ENOMEM, -EMFILE
 * and others of socketpair().
 */
int dbus_listener_new(struct event_base *base, struct dbus_picture *picture,
		const struct dbus_listener_events *events, void *user, struct dbus_listener **ret, int *ret_fd);
/* NULL is fine. */
void dbus_listener_free(struct dbus_listener *listener);

#endif
