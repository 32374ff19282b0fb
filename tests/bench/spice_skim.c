// SPDX-License-Identifier: GPL-2.0-or-later
/* Channels, and the messages that keep them going. */
#include "tests/bench/spice_skim.h"

#include <errno.h>
#include <spice/enums.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "server/clock.h"
#include "tests/bench/spice_skim_fields.h"
#include "tests/bench/spice_skim_link.h"

#define HEADER_BYTES 6u
#define MESSAGE_MAX (64u << 20)
#define SAID_MAX 32u
#define INPUT_BYTES 262144u
/* Less room than that is not worth a call. */
#define INPUT_PIECE_BYTES 65536u
#define MOUSE_CLIENT 2u

static const uint8_t types[SPICE_SKIM_CHANNELS] = {
	SPICE_CHANNEL_MAIN, SPICE_CHANNEL_DISPLAY, SPICE_CHANNEL_INPUTS, SPICE_CHANNEL_CURSOR,
};

void spice_skim_init(struct spice_skim *skim, const struct addrinfo *address, struct view_jpegs *jpegs,
		uint32_t mark_step)
{
	*skim = (struct spice_skim){ .address = address };
	view_decoder_init(&skim->decoder);
	skim->decoder.skim = jpegs;
	view_screen_init(&skim->screen, &skim->decoder.picture, mark_step);
	skim->screen.pieces = true;
	for (unsigned int i = 0; i < SPICE_SKIM_CHANNELS; i++)
		skim->channels[i] = (struct spice_skim_channel){ .fd = -1, .type = types[i] };
}

void spice_skim_finish(struct spice_skim *skim)
{
	for (unsigned int i = 0; i < SPICE_SKIM_CHANNELS; i++) {
		if (skim->channels[i].fd >= 0)
			close(skim->channels[i].fd);
		free(skim->channels[i].input);
	}
	view_decoder_finish(&skim->decoder);
	view_screen_finish(&skim->screen);
}

/* Small: a server that has no room for it does not read at all. */
static int say(struct spice_skim *skim, const struct spice_skim_channel *channel, uint16_t type, const void *data,
		uint32_t bytes)
{
	uint8_t message[HEADER_BYTES + SAID_MAX] = {
		(uint8_t)type, (uint8_t)(type >> 8), (uint8_t)bytes,
	};

	if (bytes)
		memcpy(message + HEADER_BYTES, data, bytes);
	if (send(channel->fd, message, HEADER_BYTES + bytes, MSG_NOSIGNAL) == (ssize_t)(HEADER_BYTES + bytes))
		return 0;
	return view_decoder_fail(&skim->decoder, "the server does not read");
}

static int link_channel(struct spice_skim *skim, struct spice_skim_channel *channel)
{
	/* As the usual viewers': a megapixel of images kept, none of a dictionary. */
	static const uint8_t init[] = { 1, 0, 0, 0x10, 0, 0, 0, 0, 0, 1, 0, 0, 0x10, 0 };
	int r = spice_skim_link(skim->address, channel->type, skim->session, &channel->fd);

	if (r < 0)
		return r == -EPROTO ? view_decoder_fail(&skim->decoder, "the server refused it") : r;
	if (channel->type != SPICE_CHANNEL_DISPLAY)
		return 0;
	return say(skim, channel, SPICE_MSGC_DISPLAY_INIT, init, sizeof(init));
}

int spice_skim_connect(struct spice_skim *skim)
{
	return link_channel(skim, &skim->channels[0]);
}

static int handle_init(struct spice_skim *skim, struct spice_skim_channel *channel, struct spice_skim_fields *fields)
{
	const uint8_t mode[] = { MOUSE_CLIENT, 0 };
	int r;

	skim->session = (uint32_t)spice_skim_get(fields, 4);
	r = say(skim, channel, SPICE_MSGC_MAIN_ATTACH_CHANNELS, NULL, 0);
	return r < 0 ? r : say(skim, channel, SPICE_MSGC_MAIN_MOUSE_MODE_REQUEST, mode, sizeof(mode));
}

static int handle_channels(struct spice_skim *skim, struct spice_skim_channel *channel,
		struct spice_skim_fields *fields)
{
	int r = 0;

	(void)channel;
	(void)fields;
	for (unsigned int i = 1; i < SPICE_SKIM_CHANNELS && r == 0; i++)
		if (skim->channels[i].fd < 0)
			r = link_channel(skim, &skim->channels[i]);
	return r;
}

static int handle_set_ack(struct spice_skim *skim, struct spice_skim_channel *channel,
		struct spice_skim_fields *fields)
{
	const uint8_t *generation = spice_skim_skip(fields, 4);

	channel->window = (uint32_t)spice_skim_get(fields, 4);
	channel->unacknowledged = 0;
	return generation ? say(skim, channel, SPICE_MSGC_ACK_SYNC, generation, 4) : 0;
}

static int handle_ping(struct spice_skim *skim, struct spice_skim_channel *channel, struct spice_skim_fields *fields)
{
	const uint8_t *ping = spice_skim_skip(fields, 12); /* a number and a time */

	return ping ? say(skim, channel, SPICE_MSGC_PONG, ping, 12) : 0;
}

static int use_message(struct spice_skim *skim, struct spice_skim_channel *channel, uint16_t type,
		const uint8_t *data, size_t bytes)
{
	static const struct {
		uint8_t channel; /* 0: any */
		uint16_t type;
		int (*handle)(struct spice_skim *skim, struct spice_skim_channel *channel,
				struct spice_skim_fields *fields);
	} rows[] = {
		{ 0, SPICE_MSG_SET_ACK, handle_set_ack },
		{ 0, SPICE_MSG_PING, handle_ping },
		{ SPICE_CHANNEL_MAIN, SPICE_MSG_MAIN_INIT, handle_init },
		{ SPICE_CHANNEL_MAIN, SPICE_MSG_MAIN_CHANNELS_LIST, handle_channels },
	};
	struct spice_skim_fields fields = { .at = data, .left = bytes };
	int r = 0;

	channel->unacknowledged++;
	if (channel->type == SPICE_CHANNEL_DISPLAY)
		r = spice_skim_draw(skim, type, data, bytes);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && r == 0; i++)
		if (rows[i].type == type && (!rows[i].channel || rows[i].channel == channel->type))
			r = rows[i].handle(skim, channel, &fields);
	if (r == 0 && channel->window && channel->unacknowledged >= channel->window) {
		channel->unacknowledged = 0;
		r = say(skim, channel, SPICE_MSGC_ACK, NULL, 0);
	}
	if (r == 0 && fields.missed)
		r = view_decoder_fail(&skim->decoder, "message %u is too short", type);
	return r;
}

/* Messages that are whole; keeps the rest. */
static int use_input(struct spice_skim *skim, struct spice_skim_channel *channel)
{
	int r = 0;

	while (r == 0 && channel->end - channel->begin >= HEADER_BYTES) {
		struct spice_skim_fields fields = {
			.at = channel->input + channel->begin,
			.left = channel->end - channel->begin,
		};
		const uint16_t type = (uint16_t)spice_skim_get(&fields, 2);
		const uint32_t bytes = (uint32_t)spice_skim_get(&fields, 4);

		if (bytes > MESSAGE_MAX)
			return view_decoder_fail(&skim->decoder, "a message of %u bytes", bytes);
		if (fields.left < bytes)
			break;
		r = use_message(skim, channel, type, fields.at, bytes);
		channel->begin += HEADER_BYTES + bytes;
	}
	if (channel->begin == channel->end)
		channel->begin = channel->end = 0;
	return r;
}

/* Grows only as bytes come, whatever length a server claims. */
static int make_room(struct spice_skim_channel *channel)
{
	size_t used = channel->end - channel->begin, room;
	uint8_t *input;

	if (channel->room - channel->end >= INPUT_PIECE_BYTES)
		return 0;
	if (channel->begin) {
		memmove(channel->input, channel->input + channel->begin, used);
		channel->begin = 0;
		channel->end = used;
	}
	if (channel->room - channel->end >= INPUT_PIECE_BYTES)
		return 0;
	room = channel->room ? channel->room * 2 : INPUT_BYTES;
	input = realloc(channel->input, room);
	if (!input)
		return -ENOMEM;
	channel->input = input;
	channel->room = room;
	return 0;
}

int spice_skim_serve(struct spice_skim *skim, struct spice_skim_channel *channel)
{
	ssize_t got;
	int r = make_room(channel);

	if (r < 0)
		return r;
	got = recv(channel->fd, channel->input + channel->end, channel->room - channel->end, 0);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (got == 0)
		return view_decoder_fail(&skim->decoder, "the server closed it");
	channel->end += (size_t)got;
	skim->screen.stats.bytes += (uint64_t)got;
	return use_input(skim, channel);
}
