// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of commands. */
#include "tests/bench/view_commands.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock.h"

#define QUIET_S 0.3
/* For the end of an update, or of a tear. */
#define WHOLE_NS (2 * NSEC_PER_SEC)
/* A picture whose end nothing tells is at its end when that long no piece has come. */
#define PIECES_NS (20 * NSEC_PER_MSEC)
#define SECONDS_MAX 86400.0

struct wait {
	int64_t now_ns, since_ns; /* of this look; when the command began */
	unsigned int index; /* of the viewer that is waited for */
	uint32_t sequence; /* the same, of a picture */
	int64_t quiet_ns;
};

static void answer_end(struct view_commands *commands, const char *error)
{
	if (error)
		printf("\"ok\": false, \"error\": \"%s\"}\n", error);
	else
		printf("\"ok\": true}\n");
	fflush(stdout);
	commands->failed |= error != NULL;
}

/* 1: it is so; 0: it was not in time; negative errno: a viewer is at its end. */
static int wait_until(struct view_commands *commands, int64_t patience_ns,
		bool (*is_so)(struct view_commands *commands, const struct wait *wait), struct wait *wait)
{
	struct view_loop *loop = commands->loop;
	int input_fd = loop->input_fd, r = 0;
	bool input;

	wait->since_ns = wait->now_ns = clock_now_ns();
	loop->input_fd = -1;
	while (r == 0 && !is_so(commands, wait)) {
		int64_t turn_ns = wait->now_ns + 20 * NSEC_PER_MSEC;

		if (wait->now_ns - wait->since_ns >= patience_ns)
			break;
		r = view_loop_turn(loop, turn_ns, &input);
		wait->now_ns = clock_now_ns();
	}
	loop->input_fd = input_fd;
	return r < 0 ? r : is_so(commands, wait);
}

static bool have_pictures(struct view_commands *commands, const struct wait *wait)
{
	(void)wait;
	for (unsigned int i = 0; i < commands->loop->n_screens; i++)
		if (!commands->loop->screens[i]->drawn || commands->loop->screens[i]->changing)
			return false;
	return true;
}

static bool is_whole(struct view_commands *commands, const struct wait *wait)
{
	const struct view_screen *screen = commands->loop->screens[wait->index];
	bool whole = !screen->changing && (screen->stats.whole || !screen->stats.has_mark);

	return whole && (!screen->pieces || wait->now_ns - screen->stats.updated_ns >= PIECES_NS);
}

static bool have_sequence(struct view_commands *commands, const struct wait *wait)
{
	for (unsigned int i = 0; i < commands->loop->n_screens; i++) {
		const struct view_stats *stats = &commands->loop->screens[i]->stats;

		if (!stats->has_mark || stats->mark.sequence < wait->sequence)
			return false;
	}
	return true;
}

static bool are_quiet(struct view_commands *commands, const struct wait *wait)
{
	int64_t since_ns = wait->since_ns;

	for (unsigned int i = 0; i < commands->loop->n_screens; i++) {
		const struct view_screen *screen = commands->loop->screens[i];

		if (screen->changing)
			return false;
		since_ns = screen->stats.updated_ns > since_ns ? screen->stats.updated_ns : since_ns;
	}
	return wait->now_ns - since_ns >= wait->quiet_ns;
}

static bool parse_seconds(const char *word, double otherwise, int64_t *ret_ns)
{
	char *end = NULL;
	double seconds = word ? strtod(word, &end) : otherwise;

	if ((word && (end == word || *end)) || !(seconds >= 0 && seconds <= SECONDS_MAX))
		return false;
	*ret_ns = (int64_t)(seconds * NSEC_PER_SEC);
	return true;
}

int view_commands_begin(struct view_commands *commands)
{
	const struct view_picture *picture = commands->loop->screens[0]->picture;
	struct wait wait = { .quiet_ns = 0 };
	int r = wait_until(commands, commands->patience_ns, have_pictures, &wait);

	if (r < 0)
		return r;
	printf("{\"width\": %u, \"height\": %u, \"viewers\": %u, ", picture->width, picture->height,
			commands->loop->n_screens);
	answer_end(commands, r ? NULL : "no picture in time");
	view_loop_reset(commands->loop);
	return 0;
}

static int do_reset(struct view_commands *commands, const char *word)
{
	(void)word;
	view_loop_reset(commands->loop);
	putchar('{');
	answer_end(commands, NULL);
	return 0;
}

static int do_stats(struct view_commands *commands, const char *word)
{
	struct view_loop *loop = commands->loop;
	int64_t now_ns = clock_now_ns();
	double cpu, busy;

	(void)word;
	view_loop_shares(loop, now_ns, &cpu, &busy);
	printf("{\"seconds\": %.4f, \"cpu\": %.4f, \"busy\": %.4f, \"client_limited\": %s, \"viewers\": [",
			(double)(now_ns - loop->reset_ns) / NSEC_PER_SEC, cpu, busy,
			cpu > VIEW_LOOP_LIMIT || busy > VIEW_LOOP_LIMIT ? "true" : "false");
	for (unsigned int i = 0; i < loop->n_screens; i++) {
		fputs(i ? ", {" : "{", stdout);
		view_stats_print(&loop->screens[i]->stats, now_ns, stdout);
		if (loop->impl->print)
			loop->impl->print(loop, i, stdout);
		putchar('}');
	}
	fputs("], ", stdout);
	answer_end(commands, NULL);
	return 0;
}

static const char *compare_with(struct view_commands *commands, const struct view_picture *picture,
		const struct mark *mark, struct view_difference *ret)
{
	int r = view_oracle_compare(commands->oracle, picture, mark, ret);

	return r == -ENOENT ? "no such scene" : r == -EINVAL ? "not a size for the scene" : r < 0 ? "no memory" : NULL;
}

/* What is against comparing this viewer's picture, or NULL. */
static const char *compare(struct view_commands *commands, const struct view_screen *screen,
		struct view_difference *ret)
{
	if (!screen->stats.has_mark)
		return "no mark";
	if (screen->changing || !screen->stats.whole)
		return "not a whole picture";
	return compare_with(commands, screen->picture, &screen->stats.mark, ret);
}

struct settling {
	int64_t looked_ns; /* at the update of that time */
	int64_t exact_ns; /* when the update was in that made it so; 0: not yet */
};

static void print_settling(const struct settling *settling, const struct view_stats *stats)
{
	double due_ms = (double)stats->mark.due_us / 1e3;

	if (settling->exact_ns)
		printf(", \"settled_ms\": %.2f, \"exact_age_ms\": %.2f",
				(double)(settling->exact_ns - stats->moved_ns) / NSEC_PER_MSEC,
				(double)settling->exact_ns / NSEC_PER_MSEC - due_ms);
	else
		fputs(", \"settled_ms\": null, \"exact_age_ms\": null", stdout);
}

/* settling: NULL where nobody asked. */
static const char *print_comparison(struct view_commands *commands, const struct view_screen *screen,
		const struct settling *settling)
{
	struct view_difference difference;
	const char *error = compare(commands, screen, &difference);

	if (error) {
		printf("{\"exact\": false, \"error\": \"%s\"}", error);
		return error;
	}
	putchar('{');
	view_difference_print(&difference, stdout);
	if (settling)
		print_settling(settling, &screen->stats);
	printf(", \"sequence\": %" PRIu32 "}", screen->stats.mark.sequence);
	return NULL;
}

static int do_compare(struct view_commands *commands, const char *word)
{
	struct wait wait = { .index = 0 };
	const char *error = NULL;

	(void)word;
	fputs("{\"viewers\": [", stdout);
	for (; wait.index < commands->loop->n_screens; wait.index++) {
		int r = wait_until(commands, WHOLE_NS, is_whole, &wait);
		const char *one;

		if (r < 0)
			return r;
		if (wait.index)
			fputs(", ", stdout);
		one = print_comparison(commands, commands->loop->screens[wait.index], NULL);
		error = error ? error : one;
	}
	fputs("], ", stdout);
	answer_end(commands, error);
	return 0;
}

static int do_sample(struct view_commands *commands, const char *word)
{
	view_sample_want(&commands->loop->screens[0]->sample, (uint32_t)strtoul(word ? word : "", NULL, 10));
	putchar('{');
	answer_end(commands, NULL);
	return 0;
}

static int do_sampled(struct view_commands *commands, const char *word)
{
	const struct view_sample *sample = &commands->loop->screens[0]->sample;
	struct view_difference difference;
	const char *error = sample->picture.pixels ?
			compare_with(commands, &sample->picture, &sample->mark, &difference) :
			"no whole picture came";

	(void)word;
	putchar('{');
	if (!error) {
		view_difference_print(&difference, stdout);
		printf(", \"sequence\": %" PRIu32 ", ", sample->mark.sequence);
	}
	answer_end(commands, error);
	return 0;
}

static int do_final(struct view_commands *commands, const char *word)
{
	struct wait wait = { .quiet_ns = 0 };
	int r;

	if (!parse_seconds(word, QUIET_S, &wait.quiet_ns)) {
		putchar('{');
		answer_end(commands, "not a number of seconds");
		return 0;
	}
	r = wait_until(commands, commands->patience_ns, are_quiet, &wait);
	if (r < 0)
		return r;
	if (r > 0)
		return do_compare(commands, NULL);
	putchar('{');
	answer_end(commands, "the picture does not rest");
	return 0;
}

static int do_until(struct view_commands *commands, const char *word)
{
	struct wait wait = { .sequence = (uint32_t)strtoul(word ? word : "", NULL, 10) };
	int r = wait_until(commands, commands->patience_ns, have_sequence, &wait);

	if (r < 0)
		return r;
	printf("{\"ms\": %.2f, ", (double)(wait.now_ns - wait.since_ns) / NSEC_PER_MSEC);
	answer_end(commands, r ? NULL : "not that picture in time");
	return 0;
}

static bool look(struct view_commands *commands, const struct view_screen *screen, struct settling *settling)
{
	const struct view_stats *stats = &screen->stats;
	struct view_difference difference;

	if (settling->exact_ns)
		return true;
	if (settling->looked_ns == stats->updated_ns || screen->changing)
		return false;
	settling->looked_ns = stats->updated_ns;
	if (compare(commands, screen, &difference) || difference.pixels)
		return false;
	settling->exact_ns = stats->updated_ns;
	return true;
}

static int do_settle(struct view_commands *commands, const char *word)
{
	struct view_loop *loop = commands->loop;
	struct settling settlings[VIEW_LOOP_SCREENS_MAX] = { { .looked_ns = 0 } };
	int64_t patience_ns, end_ns;
	const char *error = NULL;
	bool settled = false, input;
	int r = 0;

	if (!parse_seconds(word, 0, &patience_ns)) {
		putchar('{');
		answer_end(commands, "not a number of seconds");
		return 0;
	}
	end_ns = clock_now_ns() + patience_ns;
	for (;;) {
		settled = true;
		for (unsigned int i = 0; i < loop->n_screens; i++)
			settled &= look(commands, loop->screens[i], &settlings[i]);
		if (settled || clock_now_ns() >= end_ns)
			break;
		r = view_loop_turn(loop, end_ns, &input);
		if (r < 0)
			return r;
	}
	fputs("{\"viewers\": [", stdout);
	for (unsigned int i = 0; i < loop->n_screens; i++) {
		const char *one;

		if (i)
			fputs(", ", stdout);
		one = print_comparison(commands, loop->screens[i], &settlings[i]);
		error = error ? error : one;
	}
	printf("], \"settled\": %s, ", settled ? "true" : "false");
	answer_end(commands, error);
	return 0;
}

static void write_picture(const struct view_picture *picture, FILE *file)
{
	fprintf(file, "P6\n%u %u\n255\n", picture->width, picture->height);
	for (uint64_t i = 0; i < (uint64_t)picture->width * picture->height; i++) {
		uint32_t pixel = picture->pixels[i];

		fputc(pixel >> 16 & 255, file);
		fputc(pixel >> 8 & 255, file);
		fputc(pixel & 255, file);
	}
}

static int do_save(struct view_commands *commands, const char *word)
{
	FILE *file = fopen(word ? word : "", "wb");
	bool ok = file;

	if (file) {
		write_picture(commands->loop->screens[0]->picture, file);
		ok = !ferror(file);
		ok &= fclose(file) == 0;
	}
	putchar('{');
	answer_end(commands, ok ? NULL : "not written");
	return 0;
}

static const struct {
	const char *name;
	bool compares; /* so --scene has to say with what */
	int (*run)(struct view_commands *commands, const char *word);
	const char *usage, *help;
} rows[] = {
	{ "reset", false, do_reset, "", "begin new statistics" },
	{ "stats", false, do_stats, "", "what each viewer got since then, and how busy this process was" },
	{ "until", false, do_until, "SEQUENCE", "wait until each viewer has that picture or a later one" },
	{ "compare", true, do_compare, "", "each viewer's picture with the scene's, as soon as it is whole" },
	{ "sample", true, do_sample, "SEQUENCE", "keep what the first viewer shows of that picture,\n"
		"or of the next whole one" },
	{ "sampled", true, do_sampled, "", "compare what was kept with the scene's" },
	{ "final", true, do_final, "[SECONDS]", "the same, after no update came for so long (0.3)" },
	{ "settle", true, do_settle, "SECONDS", "wait until pictures are exact, so long at most; settled_ms is\n"
		"from the first sight of that picture to the update that made it exact,\n"
		"exact_age_ms from when the picture was due" },
	{ "save", false, do_save, "FILE", "the first viewer's picture as PPM" },
};

int view_commands_run(struct view_commands *commands, char *line)
{
	char *rest = NULL, *name = strtok_r(line, " \t\r", &rest), *word = strtok_r(NULL, " \t\r", &rest);

	if (!name)
		return 0;
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(name, rows[i].name))
			continue;
		if (!rows[i].compares || commands->oracle)
			return rows[i].run(commands, word);
		putchar('{');
		answer_end(commands, "no --scene to compare with");
		return 0;
	}
	putchar('{');
	answer_end(commands, "no such command");
	return 0;
}

void view_commands_print(FILE *file)
{
	fputs("\nCommands, one a line, each answered by a line of JSON:\n\n", file);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *help = rows[i].help;
		int indent = fprintf(file, "  %s %s", rows[i].name, rows[i].usage);

		while (*help) {
			int length = (int)strcspn(help, "\n");

			fprintf(file, "%*s%.*s\n", 26 - indent, "", length, help);
			help += length;
			help += *help == '\n';
			indent = 0;
		}
	}
	fputs("\nA PSNR of null is that of equal pictures.\n", file);
}
