// SPDX-License-Identifier: GPL-2.0-or-later
/* Rings from the pointer. */
#include "server/capture/pattern_ripple.h"

#include "server/clock.h"

#define DURATION_NS (600 * NSEC_PER_MSEC)
#define RADIUS_MIN 5.f
#define RADIUS_MAX 34.f
#define REACH 40

void ripples_add(struct ripples *ripples, int x, int y, int64_t time_ns)
{
	struct ripple *ripple = &ripples->list[ripples->next++ % RIPPLES_MAX];

	/* One that is still to be seen goes on: its place has to be painted over first. */
	if (ripple->state != RIPPLE_RUNS)
		*ripple = (struct ripple){ x, y, time_ns, RIPPLE_WAITING };
}

void ripples_advance(struct ripples *ripples, int64_t time_ns, pixman_region32_t *damage)
{
	for (unsigned int i = 0; i < RIPPLES_MAX; i++) {
		struct ripple *ripple = &ripples->list[i];

		if (ripple->state == RIPPLE_OVER)
			continue;
		pixman_region32_union_rect(damage, damage, ripple->x - REACH, ripple->y - REACH, 2 * REACH,
				2 * REACH);
		ripple->state = time_ns - ripple->start_ns < DURATION_NS ? RIPPLE_RUNS : RIPPLE_OVER;
	}
}

void ripples_paint(const struct ripples *ripples, const struct paint *paint, int64_t time_ns)
{
	for (unsigned int i = 0; i < RIPPLES_MAX; i++) {
		const struct ripple *ripple = &ripples->list[i];
		float at = (float)(time_ns - ripple->start_ns) / DURATION_NS;

		if (ripple->state != RIPPLE_RUNS)
			continue;
		paint_ring(paint, (float)ripple->x, (float)ripple->y, RADIUS_MIN + (RADIUS_MAX - RADIUS_MIN) * at,
				3 - at, (uint32_t)(230 * (1 - at)) << 24 | 0xffffff);
	}
}
