/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client was shown lossily, and when it is time to make it exact.
 *
 * Time goes by in spells of RECTS_LOSSY_SPELL_NS. What was painted lossily and
 * then left alone for a whole spell is due at its end: after one to two spells of
 * rest, and film never is. What is due is taken in steps that keep new damage
 * waiting for a moment only, on a slow link as well. A client's time for a step
 * has a part that grows with the step (its link, its decoder) and one that does
 * not (a long way, a busy machine): steps of two sizes tell the parts apart, and
 * the first is what has to stay below that moment.
 *
 * Pure arithmetic over regions, no thread and no clock of its own. Where a region
 * could not grow for want of memory all of the picture becomes due, which is
 * always right.
 */
#ifndef PLANECAST_ENCODERS_RECTS_LOSSY_H
#define PLANECAST_ENCODERS_RECTS_LOSSY_H

#include "server/clock.h"

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#define RECTS_LOSSY_SPELL_NS (150 * NSEC_PER_MSEC)
/* Pixels of a step: the first one and the least; and the most. Powers of two. */
#define RECTS_LOSSY_STEP_MIN (16 << 10)
#define RECTS_LOSSY_STEP_MAX (256 << 10)
/* What a step's size should not cost more than. A step that did is followed by a smaller one. */
#define RECTS_LOSSY_STEP_NS (50 * NSEC_PER_MSEC)

struct rects_lossy {
	uint32_t width, height;
	/* Painted in this spell; in the one before, and not since; earlier. Apart from each other. */
	pixman_region32_t fresh, rested, due;
	int64_t step_pixels;
	int64_t step_ns; /* when the last step was taken, if nothing else was since; or 0 */
	int64_t before_pixels, before_ns; /* the step before that, and the time it took; or 0 */
	int64_t base_ns; /* what a step of no pixels would take, as far as is known; negative: it is not */
};

void rects_lossy_init(struct rects_lossy *lossy, uint32_t width, uint32_t height);
void rects_lossy_finish(struct rects_lossy *lossy);
/* Another picture, of which the client has seen nothing yet. */
void rects_lossy_reset(struct rects_lossy *lossy, uint32_t width, uint32_t height);

/* The client moved these pixels: (x, y) is what it had at (x - dx, y - dy). */
void rects_lossy_copy(struct rects_lossy *lossy, const pixman_region32_t *region, int32_t dx,
		int32_t dy);
/* All of painted was sent, the part of it that is in lossily not exactly. */
void rects_lossy_paint(struct rects_lossy *lossy, const pixman_region32_t *painted,
		const pixman_region32_t *lossily);

/* What the client has there is not exact, and it has rested already. */
void rects_lossy_add_due(struct rects_lossy *lossy, const pixman_region32_t *region);
/* What the client has there is no concern of this any more. */
void rects_lossy_forget(struct rects_lossy *lossy, const pixman_region32_t *region);

/* Something lies here that becomes due when spells go by. */
bool rects_lossy_waits(const struct rects_lossy *lossy);
/* A spell is over. True: something is due. */
bool rects_lossy_turn(struct rects_lossy *lossy);

/* clip NULL: everywhere. */
bool rects_lossy_any_due(const struct rects_lossy *lossy, const pixman_region32_t *clip);
/*
 * Time for a step: any part of *ret_due, all that is due inside clip, of about
 * step_pixels. The caller's to finish; it stays due until it is painted. False:
 * nothing there, or no memory for it now.
 */
bool rects_lossy_take(struct rects_lossy *lossy, const pixman_region32_t *clip, int64_t now_ns,
		pixman_region32_t *ret_due);
/* Leaves of due the step that comes next, from top to bottom. False: no memory, it is empty. */
bool rects_lossy_cut(const struct rects_lossy *lossy, pixman_region32_t *due);
/*
 * The client is sent something else in between: how long that takes says nothing
 * of steps; and where there were news there will be more, so they start small.
 */
void rects_lossy_interrupt(struct rects_lossy *lossy);

#endif
