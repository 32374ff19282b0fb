// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a configuration: it loads or says why not, and what loads survives being dumped. */
#include "config/config.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define require(condition) do { if (!(condition)) abort(); } while (0)

static void check_problem(void *user, const struct config_problem *problem)
{
	unsigned int *count = user;

	++*count;
	require(strcmp(problem->file, "fuzz") == 0);
	require(problem->line > 0 && problem->column > 0 && problem->message[0]);
}

static void check_dump(const struct config *config)
{
	struct config *again = NULL;
	unsigned int problems = 0;
	char *text = NULL;
	size_t bytes;
	FILE *out = open_memstream(&text, &bytes);

	require(out);
	require(config_dump(config, NULL, true, out) == 0);
	fclose(out);
	require(config_parse("fuzz", text, bytes, check_problem, &problems, &again) == 0);
	require(again->n_vms == config->n_vms);
	require(again->server.log_level == config->server.log_level);
	require(again->server.restart_delay_max_ns == config->server.restart_delay_max_ns);
	for (unsigned int i = 0; i < config->n_vms; i++)
		require(config_vm_compare(config->vms[i], again->vms[i]) == CONFIG_SAME);
	config_free(again);
	free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct config *config = NULL;
	unsigned int problems = 0;
	int r;

	r = config_parse("fuzz", (const char *)data, size, check_problem, &problems, &config);
	require(r == (problems ? -EINVAL : 0));
	require(!config == (r < 0));
	if (config)
		check_dump(config);
	config_free(config);
	return 0;
}
