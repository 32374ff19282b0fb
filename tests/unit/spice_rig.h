/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of the SPICE front end: a VM that does what the test says, and
 * clients that speak SPICE byte by byte, in the same loop as the server, with the
 * real library behind it. What cannot be in a test that is right aborts.
 */
#ifndef PLANECAST_TESTS_UNIT_SPICE_RIG_H
#define PLANECAST_TESTS_UNIT_SPICE_RIG_H

#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "net/gate.h"
#include "net/protocol.h"
#include "net/spice_link.h"
#include "server/frame.h"
#include "server/input.h"

#define SPICE_RIG_KEYS 256
#define SPICE_RIG_INPUTS 64

struct spice_rig {
	struct event_base *base;
	struct config *parsed;
	struct config_vm config; /* the test's to change */
	struct gate *gate;
	struct protocol *spice;
	struct tls *tls; /* NULL: none */
	struct frame *frame; /* what the VM shows */
	unsigned int frames; /* shown so far; draws each one differently */
	bool hides; /* shows viewers nothing */
	/* What is held down, as the VM was told. */
	bool keys[SPICE_RIG_KEYS];
	uint32_t buttons;
	unsigned int presses; /* of either kind, so far */
	unsigned int locks; /* as they were wanted last */
	/* What came, in its order; those beyond are not kept. */
	struct input_event inputs[SPICE_RIG_INPUTS];
	unsigned int n_inputs;
	/* Packets that viewers have asked for, so far, and those of them that had to be keyframes. */
	unsigned int asked[PACKET_CODECS], asked_keyframes[PACKET_CODECS];
};
extern struct spice_rig spice_rig;

/* With a picture of 320x200. */
void spice_rig_start(void);
/* Frees all. */
void spice_rig_stop(void);
/* Only the front end, and makes it anew, with whoever is connected left to himself. */
void spice_rig_restart(void);
struct protocol_stats spice_rig_stats(void);
/* A new picture, drawn anew in these boxes. */
void spice_rig_show(const pixman_box32_t *boxes, int n);
void spice_rig_show_all(void);
void spice_rig_show_size(uint32_t width, uint32_t height);
void spice_rig_show_cursor(unsigned int seed);
/* Video of that box goes on, off (NULL), or elsewhere. */
void spice_rig_show_video(const struct packet_box *box);
/* A packet of it, of so many bytes, to who can take it. */
void spice_rig_show_packet(enum packet_codec codec, bool keyframe, size_t bytes);
/* One round of the loop, which waits at most so long for something to happen. */
void spice_rig_turn(int64_t wait_ns);
bool spice_rig_holds_anything(void);
/* No connection and no viewer is left, nor on its way out. */
bool spice_rig_is_empty(void);
/* An address that nobody has come from. */
uint32_t spice_rig_new_source(void);

#define SPICE_RIG_UNTIL(condition)                                                                 \
	do {                                                                                       \
		int64_t rig_end_ns = clock_now_ns() + 20 * NSEC_PER_SEC;                           \
		while (!(condition)) {                                                             \
			if (clock_now_ns() > rig_end_ns)                                           \
				spice_rig_fail(#condition);                                        \
			spice_rig_turn(10 * NSEC_PER_MSEC);                                        \
		}                                                                                  \
	} while (0)
void spice_rig_fail(const char *condition) __attribute__((noreturn));

enum spice_client_state {
	SPICE_CLIENT_LINKING, /* waits for the key */
	SPICE_CLIENT_ASKING, /* waits for the verdict */
	SPICE_CLIENT_IN,
};

struct spice_client {
	int fd; /* -1: not connected, or gone */
	enum spice_link_channel channel;
	enum spice_client_state state;
	bool acknowledges;
	uint32_t abilities; /* of a display: capabilities beside those that the library may hear of */
	const char *password;
	int room_bytes; /* of his link, about; 0: plenty */
	/* What an ordinary client would have said by now, and how much of it is said. */
	uint8_t out[1024];
	size_t out_bytes, out_said;
	uint8_t *in; /* not understood yet */
	size_t in_bytes, in_room;
	/* What came. */
	uint32_t refused; /* SPICE_LINK_ERR_... */
	uint32_t session_id; /* main channel */
	uint64_t messages, draws;
	/* Streams of a display; id 0: there is none now. */
	unsigned int streams;
	uint32_t stream_id;
	uint8_t stream_codec; /* SPICE_VIDEO_CODEC_TYPE_... */
	pixman_box32_t stream_box;
	unsigned int packets; /* in it */
	unsigned int wrongs; /* of streams that are none, or that their surface went before */
	unsigned int painted; /* drawn over one */
	pixman_box32_t last_draw;
	pixman_region32_t *drawn; /* where it was drawn, if somebody wants to know */
	struct evbuffer *agent; /* what the agent said, likewise */
	unsigned int agent_pieces;
	unsigned int locks; /* as it was told last */
	unsigned int mouse_mode, mouse_modes; /* likewise, SPICE_MOUSE_MODE_...: it is, it may be */
	uint32_t window, unacknowledged;
};

/* Connects from source; session_id is 0 for a main channel. What was there before is closed. */
void spice_client_connect(struct spice_client *client, enum spice_link_channel channel, uint32_t session_id,
		uint32_t source);
void spice_client_close(struct spice_client *client);
/* Says that much of what is to be said, at most. */
void spice_client_push(struct spice_client *client, size_t bytes);
/* Says anything. */
void spice_client_say(struct spice_client *client, const void *data, size_t bytes);
/* Says a message of the mini header. */
void spice_client_tell(struct spice_client *client, uint16_t type, const void *data, uint32_t bytes);
/* Reads what there is, once, and understands it. False: nothing, or the end. */
bool spice_client_hear(struct spice_client *client);
/* All of that until state and the library's first message are there, or refused, or the end. */
void spice_client_join(struct spice_client *client);

/* A viewer is SPICE_LINK_CHANNELS clients, the main channel's first. Fails where one is not let in. */
void spice_viewer_link(struct spice_client *viewer, enum spice_link_channel channel, uint32_t source);
/* All channels, from a source of its own. */
void spice_viewer_join(struct spice_client *viewer);
void spice_viewer_leave(struct spice_client *viewer);

/*
 * Makes clients do what data says, one byte after another, from connecting to
 * vanishing, and the VM, its configuration and its owner, until it ends; then all
 * leave, and aborts where that leaves something behind. In spice_drive.c.
 */
void spice_rig_drive(const uint8_t *data, size_t bytes);

#endif
