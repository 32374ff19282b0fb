/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a launcher does for vfio-attach = socket: holds the device and passes it
 * to whoever connects. Failures end the program.
 */
#ifndef PLANECAST_TESTS_LAB_LAUNCHER_H
#define PLANECAST_TESTS_LAB_LAUNCHER_H

struct launcher {
	const char *path;
	int listener_fd;
	int connection_fd; /* -1: none */
};

void launcher_listen(struct launcher *launcher, const char *path);
/* Waits for somebody to connect. */
void launcher_accept(struct launcher *launcher);
void launcher_pass(struct launcher *launcher, int fd);
void launcher_hang_up(struct launcher *launcher);
void launcher_close(struct launcher *launcher);

#endif
