/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a viewer should show: the scene painted again for the number that its
 * marks tell, and how far the viewer is from that. One thread.
 */
#ifndef PLANECAST_TESTS_BENCH_VIEW_COMPARE_H
#define PLANECAST_TESTS_BENCH_VIEW_COMPARE_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "server/capture/mark.h"
#include "tests/bench/view_picture.h"

struct bench_scene;

struct view_oracle {
	const char *name; /* of the scene */
	struct bench_scene *scene; /* for the size of picture; NULL: none yet */
	struct view_picture picture;
	bool painted;
	uint32_t sequence; /* of picture */
	pixman_region32_t moved; /* what differs from the one before it */
};

struct view_difference {
	uint64_t pixels; /* that differ, of all, the marks included */
	/* Over all samples outside of the marks, of all and of what moved last; infinite where equal. */
	double psnr, psnr_damaged;
};

/* Borrows name. */
void view_oracle_init(struct view_oracle *oracle, const char *name);
void view_oracle_finish(struct view_oracle *oracle);
/* 0; -ENOENT: no such scene; -EINVAL: not at this size; -ENOMEM. */
int view_oracle_compare(struct view_oracle *oracle, const struct view_picture *picture, const struct mark *mark,
		struct view_difference *ret);

/* Members of a JSON object; null stands for infinite. */
void view_difference_print(const struct view_difference *difference, FILE *file);

#endif
