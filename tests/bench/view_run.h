/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the viewers' programs do once they are connected. */
#ifndef PLANECAST_TESTS_BENCH_VIEW_RUN_H
#define PLANECAST_TESTS_BENCH_VIEW_RUN_H

struct view_loop;
struct view_options;

/*
 * Answers commands on standard input until its end. The exit status: 1 if a
 * viewer or a command failed.
 */
int view_run(struct view_loop *loop, const struct view_options *options);

#endif
