// SPDX-License-Identifier: GPL-2.0-or-later
/* Writes pseudo-rectangles (RFC 6143 7.8 and the registry). */
#include "net/vnc_pseudo.h"

#include <errno.h>
#include <event2/buffer.h>
#include <string.h>

#include "net/bytes.h"
#include "net/rfb.h"
#include "net/vnc.h"
#include "net/vnc_client.h"
#include "server/input.h"

#define DESKTOP_NAME_MAX 1024

/* From which opacity on a pixel belongs to a pointer without shades. */
#define OPAQUE 128

static int put_rect(struct evbuffer *out, uint32_t x, uint32_t y, uint32_t width, uint32_t height,
		int32_t encoding)
{
	uint8_t data[RFB_RECT_BYTES];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u16(&writer, (uint16_t)x);
	bytes_put_u16(&writer, (uint16_t)y);
	bytes_put_u16(&writer, (uint16_t)width);
	bytes_put_u16(&writer, (uint16_t)height);
	bytes_put_s32(&writer, encoding);
	return evbuffer_add(out, data, bytes_written(&writer));
}

/* Room for bytes at the end of out, to be filled by the caller at once; NULL: no memory. */
static uint8_t *add_space(struct evbuffer *out, size_t bytes)
{
	struct evbuffer_iovec space;

	if (evbuffer_reserve_space(out, (ev_ssize_t)bytes, &space, 1) != 1)
		return NULL;
	space.iov_len = bytes;
	return evbuffer_commit_space(out, &space, 1) < 0 ? NULL : space.iov_base;
}

static int put_size(struct vnc_client *client, struct evbuffer *out)
{
	uint8_t data[4 + RFB_SCREEN_BYTES];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	if (!(client->abilities & VNC_CAN_RESIZE_EXTENDED))
		return put_rect(out, 0, 0, client->width, client->height, RFB_PSEUDO_DESKTOP_SIZE);
	bytes_put_u8(&writer, 1);
	bytes_put_zeros(&writer, 3);
	/*
	 * The one screen: its id, place, size, flags. Viewers on libvncclient 0.9.14
	 * take id 0 for a broken screen and do not follow the change of size.
	 */
	bytes_put_u32(&writer, 1);
	bytes_put_u16(&writer, 0);
	bytes_put_u16(&writer, 0);
	bytes_put_u16(&writer, (uint16_t)client->width);
	bytes_put_u16(&writer, (uint16_t)client->height);
	bytes_put_u32(&writer, 0);
	if (put_rect(out, client->size_reason, client->size_status, client->width, client->height,
			    RFB_PSEUDO_EXTENDED_DESKTOP_SIZE) < 0)
		return -1;
	client->size_reason = RFB_SIZE_SERVER;
	client->size_status = RFB_SIZE_OK;
	return evbuffer_add(out, data, bytes_written(&writer));
}

static uint32_t to_format(const struct rects_pixel_format *format, uint32_t argb)
{
	uint32_t red = argb >> 16 & 0xff, green = argb >> 8 & 0xff, blue = argb & 0xff;

	return (red * format->red_max + 127) / 255 << format->red_shift |
			(green * format->green_max + 127) / 255 << format->green_shift |
			(blue * format->blue_max + 127) / 255 << format->blue_shift;
}

/* 7.8.1: pixels in the client's format, then a bit a pixel, rows padded to bytes. */
static int put_plain_cursor(struct vnc_client *client, const struct cursor *cursor,
		struct evbuffer *out)
{
	const struct rects_pixel_format *format = &client->format;
	size_t pixel_bytes = format->bits_per_pixel / 8;
	size_t n = (size_t)cursor->width * cursor->height;
	size_t mask_stride = (cursor->width + 7) / 8;
	uint8_t *at;

	if (put_rect(out, cursor->hot_x, cursor->hot_y, cursor->width, cursor->height,
			    RFB_PSEUDO_CURSOR) < 0)
		return -1;
	at = add_space(out, n * pixel_bytes + mask_stride * cursor->height);
	if (!at)
		return -1;
	for (size_t i = 0; i < n; i++) {
		uint32_t pixel = to_format(format, cursor->argb[i]);

		for (size_t byte = 0; byte < pixel_bytes; byte++)
			*at++ = (uint8_t)(pixel >>
					8 * (format->big_endian ? pixel_bytes - 1 - byte : byte));
	}
	memset(at, 0, mask_stride * cursor->height);
	for (size_t i = 0; i < n; i++) {
		size_t x = i % cursor->width;

		if (cursor->argb[i] >> 24 >= OPAQUE)
			at[i / cursor->width * mask_stride + x / 8] |= (uint8_t)(0x80 >> x % 8);
	}
	return 0;
}

/* Registry: an encoding (Raw), then red, green, blue, alpha, premultiplied. */
static int put_alpha_cursor(const struct cursor *cursor, struct evbuffer *out)
{
	static const uint8_t raw[4];
	size_t n = (size_t)cursor->width * cursor->height;
	uint8_t *at;

	if (put_rect(out, cursor->hot_x, cursor->hot_y, cursor->width, cursor->height,
			    RFB_PSEUDO_CURSOR_WITH_ALPHA) < 0 ||
			evbuffer_add(out, raw, sizeof(raw)) < 0)
		return -1;
	at = add_space(out, n * 4);
	if (!at)
		return -1;
	for (size_t i = 0; i < n; i++) {
		uint32_t argb = cursor->argb[i], alpha = argb >> 24;

		*at++ = (uint8_t)(((argb >> 16 & 0xff) * alpha + 127) / 255);
		*at++ = (uint8_t)(((argb >> 8 & 0xff) * alpha + 127) / 255);
		*at++ = (uint8_t)(((argb & 0xff) * alpha + 127) / 255);
		*at++ = (uint8_t)alpha;
	}
	return 0;
}

static int put_cursor(struct vnc_client *client, struct evbuffer *out)
{
	static const uint32_t nothing;
	const struct cursor *cursor = &client->vnc->cursor;
	/* One clear pixel: some clients take an empty shape for "show your own". */
	const struct cursor hidden = { .width = 1, .height = 1, .argb = &nothing };

	if (!cursor->visible || !cursor->argb)
		cursor = &hidden;
	if (client->abilities & VNC_CAN_CURSOR_ALPHA)
		return put_alpha_cursor(cursor, out);
	return put_plain_cursor(client, cursor, out);
}

static int put_leds(struct vnc_client *client, struct evbuffer *out)
{
	/* The registry's bits are those of enum input_led. */
	uint8_t leds = (uint8_t)client->vnc->leds;

	_Static_assert(INPUT_LED_SCROLL == 1 && INPUT_LED_NUM == 2 && INPUT_LED_CAPS == 4,
			"as on the wire");
	if (client->abilities & VNC_CAN_LEDS)
		return put_rect(out, 0, 0, 0, 0, RFB_PSEUDO_QEMU_LED_STATE) < 0
				? -1 : evbuffer_add(out, &leds, 1);
	/* The same bits, as a word. */
	return put_rect(out, 0, 0, 0, 0, RFB_PSEUDO_VMWARE_LED_STATE) < 0 ||
			evbuffer_add(out, (const uint8_t[]){ 0, 0, 0, leds }, 4) < 0 ? -1 : 0;
}

static int put_pointer(struct vnc_client *client, struct evbuffer *out)
{
	const bool relative = client->vnc->relative;

	vnc_input_set_motion(client, relative);
	return put_rect(out, !relative, 0, client->width, client->height, RFB_PSEUDO_QEMU_POINTER_MOTION);
}

static int put_name(struct vnc_client *client, struct evbuffer *out)
{
	size_t length = strnlen(client->vnc->desktop_name, DESKTOP_NAME_MAX);
	uint8_t head[4];
	struct bytes_writer writer = bytes_writer(head, sizeof(head));

	bytes_put_u32(&writer, (uint32_t)length);
	if (put_rect(out, 0, 0, 0, 0, RFB_PSEUDO_DESKTOP_NAME) < 0 ||
			evbuffer_add(out, head, sizeof(head)) < 0)
		return -1;
	return evbuffer_add(out, client->vnc->desktop_name, length);
}

static int put_keycodes(struct vnc_client *client, struct evbuffer *out)
{
	(void)client;
	return put_rect(out, 0, 0, 0, 0, RFB_PSEUDO_QEMU_KEY_EVENT);
}

static int put_more_buttons(struct vnc_client *client, struct evbuffer *out)
{
	/* From now on the client may use the longer layout. */
	client->framer.extended_buttons = true;
	return put_rect(out, 0, 0, 0, 0, RFB_PSEUDO_EXTENDED_MOUSE_BUTTONS);
}

static const struct {
	unsigned int due; /* enum vnc_due */
	unsigned int needs; /* any of these abilities */
	int (*put)(struct vnc_client *client, struct evbuffer *out);
} pseudos[] = {
	{ VNC_DUE_SIZE, VNC_CAN_RESIZE | VNC_CAN_RESIZE_EXTENDED, put_size },
	{ VNC_DUE_CURSOR, VNC_CAN_CURSOR | VNC_CAN_CURSOR_ALPHA, put_cursor },
	{ VNC_DUE_LEDS, VNC_CAN_LEDS | VNC_CAN_LEDS_VMWARE, put_leds },
	{ VNC_DUE_POINTER, VNC_CAN_MOTION, put_pointer },
	{ VNC_DUE_NAME, VNC_CAN_NAME, put_name },
	{ VNC_DUE_KEYCODES, VNC_CAN_KEYCODES, put_keycodes },
	{ VNC_DUE_MORE_BUTTONS, VNC_CAN_MORE_BUTTONS, put_more_buttons },
};

#define N_PSEUDOS (sizeof(pseudos) / sizeof(pseudos[0]))

int vnc_pseudo_send(struct vnc_client *client)
{
	struct evbuffer *out = client->vnc->scratch;
	uint8_t head[4] = { RFB_UPDATE };
	unsigned int todo = 0;

	for (size_t i = 0; i < N_PSEUDOS; i++) {
		if (client->due & pseudos[i].due && client->abilities & pseudos[i].needs) {
			todo |= pseudos[i].due;
			head[3]++;
		}
	}
	client->due = 0;
	if (!todo)
		return 0;
	if (evbuffer_add(out, head, sizeof(head)) < 0)
		goto no_memory;
	for (size_t i = 0; i < N_PSEUDOS; i++) {
		if (todo & pseudos[i].due && pseudos[i].put(client, out) < 0)
			goto no_memory;
	}
	vnc_client_write_buffer(client, out);
	return head[3];

no_memory:
	evbuffer_drain(out, SIZE_MAX);
	return -ENOMEM;
}
