/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What there is to tell about one viewer: by which number it is known, and how
 * often it is sent something new. Loop thread.
 */
#ifndef PLANECAST_NET_VIEWER_H
#define PLANECAST_NET_VIEWER_H

#include <stdint.h>

/* Part of a protocol's own record of the viewer. */
struct viewer {
	uint64_t id; /* no other viewer of the VM has it, nor has had it; never 0 */
	int64_t since_ns;
	int64_t sampled_ns;
	uint64_t sampled; /* updates, then */
	uint32_t fps_x10;
};

/*
 * A worker's viewers are numbered from 1 on, those of the next one from VIEWER_IDS + 1: the
 * first has generation 0. More than that comes to nobody.
 */
#define VIEWER_IDS 1000000000u

/* Before the first viewer comes. */
void viewer_set_generation(uint32_t generation);
/* The newest viewer's, or what comes before the first one's. */
uint64_t viewer_last_id(void);

/* It is one from now on. */
void viewer_init(struct viewer *viewer, int64_t now_ns);
/*
 * updates: what it was sent so far. Returns how many a second it was sent lately, times 10:
 * since it was last asked, and that longer than a second ago, or before that.
 */
uint32_t viewer_fps_x10(struct viewer *viewer, uint64_t updates, int64_t now_ns);

#endif
