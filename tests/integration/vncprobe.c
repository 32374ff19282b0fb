// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A viewer for tests: libvncclient, told what to do line by line on standard
 * input, answering each line with one line of JSON on standard output. Between
 * commands it keeps following the picture. Options and commands are in the
 * tables below; --help prints them. Ends with its input: status 1 if a command
 * failed, 2 if there was no connection.
 */
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "server/capture/mark.h"
#include "server/clock.h"
#include "tests/integration/support/oracle.h"
#include "tests/integration/support/picture.h"
#include "tests/integration/support/viewer.h"

#define WORDS_MAX 4

static struct {
	struct viewer viewer;
	int64_t patience_ns; /* of one command */
	bool failed;
	struct picture remembered;
	int64_t remembered_ns;
} probe = { .patience_ns = 30 * NSEC_PER_SEC };

/* Ends the line that a command has begun. */
static void answer_end(bool ok)
{
	printf(", \"ok\": %s}\n", ok ? "true" : "false");
	fflush(stdout);
	probe.failed |= !ok;
}

static void answer(bool ok)
{
	printf("{\"width\": %d, \"height\": %d", probe.viewer.client->width, probe.viewer.client->height);
	answer_end(ok);
}

/* False: the command's patience or the connection ended before it was so. */
static bool wait_until(bool (*is_so)(void *user), void *user)
{
	int64_t deadline_ns = clock_now_ns() + probe.patience_ns;

	while (!is_so(user)) {
		/* That the connection has ended may be just what is waited for. */
		if (!viewer_serve(&probe.viewer, 100) || clock_now_ns() > deadline_ns)
			return is_so(user);
	}
	return true;
}

struct comparison {
	const struct picture *picture;
	struct oracle *oracle; /* instead of picture */
	double psnr; /* wanted; 0: exactly */
	bool looked;
	unsigned int updates; /* when last looked at */
	uint32_t sequence;
	unsigned int matched; /* pictures with different marks */
	struct picture_difference difference;
};

static bool matches(const struct comparison *comparison)
{
	return picture_matches(&comparison->difference, comparison->psnr);
}

/* False: no picture that could be compared. */
static bool compare(struct comparison *comparison, const struct picture *now)
{
	const struct picture *wanted = comparison->picture;
	struct mark mark = { .sequence = 0 };

	if (!comparison->oracle) {
		comparison->difference = picture_compare(now, wanted);
		return true;
	}
	if (mark_read(now->pixels, (size_t)now->width * 4, (uint32_t)now->width, (uint32_t)now->height,
			    &mark) < 0)
		return false;
	for (unsigned int late = 0; late < 2; late++) {
		if (oracle_picture(comparison->oracle, &mark, late, now->width, now->height, &wanted) < 0)
			return false;
		comparison->difference = picture_compare(now, wanted);
		if (matches(comparison))
			break;
	}
	if (matches(comparison) && (!comparison->matched || mark.sequence != comparison->sequence))
		comparison->matched++;
	comparison->sequence = mark.sequence;
	return true;
}

/* False: nothing new to look at. */
static bool look(struct comparison *comparison)
{
	struct picture now;
	bool comparable;

	if (comparison->looked && comparison->updates == probe.viewer.updates)
		return false;
	comparison->looked = true;
	comparison->updates = probe.viewer.updates;
	now = viewer_picture(&probe.viewer);
	comparable = compare(comparison, &now);
	picture_finish(&now);
	return comparable;
}

static bool is_expected(void *user)
{
	return look(user) && matches(user);
}

static bool is_changed(void *user)
{
	return look(user) && !matches(user);
}

struct verification {
	struct comparison comparison;
	unsigned int count;
};

/* Enough pictures matched, or one did not. */
static bool is_verified(void *user)
{
	struct verification *verification = user;

	return look(&verification->comparison) && (!matches(&verification->comparison) ||
				verification->comparison.matched >= verification->count);
}

static bool is_size(void *user)
{
	return probe.viewer.client->width == ((int *)user)[0] && probe.viewer.client->height == ((int *)user)[1];
}

static bool is_count(void *user)
{
	return probe.viewer.updates >= *(unsigned int *)user;
}

static bool is_closed(void *user)
{
	(void)user;
	return !probe.viewer.connected;
}

static void answer_difference(bool ok, const struct picture_difference *difference)
{
	printf("\"same_size\": %s, \"pixels\": %zu, \"x\": %d, \"y\": %d, \"psnr\": %.2f, "
	       "\"worst_psnr\": %.2f",
			difference->same_size ? "true" : "false", difference->pixels, difference->x,
			difference->y, fmin(difference->psnr, 999), fmin(difference->worst_psnr, 999));
	answer_end(ok);
}

static void do_save(char **words)
{
	struct picture picture = viewer_picture(&probe.viewer);

	answer(picture_write(words[1], &picture) == 0);
	picture_finish(&picture);
}

static void do_expect(char **words)
{
	struct picture picture = { .width = 0 };
	struct comparison wanted = { .picture = &picture, .psnr = words[2] ? atof(words[2]) : 0 };
	bool ok = picture_read(words[1], &picture) == 0 && wait_until(is_expected, &wanted);

	putchar('{');
	answer_difference(ok, &wanted.difference);
	picture_finish(&picture);
}

static void do_scene(char **words)
{
	struct comparison wanted = { .psnr = words[2] ? atof(words[2]) : 0 };
	bool ok = oracle_new(words[1], 0, &wanted.oracle) == 0 && wait_until(is_expected, &wanted);

	putchar('{');
	answer_difference(ok, &wanted.difference);
	oracle_free(wanted.oracle);
}

static void do_verify(char **words)
{
	struct verification wanted = { .count = (unsigned int)atoi(words[3]) };
	bool ok = oracle_new(words[1], atoi(words[2]), &wanted.comparison.oracle) == 0 &&
			wait_until(is_verified, &wanted) && matches(&wanted.comparison);

	printf("{\"matched\": %u, \"sequence\": %u, ", wanted.comparison.matched, wanted.comparison.sequence);
	answer_difference(ok, &wanted.comparison.difference);
	oracle_free(wanted.comparison.oracle);
}

static void do_remember(char **words)
{
	(void)words;
	picture_finish(&probe.remembered);
	probe.remembered = viewer_picture(&probe.viewer);
	probe.remembered_ns = clock_now_ns();
	answer(true);
}

static void do_changed(char **words)
{
	struct comparison old = { .picture = &probe.remembered };
	bool ok = wait_until(is_changed, &old);

	(void)words;
	printf("{\"pixels\": %zu, \"ms\": %.2f", old.difference.pixels,
			(double)(clock_now_ns() - probe.remembered_ns) / NSEC_PER_MSEC);
	answer_end(ok);
}

static void do_size(char **words)
{
	int size[2] = { atoi(words[1]), atoi(words[2]) };

	if (!strcmp(words[0], "resize"))
		viewer_ask_size(&probe.viewer, (uint16_t)size[0], (uint16_t)size[1]);
	answer(wait_until(is_size, size));
}

static void do_key(char **words)
{
	uint32_t keysym = (uint32_t)strtoul(words[1], NULL, 0);

	answer(SendKeyEvent(probe.viewer.client, keysym, !strcmp(words[2], "down")));
}

static void do_pointer(char **words)
{
	answer(SendPointerEvent(probe.viewer.client, atoi(words[1]), atoi(words[2]), atoi(words[3])));
}

static void do_request(char **words)
{
	(void)words;
	answer(SendFramebufferUpdateRequest(probe.viewer.client, 0, 0, probe.viewer.client->width,
			       probe.viewer.client->height, FALSE));
}

static void do_updates(char **words)
{
	unsigned int count = (unsigned int)atoi(words[1]);

	answer(wait_until(is_count, &count));
}

static void do_closed(char **words)
{
	(void)words;
	answer(wait_until(is_closed, NULL));
}

static void do_reset(char **words)
{
	(void)words;
	viewer_reset(&probe.viewer);
	answer(probe.viewer.connected);
}

static void do_stats(char **words)
{
	struct viewer *viewer = &probe.viewer;

	(void)words;
	printf("{\"width\": %d, \"height\": %d, \"bytes\": %llu, \"updates\": %u, \"copies\": %u",
			viewer->client->width, viewer->client->height,
			(unsigned long long)(viewer_bytes(viewer) - viewer->bytes_before), viewer->updates,
			viewer->copies);
	follow_print(&viewer->follow);
	answer_end(viewer->connected);
}

static const struct command {
	const char *name;
	unsigned int arguments; /* at least */
	void (*run)(char **words); /* words[0] is the name; NULL behind the last */
	const char *usage, *help;
} commands[] = {
	{ "save", 1, do_save, "FILE", "write the picture as PPM" },
	{ "expect", 1, do_expect, "FILE [DB]", "wait until the picture is the file's: exactly, or PSNR >= DB" },
	{ "scene", 1, do_scene, "NAME [DB]", "the same, for a pattern scene that rests" },
	{ "verify", 3, do_verify, "NAME FPS COUNT", "pictures of a moving scene, each exactly" },
	{ "remember", 0, do_remember, "", "keep this picture for changed" },
	{ "changed", 0, do_changed, "", "wait until the picture is another than remembered" },
	{ "size", 2, do_size, "WIDTH HEIGHT", "wait until the picture has this size" },
	{ "resize", 2, do_size, "WIDTH HEIGHT", "ask for this size and wait for it" },
	{ "key", 2, do_key, "KEYSYM down|up", "" },
	{ "pointer", 3, do_pointer, "X Y BUTTONS", "" },
	{ "request", 0, do_request, "", "ask for the whole picture again" },
	{ "updates", 1, do_updates, "COUNT", "wait until that many came since reset" },
	{ "closed", 0, do_closed, "", "wait until the server hangs up" },
	{ "reset", 0, do_reset, "", "begin new statistics" },
	{ "stats", 0, do_stats, "", "bytes, updates, ages of the mark, longest time without a new one" },
};

static void do_line(char *line)
{
	char *words[WORDS_MAX + 1] = { NULL }, *rest = NULL;
	unsigned int n = 0;

	while (n < WORDS_MAX && (words[n] = strtok_r(n ? NULL : line, " ", &rest)))
		n++;
	for (size_t i = 0; n && i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (!strcmp(words[0], commands[i].name) && n > commands[i].arguments) {
			commands[i].run(words);
			return;
		}
	}
	fprintf(stderr, "vncprobe: no such command: %s\n", words[0] ? words[0] : "");
	answer(false);
}

/* Commands that are whole in the buffer; keeps the rest. */
static size_t do_lines(char *buffer, size_t used)
{
	char *line = buffer, *end;

	while ((end = memchr(line, '\n', used - (size_t)(line - buffer)))) {
		*end = '\0';
		do_line(line);
		line = end + 1;
	}
	used -= (size_t)(line - buffer);
	memmove(buffer, line, used);
	return used;
}

static void follow_commands(void)
{
	struct pollfd polled[2] = { { .fd = STDIN_FILENO, .events = POLLIN }, { .events = POLLIN } };
	char buffer[4096];
	size_t used = 0;
	ssize_t got;

	for (;;) {
		polled[1].fd = probe.viewer.connected ? (int)probe.viewer.client->sock : -1;
		poll(polled, 2, probe.viewer.connected && probe.viewer.client->buffered ? 0 : -1);
		if (polled[0].revents) {
			got = read(STDIN_FILENO, buffer + used, sizeof(buffer) - used);
			if (got <= 0)
				return;
			used = do_lines(buffer, used + (size_t)got);
		}
		viewer_serve(&probe.viewer, 0);
	}
}

static int print_usage(void)
{
	fputs("usage: vncprobe [OPTION...] HOST:PORT|UNIX-SOCKET <COMMANDS\n", stderr);
	viewer_print_options(stderr);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		fprintf(stderr, "  %-9s%-16s%s\n", commands[i].name, commands[i].usage,
				commands[i].help);
	return 2;
}

int main(int argc, char **argv)
{
	if (!viewer_init(&probe.viewer, argc, argv, &probe.patience_ns))
		return print_usage();
	signal(SIGPIPE, SIG_IGN);
	if (!viewer_connect(&probe.viewer))
		return 2;
	answer(true);
	follow_commands();
	viewer_finish(&probe.viewer);
	picture_finish(&probe.remembered);
	return probe.failed;
}
