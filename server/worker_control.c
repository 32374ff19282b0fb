// SPDX-License-Identifier: GPL-2.0-or-later
/* Answers and happenings of one VM, as JSON for the supervisor. */
#include "server/worker_control.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <string.h>

#include "server/channel.h"
#include "server/clock.h"
#include "server/control_request.h"
#include "server/json.h"
#include "server/log.h"

/* Of one answer; the rest is asked for by the id of the last. */
#define VIEWERS_TOLD 100

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
		r = channel_send(answering->control->channel, CHANNEL_ANSWER, payload,
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

static struct json_object *describe(const struct protocol_viewer *viewer)
{
	const int64_t since_ns = clock_wall_ns() - (clock_now_ns() - viewer->since_ns);
	struct json_object *object = json_object_new_object();

	json_put_number(object, "client", (int64_t)viewer->id);
	json_put_text(object, "protocol", viewer->protocol);
	json_put_text(object, "peer", viewer->peer);
	if (viewer->user[0])
		json_put_text(object, "user", viewer->user);
	json_put_text(object, "role", viewer->may_control ? "control" : "view");
	json_put_decimal(object, "since", (double)since_ns / NSEC_PER_SEC, 3);
	json_put_text(object, "encoding", viewer->encoding);
	json_put_decimal(object, "fps", viewer->fps_x10 / 10.0, 1);
	json_put_number(object, "sent", (int64_t)viewer->bytes_sent);
	json_put_number(object, "received", (int64_t)viewer->bytes_received);
	return object;
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
		json_object_array_add(page->rows, describe(viewer));
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

static void answer_disconnect(struct answering *answering)
{
	const int64_t id = json_get_number(answering->request.object, "client", 0);
	unsigned int n = vm_close_viewer(answering->vm, (uint64_t)id, "the administrator has closed the connection");
	struct json_object *result;
	struct control_error error;

	if (id && !n) {
		control_refuse(&error, "unknown-client", "this VM has no client %" PRId64, id);
		refuse(answering, &error);
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
}

void worker_control_answer(struct worker_control *control, struct vm *vm, const char *payload, size_t bytes)
{
	static void (*const answers[CONTROL_COMMANDS])(struct answering *answering) = {
		[CONTROL_CLIENTS] = answer_clients,
		[CONTROL_DISCONNECT] = answer_disconnect,
		[CONTROL_SCREENSHOT] = answer_screenshot,
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

static struct json_object *new_event(const char *name)
{
	struct json_object *event = json_object_new_object();

	json_put_text(event, "event", name);
	return event;
}

static bool send_event(const struct worker_control *control, struct json_object *event)
{
	const char *text = json_text(event);
	int r = text ? channel_send(control->channel, CHANNEL_EVENT, text, strlen(text), -1) : -ENOMEM;

	json_object_put(event);
	return r == 0;
}

/* Takes event. */
static void tell(struct worker_control *control, struct json_object *event)
{
	const int64_t now_ns = clock_now_ns(), earliest_ns = now_ns - WORKER_EVENTS_SAVED_UP * WORKER_EVENT_NS;
	struct json_object *lost;

	if (control->channel < 0) {
		json_object_put(event);
		return;
	}
	if (control->events_paid_ns < earliest_ns)
		control->events_paid_ns = earliest_ns;
	if (control->events_paid_ns + 2 * WORKER_EVENT_NS > now_ns) {
		control->lost++;
		json_object_put(event);
		return;
	}
	if (control->lost) {
		lost = new_event("lost");
		json_put_number(lost, "count", (int64_t)control->lost);
		if (send_event(control, lost))
			control->lost = 0;
		control->events_paid_ns += WORKER_EVENT_NS;
	}
	control->lost += !send_event(control, event);
	control->events_paid_ns += WORKER_EVENT_NS;
}

static void tell_viewer(void *user, const struct protocol_viewer *viewer, const char *why)
{
	struct json_object *event = new_event(why ? "client-left" : "client-came");

	if (why)
		json_put_text(event, "why", why);
	json_put(event, "client", describe(viewer));
	tell(user, event);
}

static void tell_auth_failed(void *user, const char *protocol, const char *peer)
{
	struct json_object *event = new_event("auth-failed");

	json_put_text(event, "protocol", protocol);
	json_put_text(event, "peer", peer);
	tell(user, event);
}

static void tell_picture(void *user, uint32_t width, uint32_t height, const char *reason)
{
	struct json_object *event = new_event("picture");

	json_put_number(event, "width", width);
	json_put_number(event, "height", height);
	if (reason)
		json_put_text(event, "reason", reason);
	tell(user, event);
}

static void handle_shown(void *user, struct frame *frame)
{
	struct worker_control *control = user;

	worker_pictures_shown(&control->pictures, frame);
}

const struct vm_events worker_control_events = {
	.viewer = tell_viewer,
	.auth_failed = tell_auth_failed,
	.picture = tell_picture,
	.shown = handle_shown,
};
