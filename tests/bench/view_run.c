// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines of standard input, between them the viewers. */
#include "tests/bench/view_run.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "server/clock.h"
#include "tests/bench/view_commands.h"
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

int view_run(struct view_loop *loop, const struct view_options *options)
{
	struct view_oracle oracle;
	struct view_commands commands = {
		.loop = loop,
		.oracle = options->scene ? &oracle : NULL,
		.patience_ns = options->patience_ns,
	};
	int r;

	view_oracle_init(&oracle, options->scene);
	loop->input_fd = STDIN_FILENO;
	r = follow(&commands);
	view_oracle_finish(&oracle);
	return r < 0 ? 1 : 0;
}
