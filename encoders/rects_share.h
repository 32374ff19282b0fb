/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One job for many records: what equal viewers are owed of one picture is encoded
 * once, and all are handed the same bytes.
 *
 * Records with equal settings form a group. What a record is about to encode is
 * compared with what others of its group encode or have just encoded: the same
 * picture (frame.stamp), the same damage and copy, the same loss. Then it takes their bytes,
 * by reference: at once, or when the job that runs has ended. Nobody waits for
 * anything but a job he would have had to wait for himself, and viewers that were
 * owed different things are in step again with the next picture.
 *
 * Tight's zlib streams go on from update to update (rects_streams.h). So bytes are
 * taken only by those whose viewers have decoded the very same before, which is known
 * by a number that each job's end gives to its streams; and where the equals differ
 * in that, the next job begins its streams anew, and is for all. Equals in step, and
 * a record alone, have their streams go on. ZRLE and Zlib cannot begin anew and are
 * not shared.
 *
 * Bytes are kept of the newest picture only, for as long as some record of the group
 * has not come as far as that picture, or as that step of its refinement.
 *
 * Internal to the rectangle engine. Loop thread. No function fails: where memory is
 * short, or the picture unknown, each does its own job.
 */
#ifndef PLANECAST_ENCODERS_RECTS_SHARE_H
#define PLANECAST_ENCODERS_RECTS_SHARE_H

#include "encoders/rects.h"

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct rects_group;
struct rects_task;
struct rects_work;

/* One a pool. */
struct rects_share {
	LIST_HEAD(, rects_group) groups;
	uint64_t jobs, shared; /* done; spared */
	uint64_t streams; /* the newest number of a job's streams */
};

/* Part of a record. */
struct rects_member {
	struct rects_group *group; /* NULL: has no equals */
	LIST_ENTRY(rects_member) in_group;
	uint64_t stamp; /* of the newest picture it encoded */
	struct rects_work *work; /* while a job of its own or of another is for it; NULL: unshared */
	STAILQ_ENTRY(rects_member) in_work; /* waits for another's job */
	bool lossy; /* its viewer has seen something that is yet to be refined */
	bool restart; /* its own job begins the streams anew */
	bool restarted; /* by the worker: and says so to the viewer */
	uint64_t encoder, decoder; /* what was last done with the record's streams, and with its viewer's */
};

enum rects_role {
	RECTS_OWN, /* do the job; end with rects_share_end() */
	RECTS_FOLLOW, /* another's runs: its end hands this one out, by rects_share_next() */
	RECTS_TAKE, /* another's has ended: rects_share_take() as soon as the loop comes round */
};

void rects_share_init(struct rects_share *share);
/* The record has these settings from now on. */
void rects_share_join(struct rects_share *share, struct rects_member *member,
		const struct rects_pixel_format *format, const struct rects_encodings *encodings);
/* Also while its job runs or it waits for one. */
void rects_share_leave(struct rects_member *member);

/* There is something to refine, or nothing any more. */
void rects_share_set_lossy(struct rects_member *member, bool lossy);
/*
 * What is due to be refined in a picture of that stamp: any part of it will do, and
 * where an equal's step is such a part, of *step_pixels or little more, due becomes
 * that step and *step_pixels its size. Equals who refine stay in step by it, whatever
 * time each takes.
 */
bool rects_share_step(const struct rects_member *member, uint64_t stamp, pixman_region32_t *due,
		int64_t *step_pixels);

enum rects_role rects_share_begin(struct rects_share *share, struct rects_member *member,
		struct rects_task *task);
/* What was another's job failed, or the record is gone: it has none now, and is to do its own. */
void rects_share_alone(struct rects_share *share, struct rects_member *member);

/*
 * The own job is over, result as in rects_done_fn. Others may be waiting for what
 * it made: the task still has that too. The work (NULL: it was unshared) is the
 * caller's, to call rects_share_next() with until that is NULL.
 */
struct rects_work *rects_share_end(struct rects_share *share, struct rects_member *member,
		struct rects_task *task, int result);
/* The next one who waits; NULL: no more, and the work is given up. */
struct rects_member *rects_share_next(struct rects_work *work);
/*
 * What another's job made, bytes and where they are lossy, is the task's result.
 * Negative errno: there is none, see rects_share_alone().
 */
int rects_share_take(struct rects_member *member, struct rects_task *task);

size_t rects_share_kept_bytes(const struct rects_share *share);

#endif
