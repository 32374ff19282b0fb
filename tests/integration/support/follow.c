// SPDX-License-Identifier: GPL-2.0-or-later
/* Ages, gaps and losses of marked pictures. */
#include "tests/integration/support/follow.h"

#include <stdio.h>
#include <stdlib.h>

#include "server/capture/mark.h"
#include "server/clock.h"

static void note_moved(struct follow *follow, int64_t when_ns)
{
	if (when_ns - follow->moved_ns > follow->gap_ns)
		follow->gap_ns = when_ns - follow->moved_ns;
	follow->moved_ns = when_ns;
}

void follow_reset(struct follow *follow)
{
	follow->lost = 0;
	follow->n_ages = 0;
	follow->gap_ns = 0;
	follow->moved_ns = clock_now_ns();
}

void follow_mark(struct follow *follow, const struct mark *mark, int64_t when_ns)
{
	if (mark->sequence == follow->sequence)
		return;
	if (follow->sequence)
		follow->lost += mark->sequence - follow->sequence - 1;
	follow->sequence = mark->sequence;
	note_moved(follow, when_ns);
	if (follow->n_ages < FOLLOW_AGES_MAX)
		follow->ages_us[follow->n_ages++] =
				(uint32_t)((uint64_t)(when_ns / NSEC_PER_USEC) - mark->due_us);
}

void follow_picture(struct follow *follow, const void *pixels, size_t stride, uint32_t width,
		uint32_t height)
{
	struct mark mark;

	if (mark_read(pixels, stride, width, height, &mark) == 0)
		follow_mark(follow, &mark, clock_now_ns());
}

static int compare_ages(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static double age_ms(const struct follow *follow, double part)
{
	return follow->n_ages ? follow->ages_us[(unsigned int)(part * (follow->n_ages - 1))] / 1000.0 : -1;
}

void follow_print(struct follow *follow)
{
	note_moved(follow, clock_now_ns()); /* the gap that is open */
	qsort(follow->ages_us, follow->n_ages, sizeof(follow->ages_us[0]), compare_ages);
	printf(", \"pictures\": %u, \"lost\": %llu, \"age_p50_ms\": %.2f, \"age_p95_ms\": %.2f, "
	       "\"age_p99_ms\": %.2f, \"age_max_ms\": %.2f, \"gap_max_ms\": %.2f",
			follow->n_ages, (unsigned long long)follow->lost, age_ms(follow, 0.5),
			age_ms(follow, 0.95), age_ms(follow, 0.99), age_ms(follow, 1),
			(double)follow->gap_ns / NSEC_PER_MSEC);
}
