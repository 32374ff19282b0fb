// SPDX-License-Identifier: GPL-2.0-or-later
/* SPICE clients for tests: what an ordinary one would say, byte by byte. */
#include <arpa/inet.h>
#include <errno.h>
#include <event2/buffer.h>
#include <netinet/in.h>
#include <spice/enums.h>
#include <spice/protocol.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/spice_filter.h"
#include "net/spice_ticket.h"
#include "net/spice_wire.h"
#include "server/clock.h"
#include "tests/unit/spice_rig.h"

/* At once, however much room there is: how fast a slow reader is depends on it. */
#define HEAR_BYTES 65536
#define REPLY_KEY_AT (SPICE_LINK_HEADER_BYTES + 4)

static void add(struct spice_client *client, const void *data, size_t bytes)
{
	if (bytes > sizeof(client->out) - client->out_bytes)
		abort();
	if (bytes)
		memcpy(client->out + client->out_bytes, data, bytes);
	client->out_bytes += bytes;
}

static void add_message(struct spice_client *client, uint16_t type, const void *data, uint32_t bytes)
{
	uint8_t header[SPICE_FILTER_HEADER_BYTES];

	/* Where nobody pushes, nobody needs more. */
	if (sizeof(header) + bytes > sizeof(client->out) - client->out_bytes)
		return;
	spice_wire_put_u16(header, type);
	spice_wire_put_u32(header + 2, bytes);
	add(client, header, sizeof(header));
	add(client, data, bytes);
}

static void add_link(struct spice_client *client, uint32_t session_id)
{
	uint8_t data[SPICE_LINK_HEADER_BYTES + SPICE_LINK_MESSAGE_BYTES + 8] = "REDQ";
	uint8_t *body = data + SPICE_LINK_HEADER_BYTES;

	spice_wire_put_u32(data + 4, 2);
	spice_wire_put_u32(data + 8, 2);
	spice_wire_put_u32(data + 12, sizeof(data) - SPICE_LINK_HEADER_BYTES);
	spice_wire_put_u32(body, session_id);
	body[4] = spice_link_channels[client->channel].type;
	spice_wire_put_u32(body + 6, 1);
	spice_wire_put_u32(body + 10, 1);
	spice_wire_put_u32(body + 14, SPICE_LINK_MESSAGE_BYTES);
	spice_wire_put_u32(body + 18, 1 << SPICE_COMMON_CAP_PROTOCOL_AUTH_SELECTION | 1 << SPICE_COMMON_CAP_AUTH_SPICE |
			1 << SPICE_COMMON_CAP_MINI_HEADER);
	spice_wire_put_u32(body + 22, spice_link_channels[client->channel].accepted | client->abilities);
	add(client, data, sizeof(data));
}

static void add_first_words(struct spice_client *client)
{
	static const uint8_t display_init[14] = { 1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1 };
	static const uint8_t key[4] = { 0x1e }, press[3] = { 1, 1 }, mode[2] = { SPICE_MOUSE_MODE_CLIENT };

	switch (client->channel) {
	case SPICE_LINK_MAIN:
		add_message(client, SPICE_MSGC_MAIN_ATTACH_CHANNELS, NULL, 0);
		add_message(client, SPICE_MSGC_MAIN_MOUSE_MODE_REQUEST, mode, sizeof(mode));
		break;
	case SPICE_LINK_DISPLAY:
		add_message(client, SPICE_MSGC_DISPLAY_INIT, display_init, sizeof(display_init));
		break;
	case SPICE_LINK_INPUTS:
		add_message(client, SPICE_MSGC_INPUTS_KEY_DOWN, key, sizeof(key));
		add_message(client, SPICE_MSGC_INPUTS_MOUSE_PRESS, press, sizeof(press));
		break;
	case SPICE_LINK_CURSOR:
	case SPICE_LINK_CHANNELS:
		break;
	}
}

void spice_client_connect(struct spice_client *client, enum spice_link_channel channel, uint32_t session_id,
		uint32_t source)
{
	const struct sockaddr_in peer = {
		.sin_family = AF_INET,
		.sin_port = htons(1234),
		.sin_addr.s_addr = htonl(source),
	};
	const bool acknowledges = client->acknowledges;
	const char *password = client->password;
	const uint32_t abilities = client->abilities;
	pixman_region32_t *drawn = client->drawn;
	struct evbuffer *agent = client->agent;
	const int room_bytes = client->room_bytes;
	int fds[2];

	spice_client_close(client);
	*client = (struct spice_client){
		.channel = channel,
		.acknowledges = acknowledges,
		.abilities = abilities,
		.password = password,
		.drawn = drawn,
		.agent = agent,
		.room_bytes = room_bytes,
	};
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) < 0)
		abort();
	if (room_bytes && setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &room_bytes, sizeof(room_bytes)) < 0)
		abort();
	client->fd = fds[0];
	add_link(client, session_id);
	spice_rig.spice->impl->accept(spice_rig.spice, CONFIG_LISTENERS_SPICE, fds[1],
			(const struct sockaddr *)&peer, sizeof(peer));
}

void spice_client_close(struct spice_client *client)
{
	if (client->fd >= 0)
		close(client->fd);
	client->fd = -1;
	free(client->in);
	client->in = NULL;
	client->in_bytes = 0;
	client->in_room = 0;
}

void spice_client_say(struct spice_client *client, const void *data, size_t bytes)
{
	/* What it does not take is not said: the server sees a client that stops, which is one, too. */
	if (client->fd >= 0)
		(void)!write(client->fd, data, bytes);
}

void spice_client_tell(struct spice_client *client, uint16_t type, const void *data, uint32_t bytes)
{
	client->out_bytes = 0;
	client->out_said = 0;
	add_message(client, type, data, bytes);
	spice_client_push(client, SIZE_MAX);
}

void spice_client_push(struct spice_client *client, size_t bytes)
{
	size_t left = client->out_bytes - client->out_said;

	bytes = bytes < left ? bytes : left;
	spice_client_say(client, client->out + client->out_said, bytes);
	client->out_said += bytes;
	if (client->out_said == client->out_bytes) {
		client->out_bytes = 0;
		client->out_said = 0;
	}
}

/* Top, left, bottom, right. */
static pixman_box32_t get_box(const uint8_t *data)
{
	return (pixman_box32_t){
		.y1 = (int32_t)spice_wire_get_u32(data),
		.x1 = (int32_t)spice_wire_get_u32(data + 4),
		.y2 = (int32_t)spice_wire_get_u32(data + 8),
		.x2 = (int32_t)spice_wire_get_u32(data + 12),
	};
}

static void note_draw(struct spice_client *client, const uint8_t *data)
{
	/* Behind the surface. */
	const pixman_box32_t box = get_box(data + 4), *video = &client->stream_box;

	client->last_draw = box;
	client->painted += client->stream_id && box.x1 < video->x2 && video->x1 < box.x2 && box.y1 < video->y2 &&
			video->y1 < box.y2;
	if (client->drawn)
		pixman_region32_union_rect(client->drawn, client->drawn, box.x1, box.y1,
				(unsigned int)(box.x2 - box.x1), (unsigned int)(box.y2 - box.y1));
}

static void note_display(struct spice_client *client, uint16_t type, const uint8_t *data)
{
	switch (type) {
	case SPICE_MSG_DISPLAY_STREAM_CREATE:
		client->wrongs += client->stream_id != 0;
		client->streams++;
		client->stream_id = spice_wire_get_u32(data + 4);
		client->stream_codec = data[9];
		client->stream_box = get_box(data + (data[50] == SPICE_CLIP_TYPE_RECTS ? 55 : 34));
		client->packets = 0;
		break;
	case SPICE_MSG_DISPLAY_STREAM_DATA:
		client->wrongs += !client->stream_id || spice_wire_get_u32(data) != client->stream_id;
		client->packets++;
		break;
	case SPICE_MSG_DISPLAY_STREAM_DESTROY:
		client->wrongs += !client->stream_id || spice_wire_get_u32(data) != client->stream_id;
		client->stream_id = 0;
		break;
	case SPICE_MSG_DISPLAY_SURFACE_DESTROY:
		client->wrongs += client->stream_id != 0;
		break;
	default:
		if (type == SPICE_MSG_DISPLAY_COPY_BITS || type >= SPICE_MSG_DISPLAY_DRAW_FILL)
			note_draw(client, data);
		break;
	}
}

static void handle_message(struct spice_client *client, uint16_t type, const uint8_t *data, size_t bytes)
{
	client->messages++;
	client->unacknowledged++;
	if (client->channel == SPICE_LINK_MAIN && type == SPICE_MSG_MAIN_INIT)
		client->session_id = spice_wire_get_u32(data);
	if (client->channel == SPICE_LINK_MAIN && type == SPICE_MSG_MAIN_AGENT_DATA) {
		client->agent_pieces++;
		if (client->agent && evbuffer_add(client->agent, data, bytes) < 0)
			abort();
	}
	if (client->channel == SPICE_LINK_MAIN && type == SPICE_MSG_MAIN_MOUSE_MODE) {
		client->mouse_modes = spice_wire_get_u16(data);
		client->mouse_mode = spice_wire_get_u16(data + 2);
	}
	if (client->channel == SPICE_LINK_INPUTS &&
			(type == SPICE_MSG_INPUTS_INIT || type == SPICE_MSG_INPUTS_KEY_MODIFIERS))
		client->locks = spice_wire_get_u16(data);
	if (client->channel == SPICE_LINK_DISPLAY && type >= SPICE_MSG_DISPLAY_DRAW_FILL)
		client->draws++;
	if (client->channel == SPICE_LINK_DISPLAY)
		note_display(client, type, data);
	if (!client->acknowledges)
		return;
	if (type == SPICE_MSG_PING && client->channel == SPICE_LINK_DISPLAY)
		add_message(client, SPICE_MSGC_PONG, data, 12);
	if (type == SPICE_MSG_SET_ACK) {
		client->window = spice_wire_get_u32(data + 4);
		client->unacknowledged = 0;
		add_message(client, SPICE_MSGC_ACK_SYNC, data, 4);
	}
	if (client->window && client->unacknowledged >= client->window) {
		client->unacknowledged = 0;
		add_message(client, SPICE_MSGC_ACK, NULL, 0);
	}
}

/* Understands the first thing in it. 0: the rest of it has not come. */
static size_t understand(struct spice_client *client, const uint8_t *data, size_t bytes)
{
	uint8_t ticket[4 + SPICE_LINK_TICKET_BYTES];
	size_t need;

	switch (client->state) {
	case SPICE_CLIENT_LINKING:
		need = bytes < SPICE_LINK_HEADER_BYTES ? SIZE_MAX
				: SPICE_LINK_HEADER_BYTES + spice_wire_get_u32(data + 12);
		if (bytes < need)
			return 0;
		client->refused = spice_wire_get_u32(data + SPICE_LINK_HEADER_BYTES);
		if (client->refused)
			return need;
		spice_wire_put_u32(ticket, SPICE_COMMON_CAP_AUTH_SPICE);
		if (spice_ticket_encrypt(data + REPLY_KEY_AT, client->password ? client->password : "", ticket + 4) < 0)
			abort();
		add(client, ticket, sizeof(ticket));
		client->state = SPICE_CLIENT_ASKING;
		return need;
	case SPICE_CLIENT_ASKING:
		if (bytes < 4)
			return 0;
		client->refused = spice_wire_get_u32(data);
		if (!client->refused) {
			client->state = SPICE_CLIENT_IN;
			add_first_words(client);
		}
		return 4;
	case SPICE_CLIENT_IN:
		need = bytes < SPICE_FILTER_HEADER_BYTES ? SIZE_MAX
				: SPICE_FILTER_HEADER_BYTES + (size_t)spice_wire_get_u32(data + 2);
		if (bytes < need)
			return 0;
		handle_message(client, spice_wire_get_u16(data), data + SPICE_FILTER_HEADER_BYTES,
				need - SPICE_FILTER_HEADER_BYTES);
		return need;
	}
	return 0;
}

bool spice_client_hear(struct spice_client *client)
{
	size_t at = 0, now;
	ssize_t bytes;

	if (client->fd < 0)
		return false;
	if (client->in_room - client->in_bytes < HEAR_BYTES) {
		client->in_room = 2 * client->in_bytes + HEAR_BYTES;
		client->in = realloc(client->in, client->in_room);
		if (!client->in)
			abort();
	}
	bytes = read(client->fd, client->in + client->in_bytes, HEAR_BYTES);
	if (bytes < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	if (bytes <= 0) {
		spice_client_close(client);
		return false;
	}
	client->in_bytes += (size_t)bytes;
	while (!client->refused && (now = understand(client, client->in + at, client->in_bytes - at)))
		at += now;
	client->in_bytes -= at;
	if (at)
		memmove(client->in, client->in + at, client->in_bytes);
	return true;
}

void spice_client_join(struct spice_client *client)
{
	do {
		spice_client_push(client, SIZE_MAX);
		SPICE_RIG_UNTIL(spice_client_hear(client) || client->fd < 0);
	} while (client->fd >= 0 && !client->refused && !client->messages);
	spice_client_push(client, SIZE_MAX);
}

void spice_viewer_link(struct spice_client *viewer, enum spice_link_channel channel, uint32_t source)
{
	spice_client_connect(&viewer[channel], channel, channel ? viewer[SPICE_LINK_MAIN].session_id : 0, source);
	spice_client_join(&viewer[channel]);
	if (!viewer[channel].messages)
		spice_rig_fail("a viewer's channel is let in");
}

void spice_viewer_join(struct spice_client *viewer)
{
	const uint32_t source = spice_rig_new_source();

	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++)
		spice_viewer_link(viewer, i, source);
}

void spice_viewer_leave(struct spice_client *viewer)
{
	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++)
		spice_client_close(&viewer[i]);
}
