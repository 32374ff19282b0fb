// SPDX-License-Identifier: GPL-2.0-or-later
/* A report as a line. */
#include "encoders/vaapi_probe_line.h"

#include <stddef.h>
#include <string.h>

#include "encoders/vaapi_probe.h"

#define FIELD(name) \
	{ \
		offsetof(struct vaapi_probe_report, name), \
				sizeof(((struct vaapi_probe_report *)NULL)->name) \
	}

static const struct {
	size_t offset, bytes;
} fields[] = { FIELD(vendor), FIELD(profile), FIELD(entrypoint), FIELD(import), FIELD(rate_control),
	FIELD(limits), FIELD(reason) };

#define N_FIELDS (sizeof(fields) / sizeof(fields[0]))

static char printable(char c)
{
	return c >= ' ' && c <= '~' ? c : '?';
}

void vaapi_probe_line_write(const struct vaapi_probe_report *report, FILE *out)
{
	for (size_t i = 0; i < N_FIELDS; i++) {
		const char *text = (const char *)report + fields[i].offset;

		for (; *text; text++)
			fputc(printable(*text), out);
		fputc(i + 1 < N_FIELDS ? '\t' : '\n', out);
	}
}

bool vaapi_probe_line_read(char *line, struct vaapi_probe_report *ret)
{
	char *end = strchr(line, '\n'), *at = line;

	if (!end)
		return false;
	*end = '\0';
	for (size_t i = 0; i < N_FIELDS; i++) {
		char *field = strsep(&at, "\t"), *to = (char *)ret + fields[i].offset;
		size_t bytes = 0;

		if (!field)
			return false;
		for (; *field && bytes < fields[i].bytes - 1; field++)
			to[bytes++] = printable(*field);
		to[bytes] = '\0';
	}
	return !at;
}
