// SPDX-License-Identifier: GPL-2.0-or-later
/* The loop's side of encoding by VA-API. */
#include "encoders/vaapi.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "encoders/vaapi_candidate.h"
#include "encoders/vaapi_import.h"
#include "encoders/vaapi_job.h"
#include "encoders/vaapi_thread.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/log.h"

#define DEADLINE_NS (5 * NSEC_PER_SEC)
/* How often is looked whether the driver hangs, in parts of its deadline. */
#define LOOKS 8

struct vaapi {
	struct encoder base;
	struct event_base *loop;
	struct vaapi_candidates *candidates;
	int64_t deadline_ns;
	struct vaapi_thread *thread; /* NULL: none could be had since the last one was abandoned */
	struct event *done, *watchdog;
	uint64_t number; /* of the last packet */
	bool ended;
	bool in_event, freed; /* by whom the event was for */
};

static void free_now(struct vaapi *vaapi)
{
	if (vaapi->done)
		event_free(vaapi->done);
	if (vaapi->watchdog)
		event_free(vaapi->watchdog);
	vaapi_thread_abandon(vaapi->thread);
	vaapi_candidates_unref(vaapi->candidates);
	free(vaapi);
}

static void do_free(struct encoder *encoder)
{
	struct vaapi *vaapi = (struct vaapi *)encoder;

	vaapi->freed = true;
	if (!vaapi->in_event)
		free_now(vaapi);
}

static void deliver(struct vaapi *vaapi, const struct vaapi_outcome *outcome)
{
	const struct encoder_events *events = vaapi->base.events;

	if (vaapi->ended)
		return;
	if (outcome->packet) {
		outcome->packet->number = ++vaapi->number;
		events->packet(vaapi->base.user, outcome->packet);
		return;
	}
	vaapi->ended = outcome->err == -ENODEV;
	events->failed(vaapi->base.user, outcome->err, outcome->reason);
}

static void handle_done(evutil_socket_t fd, short what, void *data)
{
	struct vaapi *vaapi = data;
	struct vaapi_outcome *outcome;
	uint64_t count;

	(void)what;
	/* What it counts is in the list. */
	if (read(fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		log_debug(NULL, "video: reading an eventfd: %m");
	vaapi->in_event = true;
	while (!vaapi->freed && (outcome = vaapi_thread_take(vaapi->thread))) {
		deliver(vaapi, outcome);
		packet_unref(outcome->packet);
		free(outcome);
	}
	vaapi->in_event = false;
	if (vaapi->freed)
		free_now(vaapi);
}

static int start_thread(struct vaapi *vaapi)
{
	int err = vaapi_thread_new(vaapi->candidates, vaapi->deadline_ns, &vaapi->thread);

	if (err)
		return err;
	vaapi->done = event_new(vaapi->loop, vaapi_thread_fd(vaapi->thread), EV_READ | EV_PERSIST,
			handle_done, vaapi);
	if (vaapi->done && !event_add(vaapi->done, NULL))
		return 0;
	if (vaapi->done)
		event_free(vaapi->done);
	vaapi->done = NULL;
	vaapi_thread_abandon(vaapi->thread);
	vaapi->thread = NULL;
	return -ENOMEM;
}

static void watch(struct vaapi *vaapi)
{
	struct timeval look = clock_timeval(vaapi->deadline_ns / LOOKS);

	if (!event_pending(vaapi->watchdog, EV_TIMEOUT, NULL))
		event_add(vaapi->watchdog, &look);
}

/* Another thread with the next candidate. */
static int replace_thread(struct vaapi *vaapi)
{
	event_free(vaapi->done);
	vaapi->done = NULL;
	vaapi_thread_abandon(vaapi->thread);
	vaapi->thread = NULL;
	return start_thread(vaapi);
}

/* The lost picture is done again there. */
static void do_again(struct vaapi *vaapi, struct vaapi_job *job)
{
	job->import = vaapi_imports_attach(vaapi_thread_imports(vaapi->thread), job->frame);
	vaapi_thread_submit(vaapi->thread, job);
	watch(vaapi);
}

/* Viewers wait for it, and the next picture may be theirs. */
static void fail_lost(struct vaapi *vaapi)
{
	vaapi->in_event = true;
	vaapi->base.events->failed(vaapi->base.user, -ENOMEM,
			"its driver hangs, and there is no memory to encode the picture by another");
	vaapi->in_event = false;
	if (vaapi->freed)
		free_now(vaapi);
}

static void handle_watchdog(evutil_socket_t fd, short what, void *data)
{
	struct vaapi *vaapi = data;
	struct vaapi_job *job;
	bool lost;
	int err;

	(void)fd, (void)what;
	if (!vaapi->thread)
		return;
	if (!vaapi_thread_is_stuck(vaapi->thread, clock_now_ns(), &job, &lost)) {
		if (vaapi_thread_is_busy(vaapi->thread))
			watch(vaapi);
		return;
	}
	err = replace_thread(vaapi);
	if (err)
		log_error(NULL, "video: no thread to encode on: %s", strerror(-err));
	if (!err && job) {
		do_again(vaapi, job);
		return;
	}
	vaapi_job_free(job);
	if (lost)
		fail_lost(vaapi);
}

static int submit(struct encoder *encoder, struct frame *frame, const struct packet_box *box,
		const struct encoder_params *params)
{
	struct vaapi *vaapi = (struct vaapi *)encoder;
	struct vaapi_import *import = NULL;
	struct vaapi_job *job;
	int err;

	if (vaapi->ended)
		return -ENODEV;
	if (!vaapi->thread) {
		err = start_thread(vaapi);
		if (err)
			return err;
	}
	if (frame->planes[0].fd >= 0) {
		import = vaapi_imports_attach(vaapi_thread_imports(vaapi->thread), frame);
		if (!import)
			return -ENOMEM;
	}
	job = vaapi_job_new(frame, import, box, params);
	if (!job)
		return -ENOMEM;
	vaapi_thread_submit(vaapi->thread, job);
	watch(vaapi);
	return 0;
}

static bool is_busy(const struct encoder *encoder)
{
	const struct vaapi *vaapi = (const struct vaapi *)encoder;

	return vaapi->thread && vaapi_thread_is_busy(vaapi->thread);
}

static bool is_opening(const struct encoder *encoder)
{
	const struct vaapi *vaapi = (const struct vaapi *)encoder;

	return vaapi->thread && vaapi_thread_is_opening(vaapi->thread);
}

static bool reads_buffers(const struct encoder *encoder)
{
	const struct vaapi *vaapi = (const struct vaapi *)encoder;

	return vaapi->thread && vaapi_thread_has_device(vaapi->thread);
}

static const struct encoder_impl impl = {
	.name = "vaapi",
	.submit = submit,
	.is_busy = is_busy,
	.is_opening = is_opening,
	.reads_buffers = reads_buffers,
	.free = do_free,
};

int vaapi_new(struct event_base *base, const struct vaapi_settings *settings,
		const struct encoder_events *events, void *user, struct encoder **ret)
{
	struct vaapi *vaapi = calloc(1, sizeof(*vaapi));
	int err;

	if (!vaapi)
		return -ENOMEM;
	vaapi->base = (struct encoder){ .impl = &impl, .events = events, .user = user };
	vaapi->loop = base;
	vaapi->candidates = vaapi_candidates_ref(settings->candidates);
	vaapi->deadline_ns = settings->deadline_ns ? settings->deadline_ns : DEADLINE_NS;
	vaapi->watchdog = evtimer_new(base, handle_watchdog, vaapi);
	err = vaapi->watchdog ? start_thread(vaapi) : -ENOMEM;
	if (err) {
		free_now(vaapi);
		return err;
	}
	*ret = &vaapi->base;
	return 0;
}
