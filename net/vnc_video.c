// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is shown video, and packets as rectangles. */
#include "net/vnc_video.h"

#include <event2/buffer.h>

#include "net/bytes.h"
#include "net/vnc.h"
#include "net/vnc_client.h"
#include "net/vnc_update.h"
#include "server/frame.h"

static bool is_video_viewer(const struct vnc_client *client)
{
	return client->state == VNC_VIEWING && client->abilities & VNC_CAN_H264 && !vnc_client_is_soft(client);
}

unsigned int vnc_video_viewers(const struct vnc *vnc)
{
	const struct vnc_client *client;
	unsigned int n = 0;

	TAILQ_FOREACH(client, &vnc->clients, link)
		n += is_video_viewer(client);
	return n;
}

static bool is_shown(const struct vnc_client *client)
{
	const struct vnc *vnc = client->vnc;
	const struct packet_box *box = &vnc->video.box;

	return is_video_viewer(client) && client->whole && vnc->frame && vnc->video.on &&
			vnc->video.serial != vnc->video_scaled && client->width == vnc->frame->width &&
			client->height == vnc->frame->height && box->x < client->width &&
			box->y < client->height && box->width <= client->width - box->x &&
			box->height <= client->height - box->y;
}

void vnc_video_follow(struct vnc_client *client)
{
	const struct packet_box *box = &client->video.box;

	if (client->state != VNC_VIEWING)
		return;
	if (video_view_set(&client->video, is_shown(client) ? &client->vnc->video : NULL, PACKET_H264)) {
		rects_set_video(client->rects, client->video.on ? &(pixman_box32_t){
			.x1 = (int32_t)box->x,
			.y1 = (int32_t)box->y,
			.x2 = (int32_t)(box->x + box->width),
			.y2 = (int32_t)(box->y + box->height),
		} : NULL);
		vnc_later(client->vnc);
	}
	/* Whatever it has decoded, it may have thrown away. */
	if (!(client->abilities & VNC_CAN_H264)) {
		video_view_finish(&client->video);
		client->video_shown = 0;
	}
}

static void follow_all(struct vnc *vnc)
{
	struct vnc_client *client;

	TAILQ_FOREACH(client, &vnc->clients, link)
		vnc_video_follow(client);
}

void vnc_video_set(struct vnc *vnc, const struct protocol_video *video)
{
	vnc->video = *video;
	follow_all(vnc);
}

void vnc_video_put(struct vnc *vnc, struct packet *packet)
{
	struct vnc_client *client;

	/* A rectangle shows what it is sent pixel by pixel. */
	if (packet->codec == PACKET_H264 && packet->scaled && vnc->video.on) {
		vnc->video_scaled = vnc->video.serial;
		follow_all(vnc);
		return;
	}
	TAILQ_FOREACH(client, &vnc->clients, link) {
		video_view_put(&client->video, packet);
		vnc_update_send(client);
	}
}

static void unref_packet(const void *data, size_t bytes, void *packet)
{
	(void)data;
	(void)bytes;
	packet_unref(packet);
}

/* A FramebufferUpdate (RFC 6143 7.6.1) of one rectangle. Takes the packet's reference on success. */
static int put_packet(struct evbuffer *out, struct packet *packet, uint32_t flags)
{
	uint8_t head[4 + RFB_RECT_BYTES + RFB_H264_HEAD_BYTES];
	struct bytes_writer writer = bytes_writer(head, sizeof(head));

	bytes_put_u8(&writer, RFB_UPDATE);
	bytes_put_zeros(&writer, 1);
	bytes_put_u16(&writer, 1);
	bytes_put_u16(&writer, (uint16_t)packet->box.x);
	bytes_put_u16(&writer, (uint16_t)packet->box.y);
	bytes_put_u16(&writer, (uint16_t)packet->box.width);
	bytes_put_u16(&writer, (uint16_t)packet->box.height);
	bytes_put_s32(&writer, RFB_ENCODING_OPEN_H264);
	bytes_put_u32(&writer, (uint32_t)packet->bytes);
	bytes_put_u32(&writer, flags);
	if (evbuffer_add(out, head, bytes_written(&writer)) < 0)
		return -1;
	return evbuffer_add_reference(out, packet->data, packet->bytes, unref_packet, packet);
}

bool vnc_video_is_ready(const struct vnc_client *client)
{
	/* What is being encoded would come after the packet, and is about what was before it. */
	return client->video.held && !rects_uses_video(client->rects);
}

void vnc_video_send(struct vnc_client *client)
{
	struct video_view *view = &client->video;
	struct evbuffer *out = client->vnc->scratch;
	const uint64_t next = view->next;
	struct packet *packet = video_view_take(view);
	uint32_t flags = 0;

	if (client->video_shown != view->serial)
		flags = RFB_H264_RESET_ALL;
	else if (packet->number != next)
		flags = RFB_H264_RESET_CONTEXT;
	client->video_shown = view->serial;
	if (put_packet(out, packet, flags) < 0) {
		packet_unref(packet);
		evbuffer_drain(out, SIZE_MAX);
		vnc_client_close(client, LOG_LEVEL_WARN, "out of memory");
	} else {
		vnc_client_write_buffer(client, out);
	}
}

static const struct flow *flow_of(const struct vnc_client *client)
{
	return client->abilities & VNC_CAN_FENCE ? &client->flow : NULL;
}

void vnc_video_ask(struct vnc_client *client)
{
	const struct vnc *vnc = client->vnc;
	struct protocol_wish wish;

	if (video_view_ask(&client->video, flow_of(client), &wish))
		vnc->events->video(vnc->user, &wish);
}
