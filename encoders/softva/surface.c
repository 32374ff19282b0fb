// SPDX-License-Identifier: GPL-2.0-or-later
/* Surfaces by number: made, waited for, exported. */
#include "encoders/softva/surface.h"

#include "encoders/softva/import.h"
#include "encoders/softva/queue.h"

#include <drm_fourcc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <va/va_drmcommon.h>

struct surface *surface_find(struct driver *driver, VASurfaceID id)
{
	return objects_find(&driver->objects, OBJECTS_SURFACE, id);
}

void surface_ref(struct surface *surface)
{
	surface->refs++;
}

void surface_unref(struct surface *surface)
{
	if (--surface->refs)
		return;
	memory_finish(&surface->memory);
	free(surface);
}

bool surface_is_linear(const struct surface *surface)
{
	return surface->layout.modifier == DRM_FORMAT_MOD_LINEAR;
}

struct picture surface_picture(const struct surface *surface)
{
	struct picture picture = {
		.format = surface->format,
		.width = surface->width,
		.height = surface->height,
	};

	for (unsigned int i = 0; i < surface->format->n_planes; i++) {
		picture.planes[i] = surface->memory.data + surface->layout.offset_bytes[i];
		picture.pitch_bytes[i] = surface->layout.pitch_bytes[i];
	}
	return picture;
}

static VAStatus make_surface(struct driver *driver, const struct import *import, unsigned int index,
		unsigned int count, VASurfaceID *ret_id)
{
	struct surface *surface = calloc(1, sizeof(*surface));
	VAStatus status;

	if (!surface)
		return VA_STATUS_ERROR_ALLOCATION_FAILED;
	surface->refs = 1;
	surface->format = import->format;
	surface->width = import->width;
	surface->height = import->height;
	surface->memory.fd = surface->memory.copy_fd = -1;
	if (import_is_foreign(import)) {
		status = import_memory(driver, import, index, count, surface);
	} else {
		formats_lay_out(surface->format, surface->width, surface->height, &surface->layout);
		status = driver_status(memory_alloc(surface->layout.bytes, &surface->memory));
	}
	if (status == VA_STATUS_SUCCESS) {
		driver_lock(driver);
		status = driver_status(
				objects_add(&driver->objects, OBJECTS_SURFACE, surface, ret_id));
		driver_unlock(driver);
	}
	if (status != VA_STATUS_SUCCESS)
		surface_unref(surface);
	return status;
}

VAStatus surface_create_with(VADriverContextP va, unsigned int rt_format, unsigned int width,
		unsigned int height, VASurfaceID *ret_surfaces, unsigned int count,
		VASurfaceAttrib *attribs, unsigned int n_attribs)
{
	struct driver *driver = driver_of(va);
	struct import import;
	VAStatus status;

	if (!ret_surfaces || !count || (n_attribs && !attribs))
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	status = import_read_attribs(driver, rt_format, width, height, attribs, n_attribs, &import);
	for (unsigned int i = 0; i < count && status == VA_STATUS_SUCCESS; i++) {
		status = make_surface(driver, &import, i, count, &ret_surfaces[i]);
		if (status != VA_STATUS_SUCCESS && i)
			surface_destroy(va, ret_surfaces, (int)i);
	}
	return status;
}

VAStatus surface_create(VADriverContextP va, int width, int height, int rt_format, int count,
		VASurfaceID *ret_surfaces)
{
	if (width < 0 || height < 0 || count < 0)
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	return surface_create_with(va, (unsigned int)rt_format, (unsigned int)width,
			(unsigned int)height, ret_surfaces, (unsigned int)count, NULL, 0);
}

VAStatus surface_destroy(VADriverContextP va, VASurfaceID *surfaces, int count)
{
	struct driver *driver = driver_of(va);
	VAStatus status = VA_STATUS_SUCCESS;

	if (count < 0 || (count && !surfaces))
		return VA_STATUS_ERROR_INVALID_PARAMETER;
	driver_lock(driver);
	/* All or none. Jobs and images that still use one keep its memory. */
	for (int i = 0; i < count; i++)
		if (!surface_find(driver, surfaces[i]))
			status = driver_refuse(driver, VA_STATUS_ERROR_INVALID_SURFACE,
					"destroying surface %#x: no such surface", surfaces[i]);
	for (int i = 0; i < count && status == VA_STATUS_SUCCESS; i++) {
		struct surface *surface = objects_remove(
				&driver->objects, OBJECTS_SURFACE, surfaces[i]);

		/* Twice in the list. */
		if (!surface)
			status = VA_STATUS_ERROR_INVALID_SURFACE;
		else
			surface_unref(surface);
	}
	driver_unlock(driver);
	return status;
}

VAStatus surface_sync_for(VADriverContextP va, VASurfaceID id, uint64_t timeout_ns)
{
	struct driver *driver = driver_of(va);
	VAStatus status = VA_STATUS_ERROR_INVALID_SURFACE;
	struct surface *surface;

	driver_lock(driver);
	surface = surface_find(driver, id);
	if (surface) {
		surface_ref(surface);
		status = queue_wait_surface(driver, surface, timeout_ns);
		surface_unref(surface);
	}
	driver_unlock(driver);
	return status;
}

VAStatus surface_sync(VADriverContextP va, VASurfaceID id)
{
	return surface_sync_for(va, id, VA_TIMEOUT_INFINITE);
}

VAStatus surface_query_status(VADriverContextP va, VASurfaceID id, VASurfaceStatus *ret_status)
{
	struct driver *driver = driver_of(va);
	const struct surface *surface;

	driver_lock(driver);
	surface = surface_find(driver, id);
	if (surface)
		*ret_status = surface->uses ? VASurfaceRendering : VASurfaceReady;
	driver_unlock(driver);
	return surface ? VA_STATUS_SUCCESS : VA_STATUS_ERROR_INVALID_SURFACE;
}

static void describe(const struct surface *surface, int fd, bool separate,
		VADRMPRIMESurfaceDescriptor *ret)
{
	const struct format *format = surface->format;

	*ret = (VADRMPRIMESurfaceDescriptor){
		.fourcc = format->fourcc,
		.width = surface->width,
		.height = surface->height,
		.num_objects = 1,
		.objects[0] = {
			.fd = fd,
			.size = (uint32_t)surface->memory.bytes,
			.drm_format_modifier = surface->layout.modifier,
		},
		.num_layers = separate ? format->n_planes : 1,
	};
	for (unsigned int i = 0; i < format->n_planes; i++) {
		unsigned int layer = separate ? i : 0, plane = separate ? 0 : i;

		ret->layers[layer].drm_format = separate ? format->planes[i].drm : format->drm;
		ret->layers[layer].num_planes = separate ? 1 : format->n_planes;
		ret->layers[layer].offset[plane] = (uint32_t)surface->layout.offset_bytes[i];
		ret->layers[layer].pitch[plane] = surface->layout.pitch_bytes[i];
	}
}

VAStatus surface_export(VADriverContextP va, VASurfaceID id, uint32_t memory_type, uint32_t flags,
		void *ret_descriptor)
{
	const uint32_t layers = VA_EXPORT_SURFACE_SEPARATE_LAYERS |
			VA_EXPORT_SURFACE_COMPOSED_LAYERS;
	struct driver *driver = driver_of(va);
	struct surface *surface;
	int fd = -1, err = 0;

	if (memory_type != VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2)
		return VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE;
	if (!ret_descriptor || flags & ~(layers | VA_EXPORT_SURFACE_READ_WRITE) ||
			!(flags & layers) || (flags & layers) == layers ||
			!(flags & VA_EXPORT_SURFACE_READ_WRITE))
		return driver_refuse(driver, VA_STATUS_ERROR_INVALID_PARAMETER,
				"export: flags %#x: exactly one kind of layers, and read, write or both",
				flags);
	driver_lock(driver);
	surface = surface_find(driver, id);
	if (surface && surface->memory.bytes <= UINT32_MAX) {
		err = memory_export(&surface->memory, &fd);
		if (!err)
			describe(surface, fd, flags & VA_EXPORT_SURFACE_SEPARATE_LAYERS,
					ret_descriptor);
	} else {
		surface = NULL;
	}
	driver_unlock(driver);
	return surface ? driver_status(err) : VA_STATUS_ERROR_INVALID_SURFACE;
}
