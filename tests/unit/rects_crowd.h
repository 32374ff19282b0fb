/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests of many records at once: one pool, one picture that changes, viewers who follow it. */
#ifndef PLANECAST_TESTS_UNIT_RECTS_CROWD_H
#define PLANECAST_TESTS_UNIT_RECTS_CROWD_H

#include "tests/unit/rects_viewer.h"

#include <stdint.h>

#define CROWD_WIDTH 320
#define CROWD_HEIGHT 240

extern struct crowd {
	struct event_base *base;
	struct rects_pool *pool;
	struct frame *frame; /* the newest picture */
	uint64_t seed;
} crowd;

/* cmocka's; a group has the pool, each test a picture. */
int crowd_open_pool(void **state);
int crowd_close_pool(void **state);
int crowd_draw(void **state);
int crowd_undraw(void **state);
#define CROWD_TEST(test) cmocka_unit_test_setup_teardown(test, crowd_draw, crowd_undraw)

struct rects_pool_stats crowd_stats(void);
/* What was done since, and what was spared. */
void crowd_expect_jobs(struct rects_pool_stats since, unsigned int jobs, unsigned int shared);

void crowd_start(struct viewer *viewer, const struct rects_encodings *encodings);
void crowd_start_all(struct viewer *viewers, unsigned int n, const struct rects_encodings *encodings);
/* The whole crowd: nothing may be kept for anybody. */
void crowd_stop_all(struct viewer *viewers, unsigned int n);

/* What a producer does: another picture, another stamp. Viewers without a record are passed over. */
void crowd_next_picture(struct viewer *viewers, unsigned int n);
/* Starts a job, if anything is owed. */
void crowd_encode(struct viewer *viewer);
void crowd_encode_all(struct viewer *viewers, unsigned int n);
/* Until all jobs are done; then each has the newest picture. */
void crowd_wait_all(struct viewer *viewers, unsigned int n, const char *what);

#endif
