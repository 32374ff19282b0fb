// SPDX-License-Identifier: GPL-2.0-or-later
/* QEMU Machine Protocol: greeting, capabilities, pipelined commands. */
#include "server/qmp.h"

#include <errno.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum qmp_state { QMP_GREETING, QMP_CAPABILITIES, QMP_READY };

struct qmp {
	struct evbuffer *output;
	const struct qmp_events *events;
	void *user;
	enum qmp_state state;
	struct json_tokener *tokener;
	size_t message_bytes; /* of the message that is still incomplete */
	int64_t next_id, answered_id; /* ids between the two are in flight */
	char version[32];
};

int qmp_new(struct evbuffer *output, const struct qmp_events *events, void *user, struct qmp **ret)
{
	struct qmp *qmp = calloc(1, sizeof(*qmp));

	if (!qmp)
		return -ENOMEM;
	qmp->tokener = json_tokener_new_ex(QMP_DEPTH_MAX);
	if (!qmp->tokener) {
		free(qmp);
		return -ENOMEM;
	}
	qmp->output = output;
	qmp->events = events;
	qmp->user = user;
	*ret = qmp;
	return 0;
}

void qmp_free(struct qmp *qmp)
{
	if (!qmp)
		return;
	json_tokener_free(qmp->tokener);
	free(qmp);
}

static int send_command(struct qmp *qmp, const char *command, const char *arguments)
{
	if (evbuffer_add_printf(qmp->output,
			    "{\"execute\":\"%s\",\"arguments\":%s,\"id\":%" PRId64 "}\r\n", command,
			    arguments, qmp->next_id) < 0)
		return -ENOMEM;
	qmp->next_id++;
	return 0;
}

bool qmp_can_execute(const struct qmp *qmp)
{
	return qmp->state == QMP_READY && qmp->next_id - qmp->answered_id < QMP_IN_FLIGHT_MAX;
}

int qmp_execute(struct qmp *qmp, const char *command, const char *arguments)
{
	return qmp->state == QMP_READY ? send_command(qmp, command, arguments) : -EAGAIN;
}

/* NULL where any step of the path is missing. */
static struct json_object *find(struct json_object *object, const char *const *path)
{
	while (object && *path)
		if (!json_object_object_get_ex(object, *path++, &object))
			return NULL;
	return object;
}

static int handle_greeting(struct qmp *qmp, struct json_object *message)
{
	static const char *const numbers[3][5] = { /* NULL ends each path */
		{ "QMP", "version", "qemu", "major" },
		{ "QMP", "version", "qemu", "minor" },
		{ "QMP", "version", "qemu", "micro" },
	};
	int part[3];

	if (!json_object_object_get_ex(message, "QMP", NULL))
		return -EPROTO;
	for (int i = 0; i < 3; i++)
		part[i] = json_object_get_int(find(message, numbers[i]));
	snprintf(qmp->version, sizeof(qmp->version), "%d.%d.%d", part[0], part[1], part[2]);
	qmp->state = QMP_CAPABILITIES;
	return send_command(qmp, "qmp_capabilities", "{}");
}

/* Of all commands that are given here only query-mice is answered with a list. */
static void handle_mice(struct qmp *qmp, struct json_object *list)
{
	for (size_t i = 0; i < json_object_array_length(list); i++) {
		struct json_object *mouse = json_object_array_get_idx(list, i), *current, *absolute;

		if (json_object_is_type(mouse, json_type_object) &&
				json_object_object_get_ex(mouse, "current", &current) &&
				json_object_get_boolean(current) &&
				json_object_object_get_ex(mouse, "absolute", &absolute)) {
			qmp->events->mice(qmp->user, json_object_get_boolean(absolute));
			return;
		}
	}
}

static int handle_answer(struct qmp *qmp, struct json_object *message)
{
	static const char *const description[] = { "error", "desc", NULL };
	const char *error = NULL;
	struct json_object *id, *event, *value = NULL;

	if (json_object_object_get_ex(message, "error", NULL)) {
		error = json_object_get_string(find(message, description));
		if (!error)
			error = "unknown error";
	} else if (!json_object_object_get_ex(message, "return", &value)) {
		if (!json_object_object_get_ex(message, "event", &event))
			return -EPROTO;
		if (qmp->state == QMP_READY && json_object_is_type(event, json_type_string) &&
				!strcmp(json_object_get_string(event), "RESET"))
			qmp->events->reset(qmp->user);
		return 0;
	}
	if (!json_object_object_get_ex(message, "id", &id) || !json_object_is_type(id, json_type_int) ||
			json_object_get_int64(id) != qmp->answered_id || qmp->answered_id == qmp->next_id)
		return -EPROTO;
	qmp->answered_id++;
	if (qmp->state == QMP_READY) {
		if (!error && json_object_is_type(value, json_type_array))
			handle_mice(qmp, value);
		qmp->events->answered(qmp->user, error);
		return 0;
	}
	if (error)
		return -EPROTO;
	qmp->state = QMP_READY;
	qmp->events->ready(qmp->user, qmp->version);
	return 0;
}

static int handle_message(struct qmp *qmp, struct json_object *message)
{
	if (!json_object_is_type(message, json_type_object))
		return -EPROTO;
	return qmp->state == QMP_GREETING ? handle_greeting(qmp, message) : handle_answer(qmp, message);
}

int qmp_receive(struct qmp *qmp, const char *data, size_t bytes)
{
	while (bytes) {
		/* Also keeps the length an int, as json-c wants it. */
		size_t room = QMP_MESSAGE_MAX_BYTES - qmp->message_bytes;
		size_t chunk = bytes < room ? bytes : room;
		struct json_object *message = json_tokener_parse_ex(qmp->tokener, data, (int)chunk);
		enum json_tokener_error error = json_tokener_get_error(qmp->tokener);
		size_t used = json_tokener_get_parse_end(qmp->tokener);
		int result;

		if (error == json_tokener_continue) {
			qmp->message_bytes += chunk;
			/* The tokener stops at a NUL byte, which JSON does not have. */
			if (used != chunk)
				return -EPROTO;
			if (qmp->message_bytes == QMP_MESSAGE_MAX_BYTES)
				return -EMSGSIZE;
			return 0;
		}
		if (error != json_tokener_success)
			return -EPROTO;
		result = handle_message(qmp, message);
		json_object_put(message);
		if (result < 0)
			return result;
		qmp->message_bytes = 0;
		data += used;
		bytes -= used;
	}
	return 0;
}
