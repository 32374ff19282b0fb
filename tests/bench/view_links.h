/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A loop of RFB viewers. One thread. */
#ifndef PLANECAST_TESTS_BENCH_VIEW_LINKS_H
#define PLANECAST_TESTS_BENCH_VIEW_LINKS_H

#include <stdint.h>

#include "tests/bench/view_link.h"
#include "tests/bench/view_loop.h"

struct view_options;

struct view_links {
	struct view_loop loop; /* first */
	struct view_link *links; /* as many as there are screens */
};

/*
 * Connects as many as options say, which it borrows. Negative errno, and stderr
 * says why; view_links_finish() is due all the same.
 */
int view_links_connect(struct view_links *links, const struct view_options *options);
void view_links_finish(struct view_links *links);

#endif
