// SPDX-License-Identifier: GPL-2.0-or-later
/* What is told of VNC viewers, and the ending of one. */
#include "net/vnc_report.h"

#include "config/config.h"
#include "net/protocol.h"
#include "net/stream.h"
#include "net/vnc.h"
#include "net/vnc_client.h"

static const char *encoding_of(const struct vnc_client *client)
{
	static const struct {
		int32_t encoding;
		const char *name;
	} names[] = {
		{ RECTS_RAW, "raw" }, { RECTS_HEXTILE, "hextile" }, { RECTS_ZLIB, "zlib" },
		{ RECTS_TIGHT, "tight" }, { RECTS_ZRLE, "zrle" },
	};

	if (client->state != VNC_VIEWING)
		return "";
	if (client->video.on && client->video_shown)
		return "h264";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].encoding == client->encoding)
			return names[i].name;
	}
	return "";
}

void vnc_report(struct vnc_client *client, struct protocol_viewer *ret)
{
	*ret = (struct protocol_viewer){
		.id = client->viewer.id,
		.protocol = "vnc",
		.peer = client->peer,
		.since_ns = client->viewer.since_ns,
		.user = client->bearer.name,
		.tls = client->tls.open ? client->tls.version : client->proven_tls,
		.is_websocket = client->is_websocket,
		.may_control = vnc_client_may_control(client),
		.encoding = encoding_of(client),
		.fps_x10 = viewer_fps_x10(&client->viewer, client->updates, clock_now_ns()),
		.bytes_sent = client->stream ? stream_bytes_sent(client->stream) : 0,
		.bytes_received = client->stream ? stream_bytes_received(client->stream) : 0,
	};
}

static bool is_viewer(const struct vnc_client *client)
{
	return client->state == VNC_WAITING || client->state == VNC_VIEWING;
}

void vnc_each_viewer(struct protocol *protocol, protocol_viewer_fn each, void *user)
{
	struct vnc *vnc = (struct vnc *)protocol;
	struct protocol_viewer viewer;
	struct vnc_client *client;

	TAILQ_FOREACH(client, &vnc->clients, link) {
		if (!is_viewer(client))
			continue;
		vnc_report(client, &viewer);
		each(user, &viewer);
	}
}

unsigned int vnc_close_viewer(struct protocol *protocol, uint64_t id, const char *why)
{
	struct vnc *vnc = (struct vnc *)protocol;
	struct vnc_client *client;
	unsigned int n = 0;

	TAILQ_FOREACH(client, &vnc->clients, link) {
		if (!is_viewer(client) || (id && client->viewer.id != id))
			continue;
		vnc_client_close(client, LOG_LEVEL_NOTICE, "%s", why);
		n++;
	}
	return n;
}

void vnc_tell_came(struct vnc_client *client)
{
	const struct vnc *vnc = client->vnc;
	struct protocol_viewer viewer;

	viewer_init(&client->viewer, clock_now_ns());
	vnc_report(client, &viewer);
	if (vnc->events->viewer)
		vnc->events->viewer(vnc->user, &viewer, NULL);
}

void vnc_tell_left(struct vnc_client *client, const char *why)
{
	const struct vnc *vnc = client->vnc;
	struct protocol_viewer viewer;

	if (!is_viewer(client))
		return;
	vnc_report(client, &viewer);
	if (vnc->events->viewer)
		vnc->events->viewer(vnc->user, &viewer, why);
}
