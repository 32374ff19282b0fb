// SPDX-License-Identifier: GPL-2.0-or-later
/* What a SPICE viewer and the agent it believes in say to each other. */
#include "net/spice_agent.h"

#include <event2/buffer.h>
#include <spice/enums.h>
#include <spice/vd_agent.h>

#include "config/config.h"
#include "net/spice.h"
#include "net/spice_front.h"
#include "net/spice_relay.h"
#include "net/spice_session.h"
#include "net/spice_wire.h"

#define CAP(name) (1u << VD_AGENT_CAP_##name)
/* Who were told nothing would offer to send the guest files, and wait. */
#define ABILITIES (CAP(MONITORS_CONFIG) | CAP(FILE_XFER_DISABLED))
#define CLIPBOARD_ABILITIES (CAP(CLIPBOARD_BY_DEMAND) | CAP(CLIPBOARD_SELECTION) | CAP(GUEST_LINEEND_LF))

enum due {
	DUE_ABILITIES = 1 << 0,
	DUE_GRAB = 1 << 1,
	DUE_RELEASE = 1 << 2, /* one of the two */
	DUE_REQUEST = 1 << 3,
	DUE_TEXT = 1 << 4, /* the viewer has asked */
};

static uint32_t abilities(const struct spice_front *front)
{
	const struct clipboard *clipboard = front->spice->clipboard;

	return clipboard && (clipboard_allows(clipboard, CLIPBOARD_GUEST) ||
			clipboard_allows(clipboard, CLIPBOARD_VIEWER)) ? ABILITIES | CLIPBOARD_ABILITIES : ABILITIES;
}

static bool selection(const struct spice_front *front)
{
	return vdagent_has_selection(front->agent.reader.caps);
}

static void check(struct spice_front *front, int r)
{
	if (r < 0)
		spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
}

static struct evbuffer *messages(struct spice_front *front)
{
	if (!front->agent.messages)
		front->agent.messages = evbuffer_new();
	if (!front->agent.messages)
		spice_front_close(front, LOG_LEVEL_WARN, "out of memory");
	return front->agent.messages;
}

static bool is_saying(const struct spice_front *front)
{
	return front->agent.messages && evbuffer_get_length(front->agent.messages);
}

/* Not inside of one of the library's messages. */
static void send_pieces(struct spice_front *front)
{
	struct evbuffer *scratch = front->spice->scratch;
	uint8_t header[SPICE_FILTER_HEADER_BYTES];
	size_t bytes;

	while (is_saying(front) && front->state == SPICE_FRONT_OPEN && !front->filter.rest && front->agent.tokens &&
			!spice_relay_is_full(front)) {
		bytes = evbuffer_get_length(front->agent.messages);
		bytes = bytes < VD_AGENT_MAX_DATA_SIZE ? bytes : VD_AGENT_MAX_DATA_SIZE;
		spice_wire_put_u16(header, SPICE_MSG_MAIN_AGENT_DATA);
		spice_wire_put_u32(header + 2, (uint32_t)bytes);
		if (evbuffer_add(scratch, header, sizeof(header)) < 0 ||
				evbuffer_remove_buffer(front->agent.messages, scratch, bytes) != (int)bytes) {
			evbuffer_drain(scratch, SIZE_MAX);
			check(front, -1);
			return;
		}
		front->agent.tokens--;
		front->pieces++;
		spice_front_write(front, scratch);
	}
}

static void say_due(struct spice_front *front)
{
	struct spice_agent *agent = &front->agent;
	const unsigned int due = agent->due;
	struct evbuffer *out = messages(front);

	if (!out)
		return;
	agent->due = 0;
	if (due & DUE_ABILITIES)
		check(front, vdagent_add_capabilities(out, abilities(front), false));
	if (due & DUE_GRAB)
		check(front, vdagent_add_grab(out, selection(front)));
	if (due & DUE_RELEASE)
		check(front, vdagent_add_release(out, selection(front)));
	if (due & DUE_REQUEST)
		check(front, vdagent_add_request(out, selection(front)));
	if (due & DUE_TEXT)
		clipboard_request(&agent->peer);
}

void spice_agent_flush(struct spice_front *front)
{
	send_pieces(front);
	if (front->agent.due && !is_saying(front) && front->state == SPICE_FRONT_OPEN) {
		say_due(front);
		send_pieces(front);
	}
}

static bool may(void *user)
{
	const struct spice_front *front = user;

	return spice_session_may_control(front->session);
}

static void add_due(struct spice_front *front, unsigned int due)
{
	if (due & (DUE_GRAB | DUE_RELEASE))
		front->agent.due &= ~(unsigned int)(DUE_GRAB | DUE_RELEASE);
	front->agent.due |= due;
	spice_agent_flush(front);
}

static void handle_offered(void *user)
{
	add_due(user, DUE_GRAB);
}

static void handle_withdrawn(void *user)
{
	add_due(user, DUE_RELEASE);
}

static void handle_wanted(void *user)
{
	add_due(user, DUE_REQUEST);
}

/* What it can be asked for has changed. */
static void handle_changed(void *user)
{
	add_due(user, DUE_ABILITIES);
}

static void handle_text(void *user, const char *text, size_t bytes)
{
	struct spice_front *front = user;
	struct evbuffer *out = messages(front);

	if (!out)
		return;
	check(front, vdagent_add_text(out, selection(front), text, bytes));
	send_pieces(front);
}

static const struct clipboard_peer_impl peer_impl = {
	.may = may,
	.offered = handle_offered,
	.withdrawn = handle_withdrawn,
	.wanted = handle_wanted,
	.text = handle_text,
	.changed = handle_changed,
};

static void meet(struct spice_front *front, bool asks)
{
	struct clipboard_peer *peer = &front->agent.peer;

	if (asks)
		add_due(front, DUE_ABILITIES);
	if (!(front->agent.reader.caps & CAP(CLIPBOARD_BY_DEMAND)) || front->state != SPICE_FRONT_OPEN)
		return;
	peer->name = front->peer;
	peer->impl = &peer_impl;
	peer->user = front;
	clipboard_join(front->spice->clipboard, peer, CLIPBOARD_VIEWER);
}

static void handle_message(struct spice_front *front, const struct vdagent_message *message)
{
	struct clipboard_peer *peer = &front->agent.peer;

	switch (message->kind) {
	case VDAGENT_CAPABILITIES:
		meet(front, message->asks);
		break;
	case VDAGENT_MONITORS:
		spice_session_resize(front->session, message->width, message->height);
		break;
	case VDAGENT_GRAB:
		/* A picture, say, is nothing for the guest. */
		if (message->has_text)
			clipboard_grab(peer);
		else
			clipboard_release(peer);
		break;
	case VDAGENT_RELEASE:
		clipboard_release(peer);
		break;
	case VDAGENT_REQUEST:
		if (message->has_text && peer->clipboard)
			add_due(front, DUE_TEXT);
		break;
	case VDAGENT_TEXT:
		clipboard_answer(peer, message->text, message->bytes);
		break;
	}
}

static void hear_data(struct spice_front *front, const uint8_t *data, size_t bytes)
{
	struct vdagent_reader *reader = &front->agent.reader;
	struct vdagent_message message;
	size_t taken;
	int r;

	reader->size_max = (uint32_t)front->spice->config->agent_message_max_bytes;
	reader->text_max = front->agent.peer.clipboard
			? (uint32_t)clipboard_max_bytes(front->agent.peer.clipboard) : 0;
	for (size_t at = 0; at < bytes && front->state == SPICE_FRONT_OPEN; at += taken) {
		r = vdagent_input(reader, data + at, bytes - at, &taken, &message);
		if (r < 0)
			spice_front_close(front, LOG_LEVEL_NOTICE, "a message of %u bytes to the agent, with "
					"agent-message-max = %u", reader->size, reader->size_max);
		else if (r > 0)
			handle_message(front, &message);
	}
}

void spice_agent_hear(struct spice_front *front, const uint8_t *data, size_t bytes)
{
	const uint8_t *body = data + SPICE_FILTER_HEADER_BYTES;

	switch (spice_wire_get_u16(data)) {
	case SPICE_MSGC_MAIN_AGENT_START:
		front->agent.tokens = spice_wire_get_u32(body);
		break;
	case SPICE_MSGC_MAIN_AGENT_TOKEN:
		/* 2^32 messages of all are needed for more than 64 bits hold. */
		front->agent.tokens += spice_wire_get_u32(body);
		break;
	case SPICE_MSGC_MAIN_AGENT_DATA:
		hear_data(front, body, bytes - SPICE_FILTER_HEADER_BYTES);
		break;
	default:
		return;
	}
	spice_agent_flush(front);
}

void spice_agent_leave(struct spice_front *front)
{
	clipboard_leave(&front->agent.peer);
}

void spice_agent_finish(struct spice_front *front)
{
	vdagent_reader_finish(&front->agent.reader);
	if (front->agent.messages)
		evbuffer_free(front->agent.messages);
	front->agent.messages = NULL;
}
