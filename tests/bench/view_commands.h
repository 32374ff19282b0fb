/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bench_view is told on its standard input, and answers. One thread. */
#ifndef PLANECAST_TESTS_BENCH_VIEW_COMMANDS_H
#define PLANECAST_TESTS_BENCH_VIEW_COMMANDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/bench/view_compare.h"
#include "tests/bench/view_loop.h"

struct view_commands {
	struct view_loop *loop;
	struct view_oracle *oracle; /* NULL: no scene to compare with */
	int64_t patience_ns; /* of one command */
	bool failed; /* one of them */
};

/*
 * Carries a line out, which it changes, and prints the answer. 0; negative
 * errno: a viewer is at its end (said on stderr).
 */
int view_commands_run(struct view_commands *commands, char *line);
/* Waits until each viewer has a picture, and answers with its size. As above. */
int view_commands_begin(struct view_commands *commands);
void view_commands_print(FILE *file);

#endif
