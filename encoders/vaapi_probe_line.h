/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The line by which a process that tries a candidate says what came of it: the report's
 * fields in their order, with tabs between. Between the files of vaapi_probe.h only.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_PROBE_LINE_H
#define PLANECAST_ENCODERS_VAAPI_PROBE_LINE_H

#include <stdbool.h>
#include <stdio.h>

struct vaapi_probe_report;

/* What is not printable becomes '?'. */
void vaapi_probe_line_write(const struct vaapi_probe_report *report, FILE *out);
/* False: it is none; what was read of it is in ret. line is written to. */
bool vaapi_probe_line_read(char *line, struct vaapi_probe_report *ret);

#endif
