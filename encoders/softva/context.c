// SPDX-License-Identifier: GPL-2.0-or-later
/* Contexts by number, and the order of calls that makes a picture. */
#include "encoders/softva/context.h"

#include "encoders/softva/buffer.h"
#include "encoders/softva/encode.h"
#include "encoders/softva/process.h"
#include "encoders/softva/surface.h"

#include <stdlib.h>

static const struct context_kind *find_kind(VAEntrypoint entrypoint)
{
	return entrypoint == VAEntrypointVideoProc ? &process_kind : &encode_kind;
}

static VAStatus check(struct driver *driver, const struct config *config, int width, int height,
		int flags, const VASurfaceID *targets, int n_targets)
{
	const struct caps *caps = config->caps;

	bool sized = width || height || caps->entrypoint != VAEntrypointVideoProc;

	/* Processing has no size of its own, and some clients give it none. */
	if (sized && (width < caps->width_min || width > caps->width_max ||
				     height < caps->height_min || height > caps->height_max))
		return driver_refuse(driver, VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED,
				"context of %dx%d", width, height);
	if (flags & ~VA_PROGRESSIVE)
		return driver_refuse(driver, VA_STATUS_ERROR_FLAG_NOT_SUPPORTED,
				"context with flags %#x", (unsigned int)flags);
	if (n_targets < 0 || (n_targets && !targets))
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	for (int i = 0; i < n_targets; i++)
		if (!surface_find(driver, targets[i]))
			return driver_refuse(driver, VA_STATUS_ERROR_INVALID_SURFACE,
					"context with surface %#x", targets[i]);
	return VA_STATUS_SUCCESS;
}

static VAStatus start(struct context *context, VAContextID *ret_id)
{
	int err = context->kind->init(context);

	if (err)
		return driver_status(err);
	err = queue_start(&context->queue, context->driver);
	if (err) {
		context->kind->finish(context);
		return driver_status(err);
	}
	err = objects_add(&context->driver->objects, OBJECTS_CONTEXT, context, ret_id);
	return driver_status(err);
}

VAStatus context_create(VADriverContextP va, VAConfigID config_id, int width, int height, int flags,
		VASurfaceID *targets, int n_targets, VAContextID *ret_context)
{
	struct driver *driver = driver_of(va);
	VAStatus status = VA_STATUS_ERROR_INVALID_CONFIG;
	struct context *context;
	const struct config *config;

	context = calloc(1, sizeof(*context));
	if (!context)
		return VA_STATUS_ERROR_ALLOCATION_FAILED;
	driver_lock(driver);
	config = objects_find(&driver->objects, OBJECTS_CONFIG, config_id);
	if (config)
		status = check(driver, config, width, height, flags, targets, n_targets);
	if (status == VA_STATUS_SUCCESS) {
		context->driver = driver;
		context->config = *config;
		context->width = (uint32_t)width;
		context->height = (uint32_t)height;
		context->kind = find_kind(config->caps->entrypoint);
		status = start(context, ret_context);
	}
	driver_unlock(driver);
	if (status == VA_STATUS_SUCCESS)
		return status;
	if (context->queue.driver)
		context_free(context);
	else
		free(context);
	return status;
}

void context_free(struct context *context)
{
	queue_stop(&context->queue);
	driver_lock(context->driver);
	if (context->target)
		surface_unref(context->target);
	context->kind->clear(context);
	driver_unlock(context->driver);
	context->kind->finish(context);
	free(context);
}

VAStatus context_destroy(VADriverContextP va, VAContextID id)
{
	struct driver *driver = driver_of(va);
	struct context *context;

	driver_lock(driver);
	context = objects_remove(&driver->objects, OBJECTS_CONTEXT, id);
	driver_unlock(driver);
	if (!context)
		return VA_STATUS_ERROR_INVALID_CONTEXT;
	context_free(context);
	return VA_STATUS_SUCCESS;
}

VAStatus context_begin_picture(VADriverContextP va, VAContextID id, VASurfaceID target)
{
	struct driver *driver = driver_of(va);
	VAStatus status = VA_STATUS_SUCCESS;
	struct context *context;
	struct surface *surface;

	driver_lock(driver);
	context = objects_find(&driver->objects, OBJECTS_CONTEXT, id);
	surface = surface_find(driver, target);
	if (!context) {
		status = VA_STATUS_ERROR_INVALID_CONTEXT;
	} else if (!surface) {
		status = VA_STATUS_ERROR_INVALID_SURFACE;
	} else if (context->target) {
		status = driver_refuse(driver, VA_STATUS_ERROR_OPERATION_FAILED,
				"vaBeginPicture() before vaEndPicture() of the picture before");
	} else {
		surface_ref(surface);
		context->target = surface;
		context->target_id = target;
		context->failure = VA_STATUS_SUCCESS;
	}
	driver_unlock(driver);
	return status;
}

static VAStatus render(struct driver *driver, struct context *context, VABufferID id)
{
	const struct buffer *buffer = buffer_find(driver, id);

	if (!buffer)
		return driver_refuse(driver, VA_STATUS_ERROR_INVALID_BUFFER,
				"vaRenderPicture(): no buffer %#x", id);
	/* Its data is the driver's only when it is unmapped. */
	if (buffer->maps)
		return driver_refuse(driver, VA_STATUS_ERROR_INVALID_BUFFER,
				"vaRenderPicture(): buffer %#x is mapped", id);
	return context->kind->render(context, buffer);
}

VAStatus context_render_picture(VADriverContextP va, VAContextID id, VABufferID *buffers, int count)
{
	struct driver *driver = driver_of(va);
	VAStatus status = VA_STATUS_SUCCESS;
	struct context *context;

	if (count < 0 || (count && !buffers))
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	driver_lock(driver);
	context = objects_find(&driver->objects, OBJECTS_CONTEXT, id);
	if (!context) {
		driver_unlock(driver);
		return VA_STATUS_ERROR_INVALID_CONTEXT;
	}
	if (!context->target)
		status = driver_refuse(driver, VA_STATUS_ERROR_OPERATION_FAILED,
				"vaRenderPicture() without vaBeginPicture()");
	for (int i = 0; i < count && status == VA_STATUS_SUCCESS; i++)
		status = render(driver, context, buffers[i]);
	if (context->target && context->failure == VA_STATUS_SUCCESS)
		context->failure = status;
	driver_unlock(driver);
	return status;
}

VAStatus context_end_picture(VADriverContextP va, VAContextID id)
{
	struct driver *driver = driver_of(va);
	struct context *context;
	VAStatus status;

	driver_lock(driver);
	context = objects_find(&driver->objects, OBJECTS_CONTEXT, id);
	if (!context) {
		status = VA_STATUS_ERROR_INVALID_CONTEXT;
	} else if (!context->target) {
		status = driver_refuse(driver, VA_STATUS_ERROR_OPERATION_FAILED,
				"vaEndPicture() without vaBeginPicture()");
	} else {
		/* A picture of which a part was refused is not a picture. */
		status = context->failure;
		if (status == VA_STATUS_SUCCESS)
			status = context->kind->end(context);
		context->kind->clear(context);
		surface_unref(context->target);
		context->target = NULL;
	}
	driver_unlock(driver);
	return status;
}
