/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A short talk with QEMU's monitor: who it is, how its guest is, and its mice. Nothing is changed. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_QMP_H
#define PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_QMP_H

#include <stdbool.h>
#include <stddef.h>

struct doctor_qmp {
	char version[32]; /* "7.2.22" */
	char status[32]; /* "running", "paused", ...; "": not said */
	char display[32]; /* "dbus", "none", ...; "": not said */
	bool p2p; /* a D-Bus display from peer to peer */
	bool absolute; /* there is a pointer that takes positions, in use or not */
	char other[64]; /* what came instead of the protocol */
};

/*
 * fd is connected, to be closed by the caller. 0; -ETIMEDOUT: nothing comes, within two seconds; -EPIPE: it closed;
 * -EPROTO: somebody else speaks there, and ret->other has the beginning; another negative errno.
 */
int doctor_qmp_ask(int fd, struct doctor_qmp *ret);

#endif
