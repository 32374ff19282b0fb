/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control socket: a unix socket at which the administrator's programs ask
 * and order, in lines of JSON; planecast-control(7) describes them. Mode 0600,
 * and only root and the server's own user are served, whoever else gets at it.
 *
 * control.c has the socket and its connections, control_client.c is one of
 * them, control_request.c reads a line, control_commands.c does what it says,
 * control_tell.c says what happens. Nobody there can hold up the supervisor: lines,
 * connections, and what waits for a reader are bounded, and deadlines close who stops
 * in the middle of a line or does not read. Loop thread.
 */
#ifndef PLANECAST_SERVER_CONTROL_H
#define PLANECAST_SERVER_CONTROL_H

#include <stdbool.h>
#include <sys/queue.h>
#include <sys/stat.h>

#include "server/clock.h"

struct config;
struct control_client;
struct event;
struct event_base;
struct json_object;
struct listener;
struct supervisor;

#define CONTROL_CLIENTS_MAX 32
/* From the first byte of a line to its last; from the last byte that was read of an answer. */
#define CONTROL_LINE_NS (10 * NSEC_PER_SEC)
#define CONTROL_STALL_NS (10 * NSEC_PER_SEC)
/* What a subscriber may have before it that it has not read; what happens then is counted. */
#define CONTROL_PENDING_MAX (256 * 1024)
/* In the runtime directory. */
#define CONTROL_SOCKET_NAME "control"

TAILQ_HEAD(control_client_list, control_client);

struct control {
	struct event_base *base;
	struct supervisor *supervisor;
	struct control_client_list clients; /* who came first is first */
	unsigned int n_clients;
	struct listener *listener; /* NULL: none */
	char *path; /* wanted; NULL: none */
	dev_t device; /* of the path as it was bound */
	ino_t inode;
	bool complained;
	struct event *retry;
	struct event *later;
	int64_t started_ns;
};

/* Listens nowhere yet. supervisor is borrowed. -ENOMEM. */
int control_new(struct event_base *base, struct supervisor *supervisor, struct control **ret);
/* Closes everybody and removes the socket. NULL is fine. */
void control_free(struct control *control);
/* Where config says. What cannot be had is one line in the log and tried again. */
void control_listen(struct control *control, const struct config *config);

/* Frees closed clients, from the loop. */
void control_later(struct control *control);
/* Tells all who listen to that VM (NULL: to any). Takes event, which may be NULL. */
void control_broadcast(struct control *control, const char *vm, struct json_object *event);

#endif
