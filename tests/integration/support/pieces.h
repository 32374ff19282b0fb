/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture that comes in pieces from a protocol that does not say where one
 * picture ends and the next begins; and what it was some pieces ago.
 */
#ifndef PLANECAST_TESTS_PIECES_H
#define PLANECAST_TESTS_PIECES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/integration/support/picture.h"

/* An update's pieces that may come before the one with its mark: copies, and parts of a mark. */
#define PIECES_MAX 16

struct pieces {
	struct picture picture; /* without pixels: none */
	/* Its own: what was there before the newest pieces. */
	struct piece {
		int x, y, width, height;
		uint32_t *before;
	} last[PIECES_MAX];
	unsigned int n; /* of last; the newest is the last of them */
};

/* A black picture of that size; 0, 0: none. */
void pieces_reset(struct pieces *pieces, int width, int height);
/* Takes a piece over from XR24 pixels, as far as it lies inside. */
void pieces_draw(struct pieces *pieces, const void *pixels, size_t stride, int x, int y, int width, int height);
/* Is there a moment, back to PIECES_MAX pieces ago, when the picture was right? It is then as it was before. */
bool pieces_search(struct pieces *pieces, bool (*is_right)(void *user, const struct picture *picture), void *user);

#endif
