/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command lines of bench_view and bench_spice. */
#ifndef PLANECAST_TESTS_BENCH_VIEW_OPTIONS_H
#define PLANECAST_TESTS_BENCH_VIEW_OPTIONS_H

#include <stdint.h>
#include <stdio.h>

#include "tests/bench/view_session.h"

struct addrinfo;

enum view_protocol { VIEW_RFB, VIEW_SPICE };

struct view_options {
	/* RFB alone. */
	bool skim; /* session.skim is for the caller to set */
	struct view_session_options session;
	uint64_t rate_bps; /* of each viewer; 0: none */

	unsigned int viewers;
	const char *scene; /* NULL: not said */
	uint32_t mark_step; /* from one picture of it that differs to the next one */
	int64_t patience_ns; /* of one command */
	struct addrinfo *address; /* freed with freeaddrinfo() */
};

/* 0; -EINVAL, and stderr says why; -ENODATA: help was wanted. */
int view_options_parse(int argc, char **argv, enum view_protocol protocol, struct view_options *ret);
void view_options_print(enum view_protocol protocol, FILE *file);

#endif
