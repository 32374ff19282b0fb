/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What planecastctl can do: its commands, in a table. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_COMMANDS_H
#define PLANECAST_TOOLS_PLANECASTCTL_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/planecastctl/link.h"

#define EXIT_REFUSED 1
#define EXIT_USAGE 2
#define EXIT_NO_SERVER 3

/* Each an option of some commands. */
enum ctl_given {
	CTL_ALL = 1 << 0,
	CTL_LIFETIME = 1 << 1,
	CTL_NAME = 1 << 2,
	CTL_NAMES = 1 << 3,
	CTL_ROLE = 1 << 4,
	CTL_CONFIG = 1 << 5,
};

struct ctl {
	struct link link; /* to the server; of a command that is local not open */
	const char *socket; /* where that is */
	bool socket_given; /* by the command line or the environment */
	bool json; /* print answers as they came */
	unsigned int given; /* options: enum ctl_given */
	const char *lifetime, *name, *role, *config; /* where given */
};

struct ctl_command {
	const char *name;
	const char *arguments; /* for the help */
	const char *help;
	int least, most; /* arguments */
	bool local; /* needs no server */
	unsigned int options; /* enum ctl_given */
	/* arguments end with NULL. An exit status, after saying what is wrong. */
	int (*run)(struct ctl *ctl, char **arguments);
};

extern const struct ctl_command ctl_commands[];
extern const size_t ctl_n_commands;

/* "planecastctl: ..." on stderr. Returns EXIT_USAGE. */
int ctl_complain(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
