// SPDX-License-Identifier: GPL-2.0-or-later
/* One line of the control socket, read and checked against the table of commands. */
#include "server/control_request.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "config/suggest.h"
#include "config/text.h"
#include "server/json.h"

static const char *const levels[] = { "error", "warn", "notice", "info", "debug", NULL };
static const char *const protocols[] = { "vnc", "spice", NULL };
static const char *const roles[] = { "view", "control", NULL };

#define VM { .name = "vm", .required = true }
#define ANY_VM { .name = "vm" }
#define NUMBER(word, least, most) .name = word, .is_number = true, .min = least, .max = most

const struct control_rule control_rules[CONTROL_COMMANDS] = {
	[CONTROL_CLIENTS] = { "clients", { VM, { NUMBER("after", 0, INT64_MAX) } } },
	/* Without a client: all of them. */
	[CONTROL_DISCONNECT] = { "disconnect", { VM, { NUMBER("client", 1, INT64_MAX) } } },
	[CONTROL_EVENTS] = { "events", { ANY_VM } },
	[CONTROL_LIST] = { "list", { { 0 } } },
	[CONTROL_LOGLEVEL] = { "loglevel", { { .name = "level", .words = levels } } },
	[CONTROL_RELOAD] = { "reload", { { 0 } } },
	[CONTROL_SCREENSHOT] = { "screenshot", { VM } },
	[CONTROL_STATUS] = { "status", { ANY_VM } },
	[CONTROL_TICKET] = { "ticket", { VM, { .name = "protocol", .required = true, .words = protocols },
			{ NUMBER("lifetime", 1, CONTROL_LIFETIME_MAX_S) }, { .name = "role", .words = roles },
			{ .name = "name" } } },
	[CONTROL_VERSION] = { "version", { { 0 } } },
};

int control_refuse(struct control_error *error, const char *code, const char *fmt, ...)
{
	va_list args;

	error->code = code;
	va_start(args, fmt);
	vsnprintf(error->message, sizeof(error->message), fmt, args);
	va_end(args);
	/* Words of the request may be cut in the middle of a character. */
	text_sanitize(error->message);
	return -EINVAL;
}

static bool is_id(struct json_object *id)
{
	return json_object_is_type(id, json_type_int) || (json_object_is_type(id, json_type_string) &&
			json_object_get_string_len(id) <= CONTROL_ID_MAX);
}

static int check_word(const struct control_argument *argument, const char *word, struct control_error *error)
{
	char expected[128] = "";
	struct suggest suggest;

	suggest_init(&suggest, word);
	for (const char *const *w = argument->words; *w; w++) {
		if (!strcmp(*w, word))
			return 0;
		suggest_offer(&suggest, *w);
		snprintf(expected + strlen(expected), sizeof(expected) - strlen(expected), "%s%s",
				w == argument->words ? "" : ", ", *w);
	}
	return control_refuse(error, "bad-argument", "\"%s\" is '%.64s', expected one of %s%s%s%s", argument->name,
			word, expected, suggest.best ? "; did you mean '" : "", suggest.best ? suggest.best : "",
			suggest.best ? "'?" : "");
}

static int check_value(const struct control_argument *argument, struct json_object *value,
		struct control_error *error)
{
	if (argument->is_number) {
		if (json_object_is_type(value, json_type_int) && json_object_get_int64(value) >= argument->min &&
				json_object_get_int64(value) <= argument->max)
			return 0;
		return control_refuse(error, "bad-argument",
				"\"%s\" has to be a whole number of %" PRId64 " to %" PRId64, argument->name,
				argument->min, argument->max);
	}
	if (!json_object_is_type(value, json_type_string))
		return control_refuse(error, "bad-argument", "\"%s\" has to be a text", argument->name);
	return argument->words ? check_word(argument, json_object_get_string(value), error) : 0;
}

static const struct control_argument *find_argument(const struct control_rule *rule, const char *name,
		struct suggest *suggest)
{
	for (const struct control_argument *argument = rule->arguments; argument->name; argument++) {
		if (!strcmp(argument->name, name))
			return argument;
		suggest_offer(suggest, argument->name);
	}
	return NULL;
}

static int check_arguments(const struct control_rule *rule, struct json_object *object,
		struct control_error *error)
{
	json_object_object_foreach(object, name, value)
	{
		const struct control_argument *argument;
		struct suggest suggest;
		int r;

		if (!strcmp(name, "id") || !strcmp(name, "command"))
			continue;
		suggest_init(&suggest, name);
		argument = find_argument(rule, name, &suggest);
		if (!argument)
			return control_refuse(error, "bad-argument", "%s has no argument '%.64s'%s%s%s", rule->name,
					name, suggest.best ? "; did you mean '" : "", suggest.best ? suggest.best : "",
					suggest.best ? "'?" : "");
		r = check_value(argument, value, error);
		if (r < 0)
			return r;
	}
	for (const struct control_argument *argument = rule->arguments; argument->name; argument++) {
		if (argument->required && !json_object_object_get(object, argument->name))
			return control_refuse(error, "bad-argument", "%s needs \"%s\"", rule->name, argument->name);
	}
	return 0;
}

static int find_command(const char *name, enum control_command *ret, struct control_error *error)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (int i = 0; i < CONTROL_COMMANDS; i++) {
		if (!strcmp(control_rules[i].name, name)) {
			*ret = i;
			return 0;
		}
		suggest_offer(&suggest, control_rules[i].name);
	}
	return control_refuse(error, "unknown-command", "there is no command '%.64s'%s%s%s", name,
			suggest.best ? "; did you mean '" : "", suggest.best ? suggest.best : "",
			suggest.best ? "'?" : "");
}

int control_request_parse(const char *line, size_t bytes, struct control_request *ret,
		struct control_error *ret_error)
{
	const char *why, *command;
	struct json_object *id;
	int r;

	*ret = (struct control_request){ .object = NULL };
	if (bytes > CONTROL_LINE_MAX)
		return control_refuse(ret_error, "bad-request", "the line is longer than %d bytes", CONTROL_LINE_MAX);
	if (json_parse_object(line, bytes, &ret->object, &why) < 0)
		return control_refuse(ret_error, "bad-request", "the line %s", why);
	id = json_object_object_get(ret->object, "id");
	if (json_object_object_get_ex(ret->object, "id", NULL) && !is_id(id))
		return control_refuse(ret_error, "bad-request",
				"\"id\" has to be a whole number, or a text of at most %d bytes", CONTROL_ID_MAX);
	ret->id = id;
	command = json_get_text(ret->object, "command");
	if (!command)
		return control_refuse(ret_error, "bad-request", "there is no \"command\" in it, or it is no text");
	r = find_command(command, &ret->command, ret_error);
	return r < 0 ? r : check_arguments(&control_rules[ret->command], ret->object, ret_error);
}

void control_request_finish(struct control_request *request)
{
	json_object_put(request->object);
	*request = (struct control_request){ .object = NULL };
}
