// SPDX-License-Identifier: GPL-2.0-or-later
/* Greeting, capabilities, and two questions, with one deadline for all. */
#include "tools/planecastctl/doctor_qmp.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/clock.h"
#include "server/json.h"

#define DEADLINE_NS (2 * NSEC_PER_SEC)
#define LINE_BYTES_MAX 16384

struct talk {
	int fd;
	int64_t end_ns;
	size_t bytes, line_bytes;
	char buffer[LINE_BYTES_MAX];
};

static int wait_for_more(struct talk *talk)
{
	struct pollfd poller = { .fd = talk->fd, .events = POLLIN };
	const int64_t left_ns = talk->end_ns - clock_now_ns();
	ssize_t got;
	int r;

	if (talk->bytes == sizeof(talk->buffer))
		return -EMSGSIZE;
	r = left_ns > 0 ? poll(&poller, 1, (int)(left_ns / 1000000) + 1) : 0;
	if (r == 0)
		return -ETIMEDOUT;
	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	got = recv(talk->fd, talk->buffer + talk->bytes, sizeof(talk->buffer) - talk->bytes, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!got)
		return -EPIPE;
	talk->bytes += (size_t)got;
	return 0;
}

/* The next line as an object. */
static int read_object(struct talk *talk, struct json_object **ret)
{
	const char *end, *error;
	int r;

	memmove(talk->buffer, talk->buffer + talk->line_bytes, talk->bytes - talk->line_bytes);
	talk->bytes -= talk->line_bytes;
	talk->line_bytes = 0;
	while (!(end = memchr(talk->buffer, '\n', talk->bytes))) {
		/* Who does not begin so speaks something else, and may wait for us. */
		if (talk->bytes && talk->buffer[0] != '{')
			return -EPROTO;
		r = wait_for_more(talk);
		if (r < 0)
			return r;
	}
	talk->line_bytes = (size_t)(end - talk->buffer) + 1;
	return json_parse_object(talk->buffer, talk->line_bytes, ret, &error) < 0 ? -EPROTO : 0;
}

/* What the answer has as "return"; of any type. */
static int execute(struct talk *talk, const char *command, struct json_object **ret)
{
	struct json_object *line, *result;
	char text[64];
	int length = snprintf(text, sizeof(text), "{\"execute\": \"%s\"}\n", command), r;

	if (send(talk->fd, text, (size_t)length, MSG_NOSIGNAL) != length)
		return -EPIPE;
	while (!(r = read_object(talk, &line))) {
		const bool failed = json_object_object_get(line, "error");

		result = json_object_get(json_object_object_get(line, "return"));
		json_object_put(line);
		if (failed)
			return -ENOTSUP;
		if (result) {
			*ret = result;
			return 0;
		}
		/* Events come between. */
	}
	return r;
}

static void read_version(struct json_object *greeting, char *ret, size_t size)
{
	struct json_object *version = json_object_object_get(json_object_object_get(greeting, "version"), "qemu");

	snprintf(ret, size, "%" PRId64 ".%" PRId64 ".%" PRId64, json_get_number(version, "major", 0),
			json_get_number(version, "minor", 0), json_get_number(version, "micro", 0));
}

static bool has_absolute(struct json_object *mice)
{
	const size_t count = json_object_is_type(mice, json_type_array) ? json_object_array_length(mice) : 0;
	bool absolute = false;

	for (size_t i = 0; i < count && !absolute; i++)
		absolute = json_object_get_boolean(
				json_object_object_get(json_object_array_get_idx(mice, i), "absolute"));
	return absolute;
}

static void ask_all(struct talk *talk, struct doctor_qmp *ret)
{
	struct json_object *answer;
	const char *status;

	if (execute(talk, "qmp_capabilities", &answer) < 0)
		return;
	json_object_put(answer);
	if (!execute(talk, "query-status", &answer)) {
		status = json_get_text(answer, "status");
		snprintf(ret->status, sizeof(ret->status), "%s", status ? status : "");
		json_object_put(answer);
	}
	if (!execute(talk, "query-display-options", &answer)) {
		const char *type = json_get_text(answer, "type");

		snprintf(ret->display, sizeof(ret->display), "%s", type ? type : "");
		ret->p2p = json_object_get_boolean(json_object_object_get(answer, "p2p"));
		json_object_put(answer);
	}
	if (!execute(talk, "query-mice", &answer)) {
		ret->absolute = has_absolute(answer);
		json_object_put(answer);
	}
}

int doctor_qmp_ask(int fd, struct doctor_qmp *ret)
{
	struct talk talk = { .fd = fd, .end_ns = clock_now_ns() + DEADLINE_NS };
	struct json_object *line = NULL, *greeting = NULL;
	int r = read_object(&talk, &line);

	memset(ret, 0, sizeof(*ret));
	if (!r)
		greeting = json_object_object_get(line, "QMP");
	if (!r && !greeting)
		r = -EPROTO;
	if (r == -EPROTO)
		snprintf(ret->other, sizeof(ret->other), "%.*s", (int)(talk.bytes < 60 ? talk.bytes : 60),
				talk.buffer);
	ret->other[strcspn(ret->other, "\r\n")] = '\0';
	if (!r) {
		read_version(greeting, ret->version, sizeof(ret->version));
		ask_all(&talk, ret);
	}
	json_object_put(line);
	return r;
}
