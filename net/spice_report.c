// SPDX-License-Identifier: GPL-2.0-or-later
/* What is told of SPICE viewers, and the ending of one. */
#include "net/spice_report.h"

#include "config/config.h"
#include "net/spice.h"
#include "net/spice_display.h"
#include "net/spice_front.h"
#include "net/spice_session.h"
#include "net/stream.h"

static const char *encoding_of(const struct spice_session *session)
{
	static const char *const codecs[] = { [PACKET_H264] = "h264", [PACKET_MJPEG] = "mjpeg" };
	static const char *const compressions[] = {
		[CONFIG_SPICE_COMPRESSION_LZ4] = "lz4",
		[CONFIG_SPICE_COMPRESSION_LZ] = "lz",
		[CONFIG_SPICE_COMPRESSION_OFF] = "raw",
	};
	const int wish = session->spice->config->spice_compression;

	if (session->state != SPICE_SESSION_RUNNING)
		return "";
	if (session->video.stream.id)
		return codecs[session->video.stream.codec];
	if (wish == CONFIG_SPICE_COMPRESSION_AUTO)
		return session->is_far ? "lz" : "lz4";
	return compressions[wish];
}

/* Of the channels that are there and those that were. */
static void add_bytes(const struct spice_session *session, struct protocol_viewer *viewer)
{
	viewer->bytes_sent = session->bytes_sent;
	viewer->bytes_received = session->bytes_received;
	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++) {
		const struct spice_front *front = session->fronts[i];

		if (!front || !front->stream)
			continue;
		viewer->bytes_sent += stream_bytes_sent(front->stream);
		viewer->bytes_received += stream_bytes_received(front->stream);
	}
}

static void report(struct spice_session *session, struct protocol_viewer *ret)
{
	const uint64_t updates = session->packets_sent +
			(session->display ? spice_display_updates(session->display) : 0);

	*ret = (struct protocol_viewer){
		.id = session->viewer.id,
		.protocol = "spice",
		.peer = session->peer,
		.since_ns = session->viewer.since_ns,
		.user = session->bearer.name,
		.tls = session->tls,
		.may_control = spice_session_may_control(session),
		.encoding = encoding_of(session),
		.fps_x10 = viewer_fps_x10(&session->viewer, updates, clock_now_ns()),
	};
	add_bytes(session, ret);
}

static bool is_viewer(const struct spice_session *session)
{
	return session->state == SPICE_SESSION_WAITING || session->state == SPICE_SESSION_RUNNING;
}

void spice_each_viewer(struct protocol *protocol, protocol_viewer_fn each, void *user)
{
	struct spice *spice = (struct spice *)protocol;
	struct spice_session *session;
	struct protocol_viewer viewer;

	TAILQ_FOREACH(session, &spice->sessions, link) {
		if (!is_viewer(session))
			continue;
		report(session, &viewer);
		each(user, &viewer);
	}
}

unsigned int spice_close_viewer(struct protocol *protocol, uint64_t id, const char *why)
{
	struct spice *spice = (struct spice *)protocol;
	struct spice_session *session;
	unsigned int n = 0;

	TAILQ_FOREACH(session, &spice->sessions, link) {
		if (!is_viewer(session) || (id && session->viewer.id != id) || !session->fronts[SPICE_LINK_MAIN])
			continue;
		spice_front_close(session->fronts[SPICE_LINK_MAIN], LOG_LEVEL_NOTICE, "%s", why);
		n++;
	}
	return n;
}

void spice_tell_came(struct spice_session *session)
{
	const struct spice *spice = session->spice;
	struct protocol_viewer viewer;

	viewer_init(&session->viewer, clock_now_ns());
	report(session, &viewer);
	if (spice->events->viewer)
		spice->events->viewer(spice->user, &viewer, NULL);
}

void spice_tell_left(struct spice_session *session)
{
	const struct spice *spice = session->spice;
	struct protocol_viewer viewer;

	report(session, &viewer);
	if (!spice->stopping && spice->events->viewer)
		spice->events->viewer(spice->user, &viewer, session->why);
}
