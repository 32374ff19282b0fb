/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds what changed between two looks at a picture whose source does not say.
 *
 * Keeps the shadow: the picture as readers know it, linear XR24 in CPU memory.
 * Each pass reads the source, or a part of it, against the shadow, tile by tile,
 * finds scrolls, brings the shadow up to date and says what changed. A guest that
 * draws during the pass is found by a later one.
 *
 * The shadow is itself a refcounted frame. While a reader (a rectangle worker) holds
 * it, other than loosely, it stays unchanged: damage then moves to another buffer
 * of a small pool and carries over only what differs. With all buffers held, the
 * pass is refused with -EBUSY and the caller looks again later.
 *
 * Loop thread.
 */
#ifndef PLANECAST_SERVER_DAMAGE_H
#define PLANECAST_SERVER_DAMAGE_H

#include <pixman.h>

struct damage;
struct frame;
struct update;

/* Tile edge in pixels. */
#define DAMAGE_TILE_WIDTH 64
#define DAMAGE_TILE_HEIGHT 16

#define DAMAGE_BUFFERS_MAX 8

/* Looks until each row was compared once. */
#define DAMAGE_GLANCE_ROWS 8

/* buffers: how many shadows may exist, 2 to DAMAGE_BUFFERS_MAX. -EINVAL, -ENOMEM. */
int damage_new(unsigned int buffers, struct damage **ret);
void damage_free(struct damage *damage);

/*
 * One pass. The source must be CPU readable (frame->data), linear and of a
 * fourcc that format.h has a way from; its size may differ from the last one.
 * hint, where not NULL, bounds what is compared; it is rounded outwards to
 * tiles. After a pass that failed the next one ignores its hint.
 *
 * 1: something changed and *update is filled (finish with update_finish());
 * 0: nothing changed, *update untouched; -EBUSY: all shadows are held;
 * -ENOTSUP: fourcc, size or not readable; -ENOMEM; or what frame_begin_read() said.
 * update->resized is set when the size is not that of the update before, which
 * also counts across damage_drop().
 */
int damage_run(struct damage *damage, struct frame *source, const pixman_region32_t *hint,
		struct update *ret_update);

/*
 * A look at a source that says nothing of change: compares each
 * DAMAGE_GLANCE_ROWS-th row, and all that is around a difference. The rows are
 * others each time. So a change that is DAMAGE_GLANCE_ROWS rows high, a letter, is
 * found by the first look, with whatever thin line is near it, and any pixel by the
 * DAMAGE_GLANCE_ROWS-th. Answers as damage_run() does, and is one where there is
 * no shadow of that size yet. Also -EAGAIN: a scroll has come half way only, look
 * again in a moment; not twice in a row.
 */
int damage_look(struct damage *damage, struct frame *source, struct update *ret_update);

/*
 * A look in place of damage_look() at a picture of which much changes steadily, and
 * did the last time: reads a few rows only while none of them differs, and then
 * takes it that what changed all over has done so again. Elsewhere it finds what
 * damage_look() does, but no sooner than the next change where much does.
 */
int damage_follow(struct damage *damage, struct frame *source, struct update *ret_update);

/*
 * The picture as of the last pass that succeeded; borrowed. NULL before the
 * first, after damage_drop(), and when memory ran out on a change of size.
 */
struct frame *damage_shadow(struct damage *damage);
/* Nobody needs pixels any more: gives the memory back; the next pass is a whole one. */
void damage_drop(struct damage *damage);

/* Tiles of the last pass that compared. For the share of the picture that changed. */
void damage_stats(const struct damage *damage, unsigned int *ret_dirty, unsigned int *ret_total);

void update_finish(struct update *update);

#endif
