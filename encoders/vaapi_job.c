// SPDX-License-Identifier: GPL-2.0-or-later
/* Pictures on their way to an encode thread. */
#include "encoders/vaapi_job.h"

#include <stdlib.h>

#include "encoders/vaapi_thread.h"
#include "server/frame.h"

struct vaapi_job *vaapi_job_new(struct frame *frame, struct vaapi_import *import,
		const struct packet_box *box, const struct encoder_params *params)
{
	struct vaapi_job *job = calloc(1, sizeof(*job));

	if (!job)
		return NULL;
	job->outcome = calloc(1, sizeof(*job->outcome));
	if (!job->outcome) {
		free(job);
		return NULL;
	}
	job->frame = frame_ref(frame);
	job->import = import;
	job->box = *box;
	job->qp = params->qp;
	job->keyframe = params->keyframe;
	pixman_region32_init(&job->damage);
	if (params->damage)
		job->damage_known = pixman_region32_copy(&job->damage, params->damage);
	return job;
}

struct vaapi_job *vaapi_job_again(const struct vaapi_job *job)
{
	const struct encoder_params params = { .qp = job->qp, .keyframe = true };

	return vaapi_job_new(job->frame, NULL, &job->box, &params);
}

void vaapi_job_free(struct vaapi_job *job)
{
	if (!job)
		return;
	pixman_region32_fini(&job->damage);
	frame_unref(job->frame);
	free(job->outcome);
	free(job);
}

void vaapi_job_replace(struct vaapi_job *job, struct vaapi_job *older)
{
	job->keyframe = job->keyframe || older->keyframe;
	job->damage_known = job->damage_known && older->damage_known &&
			pixman_region32_union(&job->damage, &job->damage, &older->damage);
	vaapi_job_free(older);
}
