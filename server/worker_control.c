// SPDX-License-Identifier: GPL-2.0-or-later
/* What a worker answers to the control socket, as JSON for the supervisor. */
#include "server/worker_control.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <openssl/crypto.h>
#include <string.h>

#include "config/role.h"
#include "net/tickets.h"
#include "net/viewer.h"
#include "server/channel.h"
#include "server/clock.h"
#include "server/control_problems.h"
#include "server/control_request.h"
#include "server/json.h"
#include "server/log.h"
#include "server/worker_tell.h"

/* Of one answer; the rest is asked for by the id of the last. */
#define VIEWERS_TOLD 100
/* Where nobody says for how long. */
#define TICKET_LIFETIME_S 60

/* One question, until it is answered. */
struct answering {
	const struct worker_control *control;
	struct worker_pictures *pictures;
	struct vm *vm;
	uint32_t number;
	struct control_request request;
};

static void send_answer(const struct answering *answering, const char *member, struct json_object *value, int fd)
{
	static char payload[CHANNEL_PAYLOAD_MAX];
	struct json_object *object = json_object_new_object();
	const char *text;
	size_t bytes;
	int r = -ENOMEM;

	json_put(object, member, value);
	text = json_text(object);
	bytes = text ? strlen(text) : 0;
	if (text && bytes <= sizeof(payload) - sizeof(answering->number)) {
		memcpy(payload, &answering->number, sizeof(answering->number));
		memcpy(payload + sizeof(answering->number), text, bytes);
		r = channel_send(answering->control->teller.channel, CHANNEL_ANSWER, payload,
				sizeof(answering->number) + bytes, fd);
	}
	/* Whoever asked has a deadline. */
	if (r < 0)
		log_warn(NULL, "cannot answer the supervisor: %s", strerror(-r));
	json_object_put(object);
}

static void refuse(const struct answering *answering, const struct control_error *error)
{
	struct json_object *object = json_object_new_object();

	json_put_text(object, "code", error->code);
	json_put_text(object, "message", error->message);
	send_answer(answering, "error", object, -1);
}

/* The VIEWERS_TOLD lowest ids above after; protocols tell each their own in their own order. */
struct page {
	int64_t after, last;
	unsigned int count;
	struct json_object *rows;
};

static void count_viewer(void *user, const struct protocol_viewer *viewer)
{
	struct page *page = user;

	page->count += (int64_t)viewer->id > page->after && (int64_t)viewer->id <= page->last;
}

static void add_viewer(void *user, const struct protocol_viewer *viewer)
{
	struct page *page = user;

	if (page->rows && (int64_t)viewer->id > page->after && (int64_t)viewer->id <= page->last)
		json_object_array_add(page->rows, worker_describe(viewer));
}

static void answer_clients(struct answering *answering)
{
	struct json_object *result = json_object_new_object();
	struct page page = { .after = json_get_number(answering->request.object, "after", 0) };
	int64_t step = INT64_MAX - page.after;

	/* Ids are small numbers: halve what they may be until no more are left than fit. */
	for (page.last = INT64_MAX;; page.last = page.after + step) {
		page.count = 0;
		vm_each_viewer(answering->vm, count_viewer, &page);
		if (page.count <= VIEWERS_TOLD || step <= VIEWERS_TOLD)
			break;
		step /= 2;
	}
	page.rows = json_object_new_array();
	vm_each_viewer(answering->vm, add_viewer, &page);
	json_put(result, "clients", page.rows);
	if (page.last < INT64_MAX)
		json_put_number(result, "next", page.last);
	send_answer(answering, "ok", result, -1);
}

static void refuse_client(const struct answering *answering, uint64_t id)
{
	const uint64_t last = viewer_last_id();
	struct control_error error;

	if (id > last)
		control_refuse(&error, "unknown-client", "this VM has no client %" PRIu64, id);
	else if ((id - 1) / VIEWER_IDS < last / VIEWER_IDS)
		control_refuse(&error, "unknown-client", "client %" PRIu64 " was one of a process of this VM that has "
				"ended since", id);
	else
		control_refuse(&error, "unknown-client", "client %" PRIu64 " has left", id);
	refuse(answering, &error);
}

static void answer_disconnect(struct answering *answering)
{
	const int64_t id = json_get_number(answering->request.object, "client", 0);
	unsigned int n = vm_close_viewer(answering->vm, (uint64_t)id, "the administrator has closed the connection");
	struct json_object *result;

	if (id && !n) {
		refuse_client(answering, (uint64_t)id);
		return;
	}
	result = json_object_new_object();
	json_put_number(result, "disconnected", n);
	send_answer(answering, "ok", result, -1);
}

static void refuse_picture(const struct answering *answering, int reason)
{
	struct control_error error;

	if (reason == -EBUSY)
		control_refuse(&error, "busy", "%d pictures of this VM are being made already", WORKER_PICTURES_MAX);
	else
		control_refuse(&error, "failed", "%s",
				reason == -ETIMEDOUT ? "this VM shows nothing" : strerror(-reason));
	refuse(answering, &error);
}

static void handle_picture(void *user, uint32_t number, int result, uint32_t width, uint32_t height, int fd)
{
	const struct answering answering = { .control = user, .number = number };
	struct json_object *object;

	if (result < 0) {
		refuse_picture(&answering, result);
		return;
	}
	object = json_object_new_object();
	json_put_number(object, "width", width);
	json_put_number(object, "height", height);
	send_answer(&answering, "ok", object, fd);
}

static void refuse_ticket(const struct answering *answering, const char *protocol, int reason)
{
	struct control_error error;

	if (reason == -ENOTSUP)
		control_refuse(&error, "failed", "this VM asks nobody for a password over %s", protocol);
	else if (reason == -EINVAL)
		control_refuse(&error, "bad-argument", "\"name\" is no name that a user can have");
	else
		control_refuse(&error, "failed", "%s", strerror(-reason));
	refuse(answering, &error);
}

static void answer_ticket(struct answering *answering)
{
	struct json_object *request = answering->request.object, *result;
	const int64_t lifetime_s = json_get_number(request, "lifetime", TICKET_LIFETIME_S);
	const char *protocol = json_get_text(request, "protocol"), *role_text = json_get_text(request, "role");
	char secret[TICKETS_CHARS_MAX + 1];
	enum role role = ROLE_CONTROL;
	int r = 0;

	if (role_text)
		r = role_parse(role_text, &role);
	if (!r)
		r = vm_issue_ticket(answering->vm, protocol, lifetime_s * NSEC_PER_SEC, role,
				json_get_text(request, "name"), secret);
	if (r < 0) {
		refuse_ticket(answering, protocol, r);
		return;
	}
	result = json_object_new_object();
	json_put_text(result, "ticket", secret);
	json_put_number(result, "lifetime", lifetime_s);
	json_put_text(result, "role", role_name(role));
	OPENSSL_cleanse(secret, sizeof(secret));
	send_answer(answering, "ok", result, -1);
}

static void answer_reload(struct answering *answering)
{
	struct json_object *result = json_object_new_object();

	json_put(result, "problems", json_object_get(answering->control->problems));
	send_answer(answering, "ok", result, -1);
}

static void answer_screenshot(struct answering *answering)
{
	int r = worker_pictures_ask(answering->pictures, answering->vm, answering->number);

	if (r < 0)
		refuse_picture(answering, r);
}

void worker_control_init(struct worker_control *control, struct event_base *base)
{
	worker_pictures_init(&control->pictures, base, handle_picture, control);
}

void worker_control_finish(struct worker_control *control)
{
	worker_pictures_finish(&control->pictures);
	json_object_put(control->problems);
}

void worker_control_watch(struct worker_control *control)
{
	json_object_put(control->problems);
	control->problems = json_object_new_array();
	control_problems_watch(control->problems);
}

void worker_control_answer(struct worker_control *control, struct vm *vm, const char *payload, size_t bytes)
{
	static void (*const answers[CONTROL_COMMANDS])(struct answering *answering) = {
		[CONTROL_CLIENTS] = answer_clients,
		[CONTROL_DISCONNECT] = answer_disconnect,
		[CONTROL_RELOAD] = answer_reload,
		[CONTROL_SCREENSHOT] = answer_screenshot,
		[CONTROL_TICKET] = answer_ticket,
	};
	struct answering answering = { .control = control, .pictures = &control->pictures, .vm = vm };
	struct control_error error;
	int r;

	memcpy(&answering.number, payload, sizeof(answering.number));
	r = control_request_parse(payload + sizeof(answering.number), bytes - sizeof(answering.number),
			&answering.request, &error);
	if (!r && (!vm || !answers[answering.request.command]))
		r = control_refuse(&error, "failed", "workers do not do this");
	if (r < 0)
		refuse(&answering, &error);
	else
		answers[answering.request.command](&answering);
	control_request_finish(&answering.request);
}

static void handle_viewer(void *user, const struct protocol_viewer *viewer, const char *why)
{
	struct worker_control *control = user;

	worker_tell_viewer(&control->teller, viewer, why);
}

static void handle_auth_failed(void *user, const char *protocol, const char *peer)
{
	struct worker_control *control = user;

	worker_tell_auth_failed(&control->teller, protocol, peer);
}

static void handle_picture_changed(void *user, uint32_t width, uint32_t height, const char *reason)
{
	struct worker_control *control = user;

	worker_tell_picture(&control->teller, width, height, reason);
}

static void handle_shown(void *user, struct frame *frame)
{
	struct worker_control *control = user;

	worker_pictures_shown(&control->pictures, frame);
}

const struct vm_events worker_control_events = {
	.viewer = handle_viewer,
	.auth_failed = handle_auth_failed,
	.picture = handle_picture_changed,
	.shown = handle_shown,
};
