// SPDX-License-Identifier: GPL-2.0-or-later
/* One request and its answer, or what is to be said instead. */
#include "tools/planecastctl/ask.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "server/json.h"
#include "tools/planecastctl/table.h"

/* Longer than the server's own deadlines. */
#define ANSWER_S 30

struct json_object *ask_new(const char *command, const char *vm)
{
	struct json_object *request = json_object_new_object();

	json_put_text(request, "command", command);
	if (vm)
		json_put(request, "vm", json_object_new_string(vm)); /* as it is: the server says what is wrong */
	return request;
}

int ask_complain_link(int error)
{
	if (error == -ETIMEDOUT)
		ctl_complain("the server does not answer");
	else if (error == -EPIPE)
		ctl_complain("the server has closed the connection");
	else if (error == -EBADMSG)
		ctl_complain("the server answers nonsense");
	else
		ctl_complain("%s", strerror(-error));
	return error == -EPIPE ? EXIT_NO_SERVER : EXIT_REFUSED;
}

void ask_print_json(struct json_object *object)
{
	puts(json_text(object));
	fflush(stdout);
}

void ask_print_problems(struct json_object *problems)
{
	char file[TABLE_CELL_MAX], vm[TABLE_CELL_MAX], message[TABLE_CELL_MAX];

	if (!json_object_is_type(problems, json_type_array))
		return;
	fflush(stdout);
	for (size_t i = 0; i < json_object_array_length(problems); i++) {
		struct json_object *problem = json_object_array_get_idx(problems, i);

		table_format_text(file, json_object_object_get(problem, "file"), NULL);
		table_format_text(vm, json_object_object_get(problem, "vm"), NULL);
		table_format_text(message, json_object_object_get(problem, "message"), NULL);
		/* As compilers write them, which editors understand. */
		if (json_object_object_get(problem, "line"))
			fprintf(stderr, "%s:%d:%d: %s\n", file, (int)json_get_number(problem, "line", 0),
					(int)json_get_number(problem, "column", 0), message);
		else if (json_object_object_get(problem, "file"))
			fprintf(stderr, "%s: %s\n", file, message);
		else
			ctl_complain("%s%s%s", vm, vm[0] ? ": " : "", message);
	}
}

static void say_refusal(const struct ctl *ctl, struct json_object *answer)
{
	struct json_object *error = json_object_object_get(answer, "error");
	struct json_object *problems = json_object_object_get(error, "problems");
	char message[TABLE_CELL_MAX];

	if (ctl->json) {
		ask_print_json(answer);
		return;
	}
	ask_print_problems(problems);
	table_format_text(message, json_object_object_get(error, "message"), NULL);
	ctl_complain("%s", message);
}

/* Takes request. 0, and *ret is the line that came; or an error of link.h. */
static int exchange(struct ctl *ctl, struct json_object *request, struct json_object **ret)
{
	int r = request ? link_send(&ctl->link, request) : -ENOMEM;

	json_object_put(request);
	if (!r || r == -EPIPE) /* who closes may have said why */
		r = link_receive(&ctl->link, ANSWER_S, ret);
	return r;
}

int ask_quietly(struct ctl *ctl, struct json_object *request, struct json_object **ret)
{
	struct json_object *answer = NULL, *result;
	int r = exchange(ctl, request, &answer);

	if (r < 0)
		return r;
	result = json_object_object_get(answer, "ok");
	if (json_object_is_type(result, json_type_object))
		*ret = json_object_get(result);
	else
		r = -ENOENT;
	json_object_put(answer);
	return r;
}

int ask(struct ctl *ctl, struct json_object *request, struct json_object **ret)
{
	struct json_object *answer = NULL, *result;
	int r = exchange(ctl, request, &answer);

	if (r < 0)
		return ask_complain_link(r);
	result = json_object_object_get(answer, "ok");
	if (!json_object_is_type(result, json_type_object)) {
		say_refusal(ctl, answer);
		json_object_put(answer);
		return EXIT_REFUSED;
	}
	*ret = json_object_get(result);
	json_object_put(answer);
	return 0;
}
