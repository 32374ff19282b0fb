/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Viewers of films through one link, paced by net/flow, their pictures sized by server/quality: what
 * VNC viewers that answer fences are to the server, in virtual time.
 */
#ifndef PLANECAST_TESTS_SIM_VIEWER_H
#define PLANECAST_TESTS_SIM_VIEWER_H

#include "net/flow.h"
#include "server/quality.h"
#include "tests/sim/link.h"

#define SIM_MARKS_MAX 64

struct sim_viewer {
	/* The caller's. */
	int64_t start_ns;
	int64_t interval_ns; /* of its film's pictures */
	int64_t draw_ns; /* what the viewer takes to draw one */
	double need_bytes; /* of a picture at the best quality, more or less */
	/* What happened since sim_viewer_forget(). */
	unsigned int pictures;
	double bytes;
	int64_t *ages_ns; /* of pictures when they have arrived; the caller's room for ages_max */
	unsigned int ages_max;
	int64_t newest_age_ns; /* of what the viewer sees, when the last picture came */
	/* Its own. */
	struct flow flow;
	struct quality quality;
	int64_t frame_ns, there_ns, drawn_ns;
	struct {
		uint32_t number;
		int64_t at_ns;
	} marks[SIM_MARKS_MAX];
	unsigned int n_marks;
	bool met;
};

/* All of them on that link, from one time to another. */
void sim_run(struct sim_link *link, struct sim_viewer *viewers, unsigned int n, int64_t from_ns, int64_t until_ns);
void sim_viewer_forget(struct sim_viewer *viewer);
/* The age that so many of a hundred pictures do not exceed. Sorts. */
int64_t sim_viewer_age_ns(struct sim_viewer *viewer, unsigned int percent);

#endif
