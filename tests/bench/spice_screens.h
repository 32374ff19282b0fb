/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A loop of SPICE viewers: GLib's default main context, so one a process. */
#ifndef PLANECAST_TESTS_BENCH_SPICE_SCREENS_H
#define PLANECAST_TESTS_BENCH_SPICE_SCREENS_H

#include "tests/bench/spice_screen.h"
#include "tests/bench/view_loop.h"

struct view_options;

struct spice_screens {
	struct view_loop loop; /* first */
	struct spice_screen *screens; /* as many as there are screens */
	int64_t deadline_ns; /* of this turn */
	bool input; /* there is some */
};

/* Negative errno, and stderr says why; spice_screens_finish() is due all the same. */
int spice_screens_connect(struct spice_screens *screens, const struct view_options *options);
void spice_screens_finish(struct spice_screens *screens);

#endif
