// SPDX-License-Identifier: GPL-2.0-or-later
/* planecastctl: asks a running planecastd what goes on, and gives it orders. */
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/suggest.h"
#include "tools/planecastctl/commands.h"

#define SOCKET_PATH "/run/planecast/control"
#define SOCKET_VARIABLE "PLANECAST_CONTROL"

/* The letter of an option is its place in this table. */
enum { OPTION_SOCKET = 256, OPTION_JSON, OPTION_HELP, OPTION_VERSION, OPTION_COMMANDS, OPTION_FIRST_GIVEN };

static const struct option options[] = {
	{ "socket", required_argument, NULL, OPTION_SOCKET },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "commands", no_argument, NULL, OPTION_COMMANDS }, /* for completion */
	{ "all", no_argument, NULL, OPTION_FIRST_GIVEN + CTL_ALL },
	{ "config", required_argument, NULL, OPTION_FIRST_GIVEN + CTL_CONFIG },
	{ "lifetime", required_argument, NULL, OPTION_FIRST_GIVEN + CTL_LIFETIME },
	{ "name", required_argument, NULL, OPTION_FIRST_GIVEN + CTL_NAME },
	{ "names", no_argument, NULL, OPTION_FIRST_GIVEN + CTL_NAMES },
	{ "role", required_argument, NULL, OPTION_FIRST_GIVEN + CTL_ROLE },
	{ 0 },
};

int ctl_complain(const char *fmt, ...)
{
	va_list args;

	fflush(stdout);
	fputs("planecastctl: ", stderr);
	va_start(args, fmt);
	vfprintf(stderr, fmt, args);
	va_end(args);
	fputc('\n', stderr);
	return EXIT_USAGE;
}

static void print_help(void)
{
	puts("usage: planecastctl [--socket PATH] [--json] COMMAND [ARGUMENT...]\n\n"
	     "Asks a running planecastd what goes on, and gives it orders.\n");
	for (size_t i = 0; i < ctl_n_commands; i++) {
		const struct ctl_command *command = &ctl_commands[i];

		if (strlen(command->name) + strlen(command->arguments) < 34)
			printf("  %s %-*s %s\n", command->name, (int)(34 - strlen(command->name)), command->arguments,
					command->help);
		else
			printf("  %s %s\n%38s%s\n", command->name, command->arguments, "", command->help);
	}
	printf("\n  --socket PATH   where the server listens: by default what " SOCKET_VARIABLE " says,\n"
	       "                  or " SOCKET_PATH "\n"
	       "  --json          prints answers as they came: planecast-control(7)\n"
	       "  -h, --help      prints this\n"
	       "  -V, --version   prints the version of this program\n\n"
	       "Exit status: 0; 1 where the server refused or could not; 2 for a wrong command line;\n"
	       "3 where there is no server.\n");
}

static int complain_word(const char *what, const char *word, const char *best)
{
	return ctl_complain("no %s '%s'%s%s%s", what, word, best ? "; did you mean '" : "; --help lists what there is",
			best ? best : "", best ? "'?" : "");
}

static int complain_option(const char *word)
{
	struct suggest suggest;

	if (strncmp(word, "--", 2))
		return complain_word("option", word, NULL);
	for (const struct option *option = options; option->name; option++) {
		if (!strcmp(option->name, word + 2))
			return ctl_complain("%s needs a value", word);
	}
	suggest_init(&suggest, word + 2);
	for (const struct option *option = options; option->name; option++)
		suggest_offer(&suggest, option->name);
	if (!suggest.best)
		return complain_word("option", word, NULL);
	return ctl_complain("no option '%s'; did you mean '--%s'?", word, suggest.best);
}

static const struct ctl_command *find_command(const char *name)
{
	struct suggest suggest;

	suggest_init(&suggest, name);
	for (size_t i = 0; i < ctl_n_commands; i++) {
		if (!strcmp(ctl_commands[i].name, name))
			return &ctl_commands[i];
		suggest_offer(&suggest, ctl_commands[i].name);
	}
	complain_word("command", name, suggest.best);
	return NULL;
}

static int run(struct ctl *ctl, char **arguments, int count)
{
	const struct ctl_command *command = find_command(arguments[0]);
	int r;

	if (!command)
		return EXIT_USAGE;
	count--;
	if (count < command->least || count > command->most || ctl->given & ~command->options)
		return ctl_complain("usage: planecastctl %s %s", command->name, command->arguments);
	r = command->local ? 0 : link_open(&ctl->link, ctl->socket);
	if (r < 0) {
		ctl_complain("no server at %s: %s", ctl->socket, strerror(-r));
		link_close(&ctl->link);
		return EXIT_NO_SERVER;
	}
	r = command->run(ctl, arguments + 1);
	link_close(&ctl->link);
	if (fflush(stdout) || ferror(stdout))
		return EXIT_REFUSED;
	return r;
}

int main(int argc, char **argv)
{
	const char *socket = getenv(SOCKET_VARIABLE);
	struct ctl ctl = { .link.fd = -1, .link.passed_fd = -1, .socket = SOCKET_PATH };
	int option;

	if (socket && socket[0]) {
		ctl.socket = socket;
		ctl.socket_given = true;
	}
	opterr = 0;
	while ((option = getopt_long(argc, argv, "hV", options, NULL)) >= 0) {
		switch (option) {
		case OPTION_SOCKET:
			ctl.socket = optarg;
			ctl.socket_given = true;
			break;
		case OPTION_JSON:
			ctl.json = true;
			break;
		case 'h':
		case OPTION_HELP:
			print_help();
			return EXIT_SUCCESS;
		case 'V':
		case OPTION_VERSION:
			puts("planecastctl " PLANECAST_VERSION);
			return EXIT_SUCCESS;
		case OPTION_COMMANDS:
			for (size_t i = 0; i < ctl_n_commands; i++)
				puts(ctl_commands[i].name);
			return EXIT_SUCCESS;
		case '?':
		case ':':
			return complain_option(argv[optind - 1]);
		default:
			ctl.given |= (unsigned int)(option - OPTION_FIRST_GIVEN);
			if (option - OPTION_FIRST_GIVEN == CTL_LIFETIME)
				ctl.lifetime = optarg;
			if (option - OPTION_FIRST_GIVEN == CTL_NAME)
				ctl.name = optarg;
			if (option - OPTION_FIRST_GIVEN == CTL_ROLE)
				ctl.role = optarg;
			if (option - OPTION_FIRST_GIVEN == CTL_CONFIG)
				ctl.config = optarg;
		}
	}
	if (optind == argc) {
		print_help();
		return EXIT_USAGE;
	}
	return run(&ctl, argv + optind, argc - optind);
}
