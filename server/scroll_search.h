/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a search for a move works with, and where it begins. Internal to
 * scroll*.c. Loop thread.
 */
#ifndef PLANECAST_SERVER_SCROLL_SEARCH_H
#define PLANECAST_SERVER_SCROLL_SEARCH_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/scroll.h"
#include "server/scroll_guess.h"

struct damage_kernels;
struct damage_source;
struct damage_tiles;
struct frame;

struct scroll_finder {
	uint8_t *seen; /* [tiles] */
	uint32_t *stack; /* [tiles] */
	uint16_t *differ; /* [tiles], rows that differ after the move */
	int64_t *gains; /* [lines] */
	struct scroll_guess guess;
	struct scroll last; /* what moved may move on in the same way; dx and dy 0: nothing did */
	bool waited; /* for the guest to finish a move */
	unsigned int failures; /* in a row */
	unsigned int skip; /* so many passes are not searched */
};

/* What one search works on. */
struct scroll_search {
	struct scroll_finder *finder;
	const struct damage_kernels *kernels;
	const struct damage_source *source;
	const struct frame *shadow;
	struct damage_tiles *tiles;
};

/* The cluster with most of the tiles that differ: how many, and the tiles around it. */
uint32_t scroll_cluster_find(const struct scroll_search *search, pixman_box32_t *ret_box);
/* From tiles to the tightest box of pixels. False: the guest took its change back. */
bool scroll_cluster_tighten(const struct scroll_search *search, const pixman_box32_t *cluster,
		pixman_box32_t *ret_box);

/* Fills finder->differ inside the box: source against the shadow as it would be. */
void scroll_compare(const struct scroll_search *search, const pixman_box32_t *box, int32_t dx,
		int32_t dy);
/* The rows of a band that are inside the box, one bit each. */
unsigned int scroll_rows_inside(const pixman_box32_t *box, int32_t band);
/* How many of rows, one word a tile, are in tiles that touch the box. */
int64_t scroll_count_rows(const struct damage_tiles *tiles, const uint16_t *rows,
		const pixman_box32_t *box);

#endif
