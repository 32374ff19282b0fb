/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Jobs in the background: each context has a queue and a thread that runs its jobs
 * one after the other. Jobs of different contexts run side by side unless they use
 * the same surface and one of them writes it: then in the order of submission.
 * A job waits for earlier ones only, so that there is always one that can run.
 *
 * All functions but queue_stop() are called with the driver's lock held.
 */
#ifndef PLANECAST_SOFTVA_QUEUE_H
#define PLANECAST_SOFTVA_QUEUE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <va/va.h>

struct buffer;
struct driver;
struct job;
struct surface;

/* A job's hold on a surface; also in the surface's list, in order of submission. */
struct use {
	struct surface *surface;
	struct job *job;
	struct use *next;
	bool write;
};

#define JOB_USES_MAX 3

struct job {
	/* The thread of the queue, without the lock. */
	VAStatus (*run)(struct job *job);
	/* The same, with the lock. Also when the job never ran. */
	void (*free)(struct job *job);
	struct use uses[JOB_USES_MAX];
	unsigned int n_uses;
	/* Where the result goes; NULL: to surfaces only. */
	struct buffer *coded;
	uint64_t serial; /* the queue's */
	struct job *next; /* the queue's */
};

struct queue {
	struct driver *driver;
	pthread_t thread;
	struct job *first, **tail;
	bool stopping;
};

/* In place: the thread keeps the address. -ENOMEM, -EAGAIN. */
int queue_start(struct queue *queue, struct driver *driver);
/* Runs what is left, and ends the thread. Without the lock. */
void queue_stop(struct queue *queue);

/* Takes a reference to the surface. */
void job_add_use(struct job *job, struct surface *surface, bool write);
/* Takes a reference to the buffer, which is busy from queue_submit() on. */
void job_set_coded(struct job *job, struct buffer *coded);
/* The queue owns the job from here on. */
void queue_submit(struct queue *queue, struct job *job);
/* Of a job that is not submitted: gives back what it holds, and frees it. NULL is fine. */
void job_drop(struct job *job);

/*
 * Waits, giving up the lock meanwhile, until the jobs that use the surface now have
 * ended: VA_STATUS_ERROR_TIMEDOUT, else how the last one ended. The caller holds a
 * reference. VA_TIMEOUT_INFINITE never times out.
 */
VAStatus queue_wait_surface(struct driver *driver, struct surface *surface, uint64_t timeout_ns);
/* The same for the job that fills a coded buffer. */
VAStatus queue_wait_buffer(struct driver *driver, struct buffer *buffer, uint64_t timeout_ns);

#endif
