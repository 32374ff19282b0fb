/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What an RFB session got, by kind. One thread. */
#ifndef PLANECAST_TESTS_BENCH_VIEW_COUNTS_H
#define PLANECAST_TESTS_BENCH_VIEW_COUNTS_H

#include <stdint.h>
#include <stdio.h>

#include "tests/bench/view_decoder.h"

struct view_session;

struct view_counts {
	uint64_t fences, skimmed;
	uint64_t rectangles[VIEW_ENCODINGS], tight_kinds[VIEW_TIGHT_KINDS];
};

/* Ever, until now. */
void view_counts_read(const struct view_session *session, struct view_counts *ret);
/* Since before: members of a JSON object, with a comma in front. */
void view_counts_print(const struct view_session *session, const struct view_counts *before, FILE *file);

#endif
