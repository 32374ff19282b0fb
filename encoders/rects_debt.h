/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a client still has to be told: damage to paint and one copy to make.
 *
 * The promise kept at all times: a client that first moves the pixels of copy
 * (each becomes what the client has at (x - dx, y - dy)) and then paints damage
 * from the current picture has the current picture. A slow client's copies are
 * composed while that is exact; what no longer fits one displacement turns into
 * damage. damage and copy never overlap.
 *
 * Nothing is promised of the video box, which the client is shown by other means: no damage
 * lies in it, and no copy reads from it or writes to it.
 *
 * Pure arithmetic over regions, no thread of its own. A region that could not
 * grow for want of memory becomes damage everywhere, which is always right.
 */
#ifndef PLANECAST_ENCODERS_RECTS_DEBT_H
#define PLANECAST_ENCODERS_RECTS_DEBT_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

struct rects_debt {
	uint32_t width, height;
	pixman_region32_t damage;
	pixman_region32_t copy; /* destination */
	int32_t dx, dy;
	pixman_region32_t video; /* a box or nothing */
};

/* All of the picture is damage. */
void rects_debt_init(struct rects_debt *debt, uint32_t width, uint32_t height);
void rects_debt_finish(struct rects_debt *debt);
/* Likewise, and there is no video box. */
void rects_debt_reset(struct rects_debt *debt, uint32_t width, uint32_t height);

/* Regions may reach beyond the picture; what does so is ignored. */
void rects_debt_damage(struct rects_debt *debt, const pixman_region32_t *region);
void rects_debt_copy(struct rects_debt *debt, const pixman_region32_t *region, int32_t dx, int32_t dy);
/* NULL: none, as at first. What was owed inside is forgotten; what leaves it is the caller's to tell of. */
void rects_debt_set_video(struct rects_debt *debt, const pixman_box32_t *box);
/* The client cannot copy any more. */
void rects_debt_drop_copy(struct rects_debt *debt);

/* clip NULL: everywhere. */
bool rects_debt_any(const struct rects_debt *debt, const pixman_region32_t *clip);

/*
 * Takes what can be told inside clip: at most rects_max rectangles to paint, the
 * rest stays. A copy is taken only where its source lies inside clip too; all of
 * it that is not taken becomes damage. The two regions are the caller's to fini.
 * False: nothing there, and nothing changed (or no memory: then all is owed).
 */
bool rects_debt_take(struct rects_debt *debt, const pixman_region32_t *clip, int rects_max,
		pixman_region32_t *ret_damage, pixman_region32_t *ret_copy, int32_t *ret_dx,
		int32_t *ret_dy);

#endif
