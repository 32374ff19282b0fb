/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the service manager is told: sd_notify(3)'s datagram to $NOTIFY_SOCKET,
 * except that it never waits for a manager that does not read. Loop thread.
 */
#ifndef PLANECAST_SERVER_NOTIFY_H
#define PLANECAST_SERVER_NOTIFY_H

/*
 * Sends newline separated assignments, as sd_notify(3) lists them. 0, also
 * without a manager; -EAGAIN when it does not read (nothing was sent); -EINVAL
 * for an address or a text too long; or another negative errno.
 */
int notify_send(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
