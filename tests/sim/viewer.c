// SPDX-License-Identifier: GPL-2.0-or-later
/* Viewers of simulations. */
#include "tests/sim/viewer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define STEP_NS (NSEC_PER_MSEC / 4)
#define FENCE_BYTES 60 /* with TCP's and IP's heads */
#define KEYFRAME_TIMES 5

static void send(struct sim_viewer *viewer, struct sim_link *link, size_t bytes, int64_t now_ns)
{
	int64_t out_ns;

	viewer->there_ns = sim_link_send(link, bytes + FENCE_BYTES, now_ns, viewer->there_ns, &out_ns);
	if (viewer->drawn_ns < viewer->there_ns)
		viewer->drawn_ns = viewer->there_ns;
	viewer->drawn_ns += bytes ? viewer->draw_ns : 0;
	viewer->marks[viewer->n_marks].number = flow_send(&viewer->flow, bytes, now_ns);
	viewer->marks[viewer->n_marks++].at_ns = viewer->drawn_ns + link->delay_ns / 2;
}

static void answer(struct sim_viewer *viewer, int64_t now_ns)
{
	while (viewer->n_marks && viewer->marks[0].at_ns <= now_ns) {
		flow_answer(&viewer->flow, viewer->marks[0].number, now_ns);
		memmove(viewer->marks, viewer->marks + 1, sizeof(viewer->marks[0]) * --viewer->n_marks);
	}
}

static void send_picture(struct sim_viewer *viewer, struct sim_link *link, int64_t now_ns)
{
	const bool keyframe = !viewer->quality.qp;
	const size_t room = flow_picture_bytes(&viewer->flow, viewer->interval_ns);
	const int qp = quality_qp(&viewer->quality, room, keyframe);
	const double varied = viewer->need_bytes * (keyframe ? KEYFRAME_TIMES : 1) *
			(.8 + .4 * sim_random(&link->seed));
	const size_t bytes = (size_t)(varied * exp2((QUALITY_QP_BEST - qp) / QUALITY_HALF));

	if (keyframe)
		viewer->quality.qp = qp;
	quality_note(&viewer->quality, bytes, qp, keyframe);
	if (flow_wants_mark(&viewer->flow))
		send(viewer, link, 0, now_ns);
	send(viewer, link, bytes, now_ns);
	viewer->newest_age_ns = viewer->drawn_ns - viewer->frame_ns;
	if (viewer->pictures < viewer->ages_max)
		viewer->ages_ns[viewer->pictures] = viewer->newest_age_ns;
	viewer->pictures++;
	viewer->bytes += (double)bytes;
}

static void step(struct sim_viewer *viewer, struct sim_link *link, int64_t now_ns)
{
	const int64_t frame_ns = now_ns / viewer->interval_ns * viewer->interval_ns;

	if (now_ns < viewer->start_ns)
		return;
	if (!viewer->met)
		send(viewer, link, 0, now_ns);
	viewer->met = true;
	answer(viewer, now_ns);
	if (frame_ns <= viewer->frame_ns || flow_wait_ns(&viewer->flow, now_ns) ||
			viewer->n_marks + 2 > SIM_MARKS_MAX)
		return;
	viewer->frame_ns = frame_ns;
	send_picture(viewer, link, now_ns);
}

void sim_run(struct sim_link *link, struct sim_viewer *viewers, unsigned int n, int64_t from_ns, int64_t until_ns)
{
	for (int64_t now_ns = from_ns; now_ns < until_ns; now_ns += STEP_NS) {
		for (unsigned int i = 0; i < n; i++)
			step(&viewers[i], link, now_ns);
	}
}

void sim_viewer_forget(struct sim_viewer *viewer)
{
	viewer->pictures = 0;
	viewer->bytes = 0;
}

static int compare(const void *a, const void *b)
{
	const int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

int64_t sim_viewer_age_ns(struct sim_viewer *viewer, unsigned int percent)
{
	const unsigned int n = viewer->pictures < viewer->ages_max ? viewer->pictures : viewer->ages_max;

	if (!n)
		return 0;
	qsort(viewer->ages_ns, n, sizeof(viewer->ages_ns[0]), compare);
	return viewer->ages_ns[(uint64_t)(n - 1) * percent / 100];
}
