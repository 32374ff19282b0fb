// SPDX-License-Identifier: GPL-2.0-or-later
/* Attributes of new surfaces, and memory that clients bring. */
#include "encoders/softva/import.h"

#include <drm_fourcc.h>
#include <va/va_drmcommon.h>

#define FOREIGN_TYPES                                                                              \
	(VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME | VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2)

static uint32_t descriptor_fourcc(const struct import *import)
{
	if (import->memory_type == VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2)
		return ((const VADRMPRIMESurfaceDescriptor *)import->descriptor)->fourcc;
	return ((const VASurfaceAttribExternalBuffers *)import->descriptor)->pixel_format;
}

static bool lists_linear(const VADRMFormatModifierList *list)
{
	if (!list || (list->num_modifiers && !list->modifiers))
		return false;
	for (uint32_t i = 0; i < list->num_modifiers; i++)
		if (list->modifiers[i] == DRM_FORMAT_MOD_LINEAR)
			return true;
	return false;
}

static VAStatus read_attrib(struct driver *driver, const VASurfaceAttrib *attrib, uint32_t *fourcc,
		struct import *import)
{
	switch (attrib->type) {
	case VASurfaceAttribPixelFormat:
		*fourcc = (uint32_t)attrib->value.value.i;
		return VA_STATUS_SUCCESS;
	case VASurfaceAttribMemoryType:
		import->memory_type = (uint32_t)attrib->value.value.i;
		if (import->memory_type == VA_SURFACE_ATTRIB_MEM_TYPE_VA ||
				import->memory_type == VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME ||
				import->memory_type == VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2)
			return VA_STATUS_SUCCESS;
		return driver_refuse(driver, VA_STATUS_ERROR_UNSUPPORTED_MEMORY_TYPE,
				"surface: memory type %#x", import->memory_type);
	case VASurfaceAttribExternalBufferDescriptor:
		import->descriptor = attrib->value.value.p;
		return VA_STATUS_SUCCESS;
	case VASurfaceAttribUsageHint:
		return VA_STATUS_SUCCESS;
	case VASurfaceAttribDRMFormatModifiers:
		if (lists_linear(attrib->value.value.p))
			return VA_STATUS_SUCCESS;
		return driver_refuse(driver, VA_STATUS_ERROR_ATTR_NOT_SUPPORTED,
				"surface: only linear ones can be allocated");
	default:
		return driver_refuse(driver, VA_STATUS_ERROR_ATTR_NOT_SUPPORTED,
				"surface: attribute %d", (int)attrib->type);
	}
}

VAStatus import_read_attribs(struct driver *driver, unsigned int rt_format, uint32_t width,
		uint32_t height, const VASurfaceAttrib *attribs, unsigned int n_attribs,
		struct import *ret)
{
	struct import import = {
		.width = width, .height = height, .memory_type = VA_SURFACE_ATTRIB_MEM_TYPE_VA
	};
	uint32_t fourcc = 0;

	for (unsigned int i = 0; i < n_attribs; i++) {
		VAStatus status;

		if (!(attribs[i].flags & VA_SURFACE_ATTRIB_SETTABLE))
			continue;
		status = read_attrib(driver, &attribs[i], &fourcc, &import);
		if (status != VA_STATUS_SUCCESS)
			return status;
	}
	/* A foreign type without a descriptor is memory of our own that can be exported so. */
	if (!(import.memory_type & FOREIGN_TYPES))
		import.descriptor = NULL;
	if (import.descriptor) {
		if (fourcc && fourcc != descriptor_fourcc(&import))
			return driver_refuse(driver, VA_STATUS_ERROR_INVALID_PARAMETER,
					"surface: attribute and descriptor name different pixel formats");
		fourcc = descriptor_fourcc(&import);
	}
	/* The pixel format says more than the surface format, and goes first. */
	import.format = fourcc ? formats_find(fourcc) : formats_find_default(rt_format);
	if (!import.format || !import.format->drm)
		return driver_refuse(driver, VA_STATUS_ERROR_UNSUPPORTED_RT_FORMAT,
				"surface: format %#x with pixel format %#x", rt_format, fourcc);
	if (!width || !height || width > FORMATS_SIZE_MAX || height > FORMATS_SIZE_MAX)
		return driver_refuse(driver, VA_STATUS_ERROR_RESOLUTION_NOT_SUPPORTED,
				"surface of %ux%u", width, height);
	*ret = import;
	return VA_STATUS_SUCCESS;
}

static const char *read_layers(const VADRMPRIMESurfaceDescriptor *from, const struct format *format,
		struct layout *layout, uint32_t *ret_object)
{
	bool composed = from->num_layers == 1 && from->layers[0].num_planes == format->n_planes;
	uint32_t object = from->layers[0].object_index[0];

	if (!composed && from->num_layers != format->n_planes)
		return "layers do not fit the pixel format";
	if (from->num_objects < 1 || from->num_objects > 4 || object >= from->num_objects)
		return "a layer is in an object that is not there";
	for (unsigned int i = 0; i < format->n_planes; i++) {
		unsigned int layer = composed ? 0 : i, plane = composed ? i : 0;

		if (from->layers[layer].drm_format !=
						(composed ? format->drm : format->planes[i].drm) ||
				(!composed && from->layers[layer].num_planes != 1))
			return "a layer's DRM format is not the one of the pixel format";
		if (from->layers[layer].object_index[plane] != object)
			return "planes are in different objects";
		layout->offset_bytes[i] = from->layers[layer].offset[plane];
		layout->pitch_bytes[i] = from->layers[layer].pitch[plane];
	}
	layout->modifier = from->objects[object].drm_format_modifier;
	*ret_object = object;
	return NULL;
}

/* What all kinds of descriptors come to. */
struct foreign {
	int fd;
	uint32_t width, height;
	uint64_t bytes; /* as the client says; 0: it does not */
};

static const char *read_prime_2(const VADRMPRIMESurfaceDescriptor *from,
		const struct format *format, struct layout *layout, struct foreign *ret)
{
	uint32_t object;
	const char *wrong = read_layers(from, format, layout, &object);

	if (wrong)
		return wrong;
	*ret = (struct foreign){
		.fd = from->objects[object].fd,
		.width = from->width,
		.height = from->height,
		.bytes = from->objects[object].size,
	};
	return NULL;
}

static const char *read_prime(const VASurfaceAttribExternalBuffers *from, unsigned int index,
		unsigned int count, const struct format *format, struct layout *layout,
		struct foreign *ret)
{
	if (!from->buffers || from->num_buffers < count)
		return "fewer buffers than surfaces";
	if (from->num_planes != format->n_planes)
		return "number of planes is not the one of the pixel format";
	/* Which tiling that is only the kernel of its device knows. */
	if (from->flags & VA_SURFACE_EXTBUF_DESC_ENABLE_TILING)
		return "tiled memory needs a format modifier";
	for (unsigned int i = 0; i < format->n_planes; i++) {
		layout->offset_bytes[i] = from->offsets[i];
		layout->pitch_bytes[i] = from->pitches[i];
	}
	layout->modifier = DRM_FORMAT_MOD_LINEAR;
	*ret = (struct foreign){
		.fd = from->buffers[index] <= INT32_MAX ? (int)from->buffers[index] : -1,
		.width = from->width,
		.height = from->height,
		.bytes = from->data_size,
	};
	return NULL;
}

VAStatus import_memory(struct driver *driver, const struct import *import, unsigned int index,
		unsigned int count, struct surface *surface)
{
	struct foreign foreign;
	const char *wrong;
	uint64_t bytes;
	int err;

	if (import->memory_type == VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2)
		wrong = read_prime_2(
				(const VADRMPRIMESurfaceDescriptor *)import->descriptor + index,
				import->format, &surface->layout, &foreign);
	else
		wrong = read_prime(import->descriptor, index, count, import->format,
				&surface->layout, &foreign);
	if (!wrong && (foreign.width < surface->width || foreign.height < surface->height))
		wrong = "descriptor's picture is smaller than the surface";
	if (wrong)
		return driver_refuse(
				driver, VA_STATUS_ERROR_INVALID_PARAMETER, "import: %s", wrong);
	err = memory_import(foreign.fd, &surface->memory);
	if (err)
		return driver_refuse(driver, driver_status(err),
				"import: descriptor %d cannot be mapped", foreign.fd);
	bytes = surface->memory.bytes;
	if (foreign.bytes && foreign.bytes < bytes)
		bytes = foreign.bytes;
	wrong = formats_check_layout(
			surface->format, surface->width, surface->height, bytes, &surface->layout);
	if (wrong)
		return driver_refuse(
				driver, VA_STATUS_ERROR_INVALID_PARAMETER, "import: %s", wrong);
	memory_limit(&surface->memory, surface->layout.bytes);
	return VA_STATUS_SUCCESS;
}
