// SPDX-License-Identifier: GPL-2.0-or-later
/* Steps through what an agent or a viewer says, and says the same things. */
#include "server/vdagent.h"

#include <errno.h>
#include <event2/buffer.h>
#include <spice/vd_agent.h>
#include <stdlib.h>
#include <string.h>

#include "net/spice_wire.h"

#define TYPE_AT 4
#define SIZE_AT 16
/* In MONITORS_CONFIG: how many monitors there are, flags, then each one's height and width first. */
#define MONITORS_BYTES 28
#define MONITORS_HEIGHT_AT 8
#define MONITORS_WIDTH_AT 12
/* In ANNOUNCE_CAPABILITIES: whether the other's are wanted, then words of bits. */
#define ANNOUNCE_BYTES 4
/* Before all about clipboards. */
#define SELECTION_BYTES 4
#define WORD_BYTES 4
#define CONTENT_MAX 16
#define ROOM_MIN 4096

_Static_assert(VDAGENT_HEADER_BYTES == sizeof(VDAgentMessage), "the protocol's header");
_Static_assert(VDAGENT_CHUNK_HEADER_BYTES == sizeof(VDIChunkHeader), "the protocol's header of chunks");

bool vdagent_has_selection(uint32_t caps)
{
	return caps & 1u << VD_AGENT_CAP_CLIPBOARD_SELECTION;
}

static uint32_t size_of(const struct vdagent_reader *reader)
{
	return spice_wire_get_u32(reader->head + SIZE_AT);
}

static uint32_t type_of(const struct vdagent_reader *reader)
{
	return spice_wire_get_u32(reader->head + TYPE_AT);
}

static size_t selection_bytes(const struct vdagent_reader *reader)
{
	return vdagent_has_selection(reader->caps) ? SELECTION_BYTES : 0;
}

/* Of the message, as far as it is looked at; of a text what comes before it. */
static size_t head_bytes(const struct vdagent_reader *reader)
{
	size_t most = VDAGENT_LOOK_BYTES;

	if (reader->have < VDAGENT_HEADER_BYTES)
		return VDAGENT_HEADER_BYTES;
	if (type_of(reader) == VD_AGENT_CLIPBOARD)
		most = selection_bytes(reader) + WORD_BYTES;
	return VDAGENT_HEADER_BYTES + (size_of(reader) < most ? size_of(reader) : most);
}

static int look_at_monitors(const uint8_t *content, size_t bytes, struct vdagent_message *ret)
{
	if (bytes < MONITORS_BYTES || !spice_wire_get_u32(content))
		return 0;
	ret->kind = VDAGENT_MONITORS;
	ret->height = spice_wire_get_u32(content + MONITORS_HEIGHT_AT);
	ret->width = spice_wire_get_u32(content + MONITORS_WIDTH_AT);
	return 1;
}

static int look_at_capabilities(struct vdagent_reader *reader, const uint8_t *content, size_t bytes,
		struct vdagent_message *ret)
{
	if (bytes < ANNOUNCE_BYTES)
		return 0;
	reader->caps = bytes < ANNOUNCE_BYTES + WORD_BYTES ? 0 : spice_wire_get_u32(content + ANNOUNCE_BYTES);
	ret->kind = VDAGENT_CAPABILITIES;
	ret->asks = spice_wire_get_u32(content) != 0;
	return 1;
}

/* The message that a text is the rest of. */
static int begin_text(struct vdagent_reader *reader, const uint8_t *content, size_t bytes,
		struct vdagent_message *ret)
{
	const size_t rest = (size_t)reader->rest;

	if (bytes < WORD_BYTES)
		return 0;
	ret->kind = VDAGENT_TEXT;
	if (spice_wire_get_u32(content) != VD_AGENT_CLIPBOARD_UTF8_TEXT)
		return 1;
	ret->bytes = rest;
	if (rest > reader->text_max)
		return 1;
	reader->keeps = rest > 0;
	ret->text = rest ? NULL : (char *)reader->head;
	return !rest;
}

static bool is_about_text(const uint8_t *content, size_t bytes)
{
	for (size_t at = 0; at + WORD_BYTES <= bytes; at += WORD_BYTES) {
		if (spice_wire_get_u32(content + at) == VD_AGENT_CLIPBOARD_UTF8_TEXT)
			return true;
	}
	return false;
}

static int look_at_clipboard(struct vdagent_reader *reader, const uint8_t *content, size_t bytes,
		struct vdagent_message *ret)
{
	const size_t prefix = selection_bytes(reader);

	if (bytes < prefix || (prefix && content[0] != VD_AGENT_CLIPBOARD_SELECTION_CLIPBOARD))
		return 0;
	content += prefix;
	bytes -= prefix;
	switch (type_of(reader)) {
	case VD_AGENT_CLIPBOARD_GRAB:
		ret->kind = VDAGENT_GRAB;
		ret->has_text = is_about_text(content, bytes);
		return 1;
	case VD_AGENT_CLIPBOARD_RELEASE:
		ret->kind = VDAGENT_RELEASE;
		return 1;
	case VD_AGENT_CLIPBOARD_REQUEST:
		ret->kind = VDAGENT_REQUEST;
		if (bytes < WORD_BYTES)
			return 0;
		ret->type = spice_wire_get_u32(content);
		ret->has_text = ret->type == VD_AGENT_CLIPBOARD_UTF8_TEXT;
		return 1;
	default:
		return begin_text(reader, content, bytes, ret);
	}
}

static int look(struct vdagent_reader *reader, struct vdagent_message *ret)
{
	const uint8_t *content = reader->head + VDAGENT_HEADER_BYTES;
	const size_t bytes = reader->have - VDAGENT_HEADER_BYTES;

	if (spice_wire_get_u32(reader->head) != VD_AGENT_PROTOCOL)
		return 0;
	switch (type_of(reader)) {
	case VD_AGENT_MONITORS_CONFIG:
		return look_at_monitors(content, bytes, ret);
	case VD_AGENT_ANNOUNCE_CAPABILITIES:
		return look_at_capabilities(reader, content, bytes, ret);
	case VD_AGENT_CLIPBOARD_GRAB:
	case VD_AGENT_CLIPBOARD_RELEASE:
	case VD_AGENT_CLIPBOARD_REQUEST:
	case VD_AGENT_CLIPBOARD:
		return look_at_clipboard(reader, content, bytes, ret);
	default:
		return 0;
	}
}

static void forget_text(struct vdagent_reader *reader)
{
	free(reader->text);
	reader->text = NULL;
	reader->text_bytes = reader->text_room = 0;
	reader->keeps = false;
}

/* Memory is taken for what has come, and not for what is said to come. */
static bool keep(struct vdagent_reader *reader, const uint8_t *data, size_t bytes)
{
	size_t room = reader->text_room ? reader->text_room : ROOM_MIN;
	char *text;

	while (room < reader->text_bytes + bytes)
		room *= 2;
	if (room != reader->text_room) {
		text = realloc(reader->text, room);
		if (!text)
			return false;
		reader->text = text;
		reader->text_room = room;
	}
	memcpy(reader->text + reader->text_bytes, data, bytes);
	reader->text_bytes += bytes;
	return true;
}

/* What is behind the head. */
static int take_rest(struct vdagent_reader *reader, const uint8_t *data, size_t bytes, size_t *ret_taken,
		struct vdagent_message *ret)
{
	const size_t now = reader->rest < bytes ? (size_t)reader->rest : bytes;
	bool failed = false;

	*ret_taken = now;
	reader->rest -= now;
	if (!reader->keeps)
		return 0;
	failed = !keep(reader, data, now);
	if (!failed && reader->rest)
		return 0;
	reader->keeps = false;
	ret->kind = VDAGENT_TEXT;
	ret->text = failed ? NULL : reader->text;
	ret->bytes = failed ? 0 : reader->text_bytes;
	return 1;
}

int vdagent_input(struct vdagent_reader *reader, const uint8_t *data, size_t bytes, size_t *ret_taken,
		struct vdagent_message *ret)
{
	struct vdagent_message message = { 0 };
	size_t taken = 0, now;
	int r;

	if (!reader->keeps)
		forget_text(reader);
	while (taken < bytes) {
		if (reader->rest) {
			r = take_rest(reader, data + taken, bytes - taken, &now, &message);
			taken += now;
			if (r)
				goto out;
			continue;
		}
		now = head_bytes(reader) - reader->have;
		now = now < bytes - taken ? now : bytes - taken;
		memcpy(reader->head + reader->have, data + taken, now);
		reader->have += now;
		taken += now;
		if (reader->have < VDAGENT_HEADER_BYTES)
			continue;
		if (size_of(reader) > reader->size_max) {
			reader->size = size_of(reader);
			*ret_taken = taken;
			return -E2BIG;
		}
		if (reader->have < head_bytes(reader))
			continue;
		reader->rest = VDAGENT_HEADER_BYTES + (uint64_t)size_of(reader) - reader->have;
		r = look(reader, &message);
		reader->have = 0;
		if (r)
			goto out;
	}
	*ret_taken = taken;
	return 0;
out:
	*ret_taken = taken;
	*ret = message;
	return 1;
}

void vdagent_reader_finish(struct vdagent_reader *reader)
{
	free(reader->text);
	*reader = (struct vdagent_reader){ .size_max = reader->size_max, .text_max = reader->text_max };
}

/* A header, then content, which is the start of one of bytes. */
static int add(struct evbuffer *out, uint32_t type, const uint8_t *content, size_t content_bytes, const char *text,
		size_t text_bytes)
{
	uint8_t message[VDAGENT_HEADER_BYTES + CONTENT_MAX] = { 0 };

	if (text_bytes > UINT32_MAX - CONTENT_MAX)
		return -ENOMEM;
	if (evbuffer_expand(out, sizeof(message) + text_bytes) < 0)
		return -ENOMEM;
	spice_wire_put_u32(message, VD_AGENT_PROTOCOL);
	spice_wire_put_u32(message + TYPE_AT, type);
	spice_wire_put_u32(message + SIZE_AT, (uint32_t)(content_bytes + text_bytes));
	if (content_bytes)
		memcpy(message + VDAGENT_HEADER_BYTES, content, content_bytes);
	/* There is room, so neither fails. */
	if (evbuffer_add(out, message, VDAGENT_HEADER_BYTES + content_bytes) < 0 ||
			(text_bytes && evbuffer_add(out, text, text_bytes) < 0))
		return -ENOMEM;
	return 0;
}

/* The selection is CLIPBOARD, which is 0. */
static int add_clipboard(struct evbuffer *out, uint32_t type, bool selection, const uint32_t *word, const char *text,
		size_t text_bytes)
{
	uint8_t content[SELECTION_BYTES + WORD_BYTES] = { 0 };
	size_t bytes = selection ? SELECTION_BYTES : 0;

	if (word) {
		spice_wire_put_u32(content + bytes, *word);
		bytes += WORD_BYTES;
	}
	return add(out, type, content, bytes, text, text_bytes);
}

int vdagent_add_capabilities(struct evbuffer *out, uint32_t caps, bool asks)
{
	uint8_t content[ANNOUNCE_BYTES + WORD_BYTES];

	spice_wire_put_u32(content, asks);
	spice_wire_put_u32(content + ANNOUNCE_BYTES, caps);
	return add(out, VD_AGENT_ANNOUNCE_CAPABILITIES, content, sizeof(content), NULL, 0);
}

static const uint32_t utf8 = VD_AGENT_CLIPBOARD_UTF8_TEXT;
static const uint32_t none = VD_AGENT_CLIPBOARD_NONE;

int vdagent_add_grab(struct evbuffer *out, bool selection)
{
	return add_clipboard(out, VD_AGENT_CLIPBOARD_GRAB, selection, &utf8, NULL, 0);
}

int vdagent_add_release(struct evbuffer *out, bool selection)
{
	return add_clipboard(out, VD_AGENT_CLIPBOARD_RELEASE, selection, NULL, NULL, 0);
}

int vdagent_add_request(struct evbuffer *out, bool selection)
{
	return add_clipboard(out, VD_AGENT_CLIPBOARD_REQUEST, selection, &utf8, NULL, 0);
}

int vdagent_add_text(struct evbuffer *out, bool selection, const char *text, size_t bytes)
{
	return add_clipboard(out, VD_AGENT_CLIPBOARD, selection, text ? &utf8 : &none, text, text ? bytes : 0);
}

int vdagent_add_max_clipboard(struct evbuffer *out, uint32_t bytes)
{
	uint8_t content[WORD_BYTES];

	spice_wire_put_u32(content, bytes < INT32_MAX ? bytes : INT32_MAX);
	return add(out, VD_AGENT_MAX_CLIPBOARD, content, sizeof(content), NULL, 0);
}

int vdagent_add_disconnected(struct evbuffer *out)
{
	return add(out, VD_AGENT_CLIENT_DISCONNECTED, NULL, 0, NULL, 0);
}

int vdagent_chunk_input(struct vdagent_chunk *chunk, const uint8_t *data, size_t bytes, size_t *ret_taken,
		size_t *ret_bytes)
{
	size_t now = VDAGENT_CHUNK_HEADER_BYTES - chunk->have;
	uint32_t port;

	*ret_bytes = 0;
	if (chunk->rest) {
		now = chunk->rest < bytes ? chunk->rest : bytes;
		chunk->rest -= (uint32_t)now;
		*ret_taken = now;
		/* The other port is between the agent and a server that has a pointer for it. */
		*ret_bytes = spice_wire_get_u32(chunk->head) == VDP_CLIENT_PORT ? now : 0;
		return 0;
	}
	now = now < bytes ? now : bytes;
	if (now)
		memcpy(chunk->head + chunk->have, data, now);
	chunk->have += now;
	*ret_taken = now;
	if (chunk->have < VDAGENT_CHUNK_HEADER_BYTES)
		return 0;
	chunk->have = 0;
	chunk->rest = spice_wire_get_u32(chunk->head + WORD_BYTES);
	port = spice_wire_get_u32(chunk->head);
	return port == VDP_CLIENT_PORT || port == VDP_SERVER_PORT ? 0 : -EPROTO;
}

int vdagent_chunk_add(struct evbuffer *out, struct evbuffer *message)
{
	uint8_t head[VDAGENT_CHUNK_HEADER_BYTES];
	size_t bytes, now;

	while ((bytes = evbuffer_get_length(message))) {
		now = bytes < VD_AGENT_MAX_DATA_SIZE ? bytes : VD_AGENT_MAX_DATA_SIZE;
		spice_wire_put_u32(head, VDP_CLIENT_PORT);
		spice_wire_put_u32(head + WORD_BYTES, (uint32_t)now);
		if (evbuffer_add(out, head, sizeof(head)) < 0 ||
				evbuffer_remove_buffer(message, out, now) != (int)now) {
			evbuffer_drain(message, SIZE_MAX);
			return -ENOMEM;
		}
	}
	return 0;
}
