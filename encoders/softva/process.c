// SPDX-License-Identifier: GPL-2.0-or-later
/* Pictures of contexts that process. */
#include "encoders/softva/process.h"

#include "encoders/softva/buffer.h"
#include "encoders/softva/pipeline.h"
#include "encoders/softva/surface.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <va/va_vpp.h>

struct process_job {
	struct job job;
	struct pipeline pipeline;
};

/* What one picture has gathered. */
#define PIPELINES_MAX 16

struct process {
	struct process_job *jobs[PIPELINES_MAX];
	unsigned int n_jobs;
};

static int init(struct context *context)
{
	context->state = calloc(1, sizeof(struct process));
	return context->state ? 0 : -ENOMEM;
}

static void finish(struct context *context)
{
	free(context->state);
}

static VAStatus run(struct job *job)
{
	const struct process_job *process = (const struct process_job *)job;

	return driver_status(pipeline_run(&process->pipeline));
}

static void free_job(struct job *job)
{
	free(job);
}

static VAStatus render(struct context *context, const struct buffer *buffer)
{
	struct process *process = context->state;
	VAProcPipelineParameterBuffer params;
	struct process_job *made;
	VAStatus status;

	if (buffer->type != VAProcPipelineParameterBufferType)
		return driver_refuse(context->driver, VA_STATUS_ERROR_INVALID_BUFFER,
				"processing: buffer of type %d in a picture", (int)buffer->type);
	if (buffer_bytes(buffer) != sizeof(params))
		return driver_refuse(context->driver, VA_STATUS_ERROR_INVALID_BUFFER,
				"processing: parameters of %zu bytes, not %zu",
				buffer_bytes(buffer), sizeof(params));
	if (process->n_jobs == PIPELINES_MAX)
		return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
	memcpy(&params, buffer->data, sizeof(params));
	made = calloc(1, sizeof(*made));
	if (!made)
		return VA_STATUS_ERROR_ALLOCATION_FAILED;
	status = pipeline_read(context->driver, &params, context->target, &made->pipeline);
	if (status != VA_STATUS_SUCCESS) {
		free(made);
		return status;
	}
	made->job.run = run;
	made->job.free = free_job;
	job_add_use(&made->job, made->pipeline.src, false);
	job_add_use(&made->job, made->pipeline.dst, true);
	process->jobs[process->n_jobs++] = made;
	return VA_STATUS_SUCCESS;
}

static VAStatus end(struct context *context)
{
	struct process *process = context->state;

	if (!process->n_jobs)
		return driver_refuse(context->driver, VA_STATUS_ERROR_INVALID_PARAMETER,
				"processing: a picture without parameters");
	for (unsigned int i = 0; i < process->n_jobs; i++)
		queue_submit(&context->queue, &process->jobs[i]->job);
	process->n_jobs = 0;
	return VA_STATUS_SUCCESS;
}

static void clear(struct context *context)
{
	struct process *process = context->state;

	while (process->n_jobs)
		job_drop(&process->jobs[--process->n_jobs]->job);
}

const struct context_kind process_kind = {
	.init = init,
	.finish = finish,
	.render = render,
	.end = end,
	.clear = clear,
};

static VAStatus check_context(struct driver *driver, VAContextID id)
{
	const struct context *context;
	VAStatus status = VA_STATUS_ERROR_INVALID_CONTEXT;

	driver_lock(driver);
	context = objects_find(&driver->objects, OBJECTS_CONTEXT, id);
	if (context && context->kind == &process_kind)
		status = VA_STATUS_SUCCESS;
	driver_unlock(driver);
	return status;
}

VAStatus process_query_filters(VADriverContextP va, VAContextID context, VAProcFilterType *filters,
		unsigned int *count)
{
	VAStatus status = check_context(driver_of(va), context);

	(void)filters;
	if (status == VA_STATUS_SUCCESS)
		*count = 0;
	return status;
}

VAStatus process_query_filter_caps(VADriverContextP va, VAContextID context, VAProcFilterType type,
		void *caps, unsigned int *count)
{
	VAStatus status = check_context(driver_of(va), context);

	(void)type, (void)caps;
	if (status != VA_STATUS_SUCCESS)
		return status;
	*count = 0;
	return VA_STATUS_ERROR_UNSUPPORTED_FILTER;
}

#define SURFACE_FORMATS_MAX 16

/* For all drivers of the process: the numbers are the same. */
static uint32_t surface_formats[SURFACE_FORMATS_MAX];
static unsigned int n_surface_formats;
static pthread_once_t formats_once = PTHREAD_ONCE_INIT;

static void list_formats(void)
{
	const struct format *format;

	for (unsigned int i = 0;
			(format = formats_at(i)) && n_surface_formats < SURFACE_FORMATS_MAX; i++)
		if (format->drm)
			surface_formats[n_surface_formats++] = format->fourcc;
}

VAStatus process_query_pipeline_caps(VADriverContextP va, VAContextID context, VABufferID *filters,
		unsigned int count, VAProcPipelineCaps *ret_caps)
{
	VAStatus status = check_context(driver_of(va), context);

	(void)filters;
	if (status != VA_STATUS_SUCCESS)
		return status;
	if (count)
		return VA_STATUS_ERROR_UNSUPPORTED_FILTER;
	pthread_once(&formats_once, list_formats);
	*ret_caps = (VAProcPipelineCaps){
		.pipeline_flags = VA_PROC_PIPELINE_FAST,
		.input_color_standards = (VAProcColorStandardType *)pipeline_standards,
		.num_input_color_standards = pipeline_n_standards,
		.output_color_standards = (VAProcColorStandardType *)pipeline_standards,
		.num_output_color_standards = pipeline_n_standards,
		.rotation_flags = 1 << VA_ROTATION_NONE,
		.num_input_pixel_formats = n_surface_formats,
		.input_pixel_format = surface_formats,
		.num_output_pixel_formats = n_surface_formats,
		.output_pixel_format = surface_formats,
		.max_input_width = FORMATS_SIZE_MAX,
		.max_input_height = FORMATS_SIZE_MAX,
		.min_input_width = 1,
		.min_input_height = 1,
		.max_output_width = FORMATS_SIZE_MAX,
		.max_output_height = FORMATS_SIZE_MAX,
		.min_output_width = 1,
		.min_output_height = 1,
	};
	return VA_STATUS_SUCCESS;
}
