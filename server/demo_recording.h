/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The recording that the demo's second VM plays: given, or made. */
#ifndef PLANECAST_SERVER_DEMO_RECORDING_H
#define PLANECAST_SERVER_DEMO_RECORDING_H

#include <stdbool.h>
#include <time.h>

#include "server/clock.h"

/* What is made. */
#define DEMO_RECORDING_SCENE "desktop"
#define DEMO_RECORDING_WIDTH 1280
#define DEMO_RECORDING_HEIGHT 720
#define DEMO_RECORDING_NS (8 * NSEC_PER_SEC)

struct demo_recording {
	char *path; /* absolute */
	bool made; /* and so ours to remove */
};

/*
 * given: NULL to make one in directory, which takes a second or two; its clock
 * shows wall at the start. Negative errno, after saying why.
 */
int demo_recording_get(const char *given, const char *directory, time_t wall, struct demo_recording *ret);
/* Removes what was made. A zeroed one is fine. */
void demo_recording_finish(struct demo_recording *recording);

#endif
