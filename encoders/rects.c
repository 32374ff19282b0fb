// SPDX-License-Identifier: GPL-2.0-or-later
/* A client's record: what it is owed, and one job at a time to tell it. */
#include "encoders/rects.h"

#include "encoders/rects_debt.h"
#include "encoders/rects_engine.h"
#include "encoders/rects_job.h"
#include "encoders/rects_lossy.h"
#include "encoders/rects_pool.h"
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
	uint8_t bits_per_pixel;
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
};

static struct rects *rects_of(struct rects_job *job)
{
	return (struct rects *)((char *)job - offsetof(struct rects, job));
}

static void destroy(struct rects *rects)
{
	if (rects->spell)
		event_free(rects->spell);
	rects_engine_free(rects->engine);
	rects_debt_finish(&rects->debt);
	rects_lossy_finish(&rects->lossy);
	free(rects);
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

	rects->result = rects_task_run(&rects->task, rects->engine, kit);
}

static void end_job(struct rects_job *job)
{
	struct rects *rects = rects_of(job);
	struct evbuffer *output = rects->task.output;
	int result = rects->result;

	if (!result) {
		rects_lossy_paint(&rects->lossy, &rects->task.damage, &rects->task.lossy);
		time_spell(rects);
	}
	frame_unref(rects->task.frame);
	pixman_region32_fini(&rects->task.damage);
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

static bool check_size(uint32_t width, uint32_t height)
{
	return width && height && width <= RECTS_ENGINE_SIZE_MAX && height <= RECTS_ENGINE_SIZE_MAX;
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
	rects->bits_per_pixel = rects_native_format.bits_per_pixel;
	rects->encodings = (struct rects_encodings){ .quality = -1, .compression = -1 };
	*ret = rects;
	return 0;
}

void rects_free(struct rects *rects)
{
	if (!rects)
		return;
	event_del(rects->spell);
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
	if (!err)
		rects->bits_per_pixel = format->bits_per_pixel;
	return err;
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
	return rects->encodings.preferred == RECTS_TIGHT && rects->bits_per_pixel > 8 ?
			rects->encodings.quality : -1;
}

/*
 * Where nothing changed a step of what is due becomes damage: then a copy that is
 * still pending elsewhere cannot come to read what the step has overwritten.
 */
static bool start_refinement(struct rects *rects, const pixman_region32_t *clip)
{
	pixman_region32_t step;

	if (rects_debt_any(&rects->debt, clip)) {
		rects_lossy_interrupt(&rects->lossy);
		return false;
	}
	if (!rects_lossy_take(&rects->lossy, clip, clock_now_ns(), &step))
		return false;
	rects_debt_damage(&rects->debt, &step);
	pixman_region32_fini(&step);
	return true;
}

int rects_encode(struct rects *rects, struct frame *frame, const pixman_region32_t *clip)
{
	struct rects_task *task = &rects->task;
	struct evbuffer *output;
	pixman_region32_t copy;
	bool refine;
	int32_t dx, dy;

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
	refine = start_refinement(rects, clip);
	if (!rects_debt_take(&rects->debt, clip, RECTS_ENGINE_RECTS_MAX, &task->damage, &copy, &dx,
				&dy)) {
		evbuffer_free(output);
		return -ENODATA;
	}
	task->copy = pixman_region32_not_empty(&copy);
	if (task->copy) {
		rects_engine_schedule_copy(rects->engine, &copy, dx, dy);
		rects_lossy_copy(&rects->lossy, &copy, dx, dy);
	}
	pixman_region32_fini(&copy);
	pixman_region32_init(&task->lossy);
	task->jpeg_level = refine ? -1 : jpeg_level(rects);
	task->frame = frame_ref(frame);
	task->output = output;
	rects->result = -ECANCELED; /* unless it runs */
	rects->busy = true;
	rects->job.wanted_ns = clock_now_ns() + (refine ? REFINEMENT_PATIENCE_NS : patience_ns(rects));
	rects_pool_submit(rects->pool, &rects->job);
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
