// SPDX-License-Identifier: GPL-2.0-or-later
/* One worker thread a context, and the order of jobs that share surfaces. */
#include "encoders/softva/queue.h"
#include "encoders/softva/driver.h"

#include "encoders/softva/buffer.h"
#include "encoders/softva/surface.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static bool is_blocked(const struct job *job)
{
	for (unsigned int i = 0; i < job->n_uses; i++) {
		const struct use *mine = &job->uses[i];

		for (const struct use *use = mine->surface->uses;
				use && use->job->serial < job->serial; use = use->next)
			if (use->write || mine->write)
				return true;
	}
	return false;
}

static void append_use(struct use *use)
{
	struct use **at = &use->surface->uses;

	while (*at)
		at = &(*at)->next;
	use->next = NULL;
	*at = use;
}

static void remove_use(struct use *use)
{
	struct use **at = &use->surface->uses;

	while (*at != use)
		at = &(*at)->next;
	*at = use->next;
}

void job_add_use(struct job *job, struct surface *surface, bool write)
{
	surface_ref(surface);
	job->uses[job->n_uses++] = (struct use){ .surface = surface, .job = job, .write = write };
}

void job_set_coded(struct job *job, struct buffer *coded)
{
	buffer_ref(coded);
	job->coded = coded;
}

void job_drop(struct job *job)
{
	if (!job)
		return;
	for (unsigned int i = 0; i < job->n_uses; i++)
		surface_unref(job->uses[i].surface);
	if (job->coded)
		buffer_unref(job->coded);
	job->free(job);
}

static void finish_job(struct driver *driver, struct job *job, VAStatus status)
{
	for (unsigned int i = 0; i < job->n_uses; i++) {
		remove_use(&job->uses[i]);
		job->uses[i].surface->outcome = status;
	}
	if (job->coded) {
		job->coded->pending = false;
		job->coded->outcome = status;
	}
	job_drop(job);
	pthread_cond_broadcast(&driver->progress);
}

static void *work(void *data)
{
	struct queue *queue = data;
	struct driver *driver = queue->driver;

	driver_lock(driver);
	for (;;) {
		struct job *job = queue->first;
		VAStatus status;

		if (!job && queue->stopping)
			break;
		if (!job || is_blocked(job)) {
			pthread_cond_wait(&driver->progress, &driver->lock);
			continue;
		}
		queue->first = job->next;
		if (!queue->first)
			queue->tail = &queue->first;
		driver_unlock(driver);
		status = job->run(job);
		driver_lock(driver);
		finish_job(driver, job, status);
	}
	driver_unlock(driver);
	return NULL;
}

int queue_start(struct queue *queue, struct driver *driver)
{
	sigset_t all, before;
	int err;

	*queue = (struct queue){ .driver = driver };
	queue->tail = &queue->first;
	/* Signals are the client's threads'. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&queue->thread, NULL, work, queue);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return err;
}

void queue_stop(struct queue *queue)
{
	driver_lock(queue->driver);
	queue->stopping = true;
	pthread_cond_broadcast(&queue->driver->progress);
	driver_unlock(queue->driver);
	pthread_join(queue->thread, NULL);
}

void queue_submit(struct queue *queue, struct job *job)
{
	job->serial = ++queue->driver->serial;
	for (unsigned int i = 0; i < job->n_uses; i++)
		append_use(&job->uses[i]);
	if (job->coded)
		job->coded->pending = true;
	job->next = NULL;
	*queue->tail = job;
	queue->tail = &job->next;
	pthread_cond_broadcast(&queue->driver->progress);
}

#define NS_PER_S 1000000000ull

static void set_deadline(uint64_t timeout_ns, struct timespec *ret)
{
	/* Some centuries are for ever, too, and do not overflow. */
	uint64_t limit_ns = (uint64_t)INT64_MAX / 2, sum_ns;

	clock_gettime(CLOCK_MONOTONIC, ret);
	sum_ns = (uint64_t)ret->tv_nsec + (timeout_ns < limit_ns ? timeout_ns : limit_ns);
	ret->tv_sec += (time_t)(sum_ns / NS_PER_S);
	ret->tv_nsec = (long)(sum_ns % NS_PER_S);
}

VAStatus queue_wait_surface(struct driver *driver, struct surface *surface, uint64_t timeout_ns)
{
	uint64_t serial = driver->serial;
	struct timespec deadline;

	set_deadline(timeout_ns, &deadline);
	/* The list is in order: its head is the oldest. */
	while (surface->uses && surface->uses->job->serial <= serial)
		if (pthread_cond_timedwait(&driver->progress, &driver->lock, &deadline) ==
				ETIMEDOUT)
			return surface->uses && surface->uses->job->serial <= serial
					? VA_STATUS_ERROR_TIMEDOUT
					: surface->outcome;
	return surface->outcome;
}

VAStatus queue_wait_buffer(struct driver *driver, struct buffer *buffer, uint64_t timeout_ns)
{
	struct timespec deadline;

	set_deadline(timeout_ns, &deadline);
	while (buffer->pending)
		if (pthread_cond_timedwait(&driver->progress, &driver->lock, &deadline) ==
				ETIMEDOUT)
			return buffer->pending ? VA_STATUS_ERROR_TIMEDOUT : buffer->outcome;
	return buffer->outcome;
}
