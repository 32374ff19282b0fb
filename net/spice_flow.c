// SPDX-License-Identifier: GPL-2.0-or-later
/* Pings behind what a viewer is shown. */
#include "net/spice_flow.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <spice/enums.h>

#include "config/config.h"
#include "net/spice.h"
#include "net/spice_filter.h"
#include "net/spice_front.h"
#include "net/spice_session.h"
#include "net/spice_wire.h"
#include "net/stream.h"
#include "server/clock.h"

/* A number, and a time that nobody reads. */
#define PING_BYTES 12

static void handle_pace(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	spice_session_feed(user);
}

int spice_flow_init(struct spice_session *session)
{
	session->flow.pace = evtimer_new(session->spice->base, handle_pace, session);
	return session->flow.pace ? 0 : -ENOMEM;
}

void spice_flow_finish(struct spice_session *session)
{
	if (session->flow.pace)
		event_free(session->flow.pace);
	session->flow.pace = NULL;
}

void spice_flow_forget(struct spice_session *session)
{
	event_del(session->flow.pace);
	session->flow.flow = (struct flow){ .next = 0 };
	session->flow.answers = false;
}

/* Behind what was written since the last one. */
static void ping(struct spice_session *session, struct spice_front *front)
{
	uint8_t message[SPICE_FILTER_HEADER_BYTES + PING_BYTES] = { 0 };
	struct evbuffer *scratch = front->spice->scratch;
	const int64_t since_ns = front->unmarked_bytes ? front->unmarked_ns : clock_now_ns();

	spice_wire_put_u16(message, SPICE_MSG_PING);
	spice_wire_put_u32(message + 2, PING_BYTES);
	spice_wire_put_u32(message + SPICE_FILTER_HEADER_BYTES,
			flow_send(&session->flow.flow, front->unmarked_bytes, since_ns));
	if (evbuffer_add(scratch, message, sizeof(message)) < 0) {
		spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
		return;
	}
	front->pieces++;
	spice_front_write(front, scratch);
	front->unmarked_bytes = 0;
}

static struct spice_front *open_front(const struct spice_session *session)
{
	struct spice_front *front = session->fronts[SPICE_LINK_DISPLAY];

	return front && front->state == SPICE_FRONT_OPEN && !front->filter.rest ? front : NULL;
}

void spice_flow_mark(struct spice_session *session)
{
	struct spice_front *front = open_front(session);

	if (front && front->unmarked_bytes && !stream_pending(front->stream))
		ping(session, front);
}

void spice_flow_mark_begin(struct spice_session *session)
{
	struct spice_front *front = open_front(session);

	if (front && session->flow.answers && flow_wants_mark(&session->flow.flow))
		ping(session, front);
}

bool spice_flow_hear(struct spice_session *session, const uint8_t *message, size_t bytes)
{
	if (spice_wire_get_u16(message) != SPICE_MSGC_PONG || bytes < SPICE_FILTER_HEADER_BYTES + PING_BYTES)
		return false;
	if (flow_answer(&session->flow.flow, spice_wire_get_u32(message + SPICE_FILTER_HEADER_BYTES), clock_now_ns()))
		session->flow.answers = true;
	return true;
}

/* Little is on its way to him, and so nothing has to wait here: what is pending does not tell of it. */
static void check_silence(struct spice_session *session, int64_t now_ns)
{
	struct spice_front *front = session->fronts[SPICE_LINK_DISPLAY];
	const int64_t silent_ns = flow_silent_ns(&session->flow.flow, now_ns);

	if (front && front->state == SPICE_FRONT_OPEN && silent_ns >= session->spice->config->stall_timeout_ns)
		spice_front_close(front, LOG_LEVEL_NOTICE, "acknowledged nothing for %.1f s",
				(double)silent_ns / NSEC_PER_SEC);
}

bool spice_flow_waits(struct spice_session *session)
{
	const int64_t now_ns = clock_now_ns();
	const int64_t wait_ns = session->flow.answers ? flow_wait_ns(&session->flow.flow, now_ns) : 0;
	const struct timeval wait = clock_timeval(wait_ns);

	if (wait_ns > 0)
		event_add(session->flow.pace, &wait);
	else if (wait_ns < 0)
		check_silence(session, now_ns);
	return wait_ns != 0;
}

const struct flow *spice_flow_get(const struct spice_session *session)
{
	return session->flow.answers ? &session->flow.flow : NULL;
}
