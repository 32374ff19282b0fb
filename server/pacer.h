/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How often to look at the picture, and how closely. Pure arithmetic over clock,
 * damage and input; no I/O, no timers. Any thread, one user at a time.
 *
 * Nobody watches: never. A resting picture is compared whole at the idle
 * interval, so that a host full of resting VMs rests too. While it moves (it
 * changed, or a viewer typed, a moment ago) there are PACER_LOOKS looks to every
 * frame of max_fps: a look is cheap, comparing the whole picture is not. So a
 * look compares a few tiles where the picture changed last, and only when those
 * differ, or nothing was compared for PACER_BLIND_FRAMES frames, the whole. A
 * guest's frame is then seen a few milliseconds after it was drawn, and one that
 * draws at half of max_fps costs half the comparing.
 */
#ifndef PLANECAST_SERVER_PACER_H
#define PLANECAST_SERVER_PACER_H

#include <stdbool.h>
#include <stdint.h>

/* How long after the last change or input the picture still counts as moving. */
#define PACER_MOTION_HOLD_NS (500 * 1000000LL)
#define PACER_LOOKS 4
#define PACER_BLIND_FRAMES 2

struct pacer {
	int64_t frame_ns; /* of max_fps */
	int64_t idle_interval_ns;
	bool watched;
	int64_t last_motion_ns; /* last change or input */
	int64_t last_pass_ns; /* last comparison of the whole picture */
};

enum pacer_look {
	PACER_SKIP, /* viewers had a change less than a frame ago */
	PACER_PROBE, /* compare a few tiles first */
	PACER_PASS, /* compare the whole picture */
};

/* max_fps at least 1. idle intervals shorter than a frame are a frame. */
void pacer_init(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns);
void pacer_set_rates(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns);
/* A first viewer counts as motion: what it sees first may be stale. */
void pacer_set_watched(struct pacer *pacer, bool watched, int64_t now_ns);
/* The picture changed, or input is on its way to the guest. */
void pacer_note_motion(struct pacer *pacer, int64_t now_ns);
void pacer_note_pass(struct pacer *pacer, int64_t now_ns);

bool pacer_is_moving(const struct pacer *pacer, int64_t now_ns);
/* Between looks. 0: do not look at all. */
int64_t pacer_interval_ns(const struct pacer *pacer, int64_t now_ns);
/* What to do with a look. */
enum pacer_look pacer_judge_look(const struct pacer *pacer, int64_t now_ns);

#endif
