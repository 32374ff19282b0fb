// SPDX-License-Identifier: GPL-2.0-or-later
/* Cut texts, both ways, plain and extended. */
#include "net/vnc_clipboard.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "net/bytes.h"
#include "net/cut_text.h"
#include "net/rfb.h"
#include "net/stream.h"
#include "net/vnc.h"
#include "net/vnc_client.h"
#include "server/clip_text.h"

enum due {
	DUE_OFFER = 1 << 0,
	DUE_WITHDRAWAL = 1 << 1, /* one of the two */
	DUE_REQUEST = 1 << 2,
};

#define HEAD_BYTES 8

static bool is_extended(const struct vnc_client *client)
{
	return client->framer.extended_clipboard && client->abilities & VNC_CAN_CLIPBOARD;
}

/* A message of that many bytes, negative for an extended one, that begin with data. */
static void say(struct vnc_client *client, int64_t length, const void *data, size_t bytes)
{
	uint8_t head[HEAD_BYTES];
	struct bytes_writer writer = bytes_writer(head, sizeof(head));

	bytes_put_u8(&writer, RFB_SERVER_CUT_TEXT);
	bytes_put_zeros(&writer, 3);
	bytes_put_s32(&writer, (int32_t)length);
	vnc_client_write(client, head, bytes_written(&writer));
	vnc_client_write(client, data, bytes);
}

static void say_flags(struct vnc_client *client, uint32_t flags)
{
	uint8_t data[RFB_CLIPBOARD_FLAGS_BYTES];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	bytes_put_u32(&writer, flags);
	say(client, -(int64_t)sizeof(data), data, sizeof(data));
}

void vnc_clipboard_announce(struct vnc_client *client)
{
	/* And that no text should come that was not asked for. */
	uint8_t data[RFB_CLIPBOARD_FLAGS_BYTES + 4];
	struct bytes_writer writer = bytes_writer(data, sizeof(data));

	if (!client->vnc->clipboard)
		return;
	bytes_put_u32(&writer, RFB_CLIPBOARD_CAPS | RFB_CLIPBOARD_REQUEST | RFB_CLIPBOARD_PEEK |
			RFB_CLIPBOARD_NOTIFY | RFB_CLIPBOARD_PROVIDE | RFB_CLIPBOARD_TEXT);
	bytes_put_u32(&writer, 0);
	client->framer.extended_clipboard = true;
	say(client, -(int64_t)sizeof(data), data, sizeof(data));
}

void vnc_clipboard_flush(struct vnc_client *client)
{
	const unsigned int due = client->clipboard.due;

	if (!due || client->state != VNC_VIEWING || stream_pending(client->stream))
		return;
	client->clipboard.due = 0;
	if (!is_extended(client)) {
		if (due & DUE_OFFER)
			clipboard_request(&client->clipboard.peer);
		return;
	}
	if (due & (DUE_OFFER | DUE_WITHDRAWAL))
		say_flags(client, RFB_CLIPBOARD_NOTIFY | (due & DUE_OFFER ? RFB_CLIPBOARD_TEXT : 0));
	if (due & DUE_REQUEST)
		say_flags(client, RFB_CLIPBOARD_REQUEST | RFB_CLIPBOARD_TEXT);
}

static bool may(void *user)
{
	return vnc_client_may_control(user);
}

static void tell(struct vnc_client *client, bool offered)
{
	client->clipboard.due &= ~(unsigned int)(DUE_OFFER | DUE_WITHDRAWAL);
	client->clipboard.due |= offered ? DUE_OFFER : DUE_WITHDRAWAL;
	vnc_clipboard_flush(client);
}

static void handle_offered(void *user)
{
	tell(user, true);
}

static void handle_withdrawn(void *user)
{
	tell(user, false);
}

static void handle_wanted(void *user)
{
	struct vnc_client *client = user;

	client->clipboard.due |= DUE_REQUEST;
	vnc_clipboard_flush(client);
}

static void say_provide(struct vnc_client *client, const char *text, size_t bytes)
{
	uint8_t *data;
	size_t length;

	data = cut_text_pack(text, bytes, &length);
	if (!data) {
		vnc_client_close(client, LOG_LEVEL_WARN, "out of memory");
		return;
	}
	say(client, -(int64_t)length, data, length);
	free(data);
}

static void handle_text(void *user, const char *text, size_t bytes)
{
	struct vnc_client *client = user;
	uint8_t *latin1;

	if (is_extended(client)) {
		if (text)
			say_provide(client, text, bytes);
		else
			say_flags(client, RFB_CLIPBOARD_NOTIFY);
		return;
	}
	if (!text)
		return;
	latin1 = clip_text_to_latin1(text, bytes, &bytes);
	if (latin1)
		say(client, (int64_t)bytes, latin1, bytes);
	else
		vnc_client_close(client, LOG_LEVEL_WARN, "out of memory");
	free(latin1);
}

static const struct clipboard_peer_impl peer_impl = {
	.may = may,
	.offered = handle_offered,
	.withdrawn = handle_withdrawn,
	.wanted = handle_wanted,
	.text = handle_text,
};

void vnc_clipboard_join(struct vnc_client *client)
{
	struct clipboard_peer *peer = &client->clipboard.peer;

	/* What it was told just now may have ended it. */
	if (client->state != VNC_VIEWING)
		return;
	peer->name = client->peer;
	peer->impl = &peer_impl;
	peer->user = client;
	clipboard_join(client->vnc->clipboard, peer, CLIPBOARD_VIEWER);
}

void vnc_clipboard_leave(struct vnc_client *client)
{
	clipboard_leave(&client->clipboard.peer);
}

int vnc_clipboard_plain(struct vnc_client *client, const uint8_t *text, size_t bytes)
{
	struct clipboard_peer *peer = &client->clipboard.peer;
	char *utf8;

	if (!peer->clipboard)
		return 0;
	if (text && !bytes) {
		clipboard_release(peer);
		return 0;
	}
	utf8 = text ? clip_text_from_latin1(text, bytes, &bytes) : NULL;
	if (text && !utf8)
		vnc_client_close(client, LOG_LEVEL_WARN, "out of memory");
	else
		clipboard_grab_text(peer, utf8, bytes);
	free(utf8);
	return 0;
}

static void read_provided(struct vnc_client *client, const uint8_t *data, size_t bytes)
{
	struct clipboard_peer *peer = &client->clipboard.peer;
	const size_t max = clipboard_max_bytes(peer->clipboard);
	char *text;
	int r;

	r = cut_text_unpack(data, bytes, max, &text, &bytes);
	if (r == -EPROTO)
		log_info(client->peer, "clipboard text ignored: its compression is broken");
	else if (r == -ENOMEM)
		log_warn(client->peer, "clipboard text ignored: out of memory");
	else if (clipboard_is_asked(peer))
		clipboard_answer(peer, text, bytes);
	else
		clipboard_grab_text(peer, text, bytes);
	if (r == -EPROTO || r == -ENOMEM)
		clipboard_answer(peer, NULL, 0);
	else
		free(text);
}

int vnc_clipboard_extended(struct vnc_client *client, const uint8_t *data, size_t bytes)
{
	struct clipboard_peer *peer = &client->clipboard.peer;
	struct bytes_reader reader = bytes_reader(data, data ? bytes : 0);
	uint32_t flags;

	if (!peer->clipboard)
		return 0;
	if (!data) {
		/* Only a text is so long. */
		clipboard_answer(peer, NULL, bytes);
		return 0;
	}
	flags = bytes_get_u32(&reader);
	switch (flags & RFB_CLIPBOARD_ACTIONS) {
	case RFB_CLIPBOARD_REQUEST:
		if (stream_pending(client->stream))
			return -EAGAIN;
		if (flags & RFB_CLIPBOARD_TEXT)
			clipboard_request(peer);
		break;
	case RFB_CLIPBOARD_PEEK:
		tell(client, peer->offered);
		break;
	case RFB_CLIPBOARD_NOTIFY:
		if (flags & RFB_CLIPBOARD_TEXT)
			clipboard_grab(peer);
		else
			clipboard_release(peer);
		break;
	case RFB_CLIPBOARD_PROVIDE:
		if (flags & RFB_CLIPBOARD_TEXT)
			read_provided(client, reader.at, (size_t)(reader.end - reader.at));
		break;
	default:
		/* Capabilities: a viewer that understands any of this understands what it is sent. */
		break;
	}
	return 0;
}
