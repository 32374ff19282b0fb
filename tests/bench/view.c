// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The bench's viewer: follows one or many connections to an RFB server, decodes
 * what comes, and says what that was, how old, and how near to the scene. Shares
 * no code with what planecast serves with, nor with any other server. Options
 * and commands: --help. Ends with its input: status 1 if a viewer or a command
 * failed, 2 if the command line is wrong or there was no connection.
 */
#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>

#include "tests/bench/view_commands.h"
#include "tests/bench/view_jpegs.h"
#include "tests/bench/view_links.h"
#include "tests/bench/view_options.h"
#include "tests/bench/view_run.h"

int main(int argc, char **argv)
{
	struct view_links links = { .links = NULL };
	struct view_jpegs jpegs = { .decoded = 0 };
	struct view_options options;
	int status = 2, r;

	r = view_options_parse(argc, argv, VIEW_RFB, &options);
	if (r == -ENODATA) {
		view_options_print(VIEW_RFB, stdout);
		view_commands_print(stdout);
		return 0;
	}
	if (r < 0)
		return 2;
	options.session.skim = options.skim ? &jpegs : NULL;
	signal(SIGPIPE, SIG_IGN);
	if (view_links_connect(&links, &options) == 0)
		status = view_run(&links.loop, &options);
	view_links_finish(&links);
	view_jpegs_finish(&jpegs);
	freeaddrinfo(options.address);
	return status;
}
