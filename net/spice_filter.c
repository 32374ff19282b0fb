// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of a client's messages, and the steps through the library's. */
#include "net/spice_filter.h"

#include <errno.h>
#include <event2/buffer.h>
#include <spice/enums.h>

#include "net/spice_scan.h"
#include "net/spice_wire.h"

/*
 * MAIN_INIT: eight words, of which the first is the session's id, the fifth and
 * sixth are about the agent and the seventh is the clock.
 */
#define INIT_BYTES 32
#define INIT_AGENT_AT 16
#define INIT_AGENT_TOKENS_AT 20
#define INIT_CLOCK_AT 24
/* SET_ACK: a number to be said again, and the window. */
#define SET_ACK_BYTES 8
#define SET_ACK_WINDOW_AT 4
/* SURFACE_CREATE: id, width, height, format and flags; SURFACE_DESTROY: id. The one that is shown has id 0. */
#define SURFACE_BYTES 20
#define SURFACE_GONE_BYTES 4

/* The viewer's lock keys: a word of flags becomes two scancodes. */
#define LOCKS_BYTES 2
#define LOCKS_ALL (SPICE_KEYBOARD_MODIFIER_FLAGS_SCROLL_LOCK | SPICE_KEYBOARD_MODIFIER_FLAGS_NUM_LOCK | \
		SPICE_KEYBOARD_MODIFIER_FLAGS_CAPS_LOCK)

#define EXACT(size) .min = (size), .max = (size)
#define AT_MOST(size) .min = 0, .max = (size)

/*
 * Every channel. What is about migration is missing: the library aborts at a
 * flush mark it did not ask for.
 */
static const struct spice_filter_rule common_rules[] = {
	{ SPICE_MSGC_ACK_SYNC, EXACT(4), .acknowledges = true },
	{ SPICE_MSGC_ACK, EXACT(0), .acknowledges = true },
	/* To questions of how far the client is: ours (net/spice_flow.h), or the library's, which do not matter. */
	{ SPICE_MSGC_PONG, EXACT(12), .drop = true },
	{ SPICE_MSGC_DISCONNECTING, AT_MOST(64), .drop = true },
	{ 0 },
};

/* The library knows of no agent, and would at best store what is for it: net/spice_agent.h. */
static const struct spice_filter_rule main_rules[] = {
	{ SPICE_MSGC_MAIN_CLIENT_INFO, AT_MOST(64), .drop = true },
	{ SPICE_MSGC_MAIN_ATTACH_CHANNELS, EXACT(0) },
	{ SPICE_MSGC_MAIN_MOUSE_MODE_REQUEST, EXACT(2), .rare = true },
	{ SPICE_MSGC_MAIN_AGENT_START, EXACT(4), .drop = true },
	{ SPICE_MSGC_MAIN_AGENT_DATA, AT_MOST(2048), .drop = true },
	{ SPICE_MSGC_MAIN_AGENT_TOKEN, EXACT(4), .drop = true },
	{ 0 },
};

static const struct spice_filter_rule display_rules[] = {
	/* The front has sent its own; the library aborts at a second one. */
	{ SPICE_MSGC_DISPLAY_INIT, EXACT(14), .drop = true },
	/* Of streams, which are ours. */
	{ SPICE_MSGC_DISPLAY_STREAM_REPORT, AT_MOST(64), .drop = true },
	{ SPICE_MSGC_DISPLAY_PREFERRED_VIDEO_CODEC_TYPE, AT_MOST(64), .drop = true },
	/* A wish that is not offered. */
	{ SPICE_MSGC_DISPLAY_PREFERRED_COMPRESSION, EXACT(1), .drop = true },
	{ 0 },
};

static const struct spice_filter_rule inputs_rules[] = {
	{ SPICE_MSGC_INPUTS_KEY_DOWN, EXACT(4) },
	{ SPICE_MSGC_INPUTS_KEY_UP, EXACT(4) },
	{ SPICE_MSGC_INPUTS_KEY_MODIFIERS, EXACT(LOCKS_BYTES), .locks = true },
	{ SPICE_MSGC_INPUTS_KEY_SCANCODE, .min = 1, .max = 64 },
	{ SPICE_MSGC_INPUTS_MOUSE_MOTION, EXACT(10) },
	{ SPICE_MSGC_INPUTS_MOUSE_POSITION, EXACT(11) },
	{ SPICE_MSGC_INPUTS_MOUSE_PRESS, EXACT(3) },
	{ SPICE_MSGC_INPUTS_MOUSE_RELEASE, EXACT(3) },
	{ 0 },
};

static const struct spice_filter_rule cursor_rules[] = {
	{ 0 },
};

static const struct spice_filter_rule *const channel_rules[SPICE_LINK_CHANNELS] = {
	[SPICE_LINK_MAIN] = main_rules,
	[SPICE_LINK_DISPLAY] = display_rules,
	[SPICE_LINK_INPUTS] = inputs_rules,
	[SPICE_LINK_CURSOR] = cursor_rules,
};

void spice_filter_init(struct spice_filter *filter, enum spice_link_channel channel, uint32_t session_id)
{
	*filter = (struct spice_filter){ .channel = channel, .session_id = session_id };
}

static const struct spice_filter_rule *find_rule(const struct spice_filter_rule *rule, uint16_t type)
{
	while (rule->type && rule->type != type)
		rule++;
	return rule->type ? rule : NULL;
}

static int refuse(struct spice_filter *filter, const char *error, uint16_t type, uint32_t size)
{
	filter->error = error;
	filter->type = type;
	filter->size = size;
	return -EPROTO;
}

/* Is one more too many? */
static bool is_frequent(struct spice_filter *filter, int64_t now_ns)
{
	int64_t *oldest_ns = &filter->rare_ns[filter->rare_at];

	if (*oldest_ns && now_ns - *oldest_ns < SPICE_FILTER_RARE_NS)
		return true;
	*oldest_ns = now_ns;
	filter->rare_at = (filter->rare_at + 1) % SPICE_FILTER_RARE_MAX;
	return false;
}

/* Has the library said nothing that it could be about? */
static bool is_idle_word(struct spice_filter *filter, uint16_t type)
{
	if (type == SPICE_MSGC_ACK_SYNC && filter->unsynced) {
		filter->unsynced--;
		return false;
	}
	if (type == SPICE_MSGC_ACK && filter->window && filter->unacknowledged >= filter->window) {
		filter->unacknowledged -= filter->window;
		return false;
	}
	return true;
}

static bool say_as_scancodes(struct evbuffer *input)
{
	uint8_t *message = evbuffer_pullup(input, SPICE_FILTER_HEADER_BYTES + LOCKS_BYTES);
	uint8_t *body = message + SPICE_FILTER_HEADER_BYTES;

	if (!message)
		return false;
	spice_wire_put_u16(message, SPICE_MSGC_INPUTS_KEY_SCANCODE);
	body[1] = body[0] & LOCKS_ALL;
	body[0] = SPICE_SCAN_LOCKS;
	return true;
}

int spice_filter_client(struct spice_filter *filter, int64_t now_ns, struct evbuffer *input,
		size_t *ret_bytes, bool *ret_drop)
{
	const struct spice_filter_rule *rule;
	uint8_t header[SPICE_FILTER_HEADER_BYTES];
	uint16_t type;
	uint32_t size;

	if (evbuffer_copyout(input, header, sizeof(header)) < (int)sizeof(header))
		return 0;
	type = spice_wire_get_u16(header);
	size = spice_wire_get_u32(header + 2);
	rule = find_rule(common_rules, type);
	if (!rule)
		rule = find_rule(channel_rules[filter->channel], type);
	if (!rule)
		return refuse(filter, "a message that this channel does not take", type, size);
	if (size < rule->min || size > rule->max)
		return refuse(filter, "a message of an impossible size", type, size);
	if (evbuffer_get_length(input) < sizeof(header) + size)
		return 0;
	if (rule->locks && !say_as_scancodes(input))
		return refuse(filter, "no memory for a message", type, size);
	*ret_bytes = sizeof(header) + size;
	*ret_drop = rule->drop || (rule->rare && is_frequent(filter, now_ns)) ||
			(rule->acknowledges && is_idle_word(filter, type));
	return 1;
}

/* 0: there is nothing to correct in it, nor to learn from it. */
static uint32_t look_at(const struct spice_filter *filter, uint16_t type, uint32_t size)
{
	if (type == SPICE_MSG_SET_ACK && size == SET_ACK_BYTES)
		return SPICE_FILTER_HEADER_BYTES + SET_ACK_WINDOW_AT;
	if (filter->channel == SPICE_LINK_DISPLAY &&
			((type == SPICE_MSG_DISPLAY_SURFACE_CREATE && size == SURFACE_BYTES) ||
			(type == SPICE_MSG_DISPLAY_SURFACE_DESTROY && size == SURFACE_GONE_BYTES)))
		return SPICE_FILTER_HEADER_BYTES;
	if (filter->channel != SPICE_LINK_MAIN)
		return 0;
	if (type == SPICE_MSG_MAIN_INIT && size == INIT_BYTES)
		return SPICE_FILTER_HEADER_BYTES + INIT_CLOCK_AT;
	if (type == SPICE_MSG_MAIN_MULTI_MEDIA_TIME && size == 4)
		return SPICE_FILTER_HEADER_BYTES;
	return 0;
}

static void note_surface(struct spice_filter *filter, const uint8_t *body, bool shown)
{
	if (spice_wire_get_u32(body))
		return;
	filter->surface_width = shown ? spice_wire_get_u32(body + 4) : 0;
	filter->surface_height = shown ? spice_wire_get_u32(body + 8) : 0;
}

static void correct(struct spice_filter *filter, uint8_t *message, uint16_t type, uint32_t at)
{
	if (type == SPICE_MSG_SET_ACK) {
		filter->window = spice_wire_get_u32(message + at);
		filter->unacknowledged = 0;
		filter->unsynced++;
		return;
	}
	if (filter->channel == SPICE_LINK_DISPLAY) {
		note_surface(filter, message + at, type == SPICE_MSG_DISPLAY_SURFACE_CREATE);
		return;
	}
	spice_wire_put_u32(message + at, spice_wire_get_u32(message + at) + SPICE_FILTER_CLOCK_MS);
	if (type == SPICE_MSG_MAIN_INIT) {
		filter->library_id = spice_wire_get_u32(message + SPICE_FILTER_HEADER_BYTES);
		spice_wire_put_u32(message + SPICE_FILTER_HEADER_BYTES, filter->session_id);
		/* It is there, and may be told without end. */
		spice_wire_put_u32(message + SPICE_FILTER_HEADER_BYTES + INIT_AGENT_AT, 1);
		spice_wire_put_u32(message + SPICE_FILTER_HEADER_BYTES + INIT_AGENT_TOKENS_AT, INT32_MAX);
	}
}

static bool draws(const struct spice_filter *filter, uint16_t type)
{
	return filter->channel == SPICE_LINK_DISPLAY && (type == SPICE_MSG_DISPLAY_COPY_BITS ||
			(type >= SPICE_MSG_DISPLAY_DRAW_FILL && type <= SPICE_MSG_DISPLAY_DRAW_ALPHA_BLEND));
}

size_t spice_filter_library(struct spice_filter *filter, uint8_t *data, size_t bytes)
{
	uint64_t whole;
	uint32_t at;
	uint16_t type;
	size_t now;

	if (!filter->rest) {
		if (bytes < SPICE_FILTER_HEADER_BYTES)
			return 0;
		type = spice_wire_get_u16(data);
		whole = (uint64_t)SPICE_FILTER_HEADER_BYTES + spice_wire_get_u32(data + 2);
		at = look_at(filter, type, (uint32_t)(whole - SPICE_FILTER_HEADER_BYTES));
		if (at && bytes < whole)
			return 0;
		if (at)
			correct(filter, data, type, at);
		/* The library counts this very message, too. */
		filter->unacknowledged++;
		filter->drawing = draws(filter, type);
	} else {
		whole = filter->rest;
	}
	now = whole < bytes ? (size_t)whole : bytes;
	filter->rest = whole - now;
	if (!filter->rest)
		filter->draws += filter->drawing;
	return now;
}
