// SPDX-License-Identifier: GPL-2.0-or-later
/* How often to look at the picture. */
#include "server/pacer.h"

#include "server/clock.h"

void pacer_init(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns)
{
	*pacer = (struct pacer){ .last_motion_ns = INT64_MIN / 2 };
	pacer_set_rates(pacer, max_fps, idle_interval_ns);
}

void pacer_set_rates(struct pacer *pacer, int64_t max_fps, int64_t idle_interval_ns)
{
	pacer->motion_interval_ns = NSEC_PER_SEC / max_fps;
	pacer->idle_interval_ns = idle_interval_ns > pacer->motion_interval_ns ?
			idle_interval_ns : pacer->motion_interval_ns;
}

void pacer_set_watched(struct pacer *pacer, bool watched, int64_t now_ns)
{
	if (watched && !pacer->watched)
		pacer_note_motion(pacer, now_ns);
	pacer->watched = watched;
}

void pacer_note_motion(struct pacer *pacer, int64_t now_ns)
{
	pacer->last_motion_ns = now_ns;
}

int64_t pacer_interval_ns(const struct pacer *pacer, int64_t now_ns)
{
	if (!pacer->watched)
		return 0;
	if (now_ns - pacer->last_motion_ns <= PACER_MOTION_HOLD_NS)
		return pacer->motion_interval_ns;
	return pacer->idle_interval_ns;
}
