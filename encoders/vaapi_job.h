/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A picture on its way to an encode thread, with its references. One owner at a time, any thread. */
#ifndef PLANECAST_ENCODERS_VAAPI_JOB_H
#define PLANECAST_ENCODERS_VAAPI_JOB_H

#include <pixman.h>
#include <stdbool.h>

#include "encoders/encoder.h"

struct vaapi_import;
struct vaapi_outcome;

struct vaapi_job {
	struct frame *frame; /* referenced */
	struct vaapi_import *import; /* the frame's; NULL: none */
	struct packet_box box;
	int qp;
	bool keyframe;
	bool damage_known;
	pixman_region32_t damage;
	/* Zeroed, for what becomes of it: there is memory to say that there is none. */
	struct vaapi_outcome *outcome;
};

/* NULL: no memory. */
struct vaapi_job *vaapi_job_new(struct frame *frame, struct vaapi_import *import,
		const struct packet_box *box, const struct encoder_params *params);
/* The same once more, for another thread: a keyframe, without an import. NULL: no memory. */
struct vaapi_job *vaapi_job_again(const struct vaapi_job *job);
/* NULL is fine. */
void vaapi_job_free(struct vaapi_job *job);
/* job comes in the place of an older one that nobody has begun, which is freed. */
void vaapi_job_replace(struct vaapi_job *job, struct vaapi_job *older);

#endif
