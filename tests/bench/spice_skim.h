/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One SPICE viewer of a crowd: has the channels that a desktop has, says what real viewers say
 * and acknowledges what it reads, but draws only what lies on the marks, and of video decodes
 * once what several viewers got alike (view_jpegs.h). Knows what planecast sends: plain images,
 * LZ4, streams of H.264 and MJPEG. What is not drawn on the marks is not looked at.
 *
 * One thread at a time.
 */
#ifndef PLANECAST_TESTS_BENCH_SPICE_SKIM_H
#define PLANECAST_TESTS_BENCH_SPICE_SKIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/bench/view_decoder.h"
#include "tests/bench/view_screen.h"

#define SPICE_SKIM_CHANNELS 4 /* main, display, inputs, cursor */
#define SPICE_SKIM_STREAMS 4

struct addrinfo;
struct view_jpegs;

struct spice_skim_channel {
	int fd; /* -1: not linked yet */
	uint8_t type;
	uint8_t *input;
	size_t room, begin, end; /* of input: what has not been used yet */
	uint32_t window, unacknowledged; /* messages; 0: none are */
};

struct spice_skim_stream {
	bool open;
	uint32_t id;
	uint8_t codec;
	struct view_rect rect;
};

struct spice_skim {
	struct view_screen screen;
	struct view_decoder decoder; /* its picture, what is shared, the reason for the end */
	const struct addrinfo *address;
	uint32_t session;
	struct spice_skim_channel channels[SPICE_SKIM_CHANNELS];
	struct spice_skim_stream streams[SPICE_SKIM_STREAMS];
	uint64_t images, videos; /* drawn from, ever */
};

/* At a fixed address from then on; address and jpegs are borrowed. */
void spice_skim_init(struct spice_skim *skim, const struct addrinfo *address, struct view_jpegs *jpegs,
		uint32_t mark_step);
void spice_skim_finish(struct spice_skim *skim);
/* The main channel; the others follow as it is served. Waits for the server. */
int spice_skim_connect(struct spice_skim *skim);
/* There is something to read. Negative errno: the end, and decoder.reason says why, or is empty. */
int spice_skim_serve(struct spice_skim *skim, struct spice_skim_channel *channel);

/* spice_skim_draw.c: a message of the display. 0; -EPROTO with a reason; -ENOMEM. */
int spice_skim_draw(struct spice_skim *skim, uint16_t type, const uint8_t *data, size_t bytes);

#endif
