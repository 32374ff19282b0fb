// SPDX-License-Identifier: GPL-2.0-or-later
/* Times rows in turn, takes medians, prints them as a table or as JSON. */
#include "tests/bench/micro.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock.h"

static void print_usage(const char *program)
{
	fprintf(stderr,
			"usage: %s [--json] [--rounds N] [--size WIDTHxHEIGHT]\n"
			"N is 1 to 99; sizes are even, 640x480 to 8190x8190\n",
			program);
}

void micro_init(struct micro *micro, const char *program, unsigned int rounds, int argc, char **argv)
{
	bool good = true;

	*micro = (struct micro){
		.program = program, .width = 1920, .height = 1080, .rounds = rounds,
	};
	for (int i = 1; i < argc && good; i++) {
		char rest;

		if (!strcmp(argv[i], "--json"))
			micro->json = true;
		else if (!strcmp(argv[i], "--rounds") && i + 1 < argc)
			good = sscanf(argv[++i], "%u%c", &micro->rounds, &rest) == 1;
		else if (!strcmp(argv[i], "--size") && i + 1 < argc)
			good = sscanf(argv[++i], "%ux%u%c", &micro->width, &micro->height, &rest) == 2;
		else
			good = false;
	}
	if (!good || micro->rounds < 1 || micro->rounds > 99 || micro->width < 640 ||
			micro->width > 8190 || micro->width % 2 || micro->height < 480 ||
			micro->height > 8190 || micro->height % 2) {
		print_usage(program);
		exit(2);
	}
}

static size_t picture_bytes(const struct micro *micro)
{
	return (size_t)micro->width * micro->height * 4;
}

int micro_memcmp(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	(void)row;
	/* One that differs would stop early, and its time would say nothing. */
	return memcmp(micro->picture(micro, picture), micro->copy(micro, picture),
			       picture_bytes(micro)) ? -EBADMSG : 0;
}

int micro_memcpy(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	(void)row;
	memcpy(micro->copy(micro, picture), micro->picture(micro, picture), picture_bytes(micro));
	return 0;
}

static int compare_ns(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

	return (first > second) - (first < second);
}

static int64_t now_ns(const struct micro *micro)
{
	struct timespec now;

	if (!micro->cpu)
		return clock_now_ns();
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

static int run_row(struct micro *micro, struct micro_row *row, int64_t *times)
{
	int err = row->prepare ? row->prepare(micro, row) : 0;

	for (unsigned int i = 0; i < MICRO_PICTURES && !err; i++) {
		int64_t start_ns = now_ns(micro);

		err = row->run(micro, row, i);
		times[i] = now_ns(micro) - start_ns;
	}
	if (err)
		fprintf(stderr, "%s: %s: %s\n", micro->program, row->name, strerror(-err));
	return err;
}

static double row_gb_per_s(const struct micro_row *row)
{
	return (double)row->bytes / row->ns;
}

static double row_ns_per_tile(const struct micro_row *row)
{
	return row->ns * MICRO_TILE_PIXELS / (double)row->pixels;
}

static void print_table(const struct micro *micro, const struct micro_row *rows, size_t n_rows)
{
	const char *group = "";

	printf("%ux%u, %d pictures in turn, median of %u turns\n", micro->width, micro->height,
			MICRO_PICTURES, MICRO_PICTURES * micro->rounds);
	printf("%-26s %10s %8s %10s %10s\n", "", "ms", "GB/s", "ns/tile", "bytes out");
	for (size_t i = 0; i < n_rows; i++) {
		const struct micro_row *row = &rows[i];

		if (strcmp(group, row->group))
			printf("%s\n", row->group);
		group = row->group;
		printf("  %-24s %10.4f ", row->name, row->ns / NSEC_PER_MSEC);
		if (row->bytes)
			printf("%8.2f ", row_gb_per_s(row));
		else
			printf("%8s ", "");
		printf("%10.1f ", row_ns_per_tile(row));
		if (row->bytes_out)
			printf("%10" PRIu64 " ", row->bytes_out);
		printf("%s\n", row->note);
	}
}

static struct json_object *row_json(const struct micro_row *row)
{
	struct json_object *object = json_object_new_object();

	json_object_object_add(object, "group", json_object_new_string(row->group));
	json_object_object_add(object, "name", json_object_new_string(row->name));
	json_object_object_add(object, "ns", json_object_new_double(row->ns));
	json_object_object_add(object, "ns_per_tile", json_object_new_double(row_ns_per_tile(row)));
	if (row->bytes)
		json_object_object_add(object, "gb_per_s",
				json_object_new_double(row_gb_per_s(row)));
	if (row->bytes_out)
		json_object_object_add(object, "bytes_out",
				json_object_new_int64((int64_t)row->bytes_out));
	if (row->note[0])
		json_object_object_add(object, "note", json_object_new_string(row->note));
	return object;
}

static void print_json(const struct micro *micro, const struct micro_row *rows, size_t n_rows)
{
	struct json_object *object = json_object_new_object();
	struct json_object *array = json_object_new_array();

	for (size_t i = 0; i < n_rows; i++)
		json_object_array_add(array, row_json(&rows[i]));
	json_object_object_add(object, "program", json_object_new_string(micro->program));
	json_object_object_add(object, "width", json_object_new_int64(micro->width));
	json_object_object_add(object, "height", json_object_new_int64(micro->height));
	json_object_object_add(object, "turns",
			json_object_new_int64((int64_t)micro->rounds * MICRO_PICTURES));
	json_object_object_add(object, "rows", array);
	printf("%s\n", json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
}

int micro_run(struct micro *micro, struct micro_row *rows, size_t n_rows)
{
	size_t turns = (size_t)micro->rounds * MICRO_PICTURES;
	int64_t *times = calloc(n_rows * turns, sizeof(*times));
	int err = times ? 0 : -ENOMEM;

	for (unsigned int round = 0; round < micro->rounds && !err; round++) {
		for (size_t i = 0; i < n_rows && !err; i++)
			err = run_row(micro, &rows[i], times + i * turns + (size_t)round * MICRO_PICTURES);
	}
	for (size_t i = 0; i < n_rows && !err; i++) {
		qsort(times + i * turns, turns, sizeof(*times), compare_ns);
		rows[i].ns = (double)times[i * turns + turns / 2] /
				(rows[i].repeats ? rows[i].repeats : 1);
	}
	if (!err && micro->json)
		print_json(micro, rows, n_rows);
	else if (!err)
		print_table(micro, rows, n_rows);
	free(times);
	return err;
}
