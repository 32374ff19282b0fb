// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of video encoders. */
#include "server/probe.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_probe.h"
#include "server/options.h"

enum column { CANDIDATE, PROVEN, PROFILE, ENTRYPOINT, IMPORT, RATE_CONTROL, SIZES, DRIVER, COLUMNS };

static const char *const titles[COLUMNS] = { "CANDIDATE", "PROVEN", "PROFILE", "ENTRYPOINT", "IMPORT",
	"RATE CONTROL", "SIZES", "DRIVER" };

struct row {
	const char *name;
	struct vaapi_probe_report report;
};

static const char *cell(const struct row *row, enum column column)
{
	const char *const texts[COLUMNS] = {
		[CANDIDATE] = row->name,
		[PROVEN] = row->report.reason[0] ? "no" : "yes",
		[PROFILE] = row->report.profile,
		[ENTRYPOINT] = row->report.entrypoint,
		[IMPORT] = row->report.import,
		[RATE_CONTROL] = row->report.rate_control,
		[SIZES] = row->report.limits,
		[DRIVER] = row->report.vendor,
	};

	return texts[column][0] ? texts[column] : "-";
}

static void print(const struct row *rows, unsigned int count)
{
	for (int i = -1; i < (int)count; i++) {
		for (int column = 0; column < COLUMNS; column++) {
			int width = (int)strlen(titles[column]);

			for (unsigned int j = 0; j < count; j++)
				if ((int)strlen(cell(&rows[j], column)) > width)
					width = (int)strlen(cell(&rows[j], column));
			printf("%-*s", column + 1 < COLUMNS ? width + 2 : 0,
					i < 0 ? titles[column] : cell(&rows[i], column));
		}
		putchar('\n');
	}
	for (unsigned int i = 0; i < count; i++)
		if (rows[i].report.reason[0])
			printf("%s: %s\n", rows[i].name, rows[i].report.reason);
}

int probe_run_all(const struct options *options)
{
	struct vaapi_candidates *candidates;
	unsigned int count, proven = 0;
	struct row *rows;

	(void)options;
	if (vaapi_candidates_new(VAAPI_AUTO, NULL, 0, &candidates)) {
		perror("planecastd");
		return EXIT_FAILURE;
	}
	count = vaapi_candidates_count(candidates);
	rows = calloc(count, sizeof(*rows));
	for (unsigned int i = 0; rows && i < count; i++) {
		rows[i].name = vaapi_candidates_name(candidates, i);
		proven += !vaapi_probe(NULL, rows[i].name, 0, &rows[i].report);
	}
	if (rows)
		print(rows, count);
	free(rows);
	vaapi_candidates_unref(candidates);
	return proven && !fflush(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}

int probe_run_one(const struct options *options)
{
	return vaapi_probe_run(options->encoder);
}
