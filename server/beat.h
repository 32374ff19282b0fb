/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When the next change of a picture is due that changes steadily: a video, an
 * animation, text that runs.
 *
 * Who knows that need not look all the time, and sees each change sooner. What is
 * known is only when looks found changes, so the time to look creeps up on the
 * change from behind: earlier each time, ever more so, and a step later when a look
 * came too early, or saw a picture that was still being drawn. Pure arithmetic. Any
 * thread, one user at a time.
 */
#ifndef PLANECAST_SERVER_BEAT_H
#define PLANECAST_SERVER_BEAT_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Gaps in a row that have to be alike before anything is due. A gap is known no
 * better than looks are close, so the period is the mean of that many.
 */
#define BEAT_STEADY 8

/* Zeroed knows nothing. */
struct beat {
	int64_t last_ns; /* change */
	int64_t period_ns; /* between changes, smoothed */
	int64_t due_ns; /* when to look for the next one */
	int64_t creep_ns; /* how much earlier the next look comes */
	unsigned int steady; /* gaps alike so far */
	unsigned int misses; /* looks for the next one, so far in vain */
	unsigned int rests; /* changes in a row that did */
	bool rested; /* the last one did */
};

void beat_lose(struct beat *beat);
/* A look at now_ns found a change. */
void beat_note_change(struct beat *beat, int64_t now_ns);
/* A look found the rest of the last change. */
void beat_note_rest(struct beat *beat);
/* A look at now_ns saw the change being drawn. */
void beat_note_early(struct beat *beat, int64_t now_ns);
/* A look at now_ns found nothing. */
void beat_note_miss(struct beat *beat, int64_t now_ns);

/* Whether due_ns means anything. */
static inline bool beat_is_steady(const struct beat *beat)
{
	return beat->steady >= BEAT_STEADY;
}

#endif
