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
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/clock.h"
#include "tests/bench/scene.h"
#include "tests/bench/view_commands.h"
#include "tests/bench/view_jpegs.h"
#include "tests/bench/view_options.h"

/* Commands that are whole in the buffer; keeps the rest. */
static int run_lines(struct view_commands *commands, char *buffer, size_t *used)
{
	char *line = buffer, *end;
	int r = 0;

	while (r == 0 && (end = memchr(line, '\n', *used - (size_t)(line - buffer)))) {
		*end = '\0';
		r = view_commands_run(commands, line);
		line = end + 1;
	}
	*used -= (size_t)(line - buffer);
	memmove(buffer, line, *used);
	return r;
}

static int follow(struct view_commands *commands)
{
	char buffer[4096];
	size_t used = 0;
	int r = view_commands_begin(commands);

	while (r == 0 && used < sizeof(buffer)) {
		bool input;
		ssize_t got;

		r = view_loop_turn(commands->loop, clock_now_ns() + NSEC_PER_SEC, &input);
		if (r < 0 || !input)
			continue;
		got = read(STDIN_FILENO, buffer + used, sizeof(buffer) - used);
		if (got <= 0)
			return commands->failed ? -EINVAL : 0;
		used += (size_t)got;
		r = run_lines(commands, buffer, &used);
	}
	return r < 0 ? r : -E2BIG;
}

static int connect_all(struct view_loop *loop, const struct view_options *options)
{
	uint32_t step = options->scene && !strcmp(options->scene, "idle") ? BENCH_IDLE_PERIOD : 1;

	for (unsigned int i = 0; i < options->viewers; i++) {
		const struct addrinfo *address = options->address;
		struct view_link *link = &loop->links[loop->n_links++];
		int r;

		view_link_init(link, &options->session, step);
		do {
			r = view_link_connect(link, address, options->rate_bps);
		} while (r < 0 && (address = address->ai_next));
		if (r < 0) {
			fprintf(stderr, "bench_view: viewer %u: %s\n", i, strerror(-r));
			return r;
		}
	}
	return 0;
}

int main(int argc, char **argv)
{
	struct view_loop loop = { .input_fd = STDIN_FILENO };
	struct view_oracle oracle;
	struct view_commands commands = { .loop = &loop };
	struct view_jpegs jpegs = { .next = 0 };
	struct view_options options;
	int status, r;

	r = view_options_parse(argc, argv, &options);
	if (r == -ENODATA) {
		view_options_print(stdout);
		view_commands_print(stdout);
		return 0;
	}
	if (r < 0)
		return 2;
	options.session.skim = options.skim ? &jpegs : NULL;
	signal(SIGPIPE, SIG_IGN);
	commands.patience_ns = options.patience_ns;
	view_oracle_init(&oracle, options.scene);
	commands.oracle = options.scene ? &oracle : NULL;
	loop.links = calloc(options.viewers, sizeof(*loop.links));
	status = loop.links && connect_all(&loop, &options) == 0 ? 0 : 2;
	if (status == 0 && follow(&commands) < 0)
		status = 1;
	for (unsigned int i = 0; i < loop.n_links; i++)
		view_link_finish(&loop.links[i]);
	free(loop.links);
	view_jpegs_finish(&jpegs);
	view_oracle_finish(&oracle);
	freeaddrinfo(options.address);
	return status;
}
