/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often to look at the picture. Pure arithmetic over clock, damage and
 * input; no I/O, no timers. Any thread, one user at a time.
 *
 * Nobody watches: never. Something moved or a viewer typed a moment ago: as
 * often as max_fps allows. Otherwise at the idle interval, so that a host full
 * of resting VMs rests too.
 */
#ifndef PLANECAST_SERVER_PACER_H
#define PLANECAST_SERVER_PACER_H

#include <stdbool.h>
#include <stdint.h>

/* How long after the last change or input the picture still counts as moving. */
#define PACER_MOTION_HOLD_NS (500 * 1000000LL)

struct pacer {
	int64_t motion_interval_ns;
	int64_t idle_interval_ns;
	bool watched;
	int64_t last_motion_ns; /* last change or input */
};

/* max_fps at least 1. idle intervals shorter than a frame are a frame. */
void pacer_init(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns);
void pacer_set_rates(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns);
/* A first viewer counts as motion: what it sees first may be stale. */
void pacer_set_watched(struct pacer *pacer, bool watched, int64_t now_ns);
/* The picture changed, or input is on its way to the guest. */
void pacer_note_motion(struct pacer *pacer, int64_t now_ns);

/* 0: do not look at all. */
int64_t pacer_interval_ns(const struct pacer *pacer, int64_t now_ns);

#endif
