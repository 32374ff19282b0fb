/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the control socket can be asked: the table of commands and their
 * arguments, and the reading of one line of it. planecast-control(7) describes
 * it. Pure; any thread.
 */
#ifndef PLANECAST_SERVER_CONTROL_REQUEST_H
#define PLANECAST_SERVER_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_object;

/* Grows when something that was there means something else. */
#define CONTROL_PROTOCOL 1

/* Without its end. */
#define CONTROL_LINE_MAX 8192
#define CONTROL_ID_MAX 64
#define CONTROL_MESSAGE_MAX 256
#define CONTROL_LIFETIME_MAX_S 86400

enum control_command {
	CONTROL_CLIENTS,
	CONTROL_DISCONNECT,
	CONTROL_EVENTS,
	CONTROL_LIST,
	CONTROL_LOGLEVEL,
	CONTROL_RELOAD,
	CONTROL_SCREENSHOT,
	CONTROL_STATUS,
	CONTROL_TICKET,
	CONTROL_VERSION,
	CONTROL_COMMANDS,
};

struct control_argument {
	const char *name; /* NULL ends the list */
	bool is_number;
	bool required;
	int64_t min, max; /* numbers */
	const char *const *words; /* texts: all that are allowed; NULL: any */
};

struct control_rule {
	const char *name;
	struct control_argument arguments[6];
};

extern const struct control_rule control_rules[CONTROL_COMMANDS];

struct control_request {
	struct json_object *object; /* all of it */
	struct json_object *id; /* in object; NULL: there is none */
	enum control_command command;
};

/* What a refusal says. code is one of the protocol's words. */
struct control_error {
	const char *code;
	char message[CONTROL_MESSAGE_MAX];
};

/*
 * line is bytes long, without its end. 0: arguments are those of the command, of
 * the right types and in their ranges. -EINVAL: *ret_error says why; ret->id is set all
 * the same where the line has a usable one, and control_request_finish() is due in any case.
 */
int control_request_parse(const char *line, size_t bytes, struct control_request *ret,
		struct control_error *ret_error);
void control_request_finish(struct control_request *request);

/* Fills *error; returns -EINVAL, for "return". */
int control_refuse(struct control_error *error, const char *code, const char *fmt, ...)
		__attribute__((format(printf, 3, 4)));

#endif
