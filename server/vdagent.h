/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What agents in guests and SPICE viewers say to each other, as spice-protocol's
 * vd_agent.h has it, as far as it is about text of clipboards and sizes of the picture:
 * messages of a header and a content, cut into pieces by what carries them.
 *
 * Only the selection CLIPBOARD counts, not what is merely marked with the mouse. Pure, but
 * for the memory of a text that is read. Numbers are little endian.
 */
#ifndef PLANECAST_SERVER_VDAGENT_H
#define PLANECAST_SERVER_VDAGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;

#define VDAGENT_HEADER_BYTES 20
/* Of one message's content what is looked at; text is not counted. */
#define VDAGENT_LOOK_BYTES 64
/* Of a chunk, which is what a virtio port carries. */
#define VDAGENT_CHUNK_HEADER_BYTES 8

enum vdagent_kind {
	VDAGENT_CAPABILITIES, /* the reader's caps are new */
	VDAGENT_MONITORS, /* a picture of width x height is wanted, 0 x 0 at least and unchecked */
	VDAGENT_GRAB, /* there is something new in the clipboard */
	VDAGENT_RELEASE, /* nothing is in it any more */
	VDAGENT_REQUEST, /* for what is in the other's */
	VDAGENT_TEXT, /* what was requested */
};

struct vdagent_message {
	enum vdagent_kind kind;
	bool asks; /* CAPABILITIES: for the other's */
	uint32_t width, height; /* MONITORS */
	bool has_text; /* GRAB, REQUEST: it is about text */
	uint32_t type; /* REQUEST: VD_AGENT_CLIPBOARD_... */
	/*
	 * TEXT; valid until the next input, unchecked. NULL: there is none, or it is longer than text_max,
	 * and bytes then says how long, or there was no memory for it.
	 */
	char *text;
	size_t bytes;
};

/* Of one who speaks; all zero but for the owner's fields at first. */
struct vdagent_reader {
	/* The owner's, before each input. */
	uint32_t size_max; /* of a message's content */
	uint32_t text_max; /* of a text that is kept */
	/* Results. */
	uint32_t caps; /* it has: 1 << VD_AGENT_CAP_..., the first word of them */
	uint32_t size; /* with -E2BIG */
	/* Its own: the message that comes. */
	uint8_t head[VDAGENT_HEADER_BYTES + VDAGENT_LOOK_BYTES];
	size_t have; /* of head */
	uint64_t rest; /* bytes behind head */
	bool keeps; /* of which text is made */
	char *text;
	size_t text_bytes, text_room;
};

/*
 * Takes bytes from the front of data, *ret_taken of them, at least one where there is one: call again with
 * the rest. 1: *ret is a message; 0: nothing yet; -E2BIG: a content above size_max begins; not again then.
 */
int vdagent_input(struct vdagent_reader *reader, const uint8_t *data, size_t bytes, size_t *ret_taken,
		struct vdagent_message *ret);
/* Frees what it holds. It is as new then, but for the owner's fields. */
void vdagent_reader_finish(struct vdagent_reader *reader);

/* Grabs and what follows say which selection they are about, if both sides have announced that they know of it. */
bool vdagent_has_selection(uint32_t caps);

/* Each adds a whole message to out. -ENOMEM, and out is as before. */
int vdagent_add_capabilities(struct evbuffer *out, uint32_t caps, bool asks);
int vdagent_add_grab(struct evbuffer *out, bool selection);
int vdagent_add_release(struct evbuffer *out, bool selection);
int vdagent_add_request(struct evbuffer *out, bool selection);
/* text NULL: there is none. */
int vdagent_add_text(struct evbuffer *out, bool selection, const char *text, size_t bytes);
/* The longest text that is wanted. */
int vdagent_add_max_clipboard(struct evbuffer *out, uint32_t bytes);
/* Whoever the agent has spoken with is gone. */
int vdagent_add_disconnected(struct evbuffer *out);

/* Chunks, that come from a port; all zero at first. */
struct vdagent_chunk {
	uint8_t head[VDAGENT_CHUNK_HEADER_BYTES];
	size_t have;
	uint32_t rest;
};

/*
 * Takes *ret_taken bytes, at least one where there is one. The last *ret_bytes of these are of messages for viewers.
 * -EPROTO: no chunk.
 */
int vdagent_chunk_input(struct vdagent_chunk *chunk, const uint8_t *data, size_t bytes, size_t *ret_taken,
		size_t *ret_bytes);
/*
 * Moves one message to out, in chunks: spice-vdagentd hangs up at a chunk with parts of two. -ENOMEM, and some of it
 * may be lost.
 */
int vdagent_chunk_add(struct evbuffer *out, struct evbuffer *message);

#endif
