// SPDX-License-Identifier: GPL-2.0-or-later
/* Follows a picture that changes steadily. */
#include "server/beat.h"

#include <stdlib.h>

#include "server/clock.h"

/* Half a dozen looks in time to one in vain; for 60 changes a second and fewer. */
#define CREEP_NS (NSEC_PER_MSEC / 10)
#define CREEP_GROWTH_PART 4
#define MISS_STEP_NS NSEC_PER_MSEC
#define REST_STEP_NS (2 * NSEC_PER_MSEC)
#define FULL_STEPS_NS (NSEC_PER_SEC / 64)
/* A change that is later than that was left out. */
#define MISSES_MAX 4
/* Later looks would have seen more of it by then. */
#define RESTS_MAX 4
/* How far a gap may be from the period. */
#define TOLERANCE_PART 3

/* The part of a step that suits the period. */
static int64_t scale(const struct beat *beat, int64_t step_ns)
{
	return beat->period_ns < FULL_STEPS_NS ? step_ns * beat->period_ns / FULL_STEPS_NS : step_ns;
}

void beat_lose(struct beat *beat)
{
	beat->steady = 0;
	beat->misses = 0;
	beat->rests = 0;
}

void beat_note_change(struct beat *beat, int64_t now_ns)
{
	int64_t gap_ns, error_ns;

	/* Where the machine is busy looks are late: the change may have been there in time. */
	if (beat_is_steady(beat) && now_ns > beat->due_ns &&
			now_ns - beat->due_ns < beat->period_ns / TOLERANCE_PART)
		now_ns = beat->due_ns;
	gap_ns = now_ns - beat->last_ns;
	error_ns = gap_ns - beat->period_ns;
	if (llabs(error_ns) <= beat->period_ns / TOLERANCE_PART) {
		beat->steady += beat->steady < BEAT_STEADY;
		beat->period_ns += error_ns / (beat->steady + 1);
	} else {
		beat->period_ns = gap_ns;
		beat_lose(beat);
	}
	beat->rests = beat->rested ? beat->rests + 1 : 0;
	beat->rested = false;
	/* It changes all the time, not only when we thought. */
	if (beat->rests > RESTS_MAX)
		beat_lose(beat);
	beat->last_ns = now_ns;
	beat->due_ns = now_ns + beat->period_ns;
	if (beat_is_steady(beat) && !beat->misses) {
		beat->due_ns -= beat->creep_ns;
		if (beat->creep_ns < scale(beat, REST_STEP_NS))
			beat->creep_ns += beat->creep_ns / CREEP_GROWTH_PART;
	} else {
		beat->creep_ns = scale(beat, CREEP_NS);
	}
	beat->misses = 0;
}

void beat_note_rest(struct beat *beat)
{
	beat->due_ns += scale(beat, REST_STEP_NS);
	beat->creep_ns = scale(beat, CREEP_NS);
	beat->rested = true;
}

void beat_note_early(struct beat *beat, int64_t now_ns)
{
	if (now_ns + scale(beat, REST_STEP_NS) > beat->due_ns)
		beat->due_ns = now_ns + scale(beat, REST_STEP_NS);
	beat->creep_ns = scale(beat, CREEP_NS);
}

void beat_note_miss(struct beat *beat, int64_t now_ns)
{
	/* A timer may be a little early. */
	if (!beat_is_steady(beat) || now_ns < beat->due_ns - scale(beat, CREEP_NS))
		return;
	beat->due_ns += scale(beat, MISS_STEP_NS);
	if (++beat->misses > MISSES_MAX)
		beat_lose(beat);
}
