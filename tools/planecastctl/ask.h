/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Asking the server, and saying what it refuses. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_ASK_H
#define PLANECAST_TOOLS_PLANECASTCTL_ASK_H

#include "tools/planecastctl/commands.h"

/* A request: members are added to it. NULL: no memory, which ask() says. */
struct json_object *ask_new(const char *command, const char *vm);
/*
 * Takes request. 0: *ret is what the answer has as "ok", the caller's. Otherwise an exit status, after
 * saying on stderr what went wrong (with --json: after printing the error as it came).
 */
int ask(struct ctl *ctl, struct json_object *request, struct json_object **ret);
/* The same without a word. 0, an error of link.h, or -ENOENT: the server has refused. */
int ask_quietly(struct ctl *ctl, struct json_object *request, struct json_object **ret);
/* "planecastctl: the server ..." of an error of link.h. Returns the exit status for it. */
int ask_complain_link(int error);
/* What the answer to a reload has as "problems", on stderr; anything else is none. */
void ask_print_problems(struct json_object *problems);
/* The object in one line. */
void ask_print_json(struct json_object *object);

#endif
