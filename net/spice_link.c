// SPDX-License-Identifier: GPL-2.0-or-later
/* Reads a client's link message, authentication and ticket, and answers them. */
#include "net/spice_link.h"

#include <errno.h>
#include <event2/buffer.h>
#include <spice/enums.h>
#include <spice/protocol.h>
#include <string.h>

#include "encoders/packet.h"
#include "net/spice_wire.h"

#define BIT(capability) (UINT32_C(1) << (capability))
#define REPLY_BYTES (4 + SPICE_LINK_KEY_BYTES + 12)
/* In our reply: one of the protocol, one of the channel. */
#define REPLY_CAPS_BYTES 8

_Static_assert(SPICE_LINK_KEY_BYTES == SPICE_TICKET_PUBKEY_BYTES, "the protocol's key");
_Static_assert(SPICE_LINK_TICKET_BYTES == SPICE_TICKET_KEY_PAIR_LENGTH / 8, "the protocol's ticket");
_Static_assert(REPLY_BYTES == sizeof(SpiceLinkReply), "the protocol's reply");

static const uint8_t magic[4] = { 'R', 'E', 'D', 'Q' };

#define COMMON_NEEDED (BIT(SPICE_COMMON_CAP_PROTOCOL_AUTH_SELECTION) | BIT(SPICE_COMMON_CAP_MINI_HEADER))
#define COMMON_OFFERED (COMMON_NEEDED | BIT(SPICE_COMMON_CAP_AUTH_SPICE))

/*
 * No migration, no streams of the library's, and no wish of a client's for the compression is heard.
 * What it says of streams is about ours: net/spice_video.h.
 */
const struct spice_link_channel_info spice_link_channels[SPICE_LINK_CHANNELS] = {
	[SPICE_LINK_MAIN] = {
		.name = "main",
		.type = SPICE_CHANNEL_MAIN,
		.accepted = BIT(SPICE_MAIN_CAP_NAME_AND_UUID) | BIT(SPICE_MAIN_CAP_AGENT_CONNECTED_TOKENS),
	},
	[SPICE_LINK_DISPLAY] = {
		.name = "display",
		.type = SPICE_CHANNEL_DISPLAY,
		.offered = BIT(SPICE_DISPLAY_CAP_MONITORS_CONFIG) | BIT(SPICE_DISPLAY_CAP_STREAM_REPORT) |
				BIT(SPICE_DISPLAY_CAP_PREF_VIDEO_CODEC_TYPE),
		/* GL_SCANOUT must not be among them: behind a socketpair any client looks local. */
		.accepted = BIT(SPICE_DISPLAY_CAP_MONITORS_CONFIG) | BIT(SPICE_DISPLAY_CAP_COMPOSITE) |
				BIT(SPICE_DISPLAY_CAP_A8_SURFACE) | BIT(SPICE_DISPLAY_CAP_LZ4_COMPRESSION),
	},
	[SPICE_LINK_INPUTS] = {
		.name = "inputs",
		.type = SPICE_CHANNEL_INPUTS,
		.offered = BIT(SPICE_INPUTS_CAP_KEY_SCANCODE),
	},
	[SPICE_LINK_CURSOR] = { .name = "cursor", .type = SPICE_CHANNEL_CURSOR },
};

static void put_header(uint8_t *at, uint32_t bytes)
{
	memcpy(at, magic, sizeof(magic));
	spice_wire_put_u32(at + 4, SPICE_VERSION_MAJOR);
	spice_wire_put_u32(at + 8, SPICE_VERSION_MINOR);
	spice_wire_put_u32(at + 12, bytes);
}

static enum spice_link_result wait_for(struct spice_link *link, size_t bytes, spice_link_step_fn step)
{
	link->need = bytes;
	link->step = step;
	return SPICE_LINK_MORE;
}

static enum spice_link_result bad(struct spice_link *link, uint32_t code, const char *error,
		struct evbuffer *output)
{
	link->error = error;
	spice_link_refuse(link, code, output);
	return SPICE_LINK_BAD;
}

static enum spice_link_result read_ticket(struct spice_link *link, const uint8_t *data,
		struct evbuffer *output)
{
	(void)output;
	memcpy(link->ticket, data, sizeof(link->ticket));
	wait_for(link, 0, NULL);
	return SPICE_LINK_TICKET;
}

static enum spice_link_result read_mechanism(struct spice_link *link, const uint8_t *data,
		struct evbuffer *output)
{
	if (spice_wire_get_u32(data) != SPICE_COMMON_CAP_AUTH_SPICE)
		return bad(link, SPICE_LINK_ERR_INVALID_DATA, "chose authentication that was not offered",
				output);
	return wait_for(link, SPICE_LINK_TICKET_BYTES, read_ticket);
}

/* NULL, or what is wrong with the capabilities. */
static const char *read_caps(const uint8_t *data, size_t bytes, uint32_t *ret_common, uint32_t *ret_channel)
{
	uint64_t n_common = spice_wire_get_u32(data + 6);
	uint64_t n_channel = spice_wire_get_u32(data + 10);
	uint64_t at = spice_wire_get_u32(data + 14);

	if (n_common + n_channel && (at < SPICE_LINK_MESSAGE_BYTES ||
			at + (n_common + n_channel) * 4 > bytes))
		return "capabilities outside of the link message";
	*ret_common = n_common ? spice_wire_get_u32(data + at) : 0;
	*ret_channel = n_channel ? spice_wire_get_u32(data + at + n_common * 4) : 0;
	return NULL;
}

/* Clients that know of no choice decode MJPEG. */
static unsigned int codecs_of(uint32_t caps)
{
	const bool chooses = caps & BIT(SPICE_DISPLAY_CAP_MULTI_CODEC);
	const bool mjpeg = !chooses || caps & BIT(SPICE_DISPLAY_CAP_CODEC_MJPEG);
	const bool h264 = chooses && caps & BIT(SPICE_DISPLAY_CAP_CODEC_H264);

	return (unsigned int)mjpeg << PACKET_MJPEG | (unsigned int)h264 << PACKET_H264;
}

static enum spice_link_result read_message(struct spice_link *link, const uint8_t *data,
		struct evbuffer *output)
{
	struct spice_link_message *message = &link->message;
	uint32_t common, channel;
	const char *error;
	unsigned int i = 0;

	error = read_caps(data, link->need, &common, &channel);
	if (error)
		return bad(link, SPICE_LINK_ERR_INVALID_DATA, error, output);
	while (i < SPICE_LINK_CHANNELS && spice_link_channels[i].type != data[4])
		i++;
	if (i == SPICE_LINK_CHANNELS || data[5] != 0)
		return bad(link, SPICE_LINK_ERR_CHANNEL_NOT_AVAILABLE, "asked for a channel that is not served",
				output);
	message->connection_id = spice_wire_get_u32(data);
	message->channel = i;
	/* With an id it would be a viewer that migrates to here. */
	if ((message->connection_id == 0) != (i == SPICE_LINK_MAIN))
		return bad(link, SPICE_LINK_ERR_BAD_CONNECTION_ID, "a connection id where none can be, or none",
				output);
	if ((common & COMMON_NEEDED) != COMMON_NEEDED)
		return bad(link, SPICE_LINK_ERR_VERSION_MISMATCH,
				"a client older than mini headers and choice of authentication", output);
	message->common_caps = COMMON_OFFERED;
	message->channel_caps = channel & spice_link_channels[i].accepted;
	message->codecs = i == SPICE_LINK_DISPLAY ? codecs_of(channel) : 0;
	wait_for(link, 0, NULL);
	return SPICE_LINK_ASKED;
}

static enum spice_link_result read_header(struct spice_link *link, const uint8_t *data,
		struct evbuffer *output)
{
	uint32_t bytes = spice_wire_get_u32(data + 12);

	if (memcmp(data, magic, sizeof(magic))) {
		link->error = "not a SPICE client"; /* who would not understand our answer */
		return SPICE_LINK_BAD;
	}
	if (spice_wire_get_u32(data + 4) != SPICE_VERSION_MAJOR)
		return bad(link, SPICE_LINK_ERR_VERSION_MISMATCH, "not version 2 of SPICE", output);
	if (bytes < SPICE_LINK_MESSAGE_BYTES || bytes > SPICE_LINK_MESSAGE_MAX)
		return bad(link, SPICE_LINK_ERR_INVALID_DATA, "a link message of an impossible size", output);
	return wait_for(link, bytes, read_message);
}

void spice_link_init(struct spice_link *link)
{
	*link = (struct spice_link){ 0 };
	wait_for(link, SPICE_LINK_HEADER_BYTES, read_header);
}

enum spice_link_result spice_link_input(struct spice_link *link, struct evbuffer *input,
		struct evbuffer *output)
{
	enum spice_link_result result = SPICE_LINK_MORE;
	uint8_t data[SPICE_LINK_MESSAGE_MAX];

	while (result == SPICE_LINK_MORE && link->step && evbuffer_get_length(input) >= link->need) {
		if (evbuffer_remove(input, data, link->need) != (int)link->need) {
			link->error = "out of memory";
			return SPICE_LINK_BAD;
		}
		result = link->step(link, data, output);
	}
	return result;
}

int spice_link_reply(struct spice_link *link, const uint8_t key[SPICE_LINK_KEY_BYTES],
		struct evbuffer *output)
{
	uint8_t data[SPICE_LINK_HEADER_BYTES + REPLY_BYTES + REPLY_CAPS_BYTES];
	uint8_t *reply = data + SPICE_LINK_HEADER_BYTES;

	put_header(data, REPLY_BYTES + REPLY_CAPS_BYTES);
	spice_wire_put_u32(reply, SPICE_LINK_ERR_OK);
	memcpy(reply + 4, key, SPICE_LINK_KEY_BYTES);
	spice_wire_put_u32(reply + 4 + SPICE_LINK_KEY_BYTES, 1);
	spice_wire_put_u32(reply + 8 + SPICE_LINK_KEY_BYTES, 1);
	spice_wire_put_u32(reply + 12 + SPICE_LINK_KEY_BYTES, REPLY_BYTES);
	spice_wire_put_u32(reply + REPLY_BYTES, COMMON_OFFERED);
	spice_wire_put_u32(reply + REPLY_BYTES + 4, spice_link_channels[link->message.channel].offered);
	link->replied = true;
	wait_for(link, 4, read_mechanism);
	return evbuffer_add(output, data, sizeof(data)) < 0 ? -ENOMEM : 0;
}

int spice_link_admit(struct spice_link *link, struct evbuffer *output)
{
	uint8_t data[4];

	(void)link;
	spice_wire_put_u32(data, SPICE_LINK_ERR_OK);
	return evbuffer_add(output, data, sizeof(data)) < 0 ? -ENOMEM : 0;
}

void spice_link_refuse(struct spice_link *link, uint32_t error, struct evbuffer *output)
{
	uint8_t data[SPICE_LINK_HEADER_BYTES + REPLY_BYTES] = { 0 };

	wait_for(link, 0, NULL);
	put_header(data, REPLY_BYTES);
	spice_wire_put_u32(data + SPICE_LINK_HEADER_BYTES, error);
	/* Out of memory: the client learns it from the end of the connection. */
	if (link->replied)
		(void)evbuffer_add(output, data + SPICE_LINK_HEADER_BYTES, 4);
	else
		(void)evbuffer_add(output, data, sizeof(data));
}
