// SPDX-License-Identifier: GPL-2.0-or-later
/* The driver's beginning and end, and the table of its functions. */
#include "encoders/softva/driver.h"

#include "encoders/softva/buffer.h"
#include "encoders/softva/caps.h"
#include "encoders/softva/context.h"
#include "encoders/softva/image.h"
#include "encoders/softva/process.h"
#include "encoders/softva/surface.h"
#include "encoders/softva/unsupported.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <va/va_backend_vpp.h>

/* A client that wants to hear nothing sets no callback, and libva's own does not look whether there is one. */
static bool is_listened_to(const struct driver *driver)
{
	const struct VADisplayContext *display = driver->va->pDisplayContext;

	return driver->va->info_callback && display && display->info_callback;
}

VAStatus driver_refuse(struct driver *driver, VAStatus status, const char *format, ...)
{
	char text[256];
	va_list arguments;
	int used = snprintf(text, sizeof(text), "planecast: ");

	if (!is_listened_to(driver))
		return status;
	va_start(arguments, format);
	vsnprintf(text + used, sizeof(text) - (size_t)used - 1, format, arguments);
	va_end(arguments);
	snprintf(text + strlen(text), 2, "\n");
	driver->va->info_callback(driver->va, text);
	return status;
}

VAStatus driver_status(int err)
{
	switch (err) {
	case 0:
		return VA_STATUS_SUCCESS;
	case -ENOMEM:
	case -EMFILE:
	case -ENFILE:
	case -EAGAIN:
		return VA_STATUS_ERROR_ALLOCATION_FAILED;
	case -ENOSPC:
		return VA_STATUS_ERROR_MAX_NUM_EXCEEDED;
	case -ENOTSUP:
		return VA_STATUS_ERROR_UNIMPLEMENTED;
	case -EINVAL:
	case -EBADF:
	case -EACCES:
	case -EBADMSG:
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	default:
		return VA_STATUS_ERROR_OPERATION_FAILED;
	}
}

static VAStatus terminate(VADriverContextP va)
{
	struct driver *driver = driver_of(va);
	void *object;

	/* Whatever clients left behind. Contexts first: their jobs use the rest. */
	while ((object = objects_pop(&driver->objects, OBJECTS_CONTEXT)))
		context_free(object);
	while ((object = objects_pop(&driver->objects, OBJECTS_IMAGE)))
		image_free(driver, object);
	while ((object = objects_pop(&driver->objects, OBJECTS_BUFFER)))
		buffer_unref(object);
	while ((object = objects_pop(&driver->objects, OBJECTS_SURFACE)))
		surface_unref(object);
	while ((object = objects_pop(&driver->objects, OBJECTS_CONFIG)))
		free(object);
	objects_finish(&driver->objects);
	pthread_cond_destroy(&driver->progress);
	pthread_mutex_destroy(&driver->lock);
	free(driver);
	va->pDriverData = NULL;
	return VA_STATUS_SUCCESS;
}

static const struct VADriverVTable table = {
	.vaTerminate = terminate,
	.vaQueryConfigProfiles = caps_query_profiles,
	.vaQueryConfigEntrypoints = caps_query_entrypoints,
	.vaGetConfigAttributes = caps_get_attributes,
	.vaCreateConfig = caps_create_config,
	.vaDestroyConfig = caps_destroy_config,
	.vaQueryConfigAttributes = caps_query_config,
	.vaQuerySurfaceAttributes = caps_query_surface_attributes,
	.vaCreateSurfaces = surface_create,
	.vaCreateSurfaces2 = surface_create_with,
	.vaDestroySurfaces = surface_destroy,
	.vaSyncSurface = surface_sync,
	.vaSyncSurface2 = surface_sync_for,
	.vaQuerySurfaceStatus = surface_query_status,
	.vaExportSurfaceHandle = surface_export,
	.vaCreateContext = context_create,
	.vaDestroyContext = context_destroy,
	.vaBeginPicture = context_begin_picture,
	.vaRenderPicture = context_render_picture,
	.vaEndPicture = context_end_picture,
	.vaCreateBuffer = buffer_create,
	.vaBufferSetNumElements = buffer_set_elements,
	.vaMapBuffer = buffer_map,
	.vaUnmapBuffer = buffer_unmap,
	.vaDestroyBuffer = buffer_destroy,
	.vaBufferInfo = buffer_info,
	.vaSyncBuffer = buffer_sync,
	.vaQueryImageFormats = image_query_formats,
	.vaCreateImage = image_create,
	.vaDeriveImage = image_derive,
	.vaDestroyImage = image_destroy,
	.vaGetImage = image_get,
	.vaPutImage = image_put,
};

VAStatus __vaDriverInit_1_0(VADriverContextP va)
{
	struct driver *driver = calloc(1, sizeof(*driver));
	pthread_condattr_t clock;

	if (!driver)
		return VA_STATUS_ERROR_ALLOCATION_FAILED;
	driver->va = va;
	pthread_mutex_init(&driver->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&driver->progress, &clock);
	pthread_condattr_destroy(&clock);

	va->pDriverData = driver;
	va->version_major = VA_MAJOR_VERSION;
	va->version_minor = VA_MINOR_VERSION;
	va->max_profiles = CAPS_PROFILES_MAX;
	va->max_entrypoints = CAPS_ENTRYPOINTS_MAX;
	va->max_attributes = CAPS_ATTRIBS_MAX;
	va->max_image_formats = IMAGE_FORMATS_MAX;
	/* libva wants room for one of each, though there are no subpictures. */
	va->max_subpic_formats = 1;
	va->max_display_attributes = 1;
	va->str_vendor = "planecast software encoder " PLANECAST_VERSION;
	*va->vtable = table;
	unsupported_fill(va->vtable);
	va->vtable_vpp->version = VA_DRIVER_VTABLE_VPP_VERSION;
	va->vtable_vpp->vaQueryVideoProcFilters = process_query_filters;
	va->vtable_vpp->vaQueryVideoProcFilterCaps = process_query_filter_caps;
	va->vtable_vpp->vaQueryVideoProcPipelineCaps = process_query_pipeline_caps;
	return VA_STATUS_SUCCESS;
}
