/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The rectangle engine's worker threads: jobs in, the most urgent first, and
 * their ends back on the loop.
 *
 * Internal to the rectangle engine; rects_pool_new() and rects_pool_free() are in
 * rects.h. Loop thread, but for run().
 */
#ifndef PLANECAST_ENCODERS_RECTS_POOL_H
#define PLANECAST_ENCODERS_RECTS_POOL_H

#include "encoders/rects_sink.h"

#include <stdint.h>

struct event_base;
struct jpeg;
struct rects_pool;
struct rects_share;

/* What a worker thread has to work with, and lends to the job it runs. */
struct rects_kit {
	struct rects_sink sink;
	struct jpeg *jpeg;
};

struct rects_job {
	/* Worker thread; the kit is that worker's. */
	void (*run)(struct rects_job *job, struct rects_kit *kit);
	/*
	 * Loop thread. The job is the owner's again, who may free it. Jobs that had not
	 * begun when the pool was freed come here without run().
	 */
	void (*done)(struct rects_job *job);
	/*
	 * When it is wanted, of clock_now_ns(): who can wait less goes first, and
	 * nobody waits for ever. Equal ones in the order they came.
	 */
	int64_t wanted_ns;
	struct rects_job *next; /* the pool's */
};

/* The job lives until done(). */
void rects_pool_submit(struct rects_pool *pool, struct rects_job *job);

/* A job that needs no run(): its done() is called when the loop comes round. */
void rects_pool_return(struct rects_pool *pool, struct rects_job *job);

struct rects_share *rects_pool_share(struct rects_pool *pool);
/* The loop's, which the jobs end on. */
struct event_base *rects_pool_base(struct rects_pool *pool);
/* The sockets that rects_engine_new() wants. */
int *rects_pool_birth(struct rects_pool *pool);

#endif
