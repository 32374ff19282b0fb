/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A ring that spreads from where the pointer was pressed, and fades. Loop thread. */
#ifndef PLANECAST_SERVER_CAPTURE_PATTERN_RIPPLE_H
#define PLANECAST_SERVER_CAPTURE_PATTERN_RIPPLE_H

#include <pixman.h>
#include <stdint.h>

#include "server/capture/paint.h"

#define RIPPLES_MAX 4u

struct ripples {
	struct ripple {
		int x, y;
		int64_t start_ns;
		enum { RIPPLE_OVER, RIPPLE_WAITING, RIPPLE_RUNS } state;
	} list[RIPPLES_MAX];
	unsigned int next; /* the oldest makes room */
};

/* Shows from the next advance on: where time stands still there is no ring. */
void ripples_add(struct ripples *ripples, int x, int y, int64_t time_ns);
void ripples_advance(struct ripples *ripples, int64_t time_ns, pixman_region32_t *damage);
/* Only where ripples_advance() damaged. */
void ripples_paint(const struct ripples *ripples, const struct paint *paint, int64_t time_ns);

#endif
