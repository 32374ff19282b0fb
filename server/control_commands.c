// SPDX-License-Identifier: GPL-2.0-or-later
/* The commands of the control socket: the supervisor's own, and those that a worker answers. */
#include "server/control_commands.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "config/suggest.h"
#include "server/control.h"
#include "server/control_client.h"
#include "server/control_problems.h"
#include "server/control_reload.h"
#include "server/control_report.h"
#include "server/control_worker.h"
#include "server/json.h"
#include "server/supervisor.h"
#include "server/supervisor_vm.h"

static struct supervisor *supervisor_of(const struct control_client *client)
{
	return client->control->supervisor;
}

static void offer_vm(void *user, struct supervisor_vm *vm)
{
	suggest_offer(user, supervisor_vm_name(vm));
}

/* The VM that the request is about; NULL after refusing. */
static struct supervisor_vm *find_vm(struct control_client *client)
{
	const char *name = json_get_text(client->request.object, "vm");
	struct supervisor_vm *vm = supervisor_find_vm(supervisor_of(client), name);
	struct control_error error;
	struct suggest suggest;

	if (vm)
		return vm;
	suggest_init(&suggest, name);
	supervisor_each_vm(supervisor_of(client), offer_vm, &suggest);
	control_refuse(&error, "unknown-vm", "there is no VM '%.64s'%s%s%s", name,
			suggest.best ? "; did you mean '" : "", suggest.best ? suggest.best : "",
			suggest.best ? "'?" : "");
	control_client_refuse(client, &error, NULL);
	return NULL;
}

static void run_events(struct control_client *client)
{
	char *vm = NULL;

	if (json_get_text(client->request.object, "vm")) {
		if (!find_vm(client))
			return;
		vm = strdup(json_get_text(client->request.object, "vm"));
		if (!vm) {
			control_client_close(client, "out of memory");
			return;
		}
	}
	free(client->listens_to);
	client->listens_to = vm;
	client->listens = true;
	control_client_answer(client, NULL);
}

static void add_row(void *user, struct supervisor_vm *vm)
{
	json_object_array_add(user, control_report_row(vm));
}

static void run_list(struct control_client *client)
{
	struct json_object *result = json_object_new_object(), *rows = json_object_new_array();

	if (rows)
		supervisor_each_vm(supervisor_of(client), add_row, rows);
	json_put(result, "vms", rows);
	control_client_answer(client, result);
}

static void run_loglevel(struct control_client *client)
{
	static const char *const names[] = { "error", "warn", "notice", "info", "debug" }; /* enum log_level */
	const char *name = json_get_text(client->request.object, "level");
	struct json_object *result = json_object_new_object();

	for (int i = 0; name && i < (int)(sizeof(names) / sizeof(names[0])); i++) {
		if (!strcmp(names[i], name))
			supervisor_set_log_level(supervisor_of(client), i);
	}
	json_put_text(result, "level", names[supervisor_config(supervisor_of(client))->server.log_level]);
	control_client_answer(client, result);
}

static void note_problem(void *user, const struct config_problem *problem)
{
	struct json_object *object;

	if (json_object_array_length(user) >= CONTROL_PROBLEMS_MAX)
		return;
	object = json_object_new_object();
	json_put_text(object, "file", problem->file);
	if (problem->line) {
		json_put_number(object, "line", problem->line);
		json_put_number(object, "column", problem->column);
	}
	json_put_text(object, "message", problem->message);
	json_object_array_add(user, object);
}

static void run_reload(struct control_client *client)
{
	/* Where the configuration is wrong, and what else went wrong. */
	struct json_object *problems = json_object_new_array(), *others = json_object_new_array();
	struct control_error error;
	int r = -ENOMEM;

	if (problems && others) {
		control_problems_watch(others);
		r = supervisor_reload(supervisor_of(client), note_problem, problems);
		control_problems_unwatch();
	}
	if (!r) {
		json_object_put(problems);
		control_reload_start(client, others);
		return;
	}
	json_object_put(others);
	switch (r) {
	case -EINVAL:
		control_refuse(&error, "bad-configuration", "the configuration is wrong; the old one stays");
		break;
	case -ENOTSUP:
		control_refuse(&error, "failed", "this server has no configuration file to read again");
		break;
	default:
		control_refuse(&error, "failed", "%s; the old configuration stays", strerror(-r));
	}
	control_client_refuse(client, &error, problems);
}

static void run_status(struct control_client *client)
{
	struct supervisor_vm *vm;

	if (!json_get_text(client->request.object, "vm")) {
		control_client_answer(client, control_report_server(client->control));
		return;
	}
	vm = find_vm(client);
	if (vm)
		control_client_answer(client, control_report_vm(vm));
}

static void run_version(struct control_client *client)
{
	struct json_object *result = json_object_new_object();

	json_put_text(result, "version", PLANECAST_VERSION);
	json_put_number(result, "protocol", CONTROL_PROTOCOL);
	json_put_number(result, "pid", getpid());
	control_client_answer(client, result);
}

static void run_at_worker(struct control_client *client)
{
	struct supervisor_vm *vm = find_vm(client);

	if (vm)
		control_worker_ask(client, vm);
}

void control_commands_run(struct control_client *client)
{
	static void (*const commands[])(struct control_client *client) = {
		[CONTROL_CLIENTS] = run_at_worker,
		[CONTROL_DISCONNECT] = run_at_worker,
		[CONTROL_EVENTS] = run_events,
		[CONTROL_LIST] = run_list,
		[CONTROL_LOGLEVEL] = run_loglevel,
		[CONTROL_RELOAD] = run_reload,
		[CONTROL_SCREENSHOT] = run_at_worker,
		[CONTROL_STATUS] = run_status,
		[CONTROL_TICKET] = run_at_worker,
		[CONTROL_VERSION] = run_version,
	};

	commands[client->request.command](client);
}
