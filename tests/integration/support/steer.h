/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A test viewer that is told what to do line by line on standard input, and
 * answers each line with one line of JSON on standard output: what is the same
 * whatever the viewer speaks. Between commands it keeps following the picture.
 */
#ifndef PLANECAST_TESTS_STEER_H
#define PLANECAST_TESTS_STEER_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "tests/integration/support/follow.h"
#include "tests/integration/support/picture.h"

struct steer;
struct verification;

struct steer_command {
	const char *name;
	unsigned int arguments; /* at least */
	void (*run)(struct steer *steer, char **words); /* words[0] is the name; NULL behind the last */
	const char *usage, *help;
};

struct steer_impl {
	/*
	 * Handles what the server says, at most so long, or until there is something
	 * to read from input_fd (-1: none). False: the connection is gone.
	 */
	bool (*serve)(struct steer *steer, int timeout_ms, int input_fd);
	/* What the viewer would show now; without pixels: nothing. For the caller to finish. */
	struct picture (*picture)(struct steer *steer);
	/* Received since it connected. */
	uint64_t (*bytes)(struct steer *steer);
	/* Members of the answer to "stats", with a comma in front; reset: count anew. May be NULL. */
	void (*print_stats)(struct steer *steer);
	void (*reset)(struct steer *steer);
	const struct steer_command *commands; /* its own; ends with an empty one */
};

/* First in the struct of a viewer, who keeps the first part up to date. */
struct steer {
	const struct steer_impl *impl;
	bool connected;
	int width, height; /* of the picture */
	unsigned int updates; /* since reset: how often the picture was worth a look */
	struct follow follow;

	int64_t patience_ns; /* of one command; 0: half a minute */
	/* While there is one the viewer calls steer_note_whole() at each whole picture. */
	struct verification *verification;
	/* Its own. */
	bool failed; /* a command has */
	uint64_t bytes_before;
	struct picture remembered;
	int64_t remembered_ns;
};

/* Connected: says so, and does as it is told until its input ends. The exit status. */
int steer_run(struct steer *steer);
/* Not connected: says why. The exit status. */
int steer_refuse(const char *reason);
void steer_print_commands(const struct steer_impl *impl, FILE *file);

/* For viewers. */

/* Is the picture as its mark says? user is the verification. */
bool steer_is_right(void *user, const struct picture *picture);
/* A whole picture was. */
void steer_note_whole(struct steer *steer, bool right);

/* For commands. */

/* The whole answer to a command, or the end of the line that one has begun. */
void steer_answer(struct steer *steer, bool ok);
void steer_answer_end(struct steer *steer, bool ok);
/* False: the command's patience or the connection ended before it was so. */
bool steer_wait(struct steer *steer, bool (*is_so)(void *user), void *user);
bool steer_wait_size(struct steer *steer, int width, int height);

/* The commands that look at the picture. */
extern const struct steer_command steer_look_commands[];

#endif
