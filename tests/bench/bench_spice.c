// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bench's SPICE viewer: what bench_view is for RFB, on the library that
 * spicy and remote-viewer are made of. Options and commands: --help. Ends with
 * its input: status 1 if a viewer or a command failed, 2 if the command line is
 * wrong.
 *
 * An age ends when the library says that it has drawn. There are no updates in
 * SPICE: that statistic counts drawing commands.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>

#include "tests/bench/spice_screens.h"
#include "tests/bench/view_commands.h"
#include "tests/bench/view_options.h"
#include "tests/bench/view_run.h"

int main(int argc, char **argv)
{
	struct spice_screens screens = { .screens = NULL };
	struct view_options options;
	int status = 2, r;

	r = view_options_parse(argc, argv, VIEW_SPICE, &options);
	if (r == -ENODATA) {
		view_options_print(VIEW_SPICE, stdout);
		view_commands_print(stdout);
		return 0;
	}
	if (r < 0)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	if (spice_screens_connect(&screens, &options) == 0)
		status = view_run(&screens.loop, &options);
	spice_screens_finish(&screens);
	freeaddrinfo(options.address);
	return status;
}
