// SPDX-License-Identifier: GPL-2.0-or-later
/* Happenings as lines of JSON, of the supervisor's own and of what workers say. */
#include "server/control_tell.h"

#include <errno.h>
#include <json-c/json.h>
#include <string.h>

#include "server/clock.h"
#include "server/control.h"
#include "server/json.h"

/* What a worker may tell of. */
static const char *const worker_events[] = { "auth-failed", "client-came", "client-left", "lost", "picture" };

static struct json_object *stamp(struct json_object *event, const char *vm)
{
	json_put_decimal(event, "time", (double)clock_wall_ns() / NSEC_PER_SEC, 3);
	if (vm)
		json_put_text(event, "vm", vm);
	return event;
}

static struct json_object *new_event(const char *name, const char *vm)
{
	struct json_object *event = json_object_new_object();

	json_put_text(event, "event", name);
	return stamp(event, vm);
}

void control_tell_started(struct control *control, const char *vm, pid_t pid)
{
	struct json_object *event = new_event("worker-started", vm);

	json_put_number(event, "pid", pid);
	control_broadcast(control, vm, event);
}

void control_tell_serving(struct control *control, const char *vm)
{
	control_broadcast(control, vm, new_event("worker-serves", vm));
}

void control_tell_ended(struct control *control, const char *vm, pid_t pid, const char *how, int64_t delay_ns)
{
	struct json_object *event = new_event("worker-ended", vm);

	json_put_number(event, "pid", pid);
	json_put_text(event, "how", how);
	if (delay_ns >= 0)
		json_put_decimal(event, "restart", (double)delay_ns / NSEC_PER_SEC, 1);
	control_broadcast(control, vm, event);
}

int control_tell_worker(struct control *control, const char *vm, const char *text, size_t bytes)
{
	struct json_object *event;
	const char *name, *why;

	if (json_parse_object(text, bytes, &event, &why) < 0)
		return -EINVAL;
	name = json_get_text(event, "event");
	for (size_t i = 0; name && i < sizeof(worker_events) / sizeof(worker_events[0]); i++) {
		if (strcmp(worker_events[i], name))
			continue;
		control_broadcast(control, vm, stamp(event, vm));
		return 0;
	}
	json_object_put(event);
	return -EINVAL;
}

void control_tell_reload(struct control *control, int error)
{
	struct json_object *event = new_event("reload", NULL);

	json_put(event, "taken", json_object_new_boolean(error == 0));
	if (error)
		json_put_text(event, "why", error == -EINVAL ? "the configuration is wrong" : strerror(-error));
	control_broadcast(control, NULL, event);
}

void control_tell_stopping(struct control *control)
{
	control_broadcast(control, NULL, new_event("stopping", NULL));
}
