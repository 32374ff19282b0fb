/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often to look at the picture. Pure arithmetic over clock, damage and input;
 * no I/O, no timers. Any thread, one user at a time.
 *
 * Nobody watches: never. A look at what did not change is cheap (damage_look()),
 * but it is a wakeup, and there are many VMs on a host. While the picture changes
 * steadily, looks come when a change is due (server/beat.h). Else nobody knows when
 * the next one comes; to wait for a sixth of the time since the last one makes it
 * late by a twelfth of that on average. So the longer ago it changed, or a viewer
 * typed, the rarer looks get, from PACER_LOOKS to every frame of max_fps down to
 * the idle interval. A change that stands alone, as a cursor that blinks, is no
 * motion, and they get rarer sooner.
 *
 * max_fps bounds the changes that viewers are shown. It does so on average: a
 * look that came while the guest was drawing has shown half a picture, so one
 * look soon after it may show the rest, if frames were spared before.
 */
#ifndef PLANECAST_SERVER_PACER_H
#define PLANECAST_SERVER_PACER_H

#include <stdbool.h>
#include <stdint.h>

#include "server/beat.h"

#define PACER_LOOKS 4
/* Frames of max_fps; changes that are further apart are not waited for. */
#define PACER_BEAT_FRAMES 4
/* The part of the time since the last change, or input, that the next look waits: in motion, */
#define PACER_MOTION_PART 6
/* and after a change that came longer than this after the one before, or after input. */
#define PACER_ALONE_PART 1
#define PACER_ALONE_NS (250 * 1000000LL)

enum pacer_result {
	PACER_NOTHING,
	PACER_CHANGE, /* viewers were shown one, */
	PACER_WHOLE, /* and nothing of it is still to come (server/half.h) */
	PACER_EARLY, /* there is one that the guest has not finished drawing */
};

struct pacer {
	int64_t frame_ns; /* of max_fps */
	int64_t idle_interval_ns;
	bool watched;
	int64_t motion_ns; /* last change or input */
	bool alone; /* it was a change that stands alone */
	struct beat beat;
	int64_t shown_ns; /* last change */
	int64_t looked_ns; /* last look */
	enum pacer_result seen; /* by it */
	int64_t paid_ns; /* a frame after the last change, later by those that came too early */
};

/* max_fps at least 1. */
void pacer_init(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns);
void pacer_set_rates(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns);
/* A first viewer counts as motion: what it sees first may be stale. */
void pacer_set_watched(struct pacer *pacer, bool watched, int64_t now_ns);
/* Input is on its way to the guest, or a change could not be shown. */
void pacer_note_motion(struct pacer *pacer, int64_t now_ns);
/* A look began then. */
void pacer_note_look(struct pacer *pacer, int64_t start_ns, enum pacer_result result);

/* The next change is due at a time that is known, and of the last one nothing is still to come. */
bool pacer_follows(const struct pacer *pacer);
/* From the beginning of the last look to that of the next. 0: do not look at all. */
int64_t pacer_interval_ns(const struct pacer *pacer);

#endif
