/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests of the VNC front end: a VM that does what the test says, and viewers
 * that speak RFB byte by byte, in the same loop as the server.
 */
#ifndef PLANECAST_TESTS_UNIT_VNC_RIG_H
#define PLANECAST_TESTS_UNIT_VNC_RIG_H

#include <event2/event.h>
#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "encoders/rects.h"
#include "net/gate.h"
#include "net/protocol.h"
#include "net/rfb.h"
#include "server/frame.h"
#include "server/input.h"

#define RIG_EVENTS_MAX 4096

struct bytes_reader;

struct rig {
	struct event_base *base;
	struct config *parsed;
	struct config_vm config; /* the test's to change before rig_start(), or by reconfigure */
	struct gate *gate;
	struct protocol *vnc;
	struct tls *tls; /* NULL: none */
	enum config_listeners listener; /* by which viewers come */
	struct protocol_proof proof; /* of who they are; user NULL: they come by the listener */
	uint32_t source; /* their IPv4 address then */
	struct frame *frame; /* what the VM shows */
	unsigned int frames; /* shown so far; draws each one differently */
	struct protocol_video video; /* as told last */
	unsigned int other_viewers; /* of other protocols */
	/* What the front end told the VM. */
	struct input_event events[RIG_EVENTS_MAX];
	unsigned int n_events;
	unsigned int viewer_calls;
	unsigned int video_asks, keyframe_asks; /* the latter beside the former */
	unsigned int alone_calls; /* a viewer is to be the only one */
	uint32_t asked_width, asked_height;
	unsigned int asks;
	int resize_result;
};

extern struct rig rig;

/* cmocka's: a rig with default configuration and a picture of 320x200, not started. */
int rig_setup(void **state);
/* Frees what the test left. Fails when a descriptor was lost. */
int rig_teardown(void **state);
void rig_start(void);
struct protocol_stats rig_stats(void);
/* A new picture, drawn anew: whole, or in one box. Told to the front end. */
void rig_show(const pixman_box32_t *box);
void rig_show_size(uint32_t width, uint32_t height);
/* A part of the picture, with any serial but 0, goes as video; NULL: none does any more. */
void rig_set_video(const pixman_box32_t *box, uint32_t serial);
/* A packet of that part. */
void rig_put_packet(uint64_t number, bool keyframe, bool scaled);
/* A new picture that is the old one scrolled up by rows, with new rows below. */
void rig_scroll(uint32_t rows);

struct viewer {
	int fd; /* -1: the server has hung up */
	bool sends_requests; /* asks again after each update, as viewers do */
	bool answers_fences;
	bool reads; /* default true */
	uint32_t width, height;
	uint32_t *pixels;
	struct rects_pixel_format format, next_format; /* next: from the next fence answer on */
	uint8_t *in;
	size_t in_bytes, in_room;
	/* What came. */
	uint64_t bytes;
	unsigned int updates, rects, copies, ends;
	unsigned int fences, fence_answers; /* asked by the server; answers to ours */
	uint32_t fence_flags; /* of the last answer */
	uint8_t fence_payload[RFB_FENCE_PAYLOAD_MAX];
	uint8_t fence_bytes;
	unsigned int sizes; /* ExtendedDesktopSize */
	unsigned int plain_sizes;
	uint16_t size_reason, size_status;
	unsigned int cursors, alpha_cursors;
	uint32_t cursor_width, cursor_height, cursor_hot_x, cursor_hot_y;
	uint8_t cursor[65536];
	size_t cursor_bytes;
	/* The last Open H.264 rectangle, and how many there were. */
	struct {
		unsigned int n;
		uint32_t flags;
		uint16_t x, y, width, height;
		size_t bytes;
		uint8_t first; /* of its bytes */
	} video;
	unsigned int leds_told, led_words_told, keycodes_told, buttons_told, names_told, pointers_told;
	uint8_t leds;
	bool moves; /* told to say motion */
	char name[64];
	/* The last cut text, and how many there were. */
	struct {
		unsigned int n;
		bool extended;
		uint8_t data[1024]; /* as much as fits */
		size_t bytes;
	} cut;
};

/* Connected, nothing said yet. */
struct viewer *viewer_new(void);
void viewer_free(struct viewer *viewer);
void viewer_free_all(void);
/* Handshake without password to ServerInit, then these encodings (raw is always understood). */
struct viewer *viewer_join(bool shared, const int32_t *encodings, size_t n);
/* The same with a password; fd is -1 when that was wrong. */
struct viewer *viewer_join_with(const char *password, bool shared, const int32_t *encodings, size_t n);
/* One that has its first picture, asks for more and answers fences. */
struct viewer *viewer_join_watching(const int32_t *encodings, size_t n);
void viewer_say(struct viewer *viewer, const void *data, size_t bytes);
#define VIEWER_SAY(viewer, text) viewer_say(viewer, text, sizeof(text) - 1)
/* Waits for that many raw bytes of a handshake. */
void viewer_expect(struct viewer *viewer, const void *data, size_t bytes);
#define VIEWER_EXPECT(viewer, text) viewer_expect(viewer, text, sizeof(text) - 1)

void viewer_set_encodings(struct viewer *viewer, const int32_t *encodings, size_t n);
void viewer_set_format(struct viewer *viewer, const struct rects_pixel_format *format);
void viewer_request(struct viewer *viewer, bool incremental, uint16_t x, uint16_t y, uint16_t width,
		uint16_t height);
void viewer_request_all(struct viewer *viewer, bool incremental);
void viewer_continuous(struct viewer *viewer, bool enable);
void viewer_fence(struct viewer *viewer, uint32_t flags, const void *payload, uint8_t bytes);
void viewer_ask_size(struct viewer *viewer, uint16_t width, uint16_t height, uint8_t screens);
void viewer_key(struct viewer *viewer, bool down, uint32_t keysym);
void viewer_pointer(struct viewer *viewer, uint8_t buttons, uint16_t x, uint16_t y);

/* What is behind a cut text's type. */
void viewer_take_cut_text(struct viewer *viewer, struct bytes_reader *reader);
struct bytes_reader;
/* Rectangles that say something by themselves, x of them what it is. False: this is none. */
bool viewer_take_told(struct viewer *viewer, int32_t encoding, uint16_t x, struct bytes_reader *reader);
/* Reads and decodes what is there. */
void viewer_pump(struct viewer *viewer);
/* Shows exactly what the VM shows. */
bool viewer_is_right(const struct viewer *viewer, struct frame *frame);

/* Pumps all viewers and the loop until condition; fails the test after a while. */
#define RIG_UNTIL(condition)                                                                       \
	do {                                                                                       \
		int64_t rig_end_ns = clock_now_ns() + 20 * NSEC_PER_SEC;                           \
		while (rig_round(), !(condition)) {                                                \
			if (clock_now_ns() > rig_end_ns)                                           \
				fail_msg("never came true: %s", #condition);                       \
		}                                                                                  \
	} while (0)
void rig_round(void);
/* Until neither the server nor a viewer has anything to say. */
void rig_settle(void);

#endif
