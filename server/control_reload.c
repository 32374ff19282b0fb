// SPDX-License-Identifier: GPL-2.0-or-later
/* Gathers what workers say of a configuration they were given. */
#include "server/control_reload.h"

#include <errno.h>
#include <event2/event.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "config/config.h"
#include "net/stream.h"
#include "server/control.h"
#include "server/control_client.h"
#include "server/control_problems.h"
#include "server/json.h"
#include "server/supervisor.h"
#include "server/supervisor_vm.h"

/* A VM whose worker has not said anything yet. */
struct waiting {
	LIST_ENTRY(waiting) link;
	struct control_reload *reload;
	struct supervisor_question *question; /* NULL: nobody is there to be asked */
	char vm[];
};

struct control_reload {
	struct control_client *client;
	struct json_object *problems;
	struct event *deadline;
	LIST_HEAD(, waiting) waiting;
};

static void add_problem(struct control_reload *reload, const char *vm, const char *message)
{
	control_problems_add(reload->problems, CONTROL_PROBLEMS_MAX, vm, message);
}

static void stop_waiting(struct waiting *waiting)
{
	LIST_REMOVE(waiting, link);
	if (waiting->question)
		supervisor_question_forget(waiting->question);
	free(waiting);
}

void control_reload_free(struct control_reload *reload)
{
	if (!reload)
		return;
	while (LIST_FIRST(&reload->waiting))
		stop_waiting(LIST_FIRST(&reload->waiting));
	if (reload->deadline)
		event_free(reload->deadline);
	json_object_put(reload->problems);
	free(reload);
}

static void answer(struct control_reload *reload)
{
	struct control_client *client = reload->client;
	struct json_object *result = json_object_new_object();

	json_put_number(result, "vms", supervisor_config(client->control->supervisor)->n_vms);
	json_put(result, "problems", json_object_get(reload->problems));
	client->reload = NULL;
	control_reload_free(reload);
	control_client_answer(client, result);
	if (client->stream)
		stream_again(client->stream); /* to its next line */
}

/* What a worker says is not to be trusted: texts, and no more of them than there may be. */
static void add_words(struct control_reload *reload, const char *vm, const char *text, size_t bytes)
{
	struct json_object *object, *ok = NULL, *problems = NULL;
	const char *why;

	if (json_parse_object(text, bytes, &object, &why) < 0) {
		add_problem(reload, vm, "the process that serves this VM answers nonsense");
		return;
	}
	if (json_object_object_get_ex(object, "ok", &ok) && json_object_is_type(ok, json_type_object))
		problems = json_object_object_get(ok, "problems");
	if (!json_object_is_type(problems, json_type_array))
		add_problem(reload, vm, "the process that serves this VM answers nonsense");
	for (size_t i = 0; i < CONTROL_PROBLEMS_WORKER_MAX && json_object_is_type(problems, json_type_array) &&
			i < json_object_array_length(problems); i++) {
		const char *message = json_get_text(json_object_array_get_idx(problems, i), "message");

		add_problem(reload, vm, message ? message : "(no text)");
	}
	json_object_put(object);
}

static void handle_answer(void *user, int result, const char *text, size_t bytes, int fd)
{
	struct waiting *waiting = user;
	struct control_reload *reload = waiting->reload;

	(void)fd;
	waiting->question = NULL;
	if (result == -EPIPE)
		return; /* the next worker will be asked */
	if (result < 0)
		add_problem(reload, waiting->vm, "the process that serves this VM does not answer");
	else
		add_words(reload, waiting->vm, text, bytes);
	stop_waiting(waiting);
	if (!LIST_FIRST(&reload->waiting))
		answer(reload);
}

/* False: that VM has nothing to say, and waiting is gone. */
static bool ask(struct waiting *waiting, struct supervisor_vm *vm)
{
	int r = supervisor_vm_ask(vm, "{\"command\":\"reload\"}", handle_answer, waiting, &waiting->question);

	if (!r || r == -ENOTCONN)
		return true;
	add_problem(waiting->reload, waiting->vm, r == -EBUSY
			? "the process that serves this VM has too much to answer already" : strerror(-r));
	stop_waiting(waiting);
	return false;
}

static void add_vm(void *user, struct supervisor_vm *vm)
{
	struct control_reload *reload = user;
	const char *name = supervisor_vm_name(vm);
	struct waiting *waiting = calloc(1, sizeof(*waiting) + strlen(name) + 1);

	if (!waiting) {
		add_problem(reload, name, "no memory to ask the process that serves this VM");
		return;
	}
	waiting->reload = reload;
	strcpy(waiting->vm, name);
	LIST_INSERT_HEAD(&reload->waiting, waiting, link);
	ask(waiting, vm);
}

static void handle_deadline(evutil_socket_t fd, short what, void *user)
{
	struct control_reload *reload = user;
	struct waiting *waiting;

	(void)fd;
	(void)what;
	while ((waiting = LIST_FIRST(&reload->waiting))) {
		/* It may have been removed by yet another configuration. */
		if (supervisor_find_vm(reload->client->control->supervisor, waiting->vm))
			add_problem(reload, waiting->vm, waiting->question
					? "the process that serves this VM does not answer"
					: "no process serves this VM yet; the log says why");
		stop_waiting(waiting);
	}
	answer(reload);
}

void control_reload_start(struct control_client *client, struct json_object *problems)
{
	const struct timeval wait = clock_timeval(CONTROL_RELOAD_NS);
	struct control_reload *reload = calloc(1, sizeof(*reload));

	if (reload) {
		LIST_INIT(&reload->waiting);
		reload->client = client;
		reload->problems = problems;
		reload->deadline = evtimer_new(client->control->base, handle_deadline, reload);
	}
	if (!reload || !reload->deadline || event_add(reload->deadline, &wait) < 0) {
		if (reload)
			control_reload_free(reload);
		else
			json_object_put(problems);
		control_client_close(client, "out of memory");
		return;
	}
	client->reload = reload;
	supervisor_each_vm(client->control->supervisor, add_vm, reload);
	if (!LIST_FIRST(&reload->waiting))
		answer(reload);
}

void control_reload_serving(struct control *control, const char *vm)
{
	struct supervisor_vm *asked = supervisor_find_vm(control->supervisor, vm);
	struct control_client *client;

	TAILQ_FOREACH(client, &control->clients, link) {
		struct waiting *waiting = client->reload ? LIST_FIRST(&client->reload->waiting) : NULL;

		while (waiting && (waiting->question || strcmp(waiting->vm, vm)))
			waiting = LIST_NEXT(waiting, link);
		if (waiting && asked && !ask(waiting, asked) && !LIST_FIRST(&client->reload->waiting))
			answer(client->reload);
	}
}
