// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bench's SPICE viewer: what bench_view is for RFB, on the library that
 * spicy and remote-viewer are made of, video and all; --skim is a crowd of viewers
 * that are not, and cost little. Options and commands: --help. Ends with its input:
 * status 1 if a viewer or a command failed, 2 if the command line is wrong, or a
 * crowd had no connection.
 *
 * An age ends when the library says that it has drawn. There are no updates in
 * SPICE: that statistic counts drawing commands.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>

#include "tests/bench/spice_screens.h"
#include "tests/bench/spice_skims.h"
#include "tests/bench/view_commands.h"
#include "tests/bench/view_options.h"
#include "tests/bench/view_run.h"

static int show(const struct view_options *options)
{
	struct spice_screens screens = { .screens = NULL };
	int status = 2;

	if (spice_screens_connect(&screens, options) == 0)
		status = view_run(&screens.loop, options);
	spice_screens_finish(&screens);
	return status;
}

static int skim(const struct view_options *options)
{
	struct spice_skims skims;
	int status = 2;

	if (spice_skims_connect(&skims, options) == 0)
		status = view_run(&skims.loop, options);
	spice_skims_finish(&skims);
	return status;
}

int main(int argc, char **argv)
{
	struct view_options options;
	int status, r;

	r = view_options_parse(argc, argv, VIEW_SPICE, &options);
	if (r == -ENODATA) {
		view_options_print(VIEW_SPICE, stdout);
		view_commands_print(stdout);
		return 0;
	}
	if (r < 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	status = options.skim ? skim(&options) : show(&options);
	freeaddrinfo(options.address);
	return status;
}
