/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The way to a server's control socket: a line there, a line back, now and then with a descriptor. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_LINK_H
#define PLANECAST_TOOLS_PLANECASTCTL_LINK_H

#include <stddef.h>

struct json_object;

struct link {
	int fd;
	char *buffer; /* what came; of it bytes, of which the first line_bytes are the last line */
	size_t bytes, size, line_bytes;
	int passed_fd; /* with the last line, and ours to close; -1: none */
};

/* Negative errno. */
int link_open(struct link *link, const char *path);
void link_close(struct link *link);
/* -EPIPE: the server is gone. */
int link_send(struct link *link, struct json_object *request);
/*
 * Waits for the next line; *ret is the caller's. wait_s 0: for ever. -ETIMEDOUT, -EPIPE, -ENOMEM,
 * -EBADMSG: no line of the protocol.
 */
int link_receive(struct link *link, unsigned int wait_s, struct json_object **ret);

#endif
