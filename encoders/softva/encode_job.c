// SPDX-License-Identifier: GPL-2.0-or-later
/* Encoding one picture, and putting together what the client gets. */
#include "encoders/softva/encode_job.h"

#include "encoders/h264_rewrite.h"
#include "encoders/softva/buffer.h"
#include "encoders/softva/surface.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void free_job(struct job *base)
{
	struct encode_job *job = (struct encode_job *)base;

	packed_finish(&job->packed);
	free(job->qp_offsets);
	free(job->constant);
	free(job);
}

struct mb_box {
	uint32_t left, top, right, bottom; /* right and bottom are outside */
};

static uint32_t clamp_mbs(int32_t pixels, bool up, uint32_t mbs)
{
	int32_t value = (pixels + (up ? 15 : 0)) / 16;

	if (value < 0)
		return 0;
	return (uint32_t)value < mbs ? (uint32_t)value : mbs;
}

/* All macroblocks that a region touches. */
static struct mb_box find_mbs(const VARectangle *box, const struct h264_sps *sps)
{
	return (struct mb_box){
		.left = clamp_mbs(box->x, false, sps->width_mbs),
		.top = clamp_mbs(box->y, false, sps->height_mbs),
		.right = clamp_mbs(box->x + box->width, true, sps->width_mbs),
		.bottom = clamp_mbs(box->y + box->height, true, sps->height_mbs),
	};
}

static bool needs_offsets(const struct params *params)
{
	if (params->regions.n_interesting)
		return true;
	if (params->config->rate_control != VA_RC_CQP)
		return false;
	for (unsigned int i = 1; i < params->n_slices; i++)
		if (params->slices[i].qp_delta != params->slices[0].qp_delta)
			return true;
	return false;
}

static int make_offsets(struct encode_job *job, const struct params *params)
{
	const struct h264_sps *sps = &job->picture.sets.sps;
	const struct rate_regions *regions = &params->regions;

	if (!needs_offsets(params))
		return 0;
	job->qp_offsets = calloc(
			(size_t)sps->width_mbs * sps->height_mbs, sizeof(*job->qp_offsets));
	if (!job->qp_offsets)
		return -ENOMEM;
	if (params->config->rate_control == VA_RC_CQP)
		for (unsigned int i = 1; i < params->n_slices; i++)
			for (uint32_t mb = 0; mb < params->slices[i].n_mbs; mb++)
				job->qp_offsets[params->slices[i].first_mb + mb] =
						(float)(params->slices[i].qp_delta -
								params->slices[0].qp_delta);
	/* Backwards: where they overlap the first one counts. */
	for (unsigned int i = regions->n_interesting; i-- > 0;) {
		struct mb_box box = find_mbs(&regions->interesting[i].box, sps);

		for (uint32_t y = box.top; y < box.bottom; y++)
			for (uint32_t x = box.left; x < box.right; x++)
				job->qp_offsets[y * sps->width_mbs + x] =
						(float)regions->interesting[i].qp_delta;
	}
	return 0;
}

static int mark_constant(struct encode_job *job, const struct params *params)
{
	const struct h264_sps *sps = &job->picture.sets.sps;
	const struct rate_regions *regions = &params->regions;
	size_t mbs = (size_t)sps->width_mbs * sps->height_mbs;

	if (!regions->n_dirty || job->picture.intra)
		return 0;
	job->constant = malloc(mbs);
	if (!job->constant)
		return -ENOMEM;
	memset(job->constant, CODER_CONSTANT, mbs);
	for (unsigned int i = 0; i < regions->n_dirty; i++) {
		struct mb_box box = find_mbs(&regions->dirty[i].box, sps);

		for (uint32_t y = box.top; y < box.bottom && box.left < box.right; y++)
			memset(job->constant + (size_t)y * sps->width_mbs + box.left, 0,
					box.right - box.left);
	}
	return 0;
}

static int put_bytes(struct h264_writer *writer, const void *data, size_t bytes)
{
	if (bytes > (size_t)(writer->end - writer->at))
		return -ENOSPC;
	memcpy(writer->at, data, bytes);
	writer->at += bytes;
	return 0;
}

/* Those headers that come behind so many slices. */
static int put_parts(struct h264_writer *writer, const struct packed *packed, unsigned int after,
		bool delimiters)
{
	int err = 0;

	for (unsigned int i = 0; i < packed->n_parts && !err; i++)
		if (packed->parts[i].after_slices == after &&
				packed->parts[i].delimiter == delimiters)
			err = put_bytes(writer, packed->data + packed->parts[i].begin,
					packed->parts[i].bytes);
	return err;
}

/* A delimiter is the first thing in a picture; an SPS comes before its PPS, whoever wrote either. */
static int put_head(const struct encode_job *job, struct h264_writer *writer)
{
	int err = put_parts(writer, &job->packed, 0, true);

	if (!err && job->picture.write_sps)
		err = h264_write_sps(writer, &job->picture.sets.sps);
	if (!err)
		err = put_parts(writer, &job->packed, 0, false);
	if (!err && job->picture.write_pps)
		err = h264_write_pps(writer, &job->picture.sets.pps);
	return err;
}

static int put_between(const struct encode_job *job, struct h264_writer *writer, unsigned int after)
{
	int err = put_parts(writer, &job->packed, after, true);

	return err ? err : put_parts(writer, &job->packed, after, false);
}

static int put_slices(const struct encode_job *job, const struct coder_output *output,
		struct h264_writer *writer)
{
	const uint8_t *at = output->data, *end = at + output->bytes;
	unsigned int slices = 0;
	struct h264_nal nal;
	int err;

	while (!(err = h264_nal_next(&at, end, &nal))) {
		struct h264_writer slice = h264_writer(
				writer->at, (size_t)(writer->end - writer->at));

		if (slices == job->n_slices)
			return -EBADMSG;
		err = h264_rewrite_slice(&nal, coder_sets(job->coder), &job->picture.sets,
				&job->picture.headers[slices], &slice);
		if (err)
			return err;
		writer->at = slice.at;
		err = put_between(job, writer, ++slices);
		if (err)
			return err;
	}
	if (err != -ENOENT)
		return err;
	return slices == job->n_slices ? 0 : -EBADMSG;
}

static int put_end(const struct encode_job *job, struct h264_writer *writer)
{
	static const uint8_t sequence[] = { 0, 0, 0, 1, H264_NAL_END_OF_SEQUENCE };
	static const uint8_t stream[] = { 0, 0, 0, 1, H264_NAL_END_OF_STREAM };
	int err = 0;

	if (job->last_picture & H264_LAST_PICTURE_EOSEQ)
		err = put_bytes(writer, sequence, sizeof(sequence));
	if (!err && job->last_picture & H264_LAST_PICTURE_EOSTREAM)
		err = put_bytes(writer, stream, sizeof(stream));
	return err;
}

static int encode(const struct encode_job *job, struct coder_output *ret)
{
	const struct surface *source = job->job.uses[0].surface;
	const struct picture picture = surface_picture(source);
	const struct coder_input input = {
		.source = &picture,
		.idr = job->picture.idr,
		.intra = job->picture.intra,
		.qp = job->picture.qp,
		.qp_offsets = job->qp_offsets,
		.constant = job->constant,
	};
	int err;

	err = memory_begin_access(&source->memory, false);
	if (err)
		return err;
	err = coder_encode(job->coder, &job->settings, &input, ret);
	memory_end_access(&source->memory, false);
	return err;
}

static VAStatus run(struct job *base)
{
	const struct encode_job *job = (const struct encode_job *)base;
	struct buffer *coded = base->coded;
	struct h264_writer writer = h264_writer(coded->data, buffer_bytes(coded));
	struct coder_output output;
	int err = encode(job, &output);

	if (!err)
		err = put_head(job, &writer);
	if (!err)
		err = put_slices(job, &output, &writer);
	if (!err)
		err = put_end(job, &writer);
	coded->segment = (VACodedBufferSegment){ 0 };
	if (err) {
		coded->segment.status = err == -ENOSPC ? VA_CODED_BUF_STATUS_SLICE_OVERFLOW_MASK
						       : VA_CODED_BUF_STATUS_BAD_BITSTREAM;
		/* An overflow is the coded buffer's; its picture exists for those that refer to it. */
		return err == -ENOSPC ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_ENCODING_ERROR;
	}
	coded->segment.size = (uint32_t)h264_written(&writer);
	coded->segment.status = output.average_qp & VA_CODED_BUF_STATUS_PICTURE_AVE_QP_MASK;
	return VA_STATUS_SUCCESS;
}

int encode_job_fill(struct encode_job *job, struct params *params, struct surface *source)
{
	struct surface *reconstructed = surface_find(
			params->driver, params->pic.CurrPic.picture_id);
	int err;

	job->job.run = run;
	job->job.free = free_job;
	job->n_slices = params->n_slices;
	job->last_picture = params->pic.last_picture;
	job->packed = params->packed;
	params->packed = (struct packed){ 0 };
	job_add_use(&job->job, source, false);
	/* Nothing is written there, but who waits for it waits for this picture. */
	job_add_use(&job->job, reconstructed, true);
	if (!job->picture.intra)
		job_add_use(&job->job, surface_find(params->driver, params->slices[0].reference),
				false);
	job_set_coded(&job->job, buffer_find(params->driver, params->pic.coded_buf));
	err = make_offsets(job, params);
	return err ? err : mark_constant(job, params);
}
