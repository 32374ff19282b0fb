// SPDX-License-Identifier: GPL-2.0-or-later
/* One SPICE viewer: its instance of the library, from the first picture to the last channel's end. */
#include "net/spice_session.h"

#include <errno.h>
#include <event2/event.h>
#include <malloc.h>
#include <spice.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#include "config/config.h"
#include "net/gate.h"
#include "net/spice.h"
#include "net/spice_core.h"
#include "net/spice_display.h"
#include "net/spice_front.h"
#include "net/spice_input.h"
#include "net/spice_relay.h"
#include "net/spice_report.h"
#include "net/stream.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/input.h"
#include "server/log.h"
#include "server/update.h"

/* One instance takes 5, each of its channels 2. */
#define INSTANCE_FDS 16

/* Something that the end of a front may have waited for has happened. */
static void end_fronts(struct spice_session *session)
{
	struct spice_front *front;

	TAILQ_FOREACH(front, &session->spice->fronts, link) {
		if (front->state == SPICE_FRONT_LEAVING && front->session == session)
			spice_relay_flush(front);
	}
}

static void handle_ready(void *user)
{
	end_fronts(user);
	spice_session_set_pointer(user);
	spice_session_feed(user);
}

bool spice_session_may_control(const struct spice_session *session)
{
	return session->bearer.role == ROLE_CONTROL && !session->spice->config->view_only;
}

void spice_session_resize(struct spice_session *session, uint32_t width, uint32_t height)
{
	struct spice *spice = session->spice;
	/* As spice-gtk's widget does whenever the size is not the one that it has asked for. */
	const bool again = width == session->wished_width && height == session->wished_height;
	int r = -EPERM;

	session->wished_width = width;
	session->wished_height = height;
	if (spice_session_may_control(session))
		r = !width || !height || width > PROTOCOL_PICTURE_MAX || height > PROTOCOL_PICTURE_MAX ? -ERANGE
				: spice->events->resize(spice->user, session, width, height, again);
	if (r == -EBUSY)
		log_debug(session->peer, "asked for %ux%u again: another viewer has had its way", width, height);
	else if (r < 0)
		log_info(session->peer, "asked for %ux%u: %s", width, height, strerror(-r));
}

static const struct spice_display_events display_events = {
	.ready = handle_ready,
};

static bool handle_input(void *user, const struct input_event *event)
{
	struct spice_session *session = user;
	struct spice *spice = session->spice;

	/* Who may only watch still lets go of what he held before. */
	if (spice->stopping || (!spice_session_may_control(session) && !session->releasing))
		return false;
	spice->last_input_ns = clock_now_ns();
	spice->events->input(spice->user, session, event);
	return true;
}

static void handle_size(void *user, uint32_t *ret_width, uint32_t *ret_height)
{
	const struct spice_session *session = user;

	spice_display_size(session->display, ret_width, ret_height);
}

static const struct spice_input_events input_events = {
	.input = handle_input,
	.size = handle_size,
};

static bool id_is_taken(struct spice *spice, uint32_t id)
{
	return id == 0 || spice_find_session(spice, id);
}

static void handle_rest(evutil_socket_t fd, short what, void *data);

int spice_session_new(struct spice *spice, const struct spice_front *main,
		const uint8_t digest[SPICE_TICKET_DIGEST_BYTES], const struct tickets_bearer *bearer,
		struct spice_session **ret)
{
	struct spice_session *session = calloc(1, sizeof(*session));
	int r = -ENOMEM;

	if (!session)
		return -ENOMEM;
	session->spice = spice;
	session->source = main->guest.source;
	session->is_far = main->is_far;
	session->tls = main->tls.open ? main->tls.version : "";
	memcpy(session->peer, main->peer, sizeof(session->peer));
	memcpy(session->digest, digest, SPICE_TICKET_DIGEST_BYTES);
	session->bearer = *bearer;
	session->rest = evtimer_new(spice->base, handle_rest, session);
	if (!session->rest || spice_flow_init(session) < 0)
		goto err;
	do {
		r = -EIO;
		if (getrandom(&session->id, sizeof(session->id), GRND_NONBLOCK) != sizeof(session->id))
			goto err;
	} while (id_is_taken(spice, session->id));
	TAILQ_INSERT_TAIL(&spice->sessions, session, link);
	spice->n_viewers++;
	spice_later(spice);
	log_info(session->peer, "viewing by SPICE%s%s%s", bearer->name[0] ? " as " : "", bearer->name,
			bearer->role == ROLE_VIEW ? ", view only" : "");
	spice_tell_came(session);
	*ret = session;
	return 0;
err:
	if (session->rest)
		event_free(session->rest);
	spice_flow_finish(session);
	free(session);
	return r;
}

static SpiceImageCompression compression_of(const struct spice_session *session)
{
	const int wish = session->spice->config->spice_compression;
	static const SpiceImageCompression compressions[] = {
		[CONFIG_SPICE_COMPRESSION_LZ4] = SPICE_IMAGE_COMPRESSION_LZ4,
		[CONFIG_SPICE_COMPRESSION_LZ] = SPICE_IMAGE_COMPRESSION_LZ,
		[CONFIG_SPICE_COMPRESSION_OFF] = SPICE_IMAGE_COMPRESSION_OFF,
	};

	/* The library sees our socketpair and not the network, so this is ours to know. */
	if (wish == CONFIG_SPICE_COMPRESSION_AUTO)
		return session->is_far ? SPICE_IMAGE_COMPRESSION_LZ : SPICE_IMAGE_COMPRESSION_LZ4;
	return compressions[wish];
}

/*
 * The library ends the process when it wants a descriptor and gets none, and it
 * watches some. It gets those that are free now. -EMFILE, -ENOMEM.
 */
static int expect_descriptors(struct event_base *base)
{
	int fds[INSTANCE_FDS], r = 0;
	size_t n = 0;

	while (!r && n < INSTANCE_FDS) {
		fds[n] = eventfd(0, EFD_CLOEXEC);
		r = fds[n] < 0 ? -EMFILE : spice_core_expect(base, fds[n]);
		n += fds[n] >= 0;
	}
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
	return r;
}

/* -EMFILE, -ENOMEM, -EINVAL. What is made stays for the end of the session. */
static int make_instance(struct spice_session *session)
{
	struct spice *spice = session->spice;
	const struct config_vm *config = spice->config;
	int r;

	r = expect_descriptors(spice->base);
	if (!r)
		r = spice_core_reserve();
	if (r < 0)
		return r;
	session->server = spice_server_new();
	spice_server_set_noauth(session->server);
	spice_server_set_name(session->server, config->desktop_name ? config->desktop_name : config->name);
	spice_server_set_image_compression(session->server, compression_of(session));
	spice_server_set_jpeg_compression(session->server, SPICE_WAN_COMPRESSION_NEVER);
	spice_server_set_zlib_glz_compression(session->server, SPICE_WAN_COMPRESSION_NEVER);
	spice_server_set_streaming_video(session->server, SPICE_STREAM_VIDEO_OFF);
	if (spice_server_init(session->server, spice_core(spice->base)) < 0)
		return -EINVAL;
	r = spice_display_new(session->server, spice->base, spice->frame, &display_events, session,
			&session->display);
	if (!r)
		r = spice_input_new(session->server, spice->base, &input_events, session, &session->input);
	if (r < 0)
		return r;
	spice_server_vm_start(session->server);
	spice_session_set_cursor(session);
	spice_session_set_pointer(session);
	spice_session_set_leds(session);
	return 0;
}

void spice_session_start(struct spice_session *session)
{
	int r;

	if (session->state != SPICE_SESSION_WAITING || !session->spice->frame)
		return;
	r = make_instance(session);
	session->state = SPICE_SESSION_RUNNING;
	spice_session_expect(session);
	if (r < 0)
		spice_front_close(session->fronts[SPICE_LINK_MAIN], LOG_LEVEL_WARN, "%s", strerror(-r));
	else if (session->fronts[SPICE_LINK_MAIN]->state == SPICE_FRONT_WAITING)
		spice_relay_start(session->fronts[SPICE_LINK_MAIN]);
}

static void destroy_instance(struct spice_session *session)
{
	if (session->display)
		session->spice->updates_sent += spice_display_updates(session->display);
	spice_display_remove(session->display);
	if (session->server) {
		spice_server_destroy(session->server);
		spice_core_release();
	}
	session->server = NULL;
	spice_input_free(session->input);
	session->input = NULL;
	spice_display_free(session->display);
	session->display = NULL;
}

static void handle_rest(evutil_socket_t fd, short what, void *data)
{
	struct spice_session *session = data;

	(void)fd;
	(void)what;
	destroy_instance(session);
	/* Pictures come and go by the megabyte, on several threads, and are not given back by themselves. */
	malloc_trim(0);
	session->state = SPICE_SESSION_ENDED;
	spice_later(session->spice);
}

/* All channels' ends are closed. */
static void rest(struct spice_session *session)
{
	const struct timeval delay = clock_timeval(session->server ? SPICE_SESSION_REST_NS : 0);

	if (event_add(session->rest, &delay) < 0)
		event_active(session->rest, 0, 0);
}

void spice_session_end(struct spice_session *session)
{
	if (session->state == SPICE_SESSION_ENDING || session->state == SPICE_SESSION_ENDED)
		return;
	spice_tell_left(session);
	session->state = SPICE_SESSION_ENDING;
	spice_session_expect(session);
	session->spice->n_viewers--;
	spice_later(session->spice);
	spice_session_release(session);
	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++) {
		if (session->fronts[i])
			spice_front_close(session->fronts[i], LOG_LEVEL_INFO, "the viewer's main channel has ended");
	}
	if (!session->n_links)
		rest(session);
}

void spice_session_expect(struct spice_session *session)
{
	int expected = 0;

	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++)
		expected += session->state == SPICE_SESSION_RUNNING && !session->linked[i];
	if (expected != session->expected &&
			gate_expect(session->spice->gate, session->source, expected - session->expected) == 0)
		session->expected = expected;
}

void spice_session_free(struct spice_session *session)
{
	if (!session)
		return;
	destroy_instance(session);
	video_view_finish(&session->video.view);
	TAILQ_REMOVE(&session->spice->sessions, session, link);
	event_free(session->rest);
	spice_flow_finish(session);
	free(session);
}

void spice_session_update(struct spice_session *session, const struct update *update)
{
	if (session->state == SPICE_SESSION_WAITING) {
		spice_session_start(session);
		return;
	}
	if (session->state != SPICE_SESSION_RUNNING)
		return;
	spice_display_update(session->display, update);
	spice_session_feed(session);
}

/* Nothing is there to be taken, and the library waits for a client that acknowledges nothing. */
static void check_stuck(struct spice_session *session, struct spice_front *front)
{
	const int64_t stuck_ns = spice_display_stuck_ns(session->display, stream_unread(front->stream));

	if (stuck_ns >= session->spice->config->stall_timeout_ns)
		spice_front_close(front, LOG_LEVEL_NOTICE, "acknowledged nothing for %.1f s",
				(double)stuck_ns / NSEC_PER_SEC);
}

void spice_session_feed(struct spice_session *session)
{
	struct spice *spice = session->spice;
	struct spice_front *front;

	if (session->state != SPICE_SESSION_RUNNING || !session->display || !spice->frame)
		return;
	spice_flow_mark(session);
	if (session->state != SPICE_SESSION_RUNNING)
		return;
	if (!spice_video_feed(session) || !spice_display_owes(session->display, spice->frame) ||
			spice_flow_waits(session))
		return;
	front = session->fronts[SPICE_LINK_DISPLAY];
	spice_display_feed(session->display, spice->frame, front ? front->filter.draws : 0,
			front && spice_relay_is_idle(front));
	if (front && front->state == SPICE_FRONT_OPEN && spice_relay_is_idle(front))
		check_stuck(session, front);
}

void spice_session_set_cursor(struct spice_session *session)
{
	if (session->display && session->spice->cursor_known)
		spice_display_set_cursor(session->display, &session->spice->cursor);
}

void spice_session_set_leds(struct spice_session *session)
{
	if (session->input && session->spice->leds >= 0)
		spice_input_set_leds(session->input, (unsigned int)session->spice->leds);
}

void spice_session_set_pointer(struct spice_session *session)
{
	/* Who changes the size tells a tablet, from a thread of the library. */
	if (session->input && session->display && !spice_display_is_changing(session->display))
		spice_input_set_absolute(session->input, !session->spice->relative);
}

void spice_session_release(struct spice_session *session)
{
	if (!session->input)
		return;
	session->releasing = true;
	spice_input_release(session->input);
	session->releasing = false;
}

int spice_session_take(struct spice_session *session, int fd)
{
	if (spice_core_expect(session->spice->base, fd) < 0 ||
			spice_server_add_client(session->server, fd, 1) < 0)
		return -ENOMEM;
	session->n_links++;
	return 0;
}

void spice_session_unlinked(struct spice_session *session, struct spice_front *front)
{
	/* What he did last has come through by now. */
	if (front->handshake.message.channel == SPICE_LINK_INPUTS)
		spice_session_release(session);
	if (--session->n_links == 0 && session->state == SPICE_SESSION_ENDING)
		rest(session);
	else
		end_fronts(session);
}

bool spice_session_may_unlink(const struct spice_session *session, const struct spice_front *front)
{
	switch (front->handshake.message.channel) {
	case SPICE_LINK_MAIN:
		return session->n_links == 1;
	case SPICE_LINK_DISPLAY:
		return !session->display || !spice_display_is_changing(session->display) ||
				clock_now_ns() - front->left_ns >= SPICE_SESSION_SENT_NS;
	default:
		return true;
	}
}

void spice_session_linked(struct spice_session *session, struct spice_front *front)
{
	if (front != session->fronts[SPICE_LINK_DISPLAY])
		return;
	spice_display_set_connected(session->display, true);
	spice_video_linked(session);
}

void spice_session_lost(struct spice_session *session, struct spice_front *front)
{
	if (front == session->fronts[SPICE_LINK_DISPLAY]) {
		spice_video_lost(session);
		if (session->display)
			spice_display_set_connected(session->display, false);
	}
	if (front == session->fronts[SPICE_LINK_MAIN]) {
		session->fronts[SPICE_LINK_MAIN] = NULL;
		spice_session_end(session);
	}
	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++) {
		if (session->fronts[i] == front)
			session->fronts[i] = NULL;
	}
}
