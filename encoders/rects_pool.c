// SPDX-License-Identifier: GPL-2.0-or-later
/* Worker threads for rectangles, with an eventfd to wake the loop. */
#include "encoders/rects_pool.h"

#include "encoders/jpeg.h"
#include "encoders/rects.h"
#include "encoders/rects_engine.h"
#include "encoders/rects_selftest.h"
#include "encoders/rects_share.h"
#include "server/log.h"

#include <errno.h>
#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define THREADS_MAX 4u
struct job_list {
	struct rects_job *first, **tail;
};

struct worker {
	struct rects_pool *pool;
	struct rects_kit kit;
	pthread_t thread;
};

struct rects_pool {
	struct event_base *base;
	int birth[2];
	struct rects_share share;
	int done_fd;
	struct event *done_event;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* Under lock. */
	struct job_list waiting, ended;
	bool stopping;
	unsigned int n_workers;
	struct worker workers[THREADS_MAX];
};

static void list_init(struct job_list *list)
{
	list->first = NULL;
	list->tail = &list->first;
}

static void list_append(struct job_list *list, struct rects_job *job)
{
	job->next = NULL;
	*list->tail = job;
	list->tail = &job->next;
}

static void list_insert(struct job_list *list, struct rects_job *job)
{
	struct rects_job **at = &list->first;

	while (*at && (*at)->wanted_ns <= job->wanted_ns)
		at = &(*at)->next;
	job->next = *at;
	*at = job;
	if (!job->next)
		list->tail = &job->next;
}

static struct rects_job *list_pop(struct job_list *list)
{
	struct rects_job *job = list->first;

	if (job) {
		list->first = job->next;
		if (!list->first)
			list->tail = &list->first;
	}
	return job;
}

static void *work(void *data)
{
	struct worker *worker = data;
	struct rects_pool *pool = worker->pool;
	const uint64_t one = 1;

	pthread_setname_np(pthread_self(), "rects");
	pthread_mutex_lock(&pool->lock);
	for (;;) {
		struct rects_job *job;

		while (!pool->stopping && !pool->waiting.first)
			pthread_cond_wait(&pool->wake, &pool->lock);
		if (pool->stopping)
			break;
		job = list_pop(&pool->waiting);
		pthread_mutex_unlock(&pool->lock);
		job->run(job, &worker->kit);
		pthread_mutex_lock(&pool->lock);
		list_append(&pool->ended, job);
		/* Fails only when the counter is full, and then the loop is awake anyway. */
		if (write(pool->done_fd, &one, sizeof(one)) < 0)
			continue;
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void finish_jobs(struct rects_pool *pool)
{
	struct job_list ended;
	struct rects_job *job;

	list_init(&ended);
	pthread_mutex_lock(&pool->lock);
	if (pool->ended.first) {
		ended = pool->ended;
		list_init(&pool->ended);
	}
	pthread_mutex_unlock(&pool->lock);
	while ((job = list_pop(&ended)))
		job->done(job);
}

static void handle_done(evutil_socket_t fd, short what, void *data)
{
	uint64_t count;

	(void)what;
	/* Nothing is there to read when the loop itself has ended the jobs. */
	if (read(fd, &count, sizeof(count)) == sizeof(count) || errno == EAGAIN)
		finish_jobs(data);
}

void rects_pool_submit(struct rects_pool *pool, struct rects_job *job)
{
	pthread_mutex_lock(&pool->lock);
	list_insert(&pool->waiting, job);
	pthread_cond_signal(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
}

void rects_pool_return(struct rects_pool *pool, struct rects_job *job)
{
	pthread_mutex_lock(&pool->lock);
	list_append(&pool->ended, job);
	pthread_mutex_unlock(&pool->lock);
	/* Not run from in here, and it takes no memory. */
	event_active(pool->done_event, EV_READ, 0);
}

struct rects_share *rects_pool_share(struct rects_pool *pool)
{
	return &pool->share;
}

void rects_pool_stats(const struct rects_pool *pool, struct rects_pool_stats *ret)
{
	*ret = (struct rects_pool_stats){
		.jobs = pool->share.jobs,
		.shared = pool->share.shared,
		.kept_bytes = rects_share_kept_bytes(&pool->share),
	};
}

struct event_base *rects_pool_base(struct rects_pool *pool)
{
	return pool->base;
}

int *rects_pool_birth(struct rects_pool *pool)
{
	return pool->birth;
}

static int init_kit(struct rects_kit *kit)
{
	int err = rects_sink_init(&kit->sink);

	if (err)
		return err;
	err = jpeg_new(&kit->jpeg);
	if (err)
		rects_sink_finish(&kit->sink);
	return err;
}

static void finish_kit(struct rects_kit *kit)
{
	jpeg_free(kit->jpeg);
	rects_sink_finish(&kit->sink);
}

static int start_worker(struct rects_pool *pool)
{
	struct worker *worker = &pool->workers[pool->n_workers];
	sigset_t all, before;
	int err = init_kit(&worker->kit);

	if (err)
		return err;
	worker->pool = pool;
	/* Signals are the loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	err = -pthread_create(&worker->thread, NULL, work, worker);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (err) {
		finish_kit(&worker->kit);
		return err;
	}
	pool->n_workers++;
	return 0;
}

static unsigned int choose_threads(unsigned int threads)
{
	long cores = threads ? (long)threads : sysconf(_SC_NPROCESSORS_ONLN);

	if (cores < 1)
		return 1;
	return cores < (long)THREADS_MAX ? (unsigned int)cores : THREADS_MAX;
}

static int open_descriptors(struct rects_pool *pool, struct event_base *base)
{
	int err = rects_engine_open_birth(pool->birth);

	if (err)
		return err;
	pool->done_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pool->done_fd < 0)
		return -errno;
	pool->done_event = event_new(base, pool->done_fd, EV_READ | EV_PERSIST, handle_done, pool);
	if (!pool->done_event || event_add(pool->done_event, NULL))
		return -ENOMEM;
	return 0;
}

int rects_pool_new(struct event_base *base, unsigned int threads, struct rects_pool **ret)
{
	struct rects_pool *pool = calloc(1, sizeof(*pool));
	int err;

	if (!pool)
		return -ENOMEM;
	pool->base = base;
	pool->birth[0] = -1;
	pool->birth[1] = -1;
	pool->done_fd = -1;
	list_init(&pool->waiting);
	list_init(&pool->ended);
	rects_share_init(&pool->share);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	rects_engine_route_log();
	err = open_descriptors(pool, base);
	if (err)
		goto fail;
	err = rects_selftest(pool->birth);
	if (err == -ENOTSUP)
		log_error(NULL, "libvncserver does not encode as expected: is it of the release "
				"that planecast was built with (%s)?", LIBVNCSERVER_VERSION);
	if (err)
		goto fail;
	for (threads = choose_threads(threads); threads; threads--) {
		err = start_worker(pool);
		if (err)
			goto fail;
	}
	*ret = pool;
	return 0;
fail:
	rects_pool_free(pool);
	return err;
}

void rects_pool_free(struct rects_pool *pool)
{
	struct rects_job *job;

	if (!pool)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned int i = 0; i < pool->n_workers; i++)
		pthread_join(pool->workers[i].thread, NULL);
	/* What is left belongs to records that were freed while busy. */
	finish_jobs(pool);
	while ((job = list_pop(&pool->waiting)))
		job->done(job);
	for (unsigned int i = 0; i < pool->n_workers; i++)
		finish_kit(&pool->workers[i].kit);
	if (pool->done_event)
		event_free(pool->done_event);
	for (unsigned int i = 0; i < 2; i++)
		if (pool->birth[i] >= 0)
			close(pool->birth[i]);
	if (pool->done_fd >= 0)
		close(pool->done_fd);
	pthread_cond_destroy(&pool->wake);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}
