// SPDX-License-Identifier: GPL-2.0-or-later
/* Streams of one viewer: when they begin and end, and what they are sent. */
#include "net/spice_video.h"

#include <event2/buffer.h>
#include <string.h>
#include <spice/enums.h>

#include "net/spice.h"
#include "net/spice_display.h"
#include "net/spice_front.h"
#include "net/spice_session.h"
#include "net/spice_wire.h"
#include "net/stream.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/log.h"

static const char *const codec_names[PACKET_CODECS] = { [PACKET_H264] = "H.264", [PACKET_MJPEG] = "MJPEG" };

/* NULL: nobody is there to see it. */
static struct spice_front *open_front(const struct spice_session *session)
{
	struct spice_front *front = session->fronts[SPICE_LINK_DISPLAY];

	return front && front->state == SPICE_FRONT_OPEN && session->state == SPICE_SESSION_RUNNING ? front : NULL;
}

static void follow(struct spice_session *session)
{
	const struct protocol_video *video = &session->spice->video;
	const unsigned int codecs = session->video.codecs & video->codecs;
	enum packet_codec codec = session->video.wish;

	if (!(codecs & 1u << codec))
		codec = codecs & 1u << PACKET_H264 ? PACKET_H264 : PACKET_MJPEG;
	video_view_set(&session->video.view, codecs ? video : NULL, codec);
}

void spice_video_set(struct spice *spice, const struct protocol_video *video)
{
	struct spice_session *session;

	spice->video = *video;
	TAILQ_FOREACH(session, &spice->sessions, link) {
		follow(session);
		spice_session_feed(session);
	}
}

void spice_video_put(struct spice *spice, struct packet *packet)
{
	struct spice_session *session;

	if (spice->video.on && !memcmp(&packet->box, &spice->video.box, sizeof(packet->box)))
		spice->coded[packet->codec] = spice->video.serial;
	TAILQ_FOREACH(session, &spice->sessions, link) {
		video_view_put(&session->video.view, packet);
		spice_session_feed(session);
	}
}

unsigned int spice_video_viewers(const struct spice *spice)
{
	const struct spice_session *session;
	unsigned int n = 0;

	TAILQ_FOREACH(session, &spice->sessions, link)
		n += session->video.codecs != 0;
	return n;
}

void spice_video_linked(struct spice_session *session)
{
	session->video.codecs = session->fronts[SPICE_LINK_DISPLAY]->handshake.message.codecs;
	follow(session);
	spice_later(session->spice);
}

void spice_video_lost(struct spice_session *session)
{
	video_view_finish(&session->video.view);
	spice_flow_forget(session);
	session->video = (struct spice_video){ 0 };
	spice_later(session->spice);
}

static void refuse(struct spice_session *session)
{
	struct spice_video *video = &session->video;

	if (video->codecs & 1u << video->stream.codec)
		log_info(session->peer, "video: the viewer's program cannot show %s", codec_names[video->stream.codec]);
	video->codecs &= ~(1u << video->stream.codec);
	spice_later(session->spice);
}

void spice_video_hear(struct spice_session *session, const uint8_t *message, size_t bytes)
{
	const uint8_t *data = message + SPICE_FILTER_HEADER_BYTES;
	uint32_t id;

	if (spice_flow_hear(session, message, bytes)) {
		spice_session_feed(session);
		return;
	}
	bytes -= SPICE_FILTER_HEADER_BYTES;
	switch (spice_wire_get_u16(message)) {
	case SPICE_MSGC_DISPLAY_PREFERRED_VIDEO_CODEC_TYPE:
		if (!spice_stream_read_wish(data, bytes, &session->video.wish))
			return;
		break;
	case SPICE_MSGC_DISPLAY_STREAM_REPORT:
		/* Of streams that have ended meanwhile it says nothing that matters. */
		if (!spice_stream_read_report(data, bytes, &id) || !id || id != session->video.stream.id)
			return;
		refuse(session);
		break;
	default:
		return;
	}
	follow(session);
	spice_session_feed(session);
}

/* Moves out what scratch has, one message. False: that was the end of the client. */
static bool write_message(struct spice_front *front, bool complete)
{
	if (!complete) {
		evbuffer_drain(front->spice->scratch, SIZE_MAX);
		spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
		return false;
	}
	front->pieces++;
	spice_front_write(front, front->spice->scratch);
	return front->state == SPICE_FRONT_OPEN;
}

static bool end_stream(struct spice_session *session, struct spice_front *front)
{
	uint8_t data[SPICE_STREAM_DESTROY_BYTES];
	size_t bytes = spice_stream_write_destroy(data, &session->video.stream);

	log_debug(front->peer, "video: the stream ends after %u pictures", session->video.packets);
	session->video.stream.id = 0;
	/* Its decoder goes with it. */
	video_view_forget(&session->video.view);
	spice_display_set_video(session->display, NULL);
	return write_message(front, !evbuffer_add(session->spice->scratch, data, bytes));
}

static bool begin_stream(struct spice_session *session, struct spice_front *front, const struct packet *packet)
{
	struct spice_video *video = &session->video;
	uint8_t data[SPICE_STREAM_CREATE_MAX];
	size_t bytes;

	if (video->stream.id && !end_stream(session, front))
		return false;
	video->last_id = spice_stream_next_id(video->last_id);
	video->stream = (struct spice_stream){
		.id = video->last_id,
		.codec = packet->codec,
		.serial = video->view.serial,
		.box = packet->box,
		.width = packet->width,
		.height = packet->height,
		.scaled = packet->scaled,
	};
	video->packets = 0;
	log_debug(front->peer, "video: a stream of %s begins, %ux%u at %u,%u", codec_names[packet->codec],
			packet->box.width, packet->box.height, packet->box.x, packet->box.y);
	spice_display_set_video(session->display, &packet->box);
	bytes = spice_stream_write_create(data, &video->stream);
	return write_message(front, !evbuffer_add(session->spice->scratch, data, bytes));
}

static void unref_packet(const void *data, size_t bytes, void *packet)
{
	(void)data;
	(void)bytes;
	packet_unref(packet);
}

/* Takes the packet's reference on success. */
static bool put_packet(struct evbuffer *out, const struct spice_stream *stream, struct packet *packet)
{
	uint8_t head[SPICE_STREAM_HEAD_BYTES];
	size_t bytes = spice_stream_write_head(head, stream, packet, clock_now_ns()), trailer_bytes;
	const uint8_t *trailer = spice_stream_trailer(stream->codec, &trailer_bytes);

	if (evbuffer_add(out, head, bytes) < 0)
		return false;
	packet_ref(packet);
	if (evbuffer_add_reference(out, packet->data, packet->bytes, unref_packet, packet) < 0) {
		packet_unref(packet);
		return false;
	}
	return !trailer_bytes || !evbuffer_add_reference(out, trailer, trailer_bytes, NULL, NULL);
}

static bool send_packet(struct spice_session *session, struct spice_front *front)
{
	struct packet *packet = video_view_take(&session->video.view);
	bool open = true;

	spice_flow_mark_begin(session);

	if (!packet->keyframe && !spice_stream_takes(&session->video.stream, packet)) {
		video_view_forget(&session->video.view);
		packet_unref(packet);
		return true;
	}
	if (!spice_stream_takes(&session->video.stream, packet))
		open = begin_stream(session, front, packet);
	if (open)
		open = write_message(front, put_packet(session->spice->scratch, &session->video.stream, packet));
	if (open)
		spice_flow_mark(session);
	session->video.packets++;
	session->packets_sent++;
	packet_unref(packet);
	return open && front->state == SPICE_FRONT_OPEN;
}

/* Has the client the surface that the video is about? */
static bool has_surface(const struct spice_session *session, const struct spice_front *front)
{
	const struct packet_box *box = &session->video.view.box;
	const uint32_t width = front->filter.surface_width, height = front->filter.surface_height;

	return spice_display_shows(session->display, session->spice->frame) &&
			width == session->spice->frame->width && height == session->spice->frame->height &&
			box->x < width && box->width <= width - box->x &&
			box->y < height && box->height <= height - box->y;
}

/* Until his stream begins, or there is none to begin. */
static void wait_for_stream(struct spice_session *session, struct spice_front *front)
{
	struct spice_video *video = &session->video;
	const bool waits = video->view.on && !video->stream.id && has_surface(session, front) &&
			session->spice->coded[video->view.codec] == video->view.serial &&
			(video->waits || stream_pending(front->stream));

	if (waits != video->waits && !video->stream.id)
		spice_display_set_video(session->display, waits ? &video->view.box : NULL);
	video->waits = waits;
}

static bool is_current(const struct spice_video *video)
{
	return video->view.on && video->stream.serial == video->view.serial &&
			video->stream.codec == video->view.codec;
}

bool spice_video_feed(struct spice_session *session)
{
	struct spice_front *front = open_front(session);
	struct spice_video *video = &session->video;
	struct spice *spice = session->spice;
	struct protocol_wish wish;

	if (!front)
		return true;
	if (video->stream.id && !is_current(video)) {
		if (front->filter.rest)
			return false;
		if (!end_stream(session, front))
			return true;
	}
	wait_for_stream(session, front);
	if (!video->view.on || !has_surface(session, front) || front->filter.rest || stream_pending(front->stream) ||
			spice_flow_waits(session))
		return true;
	if (video->view.held && (!send_packet(session, front) || stream_pending(front->stream) ||
			spice_flow_waits(session)))
		return true;
	if (video_view_ask(&video->view, spice_flow_get(session), &wish))
		spice->events->video(spice->user, &wish);
	return true;
}
