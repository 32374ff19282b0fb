/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One connection to the control socket. Its requests are done one after the
 * other, in their order. One that is closed stays in memory until control is
 * back with the loop. Loop thread; see server/control.h.
 */
#ifndef PLANECAST_SERVER_CONTROL_CLIENT_H
#define PLANECAST_SERVER_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "server/control_request.h"

struct control;
struct control_reload;
struct event;
struct json_object;
struct stream;
struct supervisor_question;

struct control_client {
	TAILQ_ENTRY(control_client) link; /* control.clients */
	struct control *control;
	struct stream *stream; /* NULL: closed */
	int fd; /* of stream */
	struct event *timer; /* of an unfinished line, and of output that is not read */
	int64_t line_ns; /* since when the line that is under way is; 0: none is */
	int64_t active_ns; /* its last request, or its coming */

	struct control_request request; /* under way, while question is */
	struct supervisor_question *question; /* to a worker, whose answer the client waits for */
	struct control_reload *reload; /* to all of them, likewise */

	bool listens; /* to what happens */
	char *listens_to; /* one VM; NULL: everything */
	uint64_t lost; /* of what happened, since it was last told */
};

/* Takes fd on success only. -ENOMEM. */
int control_client_new(struct control *control, int fd);
/* Any time, any number of times. */
void control_client_close(struct control_client *client, const char *why);
/* The memory, of a closed one; not from inside a call of its own. */
void control_client_free(struct control_client *client);
bool control_client_is_idle(const struct control_client *client);

/* Answers the request that is under way. Takes result, which may be NULL. */
void control_client_answer(struct control_client *client, struct json_object *result);
/* The same, with a descriptor beside the answer; fd stays the caller's. */
void control_client_answer_fd(struct control_client *client, struct json_object *result, int fd);
/* problems: NULL, or taken: an array that goes with the error. */
void control_client_refuse(struct control_client *client, const struct control_error *error,
		struct json_object *problems);

/* Whether it listens to what happens to vm; NULL: to the server. */
bool control_client_wants(const struct control_client *client, const char *vm);
/* text is one line without its end. */
void control_client_tell(struct control_client *client, const char *text);

#endif
