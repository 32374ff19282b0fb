// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes of a request that a worker answers. */
#include "server/control_worker.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <string.h>
#include <sys/stat.h>

#include "net/stream.h"
#include "server/control_client.h"
#include "server/json.h"
#include "server/supervisor_vm.h"

#define PICTURE_SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static void refuse(struct control_client *client, int reason)
{
	struct control_error error;

	switch (reason) {
	case -ENOTCONN:
	case -EPIPE:
		control_refuse(&error, "no-worker", "the process that serves this VM is not there now");
		break;
	case -ETIMEDOUT:
		control_refuse(&error, "timeout", "the process that serves this VM does not answer");
		break;
	case -EBUSY:
		control_refuse(&error, "busy", "the process that serves this VM has too much to answer already");
		break;
	case -EBADMSG:
		control_refuse(&error, "failed", "the process that serves this VM answers nonsense");
		break;
	default:
		control_refuse(&error, "failed", "%s", strerror(-reason));
	}
	control_client_refuse(client, &error, NULL);
}

/* Memory that nobody can change or take away any more: who gets it may read it without fear. */
static bool is_sealed_memory(int fd)
{
	const int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;

	return seals >= 0 && (seals & PICTURE_SEALS) == PICTURE_SEALS && !fstat(fd, &st) &&
			S_ISREG(st.st_mode) && st.st_size > 0 && st.st_size <= CONTROL_PICTURE_MAX;
}

static void pass_refusal(struct control_client *client, struct json_object *object)
{
	static const char *const codes[] = { "bad-argument", "busy", "failed", "unknown-client" };
	const char *code = json_get_text(object, "code"), *message = json_get_text(object, "message");
	struct control_error error;

	for (size_t i = 0; code && message && i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(codes[i], code))
			continue;
		control_refuse(&error, codes[i], "%s", message);
		control_client_refuse(client, &error, NULL);
		return;
	}
	refuse(client, -EBADMSG);
}

static void pass_answer(struct control_client *client, const char *text, size_t bytes, int fd)
{
	const bool is_picture = client->request.command == CONTROL_SCREENSHOT;
	struct json_object *object, *result;
	const char *why;

	if (json_parse_object(text, bytes, &object, &why) < 0) {
		refuse(client, -EBADMSG);
		return;
	}
	result = json_object_object_get(object, "ok");
	if (!json_object_is_type(result, json_type_object))
		pass_refusal(client, json_object_object_get(object, "error"));
	else if (is_picture && fd >= 0 && is_sealed_memory(fd))
		control_client_answer_fd(client, json_object_get(result), fd);
	else if (is_picture || fd >= 0)
		refuse(client, -EBADMSG);
	else
		control_client_answer(client, json_object_get(result));
	json_object_put(object);
}

static void handle_answer(void *user, int result, const char *text, size_t bytes, int fd)
{
	struct control_client *client = user;

	client->question = NULL;
	if (result < 0)
		refuse(client, result);
	else
		pass_answer(client, text, bytes, fd);
	if (client->stream)
		stream_again(client->stream); /* to its next line */
}

void control_worker_ask(struct control_client *client, struct supervisor_vm *vm)
{
	const char *text = json_text(client->request.object);
	int r = text ? supervisor_vm_ask(vm, text, handle_answer, client, &client->question) : -ENOMEM;

	if (r < 0)
		refuse(client, r);
}
