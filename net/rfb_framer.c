// SPDX-License-Identifier: GPL-2.0-or-later
/* Cuts what an RFB client sends into messages, by one table. */
#include "net/rfb_framer.h"

#include <errno.h>
#include <event2/buffer.h>

#include "net/bytes.h"
#include "net/rfb.h"

/* In PointerEvent's mask: another byte of buttons follows. */
#define MORE_BUTTONS 0x80

struct kind {
	uint8_t type;
	uint8_t head_bytes; /* enough to know the length */
	/*
	 * Optional, for messages longer than their head: how many bytes follow
	 * it. head starts at the type. 0, or -EPROTO with framer->error set.
	 */
	int (*measure)(struct rfb_framer *framer, const uint8_t *head, size_t *ret_bytes);
	/* body starts behind the type and ends with the message. */
	void (*decode)(struct rfb_framer *framer, struct bytes_reader *body, struct rfb_message *ret);
};

static int protocol_error(struct rfb_framer *framer, const char *error)
{
	framer->error = error;
	return -EPROTO;
}

static uint16_t get_u16(const uint8_t *at)
{
	return (uint16_t)(at[0] << 8 | at[1]);
}

/* 7.5.1 */
static void decode_pixel_format(struct rfb_framer *framer, struct bytes_reader *body,
		struct rfb_message *ret)
{
	struct rects_pixel_format *format = &ret->pixel_format;

	(void)framer;
	bytes_skip(body, 3);
	format->bits_per_pixel = bytes_get_u8(body);
	format->depth = bytes_get_u8(body);
	format->big_endian = bytes_get_u8(body) != 0;
	format->true_colour = bytes_get_u8(body) != 0;
	format->red_max = bytes_get_u16(body);
	format->green_max = bytes_get_u16(body);
	format->blue_max = bytes_get_u16(body);
	format->red_shift = bytes_get_u8(body);
	format->green_shift = bytes_get_u8(body);
	format->blue_shift = bytes_get_u8(body);
	bytes_skip(body, 3);
}

/* 7.5.2 */
static int measure_encodings(struct rfb_framer *framer, const uint8_t *head, size_t *ret_bytes)
{
	uint16_t count = get_u16(head + 2);

	if (count > RFB_FRAMER_ENCODINGS_MAX)
		return protocol_error(framer, "too many encodings");
	*ret_bytes = count * sizeof(int32_t);
	return 0;
}

static void decode_encodings(struct rfb_framer *framer, struct bytes_reader *body,
		struct rfb_message *ret)
{
	(void)framer;
	bytes_skip(body, 1);
	ret->encodings.count = bytes_get_u16(body);
	ret->encodings.list = bytes_get(body, ret->encodings.count * sizeof(int32_t));
}

/* 7.5.3 */
static void decode_request(struct rfb_framer *framer, struct bytes_reader *body,
		struct rfb_message *ret)
{
	(void)framer;
	ret->request.incremental = bytes_get_u8(body) != 0;
	ret->request.x = bytes_get_u16(body);
	ret->request.y = bytes_get_u16(body);
	ret->request.width = bytes_get_u16(body);
	ret->request.height = bytes_get_u16(body);
}

/* 7.5.4 */
static void decode_key(struct rfb_framer *framer, struct bytes_reader *body, struct rfb_message *ret)
{
	(void)framer;
	ret->key.down = bytes_get_u8(body) != 0;
	bytes_skip(body, 2);
	ret->key.keysym = bytes_get_u32(body);
	ret->key.keycode = 0;
}

/* 7.5.5; a second byte of buttons by Extended Mouse Buttons (registry). */
static int measure_pointer(struct rfb_framer *framer, const uint8_t *head, size_t *ret_bytes)
{
	*ret_bytes = framer->extended_buttons && head[1] & MORE_BUTTONS ? 1 : 0;
	return 0;
}

static void decode_pointer(struct rfb_framer *framer, struct bytes_reader *body,
		struct rfb_message *ret)
{
	uint32_t buttons = bytes_get_u8(body);

	ret->pointer.x = bytes_get_u16(body);
	ret->pointer.y = bytes_get_u16(body);
	if (framer->extended_buttons && buttons & MORE_BUTTONS)
		buttons = (buttons & ~(uint32_t)MORE_BUTTONS) | (bytes_get_u8(body) & 3u) << 7;
	ret->pointer.buttons = buttons;
}

/* 7.5.6. A negative length is Extended Clipboard (registry). */
static int measure_cut_text(struct rfb_framer *framer, const uint8_t *head, size_t *ret_bytes)
{
	uint32_t bytes = (uint32_t)get_u16(head + 4) << 16 | get_u16(head + 6);
	const bool extended = bytes > INT32_MAX;

	if (extended && !framer->extended_clipboard)
		return protocol_error(framer, "extended clipboard was not offered");
	bytes = extended ? -bytes : bytes;
	if (extended && bytes < RFB_CLIPBOARD_FLAGS_BYTES)
		return protocol_error(framer, "an extended clipboard without flags");
	framer->skip_next = bytes > framer->cut_text_max_bytes + (extended ? RFB_FRAMER_EXTENDED_MAX : 0) ? bytes : 0;
	*ret_bytes = framer->skip_next ? 0 : bytes;
	return 0;
}

static void decode_cut_text(struct rfb_framer *framer, struct bytes_reader *body,
		struct rfb_message *ret)
{
	bytes_skip(body, 3);
	ret->cut_text.bytes = bytes_get_u32(body);
	ret->cut_text.extended = ret->cut_text.bytes > INT32_MAX;
	if (ret->cut_text.extended)
		ret->cut_text.bytes = -ret->cut_text.bytes;
	ret->cut_text.text = framer->skip_next ? NULL : bytes_get(body, ret->cut_text.bytes);
}

static void decode_continuous(struct rfb_framer *framer, struct bytes_reader *body,
		struct rfb_message *ret)
{
	(void)framer;
	ret->continuous.enable = bytes_get_u8(body) != 0;
	ret->continuous.x = bytes_get_u16(body);
	ret->continuous.y = bytes_get_u16(body);
	ret->continuous.width = bytes_get_u16(body);
	ret->continuous.height = bytes_get_u16(body);
}

static int measure_fence(struct rfb_framer *framer, const uint8_t *head, size_t *ret_bytes)
{
	if (head[8] > RFB_FENCE_PAYLOAD_MAX)
		return protocol_error(framer, "fence payload too long");
	*ret_bytes = head[8];
	return 0;
}

static void decode_fence(struct rfb_framer *framer, struct bytes_reader *body,
		struct rfb_message *ret)
{
	(void)framer;
	bytes_skip(body, 3);
	ret->fence.flags = bytes_get_u32(body);
	ret->fence.bytes = bytes_get_u8(body);
	ret->fence.payload = bytes_get(body, ret->fence.bytes);
}

static int measure_desktop_size(struct rfb_framer *framer, const uint8_t *head, size_t *ret_bytes)
{
	(void)framer;
	*ret_bytes = (size_t)head[6] * RFB_SCREEN_BYTES;
	return 0;
}

static void decode_desktop_size(struct rfb_framer *framer, struct bytes_reader *body,
		struct rfb_message *ret)
{
	(void)framer;
	bytes_skip(body, 1);
	ret->desktop_size.width = bytes_get_u16(body);
	ret->desktop_size.height = bytes_get_u16(body);
	ret->desktop_size.n_screens = bytes_get_u8(body);
	bytes_skip(body, 1);
	ret->desktop_size.screens =
			bytes_get(body, (size_t)ret->desktop_size.n_screens * RFB_SCREEN_BYTES);
}

static int measure_qemu(struct rfb_framer *framer, const uint8_t *head, size_t *ret_bytes)
{
	if (head[1] != RFB_QEMU_KEY_EVENT)
		return protocol_error(framer, "unknown QEMU message");
	/* down, keysym, keycode */
	*ret_bytes = 2 + 4 + 4;
	return 0;
}

static void decode_qemu(struct rfb_framer *framer, struct bytes_reader *body,
		struct rfb_message *ret)
{
	(void)framer;
	bytes_skip(body, 1);
	ret->key.down = bytes_get_u16(body) != 0;
	ret->key.keysym = bytes_get_u32(body);
	ret->key.keycode = bytes_get_u32(body);
}

static const struct kind kinds[] = {
	{ RFB_SET_PIXEL_FORMAT, 20, NULL, decode_pixel_format },
	{ RFB_SET_ENCODINGS, 4, measure_encodings, decode_encodings },
	{ RFB_UPDATE_REQUEST, 10, NULL, decode_request },
	{ RFB_KEY_EVENT, 8, NULL, decode_key },
	{ RFB_POINTER_EVENT, 6, measure_pointer, decode_pointer },
	{ RFB_CLIENT_CUT_TEXT, 8, measure_cut_text, decode_cut_text },
	{ RFB_ENABLE_CONTINUOUS_UPDATES, 10, NULL, decode_continuous },
	{ RFB_CLIENT_FENCE, 9, measure_fence, decode_fence },
	{ RFB_SET_DESKTOP_SIZE, 8, measure_desktop_size, decode_desktop_size },
	{ RFB_QEMU_CLIENT, 2, measure_qemu, decode_qemu },
};

static const struct kind *find_kind(uint8_t type)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].type == type)
			return &kinds[i];
	}
	return NULL;
}

void rfb_framer_init(struct rfb_framer *framer, uint32_t cut_text_max_bytes)
{
	*framer = (struct rfb_framer){ .cut_text_max_bytes = cut_text_max_bytes, .need = 1 };
}

void rfb_framer_set_limit(struct rfb_framer *framer, uint32_t cut_text_max_bytes)
{
	framer->cut_text_max_bytes = cut_text_max_bytes;
	/* A text that is half there may be too long by now. */
	framer->need = 1;
}

static void skip(struct rfb_framer *framer, struct evbuffer *input)
{
	size_t have = evbuffer_get_length(input);
	uint32_t bytes = have < framer->skip ? (uint32_t)have : framer->skip;

	evbuffer_drain(input, bytes);
	framer->skip -= bytes;
}

/* The first bytes of input in one piece; NULL: not there yet, or no memory. */
static const uint8_t *peek(struct rfb_framer *framer, struct evbuffer *input, size_t bytes)
{
	framer->need = bytes;
	return evbuffer_get_length(input) < bytes ? NULL : evbuffer_pullup(input, (ev_ssize_t)bytes);
}

int rfb_framer_next(struct rfb_framer *framer, struct evbuffer *input, struct rfb_message *ret)
{
	struct rfb_message message = { 0 };
	const struct kind *kind;
	struct bytes_reader body;
	const uint8_t *data;
	size_t follows = 0;
	int r;

	skip(framer, input);
	/* Not looked at again byte for byte while a long message dribbles in. */
	if (evbuffer_get_length(input) < framer->need)
		return 0;
	data = peek(framer, input, 1);
	if (!data)
		return -ENOMEM;
	kind = find_kind(data[0]);
	if (!kind)
		return protocol_error(framer, "unknown message type");
	data = peek(framer, input, kind->head_bytes);
	if (!data)
		return evbuffer_get_length(input) < framer->need ? 0 : -ENOMEM;
	if (kind->measure) {
		r = kind->measure(framer, data, &follows);
		if (r < 0)
			return r;
	}
	data = peek(framer, input, kind->head_bytes + follows);
	if (!data)
		return evbuffer_get_length(input) < framer->need ? 0 : -ENOMEM;
	message.type = kind->type;
	body = bytes_reader(data + 1, kind->head_bytes + follows - 1);
	kind->decode(framer, &body, &message);
	/* The table's numbers and the decoders' have to agree. */
	if (body.failed || body.at != body.end)
		return protocol_error(framer, "message of an unexpected length");
	framer->used = kind->head_bytes + follows;
	*ret = message;
	return 1;
}

size_t rfb_framer_drop(struct rfb_framer *framer, struct evbuffer *input)
{
	size_t used = framer->used;

	evbuffer_drain(input, used);
	framer->skip = framer->skip_next;
	framer->skip_next = 0;
	framer->used = 0;
	framer->need = 1;
	return used;
}
