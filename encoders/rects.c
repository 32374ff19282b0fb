// SPDX-License-Identifier: GPL-2.0-or-later
/* A client's record: what it is owed, and one job at a time to tell it. */
#include "encoders/rects.h"

#include "encoders/rects_debt.h"
#include "encoders/rects_engine.h"
#include "encoders/rects_job.h"
#include "encoders/rects_lossy.h"
#include "encoders/rects_pool.h"
#include "encoders/rects_share.h"
#include "encoders/rects_streams.h"
#include "server/clock.h"
#include "server/frame.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stddef.h>
#include <stdlib.h>

#define WHOLE_PICTURE_PATIENCE_NS (250 * NSEC_PER_MSEC)
/* What refines a picture holds up no news of any viewer, but is done within the second. */
#define REFINEMENT_PATIENCE_NS WHOLE_PICTURE_PATIENCE_NS

struct rects {
	struct rects_pool *pool;
	struct rects_engine *engine;
	struct rects_debt debt;
	struct rects_lossy lossy;
	struct event *spell; /* runs while something lossy waits to become due */
	struct rects_pixel_format format;
	struct rects_encodings encodings;
	bool failed; /* the library's state is unknown, no more jobs */
	rects_done_fn done;
	rects_due_fn due;
	void *user;
	bool busy;
	bool freed; /* while busy: go away when the job ends */
	/* The job's; the worker's alone while busy. */
	struct rects_job job;
	struct rects_task task;
	int result;
	pixman_region32_t uncovered; /* what video has left since the job began: not the job's to settle */
	struct rects_member member;
	enum rects_role role;
};

static struct rects *rects_of(struct rects_job *job)
{
	return (struct rects *)((char *)job - offsetof(struct rects, job));
}

static struct rects *rects_of_member(struct rects_member *member)
{
	return (struct rects *)((char *)member - offsetof(struct rects, member));
}

static void destroy(struct rects *rects)
{
	if (rects->spell)
		event_free(rects->spell);
	rects_engine_free(rects->engine);
	rects_debt_finish(&rects->debt);
	rects_lossy_finish(&rects->lossy);
	pixman_region32_fini(&rects->uncovered);
	free(rects);
}

static void note_lossy(struct rects *rects)
{
	rects_share_set_lossy(&rects->member, rects_lossy_waits(&rects->lossy) ||
			rects_lossy_any_due(&rects->lossy, NULL));
}

static void time_spell(struct rects *rects)
{
	const struct timeval spell = { .tv_usec = RECTS_LOSSY_SPELL_NS / 1000 };

	if (rects_lossy_waits(&rects->lossy) && !event_pending(rects->spell, EV_TIMEOUT, NULL))
		event_add(rects->spell, &spell);
}

static void handle_spell(evutil_socket_t fd, short what, void *data)
{
	struct rects *rects = data;
	bool due = rects_lossy_turn(&rects->lossy);

	(void)fd;
	(void)what;
	time_spell(rects);
	/* It may free the record. */
	if (due)
		rects->due(rects->user);
}

static void run_job(struct rects_job *job, struct rects_kit *kit)
{
	struct rects *rects = rects_of(job);
	struct rects_member *member = &rects->member;
	int err = member->restart ? rects_engine_restart(rects->engine) : 0;

	if (!err)
		err = rects_task_run(&rects->task, rects->engine, kit);
	if (!err && member->restart)
		member->restarted = rects_streams_mark_restart(rects->task.output);
	rects->result = err;
}

static void submit(struct rects *rects)
{
	struct rects_task *task = &rects->task;

	if (pixman_region32_not_empty(&task->copy))
		rects_engine_schedule_copy(rects->engine, &task->copy, task->dx, task->dy);
	rects->role = RECTS_OWN;
	rects->result = -ECANCELED; /* unless it runs */
	rects_pool_submit(rects->pool, &rects->job);
}

/* What the client has where video was or is; not while a job runs, which may paint there. */
static void settle_video(struct rects *rects)
{
	rects_lossy_add_due(&rects->lossy, &rects->uncovered);
	pixman_region32_clear(&rects->uncovered);
	rects_lossy_forget(&rects->lossy, &rects->debt.video);
	note_lossy(rects);
	time_spell(rects);
}

static void finish(struct rects *rects)
{
	struct evbuffer *output = rects->task.output;
	int result = rects->result;

	if (!result) {
		rects_lossy_paint(&rects->lossy, &rects->task.damage, &rects->task.lossy);
		settle_video(rects);
	}
	frame_unref(rects->task.frame);
	pixman_region32_fini(&rects->task.damage);
	pixman_region32_fini(&rects->task.copy);
	pixman_region32_fini(&rects->task.lossy);
	rects->busy = false;
	if (result) {
		rects->failed = true;
		evbuffer_drain(output, evbuffer_get_length(output));
	}
	/* done() may encode again or free the record: it is not touched any more. */
	if (rects->freed)
		destroy(rects);
	else
		rects->done(rects->user, output, result);
	evbuffer_free(output);
}

/* The end of another's job, which was to be this record's too. */
static void take(struct rects *rects)
{
	rects->result = rects_share_take(&rects->member, &rects->task);
	if (rects->result && !rects->freed) {
		rects_share_alone(rects_pool_share(rects->pool), &rects->member);
		submit(rects);
	} else {
		finish(rects);
	}
}

static void end_job(struct rects_job *job)
{
	struct rects *rects = rects_of(job);
	struct rects_member *next;
	struct rects_work *work;

	if (rects->role == RECTS_TAKE) {
		take(rects);
		return;
	}
	work = rects_share_end(rects_pool_share(rects->pool), &rects->member, &rects->task,
			rects->result);
	finish(rects);
	while ((next = rects_share_next(work)))
		take(rects_of_member(next));
}

static bool check_size(uint32_t width, uint32_t height)
{
	return width && height && width <= RECTS_ENGINE_SIZE_MAX && height <= RECTS_ENGINE_SIZE_MAX;
}

static void find_equals(struct rects *rects)
{
	rects_share_join(rects_pool_share(rects->pool), &rects->member, &rects->format,
			&rects->encodings);
}

int rects_new(struct rects_pool *pool, uint32_t width, uint32_t height, rects_done_fn done,
		rects_due_fn due, void *user, struct rects **ret)
{
	struct rects *rects;
	int err;

	if (!check_size(width, height))
		return -EINVAL;
	rects = calloc(1, sizeof(*rects));
	if (!rects)
		return -ENOMEM;
	rects_debt_init(&rects->debt, width, height);
	rects_lossy_init(&rects->lossy, width, height);
	pixman_region32_init(&rects->uncovered);
	rects->spell = evtimer_new(rects_pool_base(pool), handle_spell, rects);
	err = rects->spell ? rects_engine_new(rects_pool_birth(pool), width, height, &rects->engine) :
			     -ENOMEM;
	if (err) {
		destroy(rects);
		return err;
	}
	rects->pool = pool;
	rects->done = done;
	rects->due = due;
	rects->user = user;
	rects->job = (struct rects_job){ .run = run_job, .done = end_job };
	rects->format = rects_native_format;
	rects->encodings = (struct rects_encodings){ .quality = -1, .compression = -1 };
	find_equals(rects);
	*ret = rects;
	return 0;
}

void rects_free(struct rects *rects)
{
	if (!rects)
		return;
	event_del(rects->spell);
	rects_share_leave(&rects->member);
	if (rects->busy)
		rects->freed = true;
	else
		destroy(rects);
}

bool rects_busy(const struct rects *rects)
{
	return rects->busy;
}

int rects_set_pixel_format(struct rects *rects, const struct rects_pixel_format *format)
{
	int err;

	if (rects->busy)
		return -EBUSY;
	err = rects_engine_set_format(rects->engine, format);
	if (err)
		return err;
	rects->format = *format;
	find_equals(rects);
	return 0;
}

int rects_set_encodings(struct rects *rects, const struct rects_encodings *encodings)
{
	int err;

	if (rects->busy)
		return -EBUSY;
	err = rects_engine_set_encodings(rects->engine, encodings);
	if (err)
		return err;
	rects->encodings = *encodings;
	if (!encodings->copy_rect)
		rects_debt_drop_copy(&rects->debt);
	find_equals(rects);
	return 0;
}

int rects_resize(struct rects *rects, uint32_t width, uint32_t height)
{
	if (rects->busy)
		return -EBUSY;
	if (!check_size(width, height))
		return -EINVAL;
	/* The library learns of it with the next frame. */
	rects_debt_reset(&rects->debt, width, height);
	rects_lossy_reset(&rects->lossy, width, height);
	note_lossy(rects);
	return 0;
}

/*
 * A whole picture may wait, a few changed pixels may not: viewers who have just
 * come, however many, do not hold up those who are watching.
 */
static int64_t patience_ns(const struct rects *rects)
{
	int64_t area = 0;
	int n;
	const pixman_box32_t *box =
			pixman_region32_rectangles((pixman_region32_t *)&rects->task.damage, &n);

	for (; n; n--, box++)
		area += (int64_t)(box->x2 - box->x1) * (box->y2 - box->y1);
	return area * WHOLE_PICTURE_PATIENCE_NS / ((int64_t)rects->debt.width * rects->debt.height);
}

/* -1: this client wants, or can take, nothing lossy. */
static int jpeg_level(const struct rects *rects)
{
	/* Tight has no JPEG for a byte a pixel. */
	return rects->encodings.preferred == RECTS_TIGHT && rects->format.bits_per_pixel > 8 ?
			rects->encodings.quality : -1;
}

/*
 * Where nothing changed a step of what is due becomes damage: then a copy that is
 * still pending elsewhere cannot come to read what the step has overwritten.
 */
static bool start_refinement(struct rects *rects, const struct frame *frame,
		const pixman_region32_t *clip)
{
	struct rects_lossy *lossy = &rects->lossy;
	pixman_region32_t step;
	bool ok;

	if (rects_debt_any(&rects->debt, clip)) {
		rects_lossy_interrupt(lossy);
		return false;
	}
	if (!rects_lossy_take(lossy, clip, clock_now_ns(), &step))
		return false;
	ok = rects_share_step(&rects->member, frame->stamp, &step, &lossy->step_pixels) ||
			rects_lossy_cut(lossy, &step);
	if (ok)
		rects_debt_damage(&rects->debt, &step);
	pixman_region32_fini(&step);
	return ok;
}

int rects_encode(struct rects *rects, struct frame *frame, const pixman_region32_t *clip)
{
	struct rects_task *task = &rects->task;
	struct evbuffer *output;
	bool refine;

	if (rects->busy)
		return -EBUSY;
	if (rects->failed)
		return -EIO;
	if (frame->width != rects->debt.width || frame->height != rects->debt.height ||
			!rects_engine_accepts(frame))
		return -EINVAL;
	output = evbuffer_new();
	if (!output)
		return -ENOMEM;
	refine = start_refinement(rects, frame, clip);
	if (!rects_debt_take(&rects->debt, clip, RECTS_ENGINE_RECTS_MAX, &task->damage, &task->copy,
				&task->dx, &task->dy)) {
		evbuffer_free(output);
		return -ENODATA;
	}
	/* Of no copy it does not matter how far it goes. */
	if (pixman_region32_not_empty(&task->copy))
		rects_lossy_copy(&rects->lossy, &task->copy, task->dx, task->dy);
	else
		task->dx = task->dy = 0;
	pixman_region32_init(&task->lossy);
	task->jpeg_level = refine ? -1 : jpeg_level(rects);
	task->step_pixels = refine ? rects->lossy.step_pixels : 0;
	task->frame = frame_ref(frame);
	task->output = output;
	rects->busy = true;
	rects->job.wanted_ns = clock_now_ns() + (refine ? REFINEMENT_PATIENCE_NS : patience_ns(rects));
	rects->role = rects_share_begin(rects_pool_share(rects->pool), &rects->member, task);
	if (rects->role == RECTS_OWN)
		submit(rects);
	else if (rects->role == RECTS_TAKE)
		rects_pool_return(rects->pool, &rects->job);
	return 0;
}

void rects_damage(struct rects *rects, const pixman_region32_t *region)
{
	rects_debt_damage(&rects->debt, region);
}

void rects_copy(struct rects *rects, const pixman_region32_t *region, int32_t dx, int32_t dy)
{
	if (rects->encodings.copy_rect)
		rects_debt_copy(&rects->debt, region, dx, dy);
	else
		rects_debt_damage(&rects->debt, region);
}

bool rects_pending(struct rects *rects, const pixman_region32_t *clip)
{
	return rects_debt_any(&rects->debt, clip) || rects_lossy_any_due(&rects->lossy, clip);
}

void rects_set_video(struct rects *rects, const pixman_box32_t *box)
{
	pixman_region32_t *uncovered = &rects->uncovered;
	bool ok = pixman_region32_union(uncovered, uncovered, &rects->debt.video);

	rects_debt_set_video(&rects->debt, box);
	if (!ok || !pixman_region32_subtract(uncovered, uncovered, &rects->debt.video)) {
		pixman_region32_fini(uncovered);
		pixman_region32_init_rect(uncovered, 0, 0, rects->debt.width, rects->debt.height);
	}
	if (!rects->busy)
		settle_video(rects);
}

static bool touches(const pixman_region32_t *region, const pixman_box32_t *box)
{
	return pixman_region32_contains_rectangle((pixman_region32_t *)(uintptr_t)region,
			(pixman_box32_t *)(uintptr_t)box) != PIXMAN_REGION_OUT;
}

bool rects_uses_video(const struct rects *rects)
{
	const struct rects_task *task = &rects->task;
	const pixman_box32_t *box = &rects->debt.video.extents;
	const pixman_box32_t read = { box->x1 + task->dx, box->y1 + task->dy, box->x2 + task->dx,
		box->y2 + task->dy };

	/* Nobody writes to these while the job runs. */
	return rects->busy && (touches(&task->damage, box) || touches(&task->copy, box) ||
			touches(&task->copy, &read));
}
