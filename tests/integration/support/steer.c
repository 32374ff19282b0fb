// SPDX-License-Identifier: GPL-2.0-or-later
/* Lines in, answers out. */
#include "tests/integration/support/steer.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/clock.h"

#define WORDS_MAX 5
#define PATIENCE_NS (30 * NSEC_PER_SEC)
#define SERVE_MS 100

void steer_answer_end(struct steer *steer, bool ok)
{
	printf(", \"ok\": %s}\n", ok ? "true" : "false");
	fflush(stdout);
	steer->failed |= !ok;
}

void steer_answer(struct steer *steer, bool ok)
{
	printf("{\"width\": %d, \"height\": %d", steer->width, steer->height);
	steer_answer_end(steer, ok);
}

bool steer_wait(struct steer *steer, bool (*is_so)(void *user), void *user)
{
	int64_t deadline_ns = clock_now_ns() + (steer->patience_ns ? steer->patience_ns : PATIENCE_NS);

	while (!is_so(user)) {
		if (!steer->impl->serve(steer, SERVE_MS, -1) || clock_now_ns() > deadline_ns)
			return is_so(user); /* also that the connection is gone may be waited for */
	}
	return true;
}

struct wish {
	const struct steer *steer;
	unsigned int updates;
	int width, height;
};

static bool is_size(void *user)
{
	const struct wish *wish = user;

	return wish->steer->width == wish->width && wish->steer->height == wish->height;
}

bool steer_wait_size(struct steer *steer, int width, int height)
{
	struct wish wish = { .steer = steer, .width = width, .height = height };

	return steer_wait(steer, is_size, &wish);
}

static bool is_updated(void *user)
{
	const struct wish *wish = user;

	return wish->steer->updates >= wish->updates;
}

static bool is_closed(void *user)
{
	return !((const struct steer *)user)->connected;
}

static void do_size(struct steer *steer, char **words)
{
	steer_answer(steer, steer_wait_size(steer, atoi(words[1]), atoi(words[2])));
}

static void do_updates(struct steer *steer, char **words)
{
	struct wish wish = { .steer = steer, .updates = (unsigned int)atoi(words[1]) };

	steer_answer(steer, steer_wait(steer, is_updated, &wish));
}

static void do_closed(struct steer *steer, char **words)
{
	(void)words;
	steer_answer(steer, steer_wait(steer, is_closed, steer));
}

static void reset(struct steer *steer)
{
	steer->bytes_before = steer->impl->bytes(steer);
	steer->updates = 0;
	follow_reset(&steer->follow);
	if (steer->impl->reset)
		steer->impl->reset(steer);
}

static void do_reset(struct steer *steer, char **words)
{
	(void)words;
	reset(steer);
	steer_answer(steer, steer->connected);
}

static void do_stats(struct steer *steer, char **words)
{
	(void)words;
	printf("{\"width\": %d, \"height\": %d, \"bytes\": %llu, \"updates\": %u", steer->width, steer->height,
			(unsigned long long)(steer->impl->bytes(steer) - steer->bytes_before), steer->updates);
	if (steer->impl->print_stats)
		steer->impl->print_stats(steer);
	follow_print(&steer->follow);
	steer_answer_end(steer, steer->connected);
}

static const struct steer_command common_commands[] = {
	{ "size", 2, do_size, "WIDTH HEIGHT", "wait until the picture has this size" },
	{ "updates", 1, do_updates, "COUNT", "wait until that many came since reset" },
	{ "closed", 0, do_closed, "", "wait until the server hangs up" },
	{ "reset", 0, do_reset, "", "begin new statistics" },
	{ "stats", 0, do_stats, "", "bytes, updates, ages of the mark, longest time without a new one" },
	{ 0 },
};

static const struct steer_command *find(const struct steer_command *command, const char *name, unsigned int words)
{
	while (command->name && (strcmp(command->name, name) != 0 || words <= command->arguments))
		command++;
	return command->name ? command : NULL;
}

static void do_line(struct steer *steer, char *line)
{
	const struct steer_command *const tables[] = { steer_look_commands, common_commands, steer->impl->commands };
	const struct steer_command *command = NULL;
	char *words[WORDS_MAX + 1] = { NULL }, *rest = NULL;
	unsigned int n = 0;

	while (n < WORDS_MAX && (words[n] = strtok_r(n ? NULL : line, " ", &rest)))
		n++;
	for (size_t i = 0; n && !command && i < sizeof(tables) / sizeof(tables[0]); i++)
		command = find(tables[i], words[0], n);
	if (command) {
		command->run(steer, words);
		return;
	}
	fprintf(stderr, "no such command: %s\n", words[0] ? words[0] : "");
	steer_answer(steer, false);
}

/* Commands that are whole in the buffer; keeps the rest. */
static size_t do_lines(struct steer *steer, char *buffer, size_t used)
{
	char *line = buffer, *end;

	while ((end = memchr(line, '\n', used - (size_t)(line - buffer)))) {
		*end = '\0';
		do_line(steer, line);
		line = end + 1;
	}
	used -= (size_t)(line - buffer);
	memmove(buffer, line, used);
	return used;
}

int steer_run(struct steer *steer)
{
	char buffer[4096];
	size_t used = 0;
	ssize_t got = 1;

	signal(SIGPIPE, SIG_IGN);
	reset(steer);
	steer_answer(steer, true);
	while (got > 0) {
		struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

		steer->impl->serve(steer, -1, STDIN_FILENO);
		if (poll(&input, 1, 0) <= 0)
			continue;
		got = read(STDIN_FILENO, buffer + used, sizeof(buffer) - used);
		if (got > 0)
			used = do_lines(steer, buffer, used + (size_t)got);
	}
	picture_finish(&steer->remembered);
	return steer->failed;
}

int steer_refuse(const char *reason)
{
	printf("{\"error\": \"%s\", \"ok\": false}\n", reason);
	return 2;
}

static void print_table(const struct steer_command *command, FILE *file)
{
	for (; command->name; command++)
		fprintf(file, "  %-9s%-18s%s\n", command->name, command->usage, command->help);
}

void steer_print_commands(const struct steer_impl *impl, FILE *file)
{
	print_table(steer_look_commands, file);
	print_table(common_commands, file);
	print_table(impl->commands, file);
}
