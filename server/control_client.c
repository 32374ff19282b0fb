// SPDX-License-Identifier: GPL-2.0-or-later
/* One connection to the control socket: lines in, lines out, and nobody waits for it. */
#include "server/control_client.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include "net/stream.h"
#include "server/control.h"
#include "server/control_commands.h"
#include "server/control_reload.h"
#include "server/json.h"
#include "server/log.h"
#include "server/supervisor_questions.h"

/* Of one client in one turn of the loop. */
#define TURN_LINES 16
/* Who has that much to read is not asked what else it wants. */
#define ANSWERS_MAX 65536

static void set_timer(struct control_client *client)
{
	const int64_t now_ns = clock_now_ns();
	int64_t due_ns = INT64_MAX;
	struct timeval wait;

	if (!client->stream)
		return;
	if (client->line_ns)
		due_ns = client->line_ns + CONTROL_LINE_NS;
	if (stream_pending(client->stream) && stream_progress_ns(client->stream) + CONTROL_STALL_NS < due_ns)
		due_ns = stream_progress_ns(client->stream) + CONTROL_STALL_NS;
	if (due_ns == INT64_MAX) {
		event_del(client->timer);
		return;
	}
	wait = clock_timeval(due_ns > now_ns ? due_ns - now_ns : 0);
	if (event_add(client->timer, &wait) < 0)
		control_client_close(client, "out of memory");
}

static void handle_timer(evutil_socket_t fd, short what, void *user)
{
	struct control_client *client = user;
	const int64_t now_ns = clock_now_ns();

	(void)fd;
	(void)what;
	if (client->line_ns && now_ns - client->line_ns >= CONTROL_LINE_NS)
		control_client_close(client, "began a line and did not end it");
	else if (stream_pending(client->stream) && now_ns - stream_progress_ns(client->stream) >= CONTROL_STALL_NS)
		control_client_close(client, "does not read");
	set_timer(client);
}

void control_client_close(struct control_client *client, const char *why)
{
	if (!client->stream)
		return;
	log_debug(NULL, "control socket: a connection ends: %s", why);
	if (client->question)
		supervisor_question_forget(client->question);
	client->question = NULL;
	control_reload_free(client->reload);
	client->reload = NULL;
	stream_free(client->stream);
	client->stream = NULL;
	event_del(client->timer);
	client->control->n_clients--;
	control_later(client->control);
}

void control_client_free(struct control_client *client)
{
	TAILQ_REMOVE(&client->control->clients, client, link);
	control_request_finish(&client->request);
	event_free(client->timer);
	free(client->listens_to);
	free(client);
}

static bool is_waiting(const struct control_client *client)
{
	return client->question || client->reload;
}

bool control_client_is_idle(const struct control_client *client)
{
	return client->stream && !is_waiting(client) && !client->listens;
}

static void write_line(struct control_client *client, const char *text)
{
	if (!client->stream)
		return;
	if (!text || stream_write(client->stream, text, strlen(text)) < 0 || stream_write(client->stream, "\n", 1) < 0)
		control_client_close(client, "out of memory");
	set_timer(client);
}

/* {"id": ..., MEMBER: value}; takes value. */
static struct json_object *new_reply(const struct control_client *client, const char *member, struct json_object *value)
{
	struct json_object *reply = json_object_new_object();

	json_put(reply, "id", json_object_get(client->request.id));
	json_put(reply, member, value);
	return reply;
}

static void end_request(struct control_client *client)
{
	control_request_finish(&client->request);
	client->active_ns = clock_now_ns();
}

void control_client_answer(struct control_client *client, struct json_object *result)
{
	struct json_object *reply = new_reply(client, "ok", result ? result : json_object_new_object());

	write_line(client, json_text(reply));
	json_object_put(reply);
	end_request(client);
}

void control_client_refuse(struct control_client *client, const struct control_error *error,
		struct json_object *problems)
{
	struct json_object *object = json_object_new_object(), *reply;

	json_put_text(object, "code", error->code);
	json_put_text(object, "message", error->message);
	if (problems)
		json_put(object, "problems", problems);
	reply = new_reply(client, "error", object);
	write_line(client, json_text(reply));
	json_object_put(reply);
	end_request(client);
}

/* A line of less than a page goes whole or not at all. */
static bool send_with_fd(int socket, const char *text, int fd)
{
	struct iovec iov[] = {
		{ .iov_base = (void *)text, .iov_len = strlen(text) },
		{ .iov_base = "\n", .iov_len = 1 },
	};
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *cmsg = CMSG_FIRSTHDR(&message);

	cmsg->cmsg_level = SOL_SOCKET;
	cmsg->cmsg_type = SCM_RIGHTS;
	cmsg->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
	return sendmsg(socket, &message, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)(iov[0].iov_len + 1);
}

void control_client_answer_fd(struct control_client *client, struct json_object *result, int fd)
{
	struct json_object *reply = new_reply(client, "ok", result);
	const char *text = json_text(reply);

	/* Descriptors do not wait in a buffer: who has not read what came before has lost. */
	if (client->stream && (!text || stream_pending(client->stream) || !send_with_fd(client->fd, text, fd)))
		control_client_close(client, "does not read");
	json_object_put(reply);
	end_request(client);
}

bool control_client_wants(const struct control_client *client, const char *vm)
{
	return client->stream && client->listens &&
			(!client->listens_to || (vm && !strcmp(vm, client->listens_to)));
}

static void tell_lost(struct control_client *client)
{
	char line[80];

	if (!client->lost)
		return;
	snprintf(line, sizeof(line), "{\"event\":\"lost\",\"count\":%" PRIu64 "}", client->lost);
	client->lost = 0;
	write_line(client, line);
}

void control_client_tell(struct control_client *client, const char *text)
{
	if (!client->stream)
		return;
	if (stream_pending(client->stream) + strlen(text) > CONTROL_PENDING_MAX) {
		client->lost++;
		return;
	}
	tell_lost(client);
	write_line(client, text);
}

static void read_line(struct control_client *client, const char *line, size_t bytes)
{
	struct control_error error;

	client->active_ns = clock_now_ns();
	if (control_request_parse(line, bytes, &client->request, &error) < 0)
		control_client_refuse(client, &error, NULL);
	else
		control_commands_run(client);
}

static void read_lines(struct control_client *client)
{
	struct control_error error;
	struct evbuffer *input;
	unsigned int n = 0;
	size_t bytes = 0;
	char *line;

	while (client->stream && !is_waiting(client) && stream_pending(client->stream) < ANSWERS_MAX) {
		input = stream_input(client->stream);
		if (n++ == TURN_LINES) {
			stream_again(client->stream);
			return;
		}
		line = evbuffer_readln(input, &bytes, EVBUFFER_EOL_LF);
		if (line) {
			client->line_ns = 0;
			read_line(client, line, bytes);
			free(line);
			continue;
		}
		bytes = evbuffer_get_length(input);
		if (bytes > CONTROL_LINE_MAX) {
			control_refuse(&error, "bad-request", "a line is longer than %d bytes", CONTROL_LINE_MAX);
			control_client_refuse(client, &error, NULL);
			control_client_close(client, "sent too long a line");
			return;
		}
		if (!bytes)
			client->line_ns = 0;
		else if (!client->line_ns)
			client->line_ns = clock_now_ns();
		return;
	}
}

static void handle_readable(void *user)
{
	struct control_client *client = user;

	read_lines(client);
	set_timer(client);
}

static void handle_drained(void *user)
{
	struct control_client *client = user;

	tell_lost(client);
	handle_readable(client);
}

static void handle_closed(void *user, int error)
{
	control_client_close(user, error ? strerror(-error) : "the other end closed it");
}

static const struct stream_events stream_events = {
	.readable = handle_readable,
	.drained = handle_drained,
	.closed = handle_closed,
};

int control_client_new(struct control *control, int fd)
{
	struct control_client *client = calloc(1, sizeof(*client));
	int r = -ENOMEM;

	if (!client)
		return -ENOMEM;
	client->control = control;
	client->fd = fd;
	client->active_ns = clock_now_ns();
	client->timer = evtimer_new(control->base, handle_timer, client);
	if (client->timer)
		r = stream_new(control->base, fd, &stream_events, client, &client->stream);
	if (r < 0) {
		if (client->timer)
			event_free(client->timer);
		free(client);
		return r;
	}
	stream_set_input_limit(client->stream, CONTROL_LINE_MAX + 2);
	TAILQ_INSERT_TAIL(&control->clients, client, link);
	control->n_clients++;
	return 0;
}
