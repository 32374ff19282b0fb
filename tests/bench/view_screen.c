// SPDX-License-Identifier: GPL-2.0-or-later
/* What follows from an update. */
#include "tests/bench/view_screen.h"

void view_screen_init(struct view_screen *screen, const struct view_picture *picture, uint32_t mark_step)
{
	*screen = (struct view_screen){ .picture = picture };
	view_stats_init(&screen->stats, mark_step);
}

void view_screen_finish(struct view_screen *screen)
{
	view_stats_finish(&screen->stats);
	view_sample_finish(&screen->sample);
}

void view_screen_update(struct view_screen *screen, int64_t now_ns)
{
	view_stats_update(&screen->stats, screen->picture, now_ns);
	/* Without memory for it there is none to compare, which the answer says. */
	view_sample_look(&screen->sample, &screen->stats, screen->picture);
}
