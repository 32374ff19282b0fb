/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Counts what is wrong with a configuration and hands it to the caller's reporter. */
#ifndef PLANECAST_CONFIG_PROBLEM_H
#define PLANECAST_CONFIG_PROBLEM_H

#include "config/config.h"

/* Behind this many the rest is left out: somebody named a picture as the configuration. */
#define PROBLEMS_MAX 1000
#define PROBLEM_TEXT_MAX 512

struct problems {
	config_report_fn report; /* NULL: only counted */
	void *user;
	unsigned int count;
};

/* line, column 0: the file as a whole. What would not print comes out as '?'. */
void problems_add(struct problems *problems, const char *file, unsigned int line,
		unsigned int column, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
