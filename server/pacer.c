// SPDX-License-Identifier: GPL-2.0-or-later
/* How often to look at the picture. */
#include "server/pacer.h"

#include "server/clock.h"

#define LONG_AGO_NS (INT64_MIN / 4)
/* A guest at max_fps has to be followed, and caught up with, though no clock is exact. */
#define SLACK_PART 16

static int64_t larger(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t smaller(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

void pacer_init(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns)
{
	*pacer = (struct pacer){
		.motion_ns = LONG_AGO_NS,
		.shown_ns = LONG_AGO_NS,
		.looked_ns = LONG_AGO_NS,
		.paid_ns = LONG_AGO_NS,
	};
	pacer_set_rates(pacer, max_fps, idle_interval_ns);
}

void pacer_set_rates(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns)
{
	pacer->frame_ns = NSEC_PER_SEC / max_fps;
	pacer->idle_interval_ns = idle_interval_ns;
}

void pacer_set_watched(struct pacer *pacer, bool watched, int64_t now_ns)
{
	if (watched && !pacer->watched) {
		pacer->paid_ns = pacer->shown_ns = LONG_AGO_NS;
		pacer_note_motion(pacer, now_ns);
	}
	pacer->watched = watched;
}

void pacer_note_motion(struct pacer *pacer, int64_t now_ns)
{
	pacer->motion_ns = now_ns;
	pacer->alone = false;
	beat_lose(&pacer->beat);
}

static void note_change(struct pacer *pacer, int64_t now_ns)
{
	pacer->paid_ns = larger(pacer->paid_ns, now_ns) + pacer->frame_ns - pacer->frame_ns / SLACK_PART;
	pacer->alone = now_ns - pacer->motion_ns > PACER_ALONE_NS;
	if (now_ns - pacer->shown_ns < pacer->frame_ns / 2)
		beat_note_rest(&pacer->beat);
	else
		beat_note_change(&pacer->beat, now_ns);
	pacer->motion_ns = pacer->shown_ns = now_ns;
}

void pacer_note_look(struct pacer *pacer, int64_t start_ns, enum pacer_result result)
{
	pacer->looked_ns = start_ns;
	pacer->seen = result;
	if (result == PACER_CHANGE || result == PACER_WHOLE)
		note_change(pacer, start_ns);
	else if (result == PACER_EARLY)
		beat_note_early(&pacer->beat, start_ns);
	else
		beat_note_miss(&pacer->beat, start_ns);
}

bool pacer_follows(const struct pacer *pacer)
{
	return beat_is_steady(&pacer->beat) && pacer->seen != PACER_CHANGE && pacer->seen != PACER_EARLY;
}

/* When to look next where nothing is to be spared. */
static int64_t next_look_ns(const struct pacer *pacer)
{
	int64_t look_ns = pacer->frame_ns / PACER_LOOKS, wait_ns;

	if (pacer->seen == PACER_EARLY)
		return pacer->looked_ns + look_ns / 2;
	/* What was seen may have been half a picture. */
	if (pacer->seen == PACER_CHANGE)
		return pacer->looked_ns + look_ns;
	if (beat_is_steady(&pacer->beat) &&
			pacer->beat.period_ns <= pacer->frame_ns * PACER_BEAT_FRAMES)
		return larger(pacer->beat.due_ns, pacer->looked_ns + 1);
	wait_ns = (pacer->looked_ns - pacer->motion_ns) /
			(pacer->alone ? PACER_ALONE_PART : PACER_MOTION_PART);
	wait_ns = larger(smaller(wait_ns, pacer->idle_interval_ns), look_ns);
	/* It was a whole one, and the guest's next is not due before a frame has passed. */
	return larger(pacer->looked_ns + wait_ns, pacer->shown_ns + pacer->frame_ns - look_ns / 2);
}

int64_t pacer_interval_ns(const struct pacer *pacer)
{
	if (!pacer->watched)
		return 0;
	/* One early change is let through, at the price of the next ones. */
	return larger(next_look_ns(pacer), pacer->paid_ns - pacer->frame_ns) - pacer->looked_ns;
}
