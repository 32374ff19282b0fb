/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VM's video on a loop of its own: a desktop with a film on it, the real measure of what
 * moves, the real encoders, and what protocols would be told and handed.
 *
 * Time is the test's: clock_now_ns() stands still but for video_rig_pass(). Timers run as they
 * always do, so what was due at a time is done when the clock has passed it and the timer has
 * run, however busy the machine is. Functions fail the test that calls them.
 */
#ifndef PLANECAST_TESTS_VIDEO_RIG_H
#define PLANECAST_TESTS_VIDEO_RIG_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "encoders/packet.h"
#include "net/protocol.h"
#include "server/clock.h"
#include "server/video.h"

struct bench_scene;
struct event_base;
struct frame;

#define VIDEO_RIG_WIDTH 640
#define VIDEO_RIG_HEIGHT 400
#define VIDEO_RIG_MAX 128
/* Of the film. */
#define VIDEO_RIG_PICTURE_NS (33 * NSEC_PER_MSEC)
/* Of real time, for what never comes. */
#define VIDEO_RIG_PATIENCE_S 30

struct video_rig {
	struct event_base *base;
	struct video *video;
	struct bench_scene *scene;
	struct frame *frame; /* the picture */
	pixman_region32_t damage; /* of it */
	unsigned int n_told; /* updates */
	struct frame *source; /* what it is made of, and a device is given; NULL: there is no device */
	struct frame *instead; /* what the encoders are given; NULL: the picture */
	bool no_picture; /* they are given none */
	bool no_looks; /* nobody comes to look whether the picture rests */
	bool look; /* somebody should, */
	unsigned int n_looks; /* so often */
	uint32_t number; /* of the picture */
	unsigned int n_pictures; /* how often they were given one, or none */
	struct protocol_video region; /* as told last, */
	unsigned int n_regions; /* so often */
	struct packet *packets[VIDEO_RIG_MAX];
	unsigned int n_packets;
	unsigned int early; /* packets of a box that nobody was told of */
	/* NULL, or from inside each event. */
	void (*on_region)(struct video_rig *rig);
	void (*on_packet)(struct video_rig *rig, struct packet *packet);
};

/* Watched. drivers: as for video_new(). */
void video_rig_open(struct video_rig *rig, const char *device, const struct video_drivers *drivers);
void video_rig_close(struct video_rig *rig);

/* Time goes on. */
void video_rig_pass(int64_t ns);
/* The film's next picture, in time. */
void video_rig_show(struct video_rig *rig);
/* The same, of which only what is between these rows was found, */
void video_rig_show_part(struct video_rig *rig, int top, int bottom);
/* and what of it is found later. */
void video_rig_tell(struct video_rig *rig, int top, int bottom);
/* So many of them until there is a region. */
void video_rig_begin(struct video_rig *rig);
/* Lets timers and threads do what is due, and all that follows from it. */
void video_rig_settle(struct video_rig *rig);
/* So many packets have come, and no more. */
void video_rig_wait(struct video_rig *rig, unsigned int n);
/* One round of the loop. Fails the test when real time has run out since start_s. */
void video_rig_round(struct video_rig *rig, time_t start_s);
/* Threads of that name in this process. */
unsigned int video_rig_threads(const char *name);

#define VIDEO_RIG_UNTIL(rig, condition)                                                            \
	do {                                                                                       \
		const time_t start_s = time(NULL);                                                 \
		while (!(condition))                                                               \
			video_rig_round(rig, start_s);                                             \
	} while (0)

#endif
