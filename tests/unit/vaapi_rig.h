/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An encoder on a loop of its own, frames to submit to it, and what comes out, decoded
 * by a stranger and compared with what went in.
 *
 * Functions fail the test that calls them.
 */
#ifndef PLANECAST_TESTS_VAAPI_RIG_H
#define PLANECAST_TESTS_VAAPI_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "encoders/encoder.h"
#include "tests/unit/broken_driver.h"
#include "tests/unit/softva_rig.h"

struct event_base;
struct frame;
struct vaapi_candidates;

/* Of the group: where drivers are found. */
int vaapi_rig_setup(void **state);
/* All threads of encoders have ended. */
int vaapi_rig_teardown(void **state);

/* What the broken driver in this process does and did. */
struct broken_driver *vaapi_rig_broken(void);
void vaapi_rig_break(enum broken_fault fault, int pictures);

#define VAAPI_RIG_PACKETS_MAX 64

struct vaapi_rig {
	struct event_base *base;
	struct vaapi_candidates *candidates;
	struct encoder *encoder;
	struct packet *packets[VAAPI_RIG_PACKETS_MAX];
	unsigned int n_packets, n_failed;
	int err;
	const char *reason;
};

/* device: as vaapi_candidates_new(). deadline_ns: as in vaapi_settings. */
void vaapi_rig_open(struct vaapi_rig *rig, const char *device, int64_t deadline_ns);
void vaapi_rig_close(struct vaapi_rig *rig);

/* Runs the loop until there are so many packets and failures. */
void vaapi_rig_run(struct vaapi_rig *rig, unsigned int n_packets, unsigned int n_failed);
/* Runs it until the condition is true. */
void vaapi_rig_run_until(struct vaapi_rig *rig, bool (*is_true)(void *user), void *user);
/* Submits the whole frame, or the box of it. */
void vaapi_rig_submit(struct vaapi_rig *rig, struct frame *frame, const struct packet_box *box,
		int qp, bool keyframe);
/* The same, and the packet that comes of it; the rig's. */
const struct packet *vaapi_rig_encode(struct vaapi_rig *rig, struct frame *frame,
		const struct packet_box *box, int qp);

/* Frames: a picture of the test desktop, at that time. */
struct frame *vaapi_rig_frame(uint32_t width, uint32_t height, int64_t time_ns);
/*
 * A frame that is the descriptor's memory, from its first byte. No CPU may read it: it has no
 * data. Takes the descriptor.
 */
struct frame *vaapi_rig_wrap(int fd, uint32_t width, uint32_t height, uint32_t stride,
		uint32_t fourcc, uint64_t modifier);
/*
 * The source's pixels into memory, of any format with 4 bytes a pixel, whose bytes are order's
 * of 0 blue, 1 green, 2 red, 3 none; linear, or X-tiled.
 */
void vaapi_rig_draw(uint8_t *memory, uint32_t stride, const struct frame *source, const char *order,
		uint64_t modifier);
/* Both, in a memfd. */
struct frame *vaapi_rig_fd_frame(const struct frame *source, uint32_t fourcc, const char *order,
		uint64_t modifier);
/* How many of such frames are not released. */
int vaapi_rig_fd_frames(void);

/* What the box of an XR24 frame in CPU memory is as NV12; to be freed. */
uint8_t *vaapi_rig_nv12(const struct frame *frame, const struct packet_box *box);
/* The luma's PSNR of a packet, decoded, against it. */
double vaapi_rig_psnr(struct rig_decoder *decoder, const struct packet *packet, const uint8_t *nv12);

#endif
