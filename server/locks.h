/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Which lock keys (Caps, Num, Scroll) the guest has on, as far as anyone can tell.
 * QMP does not say which lights are lit, so presses are counted, of all viewers:
 * each one changes one, and a machine that has just begun has none on. A guest that
 * changes one by itself (some turn Num Lock on when they start) is not noticed.
 * Pure.
 */
#ifndef PLANECAST_SERVER_LOCKS_H
#define PLANECAST_SERVER_LOCKS_H

#include <stdbool.h>
#include <stdint.h>

/* All zero: a machine that has just begun. */
struct locks {
	unsigned int on; /* enum input_led */
	unsigned int held; /* whose keys are down */
};

/* What becomes of them by this key. */
void locks_key(struct locks *locks, uint32_t qnum, bool down);
/*
 * The key to press and let go next so that they are as wanted; 0: they are, but
 * for those that somebody holds down.
 */
uint32_t locks_next(const struct locks *locks, unsigned int wanted);

#endif
