// SPDX-License-Identifier: GPL-2.0-or-later
/* Numbers for viewers, and their frames a second. */
#include "net/viewer.h"

#include "server/clock.h"

#define SAMPLE_NS (900 * NSEC_PER_MSEC)

static uint64_t last_id;

void viewer_set_generation(uint32_t generation)
{
	last_id = (uint64_t)generation * VIEWER_IDS;
}

uint64_t viewer_last_id(void)
{
	return last_id;
}

void viewer_init(struct viewer *viewer, int64_t now_ns)
{
	*viewer = (struct viewer){ .id = ++last_id, .since_ns = now_ns, .sampled_ns = now_ns };
}

uint32_t viewer_fps_x10(struct viewer *viewer, uint64_t updates, int64_t now_ns)
{
	const int64_t elapsed_ns = now_ns - viewer->sampled_ns;

	if (elapsed_ns < SAMPLE_NS)
		return viewer->fps_x10;
	viewer->fps_x10 = (uint32_t)((double)(updates - viewer->sampled) * 10 * NSEC_PER_SEC /
			(double)elapsed_ns + 0.5);
	viewer->sampled = updates;
	viewer->sampled_ns = now_ns;
	return viewer->fps_x10;
}
