/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The thread that waits for a driver, one an encoder, so that the loop need not. It opens
 * candidates, encodes, and makes up for a driver's failures: once by opening the
 * candidate afresh, the second time within a while by the next one.
 *
 * A driver may never return. The loop then abandons the thread, which ends whenever it
 * comes back, and starts another. Functions below are for the loop thread and never block.
 */
#ifndef PLANECAST_ENCODERS_VAAPI_THREAD_H
#define PLANECAST_ENCODERS_VAAPI_THREAD_H

#include <stdbool.h>
#include <stdint.h>

struct packet;
struct vaapi_candidates;
struct vaapi_imports;
struct vaapi_job;
struct vaapi_thread;

/* What became of a picture. */
struct vaapi_outcome {
	struct vaapi_outcome *next;
	struct packet *packet; /* NULL: err; taken by whoever takes the outcome */
	int err; /* as in struct encoder_events */
	const char *reason; /* a constant */
};

/* deadline_ns: for one picture, or for opening. Negative errno. */
int vaapi_thread_new(struct vaapi_candidates *candidates, int64_t deadline_ns,
		struct vaapi_thread **ret);
/* No outcome comes any more; the thread ends as soon as it can. NULL is fine. */
void vaapi_thread_abandon(struct vaapi_thread *thread);

/* An eventfd, readable when there are outcomes. */
int vaapi_thread_fd(const struct vaapi_thread *thread);
/* Where its surfaces are kept. */
struct vaapi_imports *vaapi_thread_imports(const struct vaapi_thread *thread);

/* Takes the job. */
void vaapi_thread_submit(struct vaapi_thread *thread, struct vaapi_job *job);
bool vaapi_thread_is_busy(struct vaapi_thread *thread);
/* A picture waits for a candidate to be tried and opened. */
bool vaapi_thread_is_opening(struct vaapi_thread *thread);
/* What encodes now is a device, not the CPU. */
bool vaapi_thread_has_device(struct vaapi_thread *thread);
/* The caller's, to be freed with free(). NULL: none. */
struct vaapi_outcome *vaapi_thread_take(struct vaapi_thread *thread);

/*
 * Whether its driver is past the deadline. Then the candidate is not used any more, the
 * thread is to be abandoned, *ret_lost is whether a picture is lost with it, and *ret_job the
 * caller's: that picture, for another thread; NULL: there is none, or no memory.
 */
bool vaapi_thread_is_stuck(struct vaapi_thread *thread, int64_t now_ns, struct vaapi_job **ret_job,
		bool *ret_lost);

/*
 * Waits until abandoned threads have ended, before the process does. False: one hangs
 * in its driver, and exit handlers should not run.
 */
bool vaapi_threads_wait(int64_t timeout_ns);

#endif
