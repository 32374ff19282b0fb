/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A crowd of SPICE viewers in a loop. One thread. */
#ifndef PLANECAST_TESTS_BENCH_SPICE_SKIMS_H
#define PLANECAST_TESTS_BENCH_SPICE_SKIMS_H

#include "tests/bench/spice_skim.h"
#include "tests/bench/view_jpegs.h"
#include "tests/bench/view_loop.h"

struct view_options;

struct spice_skims {
	struct view_loop loop; /* first */
	struct spice_skim *skims; /* as many as there are screens */
	struct view_jpegs jpegs;
};

/* As view_links_connect(). */
int spice_skims_connect(struct spice_skims *skims, const struct view_options *options);
void spice_skims_finish(struct spice_skims *skims);

#endif
