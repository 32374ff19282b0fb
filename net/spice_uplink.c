// SPDX-License-Identifier: GPL-2.0-or-later
/* Links to the library as a client would, with an empty password. */
#include "net/spice_uplink.h"

#include <errno.h>
#include <event2/buffer.h>
#include <spice/enums.h>
#include <spice/protocol.h>
#include <string.h>

#include "net/spice_filter.h"
#include "net/spice_ticket.h"
#include "net/spice_wire.h"

#define CAPS_BYTES 8
#define REPLY_MAX 4096
#define VERDICT_BYTES 4
#define INIT_BYTES 14
#define DISPLAY_INIT_BYTES (SPICE_FILTER_HEADER_BYTES + INIT_BYTES)
#define TICKET_BYTES (4 + SPICE_LINK_TICKET_BYTES)

_Static_assert(SPICE_LINK_HEADER_BYTES == sizeof(SpiceLinkHeader), "the protocol's header");
_Static_assert(SPICE_LINK_MESSAGE_BYTES == sizeof(SpiceLinkMess), "the protocol's message");

int spice_uplink_init(struct spice_uplink *uplink, const struct spice_link_message *message,
		struct evbuffer *output)
{
	uint8_t data[SPICE_LINK_HEADER_BYTES + SPICE_LINK_MESSAGE_BYTES + CAPS_BYTES];
	uint8_t *body = data + SPICE_LINK_HEADER_BYTES;

	*uplink = (struct spice_uplink){ .channel = message->channel };
	memcpy(data, "REDQ", 4);
	spice_wire_put_u32(data + 4, SPICE_VERSION_MAJOR);
	spice_wire_put_u32(data + 8, SPICE_VERSION_MINOR);
	spice_wire_put_u32(data + 12, SPICE_LINK_MESSAGE_BYTES + CAPS_BYTES);
	spice_wire_put_u32(body, message->connection_id);
	body[4] = spice_link_channels[message->channel].type;
	body[5] = 0;
	spice_wire_put_u32(body + 6, 1);
	spice_wire_put_u32(body + 10, 1);
	spice_wire_put_u32(body + 14, SPICE_LINK_MESSAGE_BYTES);
	spice_wire_put_u32(body + SPICE_LINK_MESSAGE_BYTES, message->common_caps);
	spice_wire_put_u32(body + SPICE_LINK_MESSAGE_BYTES + 4, message->channel_caps);
	return evbuffer_add(output, data, sizeof(data)) < 0 ? -ENOMEM : 0;
}

static enum spice_uplink_result fail(struct spice_uplink *uplink, const char *error)
{
	uplink->error = error;
	return SPICE_UPLINK_FAILED;
}

/*
 * None of our images asks to be cached and none is compressed against others,
 * so the caches that this message sizes stay empty.
 */
static void write_display_init(uint8_t data[DISPLAY_INIT_BYTES])
{
	uint8_t *body = data + SPICE_FILTER_HEADER_BYTES;

	spice_wire_put_u16(data, SPICE_MSGC_DISPLAY_INIT);
	spice_wire_put_u32(data + 2, INIT_BYTES);
	body[0] = 1; /* pixmap cache: id, pixels */
	spice_wire_put(body + 1, 1, 8);
	body[9] = 1; /* dictionary: id, pixels */
	spice_wire_put_u32(body + 10, 1);
}

static enum spice_uplink_result read_reply(struct spice_uplink *uplink, const uint8_t *reply,
		struct evbuffer *output)
{
	uint8_t data[TICKET_BYTES + DISPLAY_INIT_BYTES];
	const bool is_display = uplink->channel == SPICE_LINK_DISPLAY;

	if (spice_wire_get_u32(reply) != SPICE_LINK_ERR_OK)
		return fail(uplink, "the library does not take the link");
	spice_wire_put_u32(data, SPICE_COMMON_CAP_AUTH_SPICE);
	if (spice_ticket_encrypt(reply + 4, "", data + 4) < 0)
		return fail(uplink, "the library's key is of no use");
	write_display_init(data + TICKET_BYTES);
	/* All or nothing. */
	if (evbuffer_add(output, data, TICKET_BYTES + (is_display ? DISPLAY_INIT_BYTES : 0)) < 0)
		return fail(uplink, "out of memory");
	uplink->answered = true;
	return SPICE_UPLINK_MORE;
}

static enum spice_uplink_result read_next(struct spice_uplink *uplink, const uint8_t *data,
		struct evbuffer *output)
{
	size_t bytes;

	if (uplink->answered) {
		if (spice_wire_get_u32(data) != SPICE_LINK_ERR_OK)
			return fail(uplink, "the library does not let the channel in");
		uplink->done = true;
		return SPICE_UPLINK_DONE;
	}
	if (uplink->reply_bytes)
		return read_reply(uplink, data, output);
	bytes = spice_wire_get_u32(data + 12);
	if (bytes < sizeof(SpiceLinkReply) || bytes > REPLY_MAX)
		return fail(uplink, "the library's reply has an impossible size");
	uplink->reply_bytes = bytes;
	return SPICE_UPLINK_MORE;
}

enum spice_uplink_result spice_uplink_input(struct spice_uplink *uplink, const uint8_t *data, size_t bytes,
		struct evbuffer *output, size_t *ret_taken)
{
	enum spice_uplink_result result = SPICE_UPLINK_MORE;
	size_t need, taken;

	for (taken = 0; result == SPICE_UPLINK_MORE; taken += need) {
		need = uplink->answered ? VERDICT_BYTES
				: uplink->reply_bytes ? uplink->reply_bytes : SPICE_LINK_HEADER_BYTES;
		if (bytes - taken < need)
			break;
		result = read_next(uplink, data + taken, output);
	}
	*ret_taken = taken;
	return result;
}
