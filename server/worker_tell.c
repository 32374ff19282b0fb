// SPDX-License-Identifier: GPL-2.0-or-later
/* Happenings of one VM, as JSON for the supervisor, and no more of them than it takes. */
#include "server/worker_tell.h"

#include <errno.h>
#include <json-c/json.h>
#include <stdbool.h>
#include <string.h>

#include "net/protocol.h"
#include "server/channel.h"
#include "server/clock.h"
#include "server/json.h"

struct json_object *worker_describe(const struct protocol_viewer *viewer)
{
	const int64_t since_ns = clock_wall_ns() - (clock_now_ns() - viewer->since_ns);
	struct json_object *object = json_object_new_object();

	json_put_number(object, "client", (int64_t)viewer->id);
	json_put_text(object, "protocol", viewer->protocol);
	json_put_text(object, "peer", viewer->peer);
	if (viewer->user[0])
		json_put_text(object, "user", viewer->user);
	json_put(object, "websocket", json_object_new_boolean(viewer->is_websocket));
	if (viewer->tls[0])
		json_put_text(object, "tls", viewer->tls);
	json_put_text(object, "role", viewer->may_control ? "control" : "view");
	json_put_decimal(object, "since", (double)since_ns / NSEC_PER_SEC, 3);
	json_put_text(object, "encoding", viewer->encoding);
	json_put_decimal(object, "fps", viewer->fps_x10 / 10.0, 1);
	json_put_number(object, "sent", (int64_t)viewer->bytes_sent);
	json_put_number(object, "received", (int64_t)viewer->bytes_received);
	return object;
}

static struct json_object *new_event(const char *name)
{
	struct json_object *event = json_object_new_object();

	json_put_text(event, "event", name);
	return event;
}

static bool send_event(const struct worker_teller *teller, struct json_object *event)
{
	const char *text = json_text(event);
	int r = text ? channel_send(teller->channel, CHANNEL_EVENT, text, strlen(text), -1) : -ENOMEM;

	json_object_put(event);
	return r == 0;
}

/* Takes event. */
static void tell(struct worker_teller *teller, struct json_object *event)
{
	const int64_t now_ns = clock_now_ns(), earliest_ns = now_ns - WORKER_EVENTS_SAVED_UP * WORKER_EVENT_NS;
	struct json_object *lost;

	if (teller->channel < 0) {
		json_object_put(event);
		return;
	}
	if (teller->events_paid_ns < earliest_ns)
		teller->events_paid_ns = earliest_ns;
	if (teller->events_paid_ns + 2 * WORKER_EVENT_NS > now_ns) {
		teller->lost++;
		json_object_put(event);
		return;
	}
	if (teller->lost) {
		lost = new_event("lost");
		json_put_number(lost, "count", (int64_t)teller->lost);
		if (send_event(teller, lost))
			teller->lost = 0;
		teller->events_paid_ns += WORKER_EVENT_NS;
	}
	teller->lost += !send_event(teller, event);
	teller->events_paid_ns += WORKER_EVENT_NS;
}

void worker_tell_viewer(struct worker_teller *teller, const struct protocol_viewer *viewer, const char *why)
{
	struct json_object *event = new_event(why ? "client-left" : "client-came");

	if (why)
		json_put_text(event, "why", why);
	json_put(event, "client", worker_describe(viewer));
	tell(teller, event);
}

void worker_tell_auth_failed(struct worker_teller *teller, const char *protocol, const char *peer)
{
	struct json_object *event = new_event("auth-failed");

	json_put_text(event, "protocol", protocol);
	json_put_text(event, "peer", peer);
	tell(teller, event);
}

void worker_tell_picture(struct worker_teller *teller, uint32_t width, uint32_t height, const char *reason)
{
	struct json_object *event = new_event("picture");

	json_put_number(event, "width", width);
	json_put_number(event, "height", height);
	if (reason)
		json_put_text(event, "reason", reason);
	tell(teller, event);
}
