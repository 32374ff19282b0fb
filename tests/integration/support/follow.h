/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Follows the pattern's mark through the pictures that arrive: ages, gaps, losses. */
#ifndef PLANECAST_TESTS_FOLLOW_H
#define PLANECAST_TESTS_FOLLOW_H

#include <stddef.h>
#include <stdint.h>

#define FOLLOW_AGES_MAX 100000

struct follow {
	uint32_t sequence; /* of the newest mark; outlives reset */
	uint64_t lost; /* sequence numbers that were skipped */
	int64_t moved_ns, gap_ns; /* when the mark last changed, the longest time it did not */
	unsigned int n_ages;
	uint32_t ages_us[FOLLOW_AGES_MAX];
};

struct mark;

void follow_reset(struct follow *follow);
/* The picture with this mark was whole at that moment. With an old mark nothing happens. */
void follow_mark(struct follow *follow, const struct mark *mark, int64_t when_ns);
/* XR24 pixels as they are now; without a mark, or with an old one, nothing happens. */
void follow_picture(struct follow *follow, const void *pixels, size_t stride, uint32_t width,
		uint32_t height);
/* Members of a JSON object, with a comma in front: pictures, lost, ages and the longest gap. */
void follow_print(struct follow *follow);

#endif
