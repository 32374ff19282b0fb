/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Finds that a part of the picture moved: text that scrolls, a window dragged
 * straight up, down or sideways.
 *
 * Looks only where tiles differ. Hashes of a few columns of pixels guess a
 * displacement, a comparison of source against displaced shadow proves it and
 * says where it holds; so a wrong guess costs time, never pixels. Loop thread.
 */
#ifndef PLANECAST_SERVER_SCROLL_H
#define PLANECAST_SERVER_SCROLL_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

struct damage_kernels;
struct damage_source;
struct damage_tiles;
struct frame;
struct scroll_finder;

/* A move has to save at least this many pixels of damage. */
#define SCROLL_PIXELS_MIN 8192

struct scroll {
	pixman_box32_t box; /* destination; the place it came from is inside the picture too */
	int32_t dx, dy; /* one of them is 0, the other is not */
};

/* For pictures of this size. -ENOMEM. */
int scroll_finder_new(uint32_t width, uint32_t height, struct scroll_finder **ret);
void scroll_finder_free(struct scroll_finder *finder);

/*
 * Looks for one move from shadow to source in the largest cluster of the tiles
 * that differ, first for the one that it found last. When it returns true, tiles
 * say what differs from the shadow after the move; else they are as they were.
 * Where nothing was found often in a row, most passes are not searched.
 */
bool scroll_find(struct scroll_finder *finder, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles, struct scroll *ret_scroll);

/* Nothing was found often in a row, and the next pass is one that is not searched. */
bool scroll_is_unlikely(const struct scroll_finder *finder);

/*
 * After a glance, before anything else was compared: whether the last move seems to
 * go on at the same place. 1: it does, see scroll_follow(). 0: no. -EAGAIN: it does,
 * but has come half way only, as the guest is drawing; not twice in a row.
 */
int scroll_repeat(struct scroll_finder *finder, const struct damage_kernels *kernels,
		const struct damage_source *source, const struct frame *shadow,
		struct damage_tiles *tiles, struct scroll *ret_scroll);
/*
 * Makes that move in a shadow that is ours to write. tiles then say what differs from
 * it, as far as that is known, and which of them need not be compared.
 */
void scroll_follow(struct scroll_finder *finder, const struct damage_kernels *kernels,
		const struct damage_source *source, struct frame *shadow,
		struct damage_tiles *tiles, const struct scroll *scroll);

/* Moves the pixels inside a shadow that is ours to write. */
void scroll_apply(const struct scroll *scroll, struct frame *shadow);

#endif
