// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a domain of libvirt's: refused with a reason, or a section that planecast reads without complaint. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "tools/planecastctl/domain.h"
#include "tools/planecastctl/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition)                                                                                       \
	do {                                                                                                     \
		if (!(condition))                                                                                \
			abort();                                                                                 \
	} while (0)

static void print_problem(void *user, const struct config_problem *problem)
{
	config_report_stdio(user, problem);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char error[DOMAIN_ERROR_MAX], *text = NULL;
	struct config *config = NULL;
	struct domain domain;
	size_t bytes;
	FILE *out;

	if (domain_parse((const char *)data, size, &domain, error) < 0) {
		require(!strncmp(error, "line ", 5));
		return 0;
	}
	require(domain.name[0] && domain.n_hostdevs <= DOMAIN_HOSTDEVS_MAX);
	out = open_memstream(&text, &bytes);
	require(out);
	import_write(&domain, 5900, out);
	fclose(out);
	require(config_parse("fuzz", text, bytes, print_problem, stderr, &config) == 0);
	require(config->n_vms == 1);
	config_free(config);
	free(text);
	return 0;
}
