// SPDX-License-Identifier: GPL-2.0-or-later
/* Does what a viewer's messages ask for, by one table. */
#include "net/vnc_messages.h"

#include <errno.h>
#include <string.h>

#include "net/bytes.h"
#include "net/stream.h"
#include "net/vnc.h"
#include "net/vnc_client.h"
#include "net/vnc_update.h"
#include "net/vnc_video.h"
#include "server/frame.h"

/* Answers a client may have waiting: one that asks without reading has to wait. */
#define ANSWERS_MAX 64
/* QEMU key numbers are a byte; what is larger is no key of a PC. */
#define KEYCODE_MAX 0xff

/* Clipped to the picture as the client knows it. */
static pixman_box32_t clip_box(const struct vnc_client *client, uint32_t x, uint32_t y,
		uint32_t width, uint32_t height)
{
	uint32_t x2 = x + width < client->width ? x + width : client->width;
	uint32_t y2 = y + height < client->height ? y + height : client->height;

	if (x >= x2 || y >= y2)
		return (pixman_box32_t){ 0 };
	return (pixman_box32_t){ (int32_t)x, (int32_t)y, (int32_t)x2, (int32_t)y2 };
}

/* RFC 6143 7.5.1 */
static int handle_pixel_format(struct vnc_client *client, const struct rfb_message *message)
{
	int r;

	if (rects_busy(client->rects))
		return -EAGAIN;
	r = rects_set_pixel_format(client->rects, &message->pixel_format);
	if (r < 0) {
		vnc_client_close(client, LOG_LEVEL_NOTICE,
				"asked for a pixel format that is not served: %s%u bits, depth %u",
				message->pixel_format.true_colour ? "" : "colour map, ",
				message->pixel_format.bits_per_pixel, message->pixel_format.depth);
		return 0;
	}
	client->format = message->pixel_format;
	return 0;
}

static const struct {
	int32_t encoding;
	unsigned int ability;
	unsigned int due; /* once the client is known to have it */
} abilities[] = {
	{ RFB_ENCODING_COPY_RECT, VNC_CAN_COPY_RECT, 0 },
	{ RFB_ENCODING_OPEN_H264, VNC_CAN_H264, 0 },
	{ RFB_PSEUDO_LAST_RECT, VNC_CAN_LAST_RECT, 0 },
	{ RFB_PSEUDO_DESKTOP_SIZE, VNC_CAN_RESIZE, 0 },
	{ RFB_PSEUDO_EXTENDED_DESKTOP_SIZE, VNC_CAN_RESIZE_EXTENDED, VNC_DUE_SIZE },
	{ RFB_PSEUDO_CURSOR, VNC_CAN_CURSOR, VNC_DUE_CURSOR },
	{ RFB_PSEUDO_CURSOR_WITH_ALPHA, VNC_CAN_CURSOR_ALPHA, VNC_DUE_CURSOR },
	{ RFB_PSEUDO_QEMU_KEY_EVENT, VNC_CAN_KEYCODES, VNC_DUE_KEYCODES },
	{ RFB_PSEUDO_QEMU_LED_STATE, VNC_CAN_LEDS, VNC_DUE_LEDS },
	{ RFB_PSEUDO_VMWARE_LED_STATE, VNC_CAN_LEDS_VMWARE, VNC_DUE_LEDS },
	{ RFB_PSEUDO_QEMU_POINTER_MOTION, VNC_CAN_MOTION, VNC_DUE_POINTER },
	{ RFB_PSEUDO_DESKTOP_NAME, VNC_CAN_NAME, 0 },
	{ RFB_PSEUDO_FENCE, VNC_CAN_FENCE, 0 },
	{ RFB_PSEUDO_CONTINUOUS_UPDATES, VNC_CAN_CONTINUOUS, 0 },
	{ RFB_PSEUDO_EXTENDED_MOUSE_BUTTONS, VNC_CAN_MORE_BUTTONS, VNC_DUE_MORE_BUTTONS },
	{ RFB_PSEUDO_EXTENDED_CLIPBOARD, VNC_CAN_CLIPBOARD, 0 },
};

static const int32_t pixel_encodings[] = { RECTS_RAW, RECTS_HEXTILE, RECTS_ZLIB, RECTS_TIGHT,
	RECTS_ZRLE };

/* The client's list is in its order of preference (7.5.2). */
static unsigned int read_encodings(const struct rfb_message *message, struct rects_encodings *ret)
{
	struct bytes_reader reader = bytes_reader(message->encodings.list,
			message->encodings.count * sizeof(int32_t));
	struct rects_encodings encodings = { .preferred = RECTS_RAW, .quality = -1, .compression = -1 };
	bool has_preferred = false;
	unsigned int can = 0;

	for (unsigned int n = 0; n < message->encodings.count; n++) {
		int32_t encoding = bytes_get_s32(&reader);

		for (size_t i = 0; i < sizeof(abilities) / sizeof(abilities[0]); i++) {
			if (abilities[i].encoding == encoding)
				can |= abilities[i].ability;
		}
		for (size_t i = 0; i < sizeof(pixel_encodings) / sizeof(pixel_encodings[0]); i++) {
			if (!has_preferred && pixel_encodings[i] == encoding) {
				encodings.preferred = encoding;
				has_preferred = true;
			}
		}
		if (encoding >= RFB_PSEUDO_QUALITY_LOWEST && encoding <= RFB_PSEUDO_QUALITY_HIGHEST)
			encodings.quality = encoding - RFB_PSEUDO_QUALITY_LOWEST;
		if (encoding >= RFB_PSEUDO_COMPRESSION_LOWEST &&
				encoding <= RFB_PSEUDO_COMPRESSION_HIGHEST)
			encodings.compression = encoding - RFB_PSEUDO_COMPRESSION_LOWEST;
	}
	encodings.copy_rect = can & VNC_CAN_COPY_RECT;
	encodings.last_rect = can & VNC_CAN_LAST_RECT;
	*ret = encodings;
	return can;
}

/* Tells the client what of its abilities the server has too, where that takes a message. */
static void announce(struct vnc_client *client, unsigned int before)
{
	static const uint8_t continuous = RFB_END_OF_CONTINUOUS_UPDATES;
	unsigned int fresh = client->abilities & ~client->announced;
	unsigned int regained = client->abilities & ~before;

	client->announced |= client->abilities;
	for (size_t i = 0; i < sizeof(abilities) / sizeof(abilities[0]); i++) {
		if (abilities[i].ability & fresh)
			client->due |= abilities[i].due;
		/* What it was not told meanwhile may have changed. */
		if (abilities[i].ability & regained)
			client->due |= abilities[i].due & (VNC_DUE_CURSOR | VNC_DUE_LEDS | VNC_DUE_POINTER);
	}
	if (!client->vnc->cursor_known)
		client->due &= ~(unsigned int)VNC_DUE_CURSOR;
	if (client->vnc->leds < 0)
		client->due &= ~(unsigned int)VNC_DUE_LEDS;
	if (fresh & VNC_CAN_CLIPBOARD)
		vnc_clipboard_announce(client);
	vnc_clipboard_join(client);
	/* Positions are what it begins with. */
	if (client->vnc->relative == client->input.motion)
		client->due &= ~(unsigned int)VNC_DUE_POINTER;
	if (fresh & VNC_CAN_FENCE)
		vnc_update_send_fence(client);
	if (fresh & VNC_CAN_CONTINUOUS)
		vnc_client_write(client, &continuous, 1);
}

/* RFC 6143 7.5.2 */
static int handle_encodings(struct vnc_client *client, const struct rfb_message *message)
{
	bool was_soft = vnc_client_is_soft(client);
	unsigned int before = client->abilities;
	struct rects_encodings encodings;
	unsigned int can;
	int r;

	if (rects_busy(client->rects))
		return -EAGAIN;
	can = read_encodings(message, &encodings);
	r = rects_set_encodings(client->rects, &encodings);
	client->encoding = encodings.preferred;
	if (r < 0) {
		vnc_client_close(client, LOG_LEVEL_WARN, "cannot set encodings: %s", strerror(-r));
		return 0;
	}
	client->abilities = can;
	vnc_check_soft_cursor(client->vnc);
	if (was_soft != vnc_client_is_soft(client))
		vnc_update_touch_pointer(client);
	vnc_video_follow(client);
	vnc_later(client->vnc);
	announce(client, before);
	return 0;
}

/* RFC 6143 7.5.3 */
static int handle_request(struct vnc_client *client, const struct rfb_message *message)
{
	pixman_box32_t box = clip_box(client, message->request.x, message->request.y,
			message->request.width, message->request.height);

	if (box.x2)
		vnc_update_request(client, message->request.incremental, &box);
	return 0;
}

/* RFC 6143 7.5.4; registry, QEMU Extended Key Event */
static int handle_key(struct vnc_client *client, const struct rfb_message *message)
{
	return vnc_input_key(client, message->key.down,
			message->key.keycode <= KEYCODE_MAX ? message->key.keycode : 0, message->key.keysym);
}

/* RFC 6143 7.5.5 */
static int handle_pointer(struct vnc_client *client, const struct rfb_message *message)
{
	return vnc_input_pointer(client, message->pointer.x, message->pointer.y, message->pointer.buttons);
}

/* RFC 6143 7.5.6; registry, Extended Clipboard */
static int handle_cut_text(struct vnc_client *client, const struct rfb_message *message)
{
	return message->cut_text.extended
			? vnc_clipboard_extended(client, message->cut_text.text, message->cut_text.bytes)
			: vnc_clipboard_plain(client, message->cut_text.text, message->cut_text.bytes);
}

/* One more answer to what the client asked: false, when it has to read the others first. */
static bool may_answer(struct vnc_client *client)
{
	if (stream_pending(client->stream) == 0)
		client->answers = 0;
	if (client->answers == ANSWERS_MAX)
		return false;
	client->answers++;
	return true;
}

static int handle_continuous(struct vnc_client *client, const struct rfb_message *message)
{
	pixman_box32_t box = clip_box(client, message->continuous.x, message->continuous.y,
			message->continuous.width, message->continuous.height);

	/* The end must not overtake the last update. */
	if (!message->continuous.enable && (rects_busy(client->rects) || !may_answer(client)))
		return -EAGAIN;
	vnc_update_set_continuous(client, message->continuous.enable, &box);
	return 0;
}

static int answer_fence(struct vnc_client *client, const struct rfb_message *message)
{
	uint8_t data[9 + RFB_FENCE_PAYLOAD_MAX];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));
	uint32_t flags = message->fence.flags & RFB_FENCE_ANSWERABLE;

	/*
	 * With SYNC_NEXT, what was sent before the answer knows nothing of the
	 * next message, and what is sent after it does.
	 */
	if (flags & RFB_FENCE_SYNC_NEXT && rects_busy(client->rects))
		return -EAGAIN;
	if (!may_answer(client))
		return -EAGAIN;
	bytes_put_u8(&writer, RFB_SERVER_FENCE);
	bytes_put_zeros(&writer, 3);
	bytes_put_u32(&writer, flags);
	bytes_put_u8(&writer, message->fence.bytes);
	bytes_put(&writer, message->fence.payload, message->fence.bytes);
	client->sync_next = flags & RFB_FENCE_SYNC_NEXT;
	vnc_client_write(client, data, bytes_written(&writer));
	return 0;
}

/* Registry, ClientFence: a question, or the answer to one of ours. */
static int handle_fence(struct vnc_client *client, const struct rfb_message *message)
{
	struct bytes_reader reader = bytes_reader(message->fence.payload, message->fence.bytes);
	uint32_t number = bytes_get_u32(&reader);

	if (message->fence.flags & RFB_FENCE_REQUEST)
		return answer_fence(client, message);
	if (!reader.failed)
		flow_answer(&client->flow, number, clock_now_ns());
	return 0;
}

/* One screen that covers all of the picture is what there can be. */
static bool is_one_screen(const struct rfb_message *message)
{
	struct bytes_reader reader = bytes_reader(message->desktop_size.screens,
			message->desktop_size.n_screens * (size_t)RFB_SCREEN_BYTES);
	uint32_t width, height;

	/* Its position can only be 0, 0; libvncclient 0.9.14 sends what was in memory. */
	bytes_skip(&reader, 8);
	width = bytes_get_u16(&reader);
	height = bytes_get_u16(&reader);
	return message->desktop_size.n_screens == 1 && width && height &&
			width == message->desktop_size.width && height == message->desktop_size.height;
}

/* Registry, SetDesktopSize */
static int handle_desktop_size(struct vnc_client *client, const struct rfb_message *message)
{
	bool is_good = is_one_screen(message);

	/* Whoever drags a window's corner asks many times a round: only the last one counts. */
	client->resize.pending = true;
	client->resize.width = is_good ? message->desktop_size.width : 0;
	client->resize.height = is_good ? message->desktop_size.height : 0;
	return 0;
}

static const struct {
	uint8_t type;
	int (*handle)(struct vnc_client *client, const struct rfb_message *message);
} handlers[] = {
	{ RFB_SET_PIXEL_FORMAT, handle_pixel_format },
	{ RFB_SET_ENCODINGS, handle_encodings },
	{ RFB_UPDATE_REQUEST, handle_request },
	{ RFB_KEY_EVENT, handle_key },
	{ RFB_POINTER_EVENT, handle_pointer },
	{ RFB_CLIENT_CUT_TEXT, handle_cut_text },
	{ RFB_ENABLE_CONTINUOUS_UPDATES, handle_continuous },
	{ RFB_CLIENT_FENCE, handle_fence },
	{ RFB_SET_DESKTOP_SIZE, handle_desktop_size },
	{ RFB_QEMU_CLIENT, handle_key },
};

int vnc_messages_handle(struct vnc_client *client, const struct rfb_message *message)
{
	bool sync_next = client->sync_next;
	int r = 0;

	client->sync_next = false;
	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (handlers[i].type == message->type) {
			r = handlers[i].handle(client, message);
			break;
		}
	}
	if (r == -EAGAIN)
		client->sync_next = sync_next;
	return r;
}
