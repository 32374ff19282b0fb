// SPDX-License-Identifier: GPL-2.0-or-later
/* Finds the job that has the bytes a record is owed, and hands them out. */
#include "encoders/rects_share.h"

#include "encoders/rects_job.h"
#include "server/frame.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>

/* Kept for those who come later to the same picture: mostly one, or some steps that refine it. */
#define KEPT_WORKS 32u
/* Of all of them but the newest, which may be of any size. */
#define KEPT_BYTES ((size_t)4 << 20)
/* A step of another may be so many times the size of one's own. */
#define STEP_FACTOR 2

struct rects_group {
	LIST_ENTRY(rects_group) link;
	struct rects_pixel_format format;
	struct rects_encodings encodings;
	LIST_HEAD(, rects_member) members;
	TAILQ_HEAD(work_list, rects_work) works; /* newest first */
};

struct rects_work {
	unsigned int refs; /* the list, the one who does it, each one who has it as his */
	struct rects_group *group; /* NULL: not on its list */
	TAILQ_ENTRY(rects_work) link;
	/* What it depends on, beside the group's settings; as in the task. */
	uint64_t stamp;
	pixman_region32_t damage, copy;
	int32_t dx, dy;
	int jpeg_level;
	int64_t step_pixels;
	unsigned int takers; /* ever */
	STAILQ_HEAD(, rects_member) followers;
	bool ended;
	int result;
	bool goes_on; /* with the viewer's streams as they are before */
	uint64_t before, after; /* after: 0 where it does nothing to them */
	/* Once it has ended well, if somebody may still want it. */
	struct evbuffer *output;
	pixman_region32_t lossy;
};

void rects_share_init(struct rects_share *share)
{
	*share = (struct rects_share){ 0 };
	LIST_INIT(&share->groups);
}

static void unref(struct rects_work *work)
{
	if (--work->refs)
		return;
	if (work->output)
		evbuffer_free(work->output);
	pixman_region32_fini(&work->damage);
	pixman_region32_fini(&work->copy);
	pixman_region32_fini(&work->lossy);
	free(work);
}

static void unlist(struct rects_work *work)
{
	TAILQ_REMOVE(&work->group->works, work, link);
	work->group = NULL;
	unref(work);
}

/* Its picture is the newest, and somebody has not come as far, or not refined it there yet. */
static bool is_wanted(const struct rects_work *work)
{
	const struct rects_member *member;
	unsigned int n = 0;
	bool behind = false, lossy = false;

	LIST_FOREACH(member, &work->group->members, in_group) {
		if (member->stamp > work->stamp)
			return false;
		behind = behind || member->stamp < work->stamp;
		lossy = lossy || member->lossy;
		n++;
	}
	return behind || (work->step_pixels && lossy && work->takers < n);
}

/* What runs stays listed: equals may join at any time. */
static void forget_old(struct rects_group *group)
{
	struct rects_work *work, *next;
	unsigned int n = 0;
	size_t bytes = 0;

	for (work = TAILQ_FIRST(&group->works); work; work = next) {
		next = TAILQ_NEXT(work, link);
		if (!work->ended)
			continue;
		if (n)
			bytes += evbuffer_get_length(work->output);
		if (n++ >= KEPT_WORKS || bytes > KEPT_BYTES || !is_wanted(work))
			unlist(work);
	}
}

static bool same_format(const struct rects_pixel_format *a, const struct rects_pixel_format *b)
{
	return a->bits_per_pixel == b->bits_per_pixel && a->depth == b->depth &&
			a->big_endian == b->big_endian && a->true_colour == b->true_colour &&
			a->red_max == b->red_max && a->green_max == b->green_max &&
			a->blue_max == b->blue_max && a->red_shift == b->red_shift &&
			a->green_shift == b->green_shift && a->blue_shift == b->blue_shift;
}

static bool same_encodings(const struct rects_encodings *a, const struct rects_encodings *b)
{
	return a->preferred == b->preferred && a->copy_rect == b->copy_rect &&
			a->last_rect == b->last_rect && a->quality == b->quality &&
			a->compression == b->compression;
}

static bool is_self_contained(const struct rects_encodings *encodings)
{
	switch (encodings->preferred) {
	case RECTS_RAW:
	case RECTS_HEXTILE:
	case RECTS_TIGHT:
		return true;
	default:
		return false;
	}
}

void rects_share_leave(struct rects_member *member)
{
	struct rects_group *group = member->group;
	struct rects_work *work;

	if (!group)
		return;
	member->group = NULL;
	LIST_REMOVE(member, in_group);
	if (!LIST_EMPTY(&group->members)) {
		forget_old(group);
		return;
	}
	while ((work = TAILQ_FIRST(&group->works)))
		unlist(work);
	LIST_REMOVE(group, link);
	free(group);
}

void rects_share_join(struct rects_share *share, struct rects_member *member,
		const struct rects_pixel_format *format, const struct rects_encodings *encodings)
{
	struct rects_group *group;

	rects_share_leave(member);
	if (!is_self_contained(encodings))
		return;
	LIST_FOREACH(group, &share->groups, link)
		if (same_format(&group->format, format) &&
				same_encodings(&group->encodings, encodings))
			break;
	if (!group) {
		group = calloc(1, sizeof(*group));
		if (!group)
			return;
		group->format = *format;
		group->encodings = *encodings;
		LIST_INIT(&group->members);
		TAILQ_INIT(&group->works);
		LIST_INSERT_HEAD(&share->groups, group, link);
	}
	member->group = group;
	LIST_INSERT_HEAD(&group->members, member, in_group);
}

/* pixman tells empty regions apart by where they became so. */
static bool same_region(pixman_region32_t *a, pixman_region32_t *b)
{
	return pixman_region32_not_empty(a) ? pixman_region32_equal(a, b)
			: !pixman_region32_not_empty(b);
}

static struct rects_work *find(const struct rects_member *member, struct rects_task *task)
{
	struct rects_work *work;

	TAILQ_FOREACH(work, &member->group->works, link)
		if ((!work->goes_on || work->before == member->decoder) &&
				work->stamp == task->frame->stamp && work->jpeg_level == task->jpeg_level &&
				work->dx == task->dx && work->dy == task->dy &&
				same_region(&work->damage, &task->damage) &&
				same_region(&work->copy, &task->copy))
			return work;
	return NULL;
}

/* NULL: no memory. */
static struct rects_work *list_new(struct rects_group *group, struct rects_task *task)
{
	struct rects_work *work = calloc(1, sizeof(*work));

	if (!work)
		return NULL;
	work->refs = 1;
	work->stamp = task->frame->stamp;
	work->dx = task->dx;
	work->dy = task->dy;
	work->jpeg_level = task->jpeg_level;
	work->step_pixels = task->step_pixels;
	STAILQ_INIT(&work->followers);
	pixman_region32_init(&work->damage);
	pixman_region32_init(&work->copy);
	pixman_region32_init(&work->lossy);
	if (!pixman_region32_copy(&work->damage, &task->damage) ||
			!pixman_region32_copy(&work->copy, &task->copy)) {
		unref(work);
		return NULL;
	}
	work->refs++;
	work->group = group;
	TAILQ_INSERT_HEAD(&group->works, work, link);
	return work;
}

static bool is_inside(pixman_region32_t *part, pixman_region32_t *whole)
{
	pixman_region32_t rest;
	bool inside;

	pixman_region32_init(&rest);
	inside = pixman_region32_subtract(&rest, part, whole) && !pixman_region32_not_empty(&rest);
	pixman_region32_fini(&rest);
	return inside;
}

void rects_share_set_lossy(struct rects_member *member, bool lossy)
{
	if (member->lossy == lossy)
		return;
	member->lossy = lossy;
	if (member->group)
		forget_old(member->group);
}

bool rects_share_step(const struct rects_member *member, uint64_t stamp, pixman_region32_t *due,
		int64_t *step_pixels)
{
	struct rects_work *work;

	if (!member->group || !stamp)
		return false;
	/* The oldest first, or it might be gone when it is due again. */
	TAILQ_FOREACH_REVERSE(work, &member->group->works, work_list, link) {
		if (work->stamp != stamp || !work->step_pixels ||
				work->step_pixels > STEP_FACTOR * *step_pixels ||
				!is_inside(&work->damage, due) ||
				!pixman_region32_copy(due, &work->damage))
			continue;
		*step_pixels = work->step_pixels;
		return true;
	}
	return false;
}

/* Who is to share the job has its viewer's streams where this one's are, or the job begins them anew. */
static void choose_streams(struct rects_member *member)
{
	struct rects_work *work = member->work;
	const struct rects_member *other;

	member->restart = member->encoder != member->decoder;
	if (!work)
		return;
	LIST_FOREACH(other, &work->group->members, in_group)
		member->restart = member->restart || other->decoder != member->decoder;
	work->goes_on = !member->restart;
	work->before = member->decoder;
}

enum rects_role rects_share_begin(struct rects_share *share, struct rects_member *member,
		struct rects_task *task)
{
	struct rects_group *group = member->group;
	struct rects_work *work = NULL;
	enum rects_role role = RECTS_OWN;

	member->stamp = task->frame->stamp;
	/* With an equal beside it. */
	if (group && task->frame->stamp && LIST_NEXT(LIST_FIRST(&group->members), in_group)) {
		work = find(member, task);
		if (work) {
			work->refs++;
			role = work->ended ? RECTS_TAKE : RECTS_FOLLOW;
		} else {
			work = list_new(group, task);
		}
	}
	if (role == RECTS_OWN)
		share->jobs++;
	else
		share->shared++;
	if (role == RECTS_FOLLOW)
		STAILQ_INSERT_TAIL(&work->followers, member, in_work);
	if (work)
		work->takers++;
	member->work = work;
	member->restarted = false;
	if (role == RECTS_OWN)
		choose_streams(member);
	if (group)
		forget_old(group);
	return role;
}

void rects_share_alone(struct rects_share *share, struct rects_member *member)
{
	share->shared--;
	share->jobs++;
	member->restarted = false;
	choose_streams(member);
}

/* Negative errno: to is as it was, empty. */
static int add_reference(struct evbuffer *to, struct evbuffer *from)
{
	/* It says yes, too, where it had no memory for all of it. */
	if (evbuffer_add_buffer_reference(to, from) ||
			evbuffer_get_length(to) != evbuffer_get_length(from)) {
		evbuffer_drain(to, evbuffer_get_length(to));
		return -ENOMEM;
	}
	return 0;
}

static int keep(struct rects_work *work, struct rects_task *task)
{
	int err;

	work->output = evbuffer_new();
	if (!work->output || !pixman_region32_copy(&work->lossy, &task->lossy))
		return -ENOMEM;
	evbuffer_add_buffer(work->output, task->output);
	err = add_reference(task->output, work->output);
	if (err)
		evbuffer_add_buffer(task->output, work->output);
	return err;
}

struct rects_work *rects_share_end(struct rects_share *share, struct rects_member *member,
		struct rects_task *task, int result)
{
	struct rects_work *work = member->work;

	member->encoder = ++share->streams;
	/* Begun anew for nothing: there was no rectangle to tell the viewer by. */
	if (!member->restart || member->restarted)
		member->decoder = member->encoder;
	member->work = NULL;
	if (!work)
		return NULL;
	work->ended = true;
	if (work->goes_on || member->restarted)
		work->after = member->decoder;
	work->result = result;
	if (!result && (!STAILQ_EMPTY(&work->followers) || (work->group && is_wanted(work))))
		work->result = keep(work, task);
	if (work->group && (work->result || !work->output))
		unlist(work);
	else if (work->group)
		forget_old(work->group);
	return work;
}

struct rects_member *rects_share_next(struct rects_work *work)
{
	struct rects_member *member = work ? STAILQ_FIRST(&work->followers) : NULL;

	if (member)
		STAILQ_REMOVE_HEAD(&work->followers, in_work);
	else if (work)
		unref(work);
	return member;
}

int rects_share_take(struct rects_member *member, struct rects_task *task)
{
	struct rects_work *work = member->work;
	int err = work->result;

	if (!err && !pixman_region32_copy(&task->lossy, &work->lossy))
		err = -ENOMEM;
	if (!err)
		err = add_reference(task->output, work->output);
	if (!err && work->after)
		member->decoder = work->after;
	member->work = NULL;
	unref(work);
	return err;
}

size_t rects_share_kept_bytes(const struct rects_share *share)
{
	const struct rects_group *group;
	const struct rects_work *work;
	size_t bytes = 0;

	LIST_FOREACH(group, &share->groups, link)
		TAILQ_FOREACH(work, &group->works, link)
			bytes += work->output ? evbuffer_get_length(work->output) : 0;
	return bytes;
}
