// SPDX-License-Identifier: GPL-2.0-or-later
/* Results of the lab's tests, in the Test Anything Protocol. */
#include "tests/lab/support/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/clock.h"

#define FAILURES_MAX 32

static struct {
	const char *group;
	unsigned int count, failed;
	char failures[FAILURES_MAX][256];
} results;

void check_group(const char *name)
{
	/* Since boot. */
	printf("# %6.2f s  %s\n", (double)clock_now_ns() / NSEC_PER_SEC, name);
	fflush(stdout);
	results.group = name;
}

bool check(bool ok, const char *fmt, ...)
{
	char text[256];
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	printf("%sok %u - %s: %s\n", ok ? "" : "not ", ++results.count, results.group, text);
	fflush(stdout);
	if (!ok && results.failed++ < FAILURES_MAX)
		snprintf(results.failures[results.failed - 1], sizeof(results.failures[0]), "%.40s: %.200s",
				results.group, text);
	return ok;
}

void check_bail_out(const char *fmt, ...)
{
	va_list args;

	printf("Bail out! ");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	exit(1);
}

int check_finish(void)
{
	printf("1..%u\n", results.count);
	for (unsigned int i = 0; i < results.failed && i < FAILURES_MAX; i++)
		printf("# failed: %s\n", results.failures[i]);
	printf("# %u of %u failed\n", results.failed, results.count);
	fflush(stdout);
	return !results.count || results.failed;
}
