// SPDX-License-Identifier: GPL-2.0-or-later
/* Runs groups of checks of the VFIO source against the devices of the lab. */
#include <stdio.h>
#include <string.h>

#include "server/log.h"
#include "tests/lab/groups/groups.h"
#include "tests/lab/support/check.h"

static const struct {
	const char *name;
	void (*run)(void);
} groups[] = {
	{ "formats", group_formats },
	{ "refusals", group_refusals },
	{ "errors", group_errors },
	{ "buffers", group_buffers },
	{ "vanishing", group_vanishing },
	{ "own", group_own },
	{ "socket", group_socket },
	{ "edid", group_edid },
	{ "cursor", group_cursor },
	{ "mdpy", group_mdpy },
	{ "mbochs-stock", group_mbochs_stock },
	{ "mbochs-mended", group_mbochs_mended },
	{ "edid-mbochs", group_edid_mbochs },
};

int main(int argc, char **argv)
{
	log_set_level(LOG_LEVEL_ERROR);
	for (int i = 1; i < argc; i++) {
		size_t j = 0;

		while (j < sizeof(groups) / sizeof(groups[0]) && strcmp(groups[j].name, argv[i]))
			j++;
		if (j == sizeof(groups) / sizeof(groups[0])) {
			fprintf(stderr, "labtest: no group %s\n", argv[i]);
			return 2;
		}
		check_group(groups[j].name);
		groups[j].run();
	}
	return check_finish();
}
