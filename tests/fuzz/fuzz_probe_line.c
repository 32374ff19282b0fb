// SPDX-License-Identifier: GPL-2.0-or-later
/* The line of a process that tried a video driver, and maybe was taken over by it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/vaapi_probe.h"
#include "encoders/vaapi_probe_line.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const char *field, size_t bytes)
{
	size_t length = strnlen(field, bytes);

	if (length == bytes)
		abort();
	for (size_t i = 0; i < length; i++)
		if (field[i] < ' ' || field[i] > '~')
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct vaapi_probe_report report = { .vendor = "" };
	char *line = malloc(size + 1);

	if (!line)
		return 0;
	memcpy(line, data, size);
	line[size] = '\0';
	vaapi_probe_line_read(line, &report);
	check(report.vendor, sizeof(report.vendor));
	check(report.profile, sizeof(report.profile));
	check(report.entrypoint, sizeof(report.entrypoint));
	check(report.import, sizeof(report.import));
	check(report.rate_control, sizeof(report.rate_control));
	check(report.limits, sizeof(report.limits));
	check(report.reason, sizeof(report.reason));
	free(line);
	return 0;
}
