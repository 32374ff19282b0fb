/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Times small operations side by side, over buffers that no cache holds.
 *
 * Rows take turns, so that a busy machine slows all of them; inside a round a
 * row runs over every picture once, so that a picture has left the caches when
 * its turn comes again. memcmp() and memcpy() of one whole picture belong into
 * every table: the figures mean something only beside them.
 */
#ifndef PLANECAST_BENCH_MICRO_H
#define PLANECAST_BENCH_MICRO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* So many 1080p pictures are more than any cache of today's. */
#define MICRO_PICTURES 24
/* The tile that ns per tile speaks of, as server/damage.h has it. */
#define MICRO_TILE_PIXELS (64 * 16)

struct micro;

struct micro_row {
	const char *group, *name;
	const void *data; /* the row's own */
	/* Optional. Not timed; once before the turns of a round. */
	int (*prepare)(struct micro *micro, struct micro_row *row);
	/* Timed. Picture 0 to MICRO_PICTURES - 1. 0 or negative errno, which ends the program. */
	int (*run)(struct micro *micro, struct micro_row *row, unsigned int picture);
	unsigned int repeats; /* run() does its work so often, where once is too short for the clock; 0: once */
	uint64_t bytes; /* read by doing it once; 0: has no GB/s */
	uint64_t pixels; /* dealt with by doing it once; for ns per tile */
	/* Filled while it runs. */
	double ns; /* of doing it once; median of all turns */
	uint64_t bytes_out; /* last written by run(): what was made of it; 0: nothing to tell */
	char note[80];
};

struct micro {
	const char *program;
	uint32_t width, height;
	unsigned int rounds;
	bool json;
	bool cpu; /* times are those of the process and all its threads, not the clock's */
	void *user; /* the program's */
	/* For micro_memcmp() and micro_memcpy(): pairs of equal pictures, same size. */
	const void *(*picture)(struct micro *micro, unsigned int index);
	void *(*copy)(struct micro *micro, unsigned int index);
};

/*
 * [--json] [--rounds N] [--size WIDTHxHEIGHT]; prints the usage and exits with 2
 * where they are wrong. rounds is the default.
 */
void micro_init(struct micro *micro, const char *program, unsigned int rounds, int argc, char **argv);

/* Rows' run(): compare a picture with its copy, make its copy anew. */
int micro_memcmp(struct micro *micro, struct micro_row *row, unsigned int picture);
int micro_memcpy(struct micro *micro, struct micro_row *row, unsigned int picture);

/* Times all rows, and prints a table or one JSON object. 0 or negative errno, told on stderr. */
int micro_run(struct micro *micro, struct micro_row *rows, size_t n_rows);

#endif
