/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Recorded damage as tests/bench/record_activity.c writes it, one picture after the other. */
#ifndef PLANECAST_TESTS_ACTIVITY_RECORDING_H
#define PLANECAST_TESTS_ACTIVITY_RECORDING_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/frame.h"
#include "server/update.h"

struct activity_recording {
	char *text, *next;
	struct frame frame; /* nothing but a size */
	/* The picture that activity_recording_next() came to. */
	int64_t time_ns;
	struct update update;
	pixman_region32_t photo;
};

/* Fails the test where there is no such file; name as "tuned/typing". */
void activity_recording_open(struct activity_recording *recording, const char *name);
void activity_recording_close(struct activity_recording *recording);
/* False: the end. */
bool activity_recording_next(struct activity_recording *recording);
/* Thousandths of the damage within box that are photographic. */
int activity_recording_photo(struct activity_recording *recording, const pixman_box32_t *box);

#endif
