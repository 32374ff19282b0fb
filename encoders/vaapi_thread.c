// SPDX-License-Identifier: GPL-2.0-or-later
/* The encode thread. */
#include "encoders/vaapi_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "encoders/packet.h"
#include "encoders/thread.h"
#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_import.h"
#include "encoders/vaapi_job.h"
#include "encoders/vaapi_session.h"
#include "server/clock.h"
#include "server/log.h"

/* A candidate that fails twice within it is not used any more. */
#define PATIENCE_NS (10 * NSEC_PER_SEC)
/* Before opening one, for all that may have to be tried. */
#define TRIALS_NS (60 * NSEC_PER_SEC)

#define NO_CANDIDATE UINT32_MAX

struct vaapi_thread {
	struct vaapi_candidates *candidates;
	struct vaapi_imports *imports;
	int64_t deadline_ns;
	int fd;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	/* Under lock. */
	unsigned int refs; /* the loop's and the thread's */
	bool abandoned, orphans;
	struct vaapi_job *waiting, *running;
	struct vaapi_outcome *first, **tail;
	int64_t due_ns; /* when what it does has to be done; 0: nothing */
	unsigned int candidate; /* of the session; NO_CANDIDATE */
	bool open; /* there is a session */
	/* The thread's. */
	struct vaapi_session *session;
	unsigned int used; /* the candidate whose driver may be at work; NO_CANDIDATE */
	unsigned int failed; /* the candidate that failed last */
	int64_t failed_ns;
};

/* Of the process. */
static pthread_mutex_t count_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t count_zero;
static pthread_once_t count_once = PTHREAD_ONCE_INIT;
static unsigned int count;

static void init_monotonic(pthread_cond_t *cond)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(cond, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void init_count(void)
{
	init_monotonic(&count_zero);
}

static void add_count(int by)
{
	pthread_once(&count_once, init_count);
	pthread_mutex_lock(&count_lock);
	count += (unsigned int)by;
	if (!count)
		pthread_cond_broadcast(&count_zero);
	pthread_mutex_unlock(&count_lock);
}

bool vaapi_threads_wait(int64_t timeout_ns)
{
	int64_t end_ns = clock_now_ns() + timeout_ns;
	const struct timespec end = { .tv_sec = end_ns / NSEC_PER_SEC, .tv_nsec = end_ns % NSEC_PER_SEC };
	bool none;

	pthread_once(&count_once, init_count);
	pthread_mutex_lock(&count_lock);
	while (count && !pthread_cond_timedwait(&count_zero, &count_lock, &end))
		;
	none = !count;
	pthread_mutex_unlock(&count_lock);
	return none;
}

static void unref(struct vaapi_thread *thread)
{
	struct vaapi_outcome *outcome;
	bool last;

	pthread_mutex_lock(&thread->lock);
	last = !--thread->refs;
	pthread_mutex_unlock(&thread->lock);
	if (!last)
		return;
	while ((outcome = thread->first)) {
		thread->first = outcome->next;
		packet_unref(outcome->packet);
		free(outcome);
	}
	vaapi_job_free(thread->waiting);
	vaapi_imports_unref(thread->imports);
	vaapi_candidates_unref(thread->candidates);
	if (thread->fd >= 0)
		close(thread->fd);
	pthread_cond_destroy(&thread->wake);
	pthread_mutex_destroy(&thread->lock);
	free(thread);
}

/* A frame is gone that had a surface. */
static void wake_for_orphans(void *user)
{
	struct vaapi_thread *thread = user;

	pthread_mutex_lock(&thread->lock);
	thread->orphans = true;
	pthread_cond_signal(&thread->wake);
	pthread_mutex_unlock(&thread->lock);
}

static void expect(struct vaapi_thread *thread, int64_t within_ns)
{
	pthread_mutex_lock(&thread->lock);
	thread->due_ns = clock_now_ns() + within_ns;
	pthread_mutex_unlock(&thread->lock);
}

static void set_candidate(struct vaapi_thread *thread, unsigned int candidate)
{
	pthread_mutex_lock(&thread->lock);
	thread->candidate = candidate;
	pthread_mutex_unlock(&thread->lock);
}

static void set_open(struct vaapi_thread *thread, bool open)
{
	pthread_mutex_lock(&thread->lock);
	thread->open = open;
	pthread_mutex_unlock(&thread->lock);
}

static void close_session(struct vaapi_thread *thread)
{
	set_open(thread, false);
	vaapi_session_free(thread->session);
	thread->session = NULL;
	if (thread->used != NO_CANDIDATE)
		vaapi_candidates_end(thread->candidates, thread->used);
	thread->used = NO_CANDIDATE;
}

static void note_failure(struct vaapi_thread *thread, const char *what, int err)
{
	unsigned int candidate = thread->candidate;
	int64_t now_ns = clock_now_ns();
	bool again = thread->failed == candidate && now_ns - thread->failed_ns < PATIENCE_NS;

	log_warn(NULL, "video: %s: %s fails: %s", vaapi_candidates_name(thread->candidates, candidate),
			what, strerror(-err));
	expect(thread, thread->deadline_ns);
	close_session(thread);
	thread->failed = candidate;
	thread->failed_ns = now_ns;
	if (again)
		vaapi_candidates_demote(thread->candidates, candidate, "it fails again and again");
}

/* -ENODEV: there is none left. -EAGAIN: one failed. */
static int open_session(struct vaapi_thread *thread)
{
	unsigned int candidate;
	int err;

	if (thread->session)
		return 0;
	set_candidate(thread, NO_CANDIDATE);
	expect(thread, TRIALS_NS);
	err = vaapi_candidates_choose(thread->candidates, &candidate);
	if (err)
		return err;
	set_candidate(thread, candidate);
	expect(thread, thread->deadline_ns);
	thread->used = candidate;
	vaapi_candidates_begin(thread->candidates, candidate);
	err = vaapi_session_new(vaapi_candidates_name(thread->candidates, candidate),
			thread->imports, &thread->session);
	if (err) {
		note_failure(thread, "opening it", err);
		return -EAGAIN;
	}
	set_open(thread, true);
	return 0;
}

static const char *explain_picture(int err)
{
	switch (err) {
	case -ERANGE:
		return "the picture is too small or too large for the encoder";
	case -EACCES:
		return "the picture cannot be read";
	default:
		return "the picture's format or layout cannot be encoded";
	}
}

/* Ends, because each candidate can fail only so often. */
static void perform(struct vaapi_thread *thread, const struct vaapi_job *job,
		struct vaapi_outcome *outcome)
{
	const struct vaapi_session_picture picture = {
		.frame = job->frame,
		.import = job->import,
		.box = job->box,
		.qp = job->qp,
		.keyframe = job->keyframe,
		.damage = job->damage_known ? &job->damage : NULL,
	};

	for (;;) {
		int err = open_session(thread);

		if (err == -EAGAIN)
			continue;
		if (err) {
			outcome->err = -ENODEV;
			outcome->reason = "nothing is left that encodes video";
			return;
		}
		expect(thread, thread->deadline_ns);
		err = vaapi_session_encode(thread->session, &picture, &outcome->packet);
		if (!err)
			return;
		if (vaapi_session_is_picture_error(err)) {
			outcome->err = err == -EACCES ? -EIO : -ENOTSUP;
			outcome->reason = explain_picture(err);
			return;
		}
		note_failure(thread, "encoding", err);
	}
}

/* With the lock, which is released meanwhile. */
static void do_job(struct vaapi_thread *thread)
{
	struct vaapi_job *job;
	struct vaapi_outcome *outcome;
	const uint64_t one = 1;

	/* First, so that it is the newest picture by then that is taken. */
	pthread_mutex_unlock(&thread->lock);
	while (open_session(thread) == -EAGAIN)
		;
	pthread_mutex_lock(&thread->lock);
	job = thread->waiting;
	/* None: a newer one is coming in its place. */
	if (!job || thread->abandoned) {
		thread->due_ns = 0;
		return;
	}
	thread->running = job;
	thread->waiting = NULL;
	outcome = job->outcome;
	pthread_mutex_unlock(&thread->lock);
	perform(thread, job, outcome);
	job->outcome = NULL;
	pthread_mutex_lock(&thread->lock);
	thread->running = NULL;
	thread->due_ns = 0;
	*thread->tail = outcome;
	thread->tail = &outcome->next;
	pthread_mutex_unlock(&thread->lock);
	vaapi_job_free(job);
	/* Fails only when the counter is full, and then the loop is awake anyway. */
	if (write(thread->fd, &one, sizeof(one)) < 0)
		log_debug(NULL, "video: the loop is behind: %m");
	pthread_mutex_lock(&thread->lock);
}

static void *run(void *data)
{
	struct vaapi_thread *thread = data;

	pthread_setname_np(pthread_self(), "video");
	pthread_mutex_lock(&thread->lock);
	while (!thread->abandoned) {
		if (thread->waiting) {
			do_job(thread);
		} else if (thread->orphans) {
			thread->orphans = false;
			thread->due_ns = clock_now_ns() + thread->deadline_ns;
			pthread_mutex_unlock(&thread->lock);
			if (thread->session)
				vaapi_session_reap(thread->session);
			pthread_mutex_lock(&thread->lock);
			thread->due_ns = 0;
		} else {
			pthread_cond_wait(&thread->wake, &thread->lock);
		}
	}
	pthread_mutex_unlock(&thread->lock);
	close_session(thread);
	vaapi_imports_mute(thread->imports);
	unref(thread);
	add_count(-1);
	return NULL;
}

static int start(struct vaapi_thread *thread)
{
	int err;

	thread->refs++;
	add_count(1);
	err = thread_start(run, thread);
	if (err) {
		thread->refs--;
		add_count(-1);
	}
	return err;
}

int vaapi_thread_new(struct vaapi_candidates *candidates, int64_t deadline_ns,
		struct vaapi_thread **ret)
{
	struct vaapi_thread *thread = calloc(1, sizeof(*thread));
	int err;

	if (!thread)
		return -ENOMEM;
	pthread_mutex_init(&thread->lock, NULL);
	pthread_cond_init(&thread->wake, NULL);
	thread->refs = 1;
	thread->candidates = vaapi_candidates_ref(candidates);
	thread->deadline_ns = deadline_ns;
	thread->tail = &thread->first;
	thread->candidate = thread->failed = thread->used = NO_CANDIDATE;
	thread->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	err = thread->fd < 0 ? -errno
			     : vaapi_imports_new(wake_for_orphans, thread, &thread->imports);
	if (!err)
		err = start(thread);
	if (err) {
		unref(thread);
		return err;
	}
	*ret = thread;
	return 0;
}

void vaapi_thread_abandon(struct vaapi_thread *thread)
{
	if (!thread)
		return;
	pthread_mutex_lock(&thread->lock);
	thread->abandoned = true;
	pthread_cond_signal(&thread->wake);
	pthread_mutex_unlock(&thread->lock);
	unref(thread);
}

int vaapi_thread_fd(const struct vaapi_thread *thread)
{
	return thread->fd;
}

struct vaapi_imports *vaapi_thread_imports(const struct vaapi_thread *thread)
{
	return thread->imports;
}

void vaapi_thread_submit(struct vaapi_thread *thread, struct vaapi_job *job)
{
	struct vaapi_job *older;

	pthread_mutex_lock(&thread->lock);
	older = thread->waiting;
	thread->waiting = NULL;
	pthread_mutex_unlock(&thread->lock);
	/* Not with the lock: a frame may go, and tell the thread. */
	if (older)
		vaapi_job_replace(job, older);
	pthread_mutex_lock(&thread->lock);
	thread->waiting = job;
	pthread_cond_signal(&thread->wake);
	pthread_mutex_unlock(&thread->lock);
}

bool vaapi_thread_is_busy(struct vaapi_thread *thread)
{
	bool busy;

	pthread_mutex_lock(&thread->lock);
	busy = thread->waiting || thread->running || thread->first;
	pthread_mutex_unlock(&thread->lock);
	return busy;
}

bool vaapi_thread_is_opening(struct vaapi_thread *thread)
{
	bool opening;

	pthread_mutex_lock(&thread->lock);
	opening = thread->waiting && !thread->open;
	pthread_mutex_unlock(&thread->lock);
	return opening;
}

bool vaapi_thread_has_device(struct vaapi_thread *thread)
{
	unsigned int candidate;

	pthread_mutex_lock(&thread->lock);
	candidate = thread->candidate;
	pthread_mutex_unlock(&thread->lock);
	return candidate != NO_CANDIDATE &&
			strcmp(vaapi_candidates_name(thread->candidates, candidate), VAAPI_SOFTWARE) != 0;
}

struct vaapi_outcome *vaapi_thread_take(struct vaapi_thread *thread)
{
	struct vaapi_outcome *outcome;

	pthread_mutex_lock(&thread->lock);
	outcome = thread->first;
	if (outcome) {
		thread->first = outcome->next;
		if (!thread->first)
			thread->tail = &thread->first;
	}
	pthread_mutex_unlock(&thread->lock);
	return outcome;
}

bool vaapi_thread_is_stuck(struct vaapi_thread *thread, int64_t now_ns, struct vaapi_job **ret_job,
		bool *ret_lost)
{
	const struct vaapi_job *lost;
	unsigned int candidate;
	bool stuck;

	pthread_mutex_lock(&thread->lock);
	stuck = thread->due_ns && now_ns > thread->due_ns;
	candidate = thread->candidate;
	if (stuck) {
		/* Nothing the thread comes to after this: it may as well return right now. */
		thread->abandoned = true;
		lost = thread->waiting ? thread->waiting : thread->running;
		*ret_job = lost ? vaapi_job_again(lost) : NULL;
		*ret_lost = lost;
	}
	pthread_mutex_unlock(&thread->lock);
	if (stuck && candidate != NO_CANDIDATE)
		vaapi_candidates_demote(thread->candidates, candidate, "its driver hangs");
	return stuck;
}
