// SPDX-License-Identifier: GPL-2.0-or-later
/* Paces the updates of one viewer. */
#include "net/vnc_update.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <string.h>

#include "net/bytes.h"
#include "net/soft_cursor.h"
#include "net/stream.h"
#include "net/vnc.h"
#include "net/vnc_client.h"
#include "net/vnc_pseudo.h"
#include "net/vnc_video.h"
#include "server/frame.h"
#include "server/update.h"

/* A region of more rectangles than that is rounded up to the one around them. */
#define REGION_RECTS_MAX 16

static void clear(pixman_region32_t *region)
{
	pixman_region32_clear(region);
}

/* What a client asks for must not cost more than a picture, however it asks. */
static void add_box(pixman_region32_t *region, const pixman_box32_t *box)
{
	pixman_box32_t around;

	pixman_region32_union_rect(region, region, box->x1, box->y1,
			(unsigned int)(box->x2 - box->x1), (unsigned int)(box->y2 - box->y1));
	if (pixman_region32_n_rects(region) > REGION_RECTS_MAX) {
		around = *pixman_region32_extents(region);
		pixman_region32_reset(region, &around);
	}
}

/* Regions of the old size mean nothing in the new one. */
static int follow_size(struct vnc_client *client)
{
	const struct frame *frame = client->vnc->frame;
	int r;

	if (!(client->abilities & (VNC_CAN_RESIZE | VNC_CAN_RESIZE_EXTENDED))) {
		vnc_client_close(client, LOG_LEVEL_NOTICE,
				"the picture is now %ux%u and this client cannot change size",
				frame->width, frame->height);
		return -EOPNOTSUPP;
	}
	r = rects_resize(client->rects, frame->width, frame->height);
	if (r < 0) {
		vnc_client_close(client, LOG_LEVEL_WARN, "cannot show %ux%u: %s", frame->width,
				frame->height, strerror(-r));
		return r;
	}
	client->width = frame->width;
	client->height = frame->height;
	client->continuous_box = (pixman_box32_t){
		.x2 = (int32_t)frame->width,
		.y2 = (int32_t)frame->height,
	};
	clear(&client->refresh);
	client->due |= VNC_DUE_SIZE;
	vnc_video_follow(client);
	return 0;
}

/* A reference to what this client should see; NULL: not now. */
static struct frame *get_picture(struct vnc_client *client)
{
	struct vnc *vnc = client->vnc;
	struct frame *frame;
	int r;

	if (!vnc->soft || !vnc_client_is_soft(client))
		return frame_ref(vnc->frame);
	r = soft_cursor_compose(vnc->soft, &frame);
	client->wants_copy = r == -EBUSY;
	if (r < 0 && r != -EBUSY)
		vnc_client_close(client, LOG_LEVEL_WARN, "cannot draw the pointer: %s", strerror(-r));
	return r < 0 ? NULL : frame;
}

/* 1: a job runs; 0: nothing to send; negative errno: the client is closed. */
static int start_job(struct vnc_client *client)
{
	pixman_region32_t clip;
	struct frame *frame;
	int r;

	pixman_region32_init(&clip);
	pixman_region32_copy(&clip, &client->requested);
	if (client->continuous)
		add_box(&clip, &client->continuous_box);
	if (pixman_region32_not_empty(&client->refresh)) {
		rects_damage(client->rects, &client->refresh);
		clear(&client->refresh);
	}
	r = rects_pending(client->rects, &clip) ? 0 : -ENODATA;
	frame = r == 0 ? get_picture(client) : NULL;
	if (frame)
		r = rects_encode(client->rects, frame, &clip);
	frame_unref(frame);
	pixman_region32_fini(&clip);
	if (r == -ENODATA || (r == 0 && !frame))
		return 0;
	if (r < 0) {
		vnc_client_close(client, LOG_LEVEL_WARN, "cannot encode: %s", strerror(-r));
		return r;
	}
	return 1;
}

static bool is_time(const struct vnc_client *client)
{
	return client->state == VNC_VIEWING && client->vnc->frame && !client->sync_next &&
			(client->continuous || pixman_region32_not_empty((pixman_region32_t *)&client->requested)) &&
			stream_pending(client->stream) == 0 &&
			(!(client->abilities & VNC_CAN_FENCE) || !flow_wait_ns(&client->flow, clock_now_ns()));
}

/* The link is the only reason to wait, and it is known for how long. */
static void set_pace(struct vnc_client *client)
{
	const int64_t wait_ns = client->abilities & VNC_CAN_FENCE ? flow_wait_ns(&client->flow, clock_now_ns()) : 0;
	const struct timeval wait = clock_timeval(wait_ns);

	if (wait_ns > 0 && client->state == VNC_VIEWING)
		event_add(client->pace, &wait);
}

static void mark(struct vnc_client *client)
{
	if (client->state == VNC_VIEWING && client->abilities & VNC_CAN_FENCE)
		vnc_update_send_fence(client);
}

/* Before an update is written. */
static void mark_begin(struct vnc_client *client)
{
	if (flow_wants_mark(&client->flow))
		mark(client);
}

static void send_rects(struct vnc_client *client)
{
	const struct frame *frame = client->vnc->frame;
	bool resized = false;
	int n, started;

	if (!is_time(client) || rects_busy(client->rects))
		return;
	if (client->width != frame->width || client->height != frame->height) {
		if (follow_size(client) < 0)
			return;
		resized = true;
	}
	n = vnc_pseudo_send(client);
	if (n < 0)
		vnc_client_close(client, LOG_LEVEL_WARN, "out of memory");
	if (client->state != VNC_VIEWING)
		return;
	/* It asked for a picture of another size, and will ask again now that it knows. */
	if (resized)
		clear(&client->requested);
	if (resized && !client->continuous)
		return;
	started = start_job(client);
	if (started > 0)
		client->video_last = false;
	if (started > 0 || n > 0)
		clear(&client->requested);
}

static void send_video(struct vnc_client *client)
{
	if (!is_time(client) || !vnc_video_is_ready(client))
		return;
	mark_begin(client);
	vnc_video_send(client);
	client->video_last = true;
	client->vnc->updates_sent++;
	client->updates++;
	clear(&client->requested);
	mark(client);
}

void vnc_update_send(struct vnc_client *client)
{
	const bool rects_first = client->video_last;

	if (!is_time(client)) {
		set_pace(client);
		return;
	}
	/* Before rectangles have used up its request: the packet is then next. */
	vnc_video_ask(client);
	if (rects_first)
		send_rects(client);
	send_video(client);
	if (!rects_first)
		send_rects(client);
}

void vnc_update_send_fence(struct vnc_client *client)
{
	uint8_t data[9 + 4];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u8(&writer, RFB_SERVER_FENCE);
	bytes_put_zeros(&writer, 3);
	bytes_put_u32(&writer, RFB_FENCE_REQUEST | RFB_FENCE_BLOCK_BEFORE);
	bytes_put_u8(&writer, 4);
	bytes_put_u32(&writer, flow_send(&client->flow, client->unmarked_bytes, clock_now_ns()));
	vnc_client_write(client, data, bytes_written(&writer));
	client->unmarked_bytes = 0;
}

void vnc_update_encoded(void *user, struct evbuffer *output, int result)
{
	struct vnc_client *client = user;

	if (result < 0) {
		vnc_client_close(client, LOG_LEVEL_WARN, "encoder failed: %s", strerror(-result));
		return;
	}
	if (evbuffer_get_length(output)) {
		client->vnc->updates_sent++;
		client->updates++;
		mark_begin(client);
		vnc_client_write_buffer(client, output);
		mark(client);
	} else {
		/* Nothing after all: its request, wherever it was, is still open. */
		add_box(&client->requested, &(pixman_box32_t){
			.x2 = (int32_t)client->width,
			.y2 = (int32_t)client->height,
		});
	}
	/* Its copy of the picture is free for another viewer. */
	if (client->vnc->soft)
		vnc_later(client->vnc);
	/* Some messages had to wait for the end of the job. */
	if (client->state == VNC_VIEWING)
		vnc_client_read(client);
}

void vnc_update_due(void *user)
{
	vnc_update_send(user);
}

void vnc_update_handle_pace(evutil_socket_t fd, short what, void *user)
{
	(void)fd;
	(void)what;
	vnc_update_send(user);
}

void vnc_update_picture(struct vnc_client *client, const struct update *update)
{
	bool with_pointer = client->vnc->soft && vnc_client_is_soft(client);

	/* Of another size all will be sent once the client knows of it. */
	if (client->width == update->frame->width && client->height == update->frame->height) {
		/* What is scrolled would take the pointer drawn into it along. */
		if (with_pointer)
			rects_damage(client->rects, &update->copy_region);
		else if (pixman_region32_not_empty((pixman_region32_t *)&update->copy_region))
			rects_copy(client->rects, &update->copy_region, update->copy_dx, update->copy_dy);
		rects_damage(client->rects, &update->damage);
	} else {
		vnc_video_follow(client);
	}
	vnc_update_send(client);
}

void vnc_update_touch(struct vnc_client *client, const pixman_region32_t *region)
{
	const struct frame *frame = client->vnc->frame;

	if (frame && client->width == frame->width && client->height == frame->height)
		rects_damage(client->rects, region);
	vnc_update_send(client);
}

void vnc_update_touch_pointer(struct vnc_client *client)
{
	pixman_box32_t box = soft_cursor_box(&client->vnc->cursor, client->vnc->frame);
	pixman_region32_t region;

	pixman_region32_init_with_extents(&region, &box);
	vnc_update_touch(client, &region);
	pixman_region32_fini(&region);
}

static void note_asked(struct vnc_client *client, const pixman_box32_t *box)
{
	client->whole = !box->x1 && !box->y1 && box->x2 == (int32_t)client->width &&
			box->y2 == (int32_t)client->height;
	vnc_video_follow(client);
}

void vnc_update_request(struct vnc_client *client, bool incremental, const pixman_box32_t *box)
{
	/* Registry: those are ignored while continuous updates are on. */
	if (incremental && client->continuous)
		return;
	if (!incremental) {
		/* How a client finds out what sizes are about, and may repeat. */
		if (client->abilities & VNC_CAN_RESIZE_EXTENDED)
			client->due |= VNC_DUE_SIZE;
		add_box(&client->refresh, box);
	}
	if (!client->continuous)
		note_asked(client, box);
	add_box(&client->requested, box);
}

void vnc_update_set_continuous(struct vnc_client *client, bool enable, const pixman_box32_t *box)
{
	static const uint8_t ended = RFB_END_OF_CONTINUOUS_UPDATES;

	if (!enable && client->continuous)
		vnc_client_write(client, &ended, 1);
	client->continuous = enable;
	client->continuous_box = *box;
	if (enable)
		note_asked(client, box);
}
