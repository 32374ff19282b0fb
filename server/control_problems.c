// SPDX-License-Identifier: GPL-2.0-or-later
/* Problems of a reload: whatever the log is told of in the meantime. */
#include "server/control_problems.h"

#include <json-c/json.h>
#include <stdio.h>

#include "server/json.h"
#include "server/log.h"

void control_problems_add(struct json_object *problems, size_t max, const char *vm, const char *message)
{
	char text[CONTROL_PROBLEM_BYTES];
	struct json_object *problem;

	if (!problems || json_object_array_length(problems) >= max)
		return;
	snprintf(text, sizeof(text), "%s", message);
	problem = json_object_new_object();
	if (vm && *vm)
		json_put_text(problem, "vm", vm);
	json_put_text(problem, "message", text);
	json_object_array_add(problems, problem);
}

static void handle_line(void *user, const char *vm, const char *message)
{
	control_problems_add(user, CONTROL_PROBLEMS_WORKER_MAX, vm, message);
}

void control_problems_watch(struct json_object *problems)
{
	log_set_witness(handle_line, problems);
}

void control_problems_unwatch(void)
{
	log_set_witness(NULL, NULL);
}
