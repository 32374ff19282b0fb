// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a line of the control socket: a request that keeps its rules, or a refusal that can be sent. */
#include "server/control_request.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/text.h"
#include "server/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition) do { if (!(condition)) abort(); } while (0)

/* What is passed on to a worker is taken there as it was here. */
static void check_request(const struct control_request *request)
{
	const char *text = json_text(request->object), *vm = json_get_text(request->object, "vm");
	struct control_request again;
	struct control_error error;

	require(request->command < CONTROL_COMMANDS);
	require(text && !strchr(text, '\n') && text_printable(text, strlen(text)) == strlen(text));
	require(vm || !control_rules[request->command].arguments[0].required);
	if (strlen(text) <= CONTROL_LINE_MAX) {
		require(control_request_parse(text, strlen(text), &again, &error) == 0);
		require(again.command == request->command && json_object_equal(again.id, request->id));
		control_request_finish(&again);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_request request;
	struct control_error error = { .code = NULL };
	int r;

	r = control_request_parse((const char *)data, size, &request, &error);
	require(r == 0 || r == -EINVAL);
	if (r) {
		require(error.code && memchr(error.message, '\0', sizeof(error.message)) && error.message[0]);
		require(text_printable(error.message, strlen(error.message)) == strlen(error.message));
	} else {
		check_request(&request);
	}
	control_request_finish(&request);
	return 0;
}
