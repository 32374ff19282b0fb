/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One picture on its way through the encoder, with all that it takes.
 */
#ifndef PLANECAST_SOFTVA_ENCODE_JOB_H
#define PLANECAST_SOFTVA_ENCODE_JOB_H

#include "encoders/softva/coder.h"
#include "encoders/softva/params.h"
#include "encoders/softva/queue.h"

struct encode_job {
	struct job job;
	struct coder *coder;
	struct coder_settings settings;
	struct params_picture picture;
	unsigned int n_slices;
	struct packed packed; /* the client's headers */
	uint32_t last_picture; /* H264_LAST_PICTURE_* */
	float *qp_offsets;
	uint8_t *constant;
};

/*
 * With the driver's lock: the rest of a job whose coder, settings and picture are
 * there; the packed headers move into it. When it fails job_drop() is due. -ENOMEM.
 */
int encode_job_fill(struct encode_job *job, struct params *params, struct surface *source);

#endif
