// SPDX-License-Identifier: GPL-2.0-or-later
/* The SPICE side of one VM: its viewers, and what they share. */
#include "net/spice.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config.h"
#include "net/spice_core.h"
#include "net/spice_display.h"
#include "net/spice_front.h"
#include "net/spice_report.h"
#include "net/spice_keys.h"
#include "net/spice_rsa.h"
#include "net/spice_session.h"
#include "net/spice_ticket.h"
#include "net/spice_video.h"
#include "net/stream.h"
#include "server/frame.h"
#include "server/log.h"
#include "server/update.h"

/* At the end, for the library to see that its channels are closed; it takes a few ms. */
#define FREE_NS (1 * NSEC_PER_SEC)
#define FREE_TURN_MS 5

static struct spice *from_protocol(struct protocol *protocol)
{
	return (struct spice *)protocol;
}

void spice_later(struct spice *spice)
{
	/* Not run from in here, but by the loop, and it takes no memory. */
	event_active(spice->later, 0, 0);
}

const char *spice_full(const struct spice *spice)
{
	const struct spice_session *session;
	struct protocol_stats totals;
	unsigned int n = 0;

	spice->events->totals(spice->user, &totals);
	if (totals.exclusive && spice->config->sharing == CONFIG_SHARING_ALLOW_EXCLUSIVE)
		return "there is a viewer that asked to be the only one";
	if (totals.viewers >= (uint64_t)spice->config->max_viewers)
		return "too many viewers";
	/* Who hangs up is none any more, but still takes as much. */
	TAILQ_FOREACH(session, &spice->sessions, link)
		n++;
	return n - spice->n_viewers < SPICE_LEAVING_MAX ? NULL : "too many viewers are just leaving";
}

struct spice_session *spice_find_session(struct spice *spice, uint32_t id)
{
	struct spice_session *session;

	TAILQ_FOREACH(session, &spice->sessions, link) {
		if (session->id == id && session->state != SPICE_SESSION_ENDED)
			break;
	}
	return session;
}

static void free_closed(struct spice *spice)
{
	struct spice_front *front, *next_front;
	struct spice_session *session, *next_session;

	for (front = TAILQ_FIRST(&spice->fronts); front; front = next_front) {
		next_front = TAILQ_NEXT(front, link);
		if (front->state == SPICE_FRONT_CLOSED)
			spice_front_free(front);
	}
	for (session = TAILQ_FIRST(&spice->sessions); session; session = next_session) {
		next_session = TAILQ_NEXT(session, link);
		if (session->state == SPICE_SESSION_ENDED)
			spice_session_free(session);
	}
}

static void handle_later(evutil_socket_t fd, short what, void *data)
{
	struct spice *spice = data;
	const unsigned int n_video = spice_video_viewers(spice);
	struct spice_session *session;

	(void)fd;
	(void)what;
	free_closed(spice);
	TAILQ_FOREACH(session, &spice->sessions, link) {
		if (!spice_session_may_control(session))
			spice_session_release(session);
	}
	/* Whoever comes next is shown the picture of then. */
	if (!spice->n_viewers)
		spice->frame = frame_unref_loosely(spice->frame);
	if (spice->n_viewers != spice->viewers_told || n_video != spice->video_viewers_told) {
		spice->viewers_told = spice->n_viewers;
		spice->video_viewers_told = n_video;
		spice->events->viewers(spice->user);
	}
}

static void update(struct protocol *protocol, const struct update *update)
{
	struct spice *spice = from_protocol(protocol);
	struct frame *before = spice->frame;
	struct spice_session *session;

	if (!spice->n_viewers && !spice->frame)
		return;
	spice->frame = frame_ref_loosely(update->frame);
	frame_unref_loosely(before);
	TAILQ_FOREACH(session, &spice->sessions, link)
		spice_session_update(session, update);
}

static void video(struct protocol *protocol, const struct protocol_video *video)
{
	spice_video_set(from_protocol(protocol), video);
}

static void packet(struct protocol *protocol, struct packet *packet)
{
	spice_video_put(from_protocol(protocol), packet);
}

static void cursor(struct protocol *protocol, const struct cursor *cursor)
{
	struct spice *spice = from_protocol(protocol);
	struct spice_session *session;

	if (cursor_follow(&spice->cursor, cursor) < 0)
		return; /* the pointer keeps the shape it had */
	spice->cursor_known = true;
	TAILQ_FOREACH(session, &spice->sessions, link)
		spice_session_set_cursor(session);
}

static void pointer(struct protocol *protocol, bool absolute)
{
	struct spice *spice = from_protocol(protocol);
	struct spice_session *session;

	spice->relative = !absolute;
	TAILQ_FOREACH(session, &spice->sessions, link)
		spice_session_set_pointer(session);
}

static void leds(struct protocol *protocol, unsigned int leds)
{
	struct spice *spice = from_protocol(protocol);
	struct spice_session *session;

	spice->leds = (int)leds;
	TAILQ_FOREACH(session, &spice->sessions, link)
		spice_session_set_leds(session);
}

static void clipboard(struct protocol *protocol, struct clipboard *clipboard)
{
	from_protocol(protocol)->clipboard = clipboard;
}

static void stats(const struct protocol *protocol, struct protocol_stats *ret)
{
	const struct spice *spice = (const struct spice *)protocol;
	const struct spice_session *session;
	const struct spice_front *front;
	struct protocol_stats sum = {
		.viewers = spice->n_viewers,
		.video_viewers = spice_video_viewers(spice),
		.handshakes = spice->n_handshakes,
		.bytes_sent = spice->bytes_sent,
		.updates_sent = spice->updates_sent,
		.last_input_ns = spice->last_input_ns,
	};

	TAILQ_FOREACH(front, &spice->fronts, link)
		sum.bytes_sent += front->stream ? stream_bytes_sent(front->stream) : 0;
	TAILQ_FOREACH(session, &spice->sessions, link)
		sum.updates_sent += session->display ? spice_display_updates(session->display) : 0;
	*ret = sum;
}

/* No reason not to serve: the file is read at each login, and can be mended. */
static void check_password_file(const struct config_vm *config)
{
	const char *error;

	if (config->spice_auth == CONFIG_AUTH_TICKET &&
			spice_ticket_check_file(config->spice_password_file, config->spice_password_lifetime_ns,
			&error) < 0)
		log_error(NULL, "password file %s %s: nobody can log in", config->spice_password_file, error);
}

static void reconfigure(struct protocol *protocol, const struct config_vm *config)
{
	struct spice *spice = from_protocol(protocol);
	struct spice_front *front;

	spice->config = config;
	TAILQ_FOREACH(front, &spice->fronts, link)
		spice_front_set_limits(front);
	check_password_file(config);
	/* Who may only watch from now on lets go of what he holds. */
	spice_later(spice);
}

static void accept_client(struct protocol *protocol, int listener, int fd, const struct sockaddr *peer,
		socklen_t length)
{
	struct spice *spice = from_protocol(protocol);
	struct spice_front *front;
	int r;

	r = spice_front_new(spice, listener, fd, peer, length, &front);
	if (r < 0) {
		if (r != -EBUSY)
			log_warn(NULL, "client refused: %s", strerror(-r));
		close(fd);
	}
}

static void close_viewers(struct protocol *protocol, const char *why)
{
	struct spice *spice = from_protocol(protocol);
	struct spice_session *session;

	TAILQ_FOREACH(session, &spice->sessions, link) {
		if (session->fronts[SPICE_LINK_MAIN])
			spice_front_close(session->fronts[SPICE_LINK_MAIN], LOG_LEVEL_NOTICE, "%s", why);
	}
}

static bool library_holds_any(const struct spice *spice)
{
	const struct spice_session *session;

	TAILQ_FOREACH(session, &spice->sessions, link) {
		if (session->n_links)
			return true;
	}
	return false;
}

/* The loop does not run any more, and the library has to see its channels end. */
static void end_sessions(struct spice *spice)
{
	const int64_t deadline_ns = clock_now_ns() + FREE_NS;
	struct spice_session *session;
	struct spice_front *front;

	spice->stopping = true;
	TAILQ_FOREACH(front, &spice->fronts, link)
		spice_front_close(front, LOG_LEVEL_INFO, "the server stops");
	while (library_holds_any(spice) && clock_now_ns() < deadline_ns) {
		TAILQ_FOREACH(front, &spice->fronts, link)
			spice_front_turn(front);
		spice_core_turn(FREE_TURN_MS);
	}
	if (TAILQ_FIRST(&spice->sessions))
		spice_core_turn(SPICE_SESSION_REST_NS / NSEC_PER_MSEC);
	while ((front = TAILQ_FIRST(&spice->fronts)))
		spice_front_free(front);
	while ((session = TAILQ_FIRST(&spice->sessions))) {
		/* What it does not let go of is better lost than touched after it is freed. */
		if (session->n_links)
			log_error(session->peer, "libspice-server does not let go of %u channels", session->n_links);
		spice_session_free(session);
	}
}

static void free_spice(struct protocol *protocol)
{
	struct spice *spice = from_protocol(protocol);

	end_sessions(spice);
	frame_unref_loosely(spice->frame);
	tickets_free(spice->tickets);
	spice_keys_free(spice->keys);
	if (spice->later)
		event_free(spice->later);
	if (spice->scratch)
		evbuffer_free(spice->scratch);
	cursor_finish(&spice->cursor);
	free(spice);
}

static int issue_ticket(struct protocol *protocol, int64_t lifetime_ns, enum role role, const char *name,
		char *ret_secret)
{
	const struct spice *spice = from_protocol(protocol);

	if (spice->config->spice_auth == CONFIG_AUTH_NONE)
		return -ENOTSUP;
	return tickets_issue(spice->tickets, clock_now_ns(), lifetime_ns, role, name, ret_secret);
}

static const struct protocol_impl impl = {
	.name = "spice",
	.accept = accept_client,
	.update = update,
	.video = video,
	.packet = packet,
	.cursor = cursor,
	.pointer = pointer,
	.leds = leds,
	.clipboard = clipboard,
	.stats = stats,
	.reconfigure = reconfigure,
	.issue_ticket = issue_ticket,
	.close_viewers = close_viewers,
	.each_viewer = spice_each_viewer,
	.close_viewer = spice_close_viewer,
	.free = free_spice,
};

int spice_new(struct event_base *base, const struct config_vm *config, struct gate *gate, struct tls *tls,
		const struct protocol_events *events, void *user, struct protocol **ret)
{
	struct spice *spice = calloc(1, sizeof(*spice));
	int r = -ENOMEM;

	if (!spice)
		return -ENOMEM;
	TAILQ_INIT(&spice->fronts);
	TAILQ_INIT(&spice->sessions);
	spice->protocol.impl = &impl;
	spice->base = base;
	spice->config = config;
	spice->gate = gate;
	spice->tls = tls;
	spice->events = events;
	spice->user = user;
	spice->leds = -1;
	spice->scratch = evbuffer_new();
	spice->later = event_new(base, -1, 0, handle_later, spice);
	if (spice->scratch && spice->later)
		r = spice_keys_new(base, &spice->keys);
	if (!r)
		r = tickets_new(TICKETS_SPICE_CHARS, &spice->tickets);
	if (!r)
		r = spice_rsa_init();
	if (r < 0) {
		free_spice(&spice->protocol);
		return r;
	}
	check_password_file(config);
	*ret = &spice->protocol;
	return 0;
}
