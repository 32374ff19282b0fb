// SPDX-License-Identifier: GPL-2.0-or-later
/* How often to look at the picture, and how closely. */
#include "server/pacer.h"

#include "server/clock.h"

#define LONG_AGO_NS (INT64_MIN / 2)

void pacer_init(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns)
{
	*pacer = (struct pacer){ .last_motion_ns = LONG_AGO_NS, .last_pass_ns = LONG_AGO_NS };
	pacer_set_rates(pacer, max_fps, idle_interval_ns);
}

void pacer_set_rates(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns)
{
	pacer->frame_ns = NSEC_PER_SEC / max_fps;
	pacer->idle_interval_ns =
			idle_interval_ns > pacer->frame_ns ? idle_interval_ns : pacer->frame_ns;
}

void pacer_set_watched(struct pacer *pacer, bool watched, int64_t now_ns)
{
	if (watched && !pacer->watched) {
		pacer_note_motion(pacer, now_ns);
		pacer->last_pass_ns = LONG_AGO_NS;
	}
	pacer->watched = watched;
}

void pacer_note_motion(struct pacer *pacer, int64_t now_ns)
{
	pacer->last_motion_ns = now_ns;
}

void pacer_note_pass(struct pacer *pacer, int64_t now_ns)
{
	pacer->last_pass_ns = now_ns;
}

bool pacer_is_moving(const struct pacer *pacer, int64_t now_ns)
{
	return now_ns - pacer->last_motion_ns <= PACER_MOTION_HOLD_NS;
}

int64_t pacer_interval_ns(const struct pacer *pacer, int64_t now_ns)
{
	if (!pacer->watched)
		return 0;
	return pacer_is_moving(pacer, now_ns) ? pacer->frame_ns / PACER_LOOKS :
						pacer->idle_interval_ns;
}

enum pacer_look pacer_judge_look(const struct pacer *pacer, int64_t now_ns)
{
	/* A timer may fire a little early or late: half a look is no reason to wait another. */
	int64_t since_ns = now_ns - pacer->last_pass_ns + pacer->frame_ns / PACER_LOOKS / 2;

	if (since_ns < pacer->frame_ns)
		return PACER_SKIP;
	if (!pacer_is_moving(pacer, now_ns) || since_ns >= PACER_BLIND_FRAMES * pacer->frame_ns)
		return PACER_PASS;
	return PACER_PROBE;
}
