// SPDX-License-Identifier: GPL-2.0-or-later
/* Counts, gaps and ages, and their JSON. */
#include "tests/bench/view_stats.h"

#include <inttypes.h>
#include <stdlib.h>

#include "server/clock.h"
#include "tests/bench/view_marks.h"

/* Half an hour at 240 pictures a second. Later pictures have no age. */
#define AGES_MAX 432000u

void view_stats_init(struct view_stats *stats, uint32_t step)
{
	*stats = (struct view_stats){ .step = step };
}

void view_stats_finish(struct view_stats *stats)
{
	free(stats->ages_us);
	stats->ages_us = NULL;
}

void view_stats_reset(struct view_stats *stats, int64_t now_ns)
{
	stats->reset_ns = now_ns;
	stats->gap_ns = 0;
	stats->pictures = stats->lost = stats->torn = 0;
	stats->n_ages = 0;
	stats->bytes_before = stats->bytes;
	stats->updates_before = stats->updates;
}

static void add_age(struct view_stats *stats, int64_t age_us)
{
	if (stats->n_ages == stats->room) {
		uint64_t room = stats->room ? stats->room * 2 : 1024;
		uint32_t *ages = room <= AGES_MAX * 2 ? realloc(stats->ages_us, room * sizeof(*ages)) : NULL;

		if (!ages)
			return;
		stats->ages_us = ages;
		stats->room = room;
	}
	/* A clock that another process read may be ahead by what reading it took. */
	stats->ages_us[stats->n_ages++] = age_us < 0 ? 0 : age_us > UINT32_MAX ? UINT32_MAX : (uint32_t)age_us;
}

void view_stats_update(struct view_stats *stats, const struct view_picture *picture, int64_t now_ns)
{
	int64_t since_ns = stats->moved_ns > stats->reset_ns ? stats->moved_ns : stats->reset_ns;
	struct mark mark;

	stats->updates++;
	stats->updated_ns = now_ns;
	if (view_marks_read(picture, &mark, &stats->whole) < 0) {
		stats->whole = false;
		return;
	}
	if (stats->has_mark && mark.sequence == stats->mark.sequence && mark.due_us == stats->mark.due_us)
		return;
	if (stats->has_mark && mark.sequence > stats->mark.sequence)
		stats->lost += (mark.sequence - stats->mark.sequence - 1) / stats->step;
	stats->gap_ns = now_ns - since_ns > stats->gap_ns ? now_ns - since_ns : stats->gap_ns;
	stats->has_mark = true;
	stats->mark = mark;
	stats->moved_ns = now_ns;
	stats->pictures++;
	stats->torn += !stats->whole;
	add_age(stats, now_ns / NSEC_PER_USEC - (int64_t)mark.due_us);
}

static int compare_ages(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static void print_ages(struct view_stats *stats, FILE *file)
{
	static const struct {
		const char *name;
		unsigned int share; /* of a hundred */
	} rows[] = { { "p50", 50 }, { "p95", 95 }, { "p99", 99 }, { "max", 100 } };

	if (stats->n_ages)
		qsort(stats->ages_us, stats->n_ages, sizeof(*stats->ages_us), compare_ages);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		/* The smallest age that so many of all are not above. */
		uint64_t rank = (stats->n_ages * rows[i].share + 99) / 100;

		if (stats->n_ages)
			fprintf(file, ", \"age_%s_ms\": %.2f", rows[i].name, stats->ages_us[rank - 1] / 1e3);
		else
			fprintf(file, ", \"age_%s_ms\": null", rows[i].name);
	}
}

void view_stats_print(struct view_stats *stats, int64_t now_ns, FILE *file)
{
	int64_t since_ns = stats->moved_ns > stats->reset_ns ? stats->moved_ns : stats->reset_ns;
	double seconds = (double)(now_ns - stats->reset_ns) / NSEC_PER_SEC;

	fprintf(file, "\"bytes\": %" PRIu64 ", \"updates\": %" PRIu64, stats->bytes - stats->bytes_before,
			stats->updates - stats->updates_before);
	fprintf(file, ", \"pictures\": %" PRIu64 ", \"torn\": %" PRIu64 ", \"lost\": %" PRIu64, stats->pictures,
			stats->torn, stats->lost);
	fprintf(file, ", \"fps\": %.2f, \"gap_ms\": %.2f, \"since_last_ms\": %.2f",
			seconds > 0 ? (double)stats->pictures / seconds : 0, (double)stats->gap_ns / NSEC_PER_MSEC,
			(double)(now_ns - since_ns) / NSEC_PER_MSEC);
	print_ages(stats, file);
	if (stats->has_mark)
		fprintf(file, ", \"sequence\": %" PRIu32, stats->mark.sequence);
	else
		fputs(", \"sequence\": null", file);
}
