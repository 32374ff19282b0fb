/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Whether a picture differs from its shadow, from a few of its rows.
 *
 * A glance reads every DAMAGE_GLANCE_ROWS-th row of the source, other ones each
 * time. A row that was found equal to the shadow's leaves its fingerprint behind,
 * and while the shadow's row stays what it is, the next glance at it reads the
 * source's only: half the memory, which is what a glance waits for. Now and then a
 * row is compared in spite of its fingerprint, so that a change it does not tell is
 * late, not lost. Loop thread.
 */
#ifndef PLANECAST_SERVER_DAMAGE_GLANCE_H
#define PLANECAST_SERVER_DAMAGE_GLANCE_H

#include <stdint.h>

struct damage_kernels;
struct damage_source;
struct damage_tiles;
struct frame;

/* Zeroed is finished. */
struct damage_glance {
	uint64_t *fingerprints; /* of the shadow's rows; 0: not known */
	uint32_t first; /* row of the next glance */
	uint32_t count; /* of glances */
	uint32_t peeks; /* since then */
};

/* For shadows of that height. -ENOMEM. */
int damage_glance_init(struct damage_glance *glance, uint32_t height);
void damage_glance_finish(struct damage_glance *glance);

/*
 * Marks in tiles, of which none is marked, what differs. Returns which rows of each
 * tile were looked at, one bit each; 0: nothing differs.
 */
uint16_t damage_glance_take(struct damage_glance *glance, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles);
/*
 * In place of a glance, where much is about to change: reads a few of the rows that
 * it would, others each time, and no more once one differs. Returns as a glance does,
 * and goes on to other rows after a difference only. Leaves any marks in tiles, of which none is marked.
 */
uint16_t damage_glance_peek(struct damage_glance *glance, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles);
/* These rows of the shadow are no longer what they were. */
void damage_glance_forget(struct damage_glance *glance, uint32_t first, uint32_t count);

#endif
