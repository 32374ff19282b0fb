// SPDX-License-Identifier: GPL-2.0-or-later
/* Importing a dma-buf. */
#include "encoders/vaapi_memory.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <va/va_drmcommon.h>

#include "encoders/detile.h"
#include "encoders/vaapi_caps.h"
#include "encoders/vaapi_import.h"
#include "server/frame.h"
#include "server/log.h"

/* DRM names bits of a little endian word, VA-API bytes in memory. */
static const struct vaapi_format formats[] = {
	{ DRM_FORMAT_XRGB8888, VA_FOURCC_BGRX, VA_RT_FORMAT_RGB32, 4, DRM_FORMAT_ARGB8888 },
	{ DRM_FORMAT_ARGB8888, VA_FOURCC_BGRA, VA_RT_FORMAT_RGB32, 4, DRM_FORMAT_XRGB8888 },
	{ DRM_FORMAT_XBGR8888, VA_FOURCC_RGBX, VA_RT_FORMAT_RGB32, 4, DRM_FORMAT_ABGR8888 },
	{ DRM_FORMAT_ABGR8888, VA_FOURCC_RGBA, VA_RT_FORMAT_RGB32, 4, DRM_FORMAT_XBGR8888 },
	{ DRM_FORMAT_BGRX8888, VA_FOURCC_XRGB, VA_RT_FORMAT_RGB32, 4, DRM_FORMAT_BGRA8888 },
	{ DRM_FORMAT_BGRA8888, VA_FOURCC_ARGB, VA_RT_FORMAT_RGB32, 4, DRM_FORMAT_BGRX8888 },
	{ DRM_FORMAT_RGBX8888, VA_FOURCC_XBGR, VA_RT_FORMAT_RGB32, 4, DRM_FORMAT_RGBA8888 },
	{ DRM_FORMAT_RGBA8888, VA_FOURCC_ABGR, VA_RT_FORMAT_RGB32, 4, DRM_FORMAT_RGBX8888 },
	{ DRM_FORMAT_XRGB2101010, VA_FOURCC_X2R10G10B10, VA_RT_FORMAT_RGB32_10, 4, DRM_FORMAT_ARGB2101010 },
	{ DRM_FORMAT_ARGB2101010, VA_FOURCC_A2R10G10B10, VA_RT_FORMAT_RGB32_10, 4, DRM_FORMAT_XRGB2101010 },
	{ DRM_FORMAT_XBGR2101010, VA_FOURCC_X2B10G10R10, VA_RT_FORMAT_RGB32_10, 4, DRM_FORMAT_ABGR2101010 },
	{ DRM_FORMAT_ABGR2101010, VA_FOURCC_A2B10G10R10, VA_RT_FORMAT_RGB32_10, 4, DRM_FORMAT_XBGR2101010 },
	{ DRM_FORMAT_RGB565, VA_FOURCC_RGB565, VA_RT_FORMAT_RGB16, 2, 0 },
	{ DRM_FORMAT_YUYV, VA_FOURCC_YUY2, VA_RT_FORMAT_YUV422, 2, 0 },
	{ DRM_FORMAT_UYVY, VA_FOURCC_UYVY, VA_RT_FORMAT_YUV422, 2, 0 },
};

const struct vaapi_format *vaapi_format_table(unsigned int *ret_count)
{
	*ret_count = sizeof(formats) / sizeof(formats[0]);
	return formats;
}

const struct vaapi_format *vaapi_format_find(uint32_t drm)
{
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (formats[i].drm == drm)
			return &formats[i];
	return NULL;
}

/* Nothing is blended: where a driver lacks a format without alpha, the one with it is as good. */
static const struct vaapi_format *choose_format(const struct vaapi_caps *caps, uint32_t drm)
{
	const struct vaapi_format *format = vaapi_format_find(drm);

	if (format && !vaapi_caps_has_format(caps, format->va))
		format = vaapi_format_find(format->twin);
	return format && vaapi_caps_has_format(caps, format->va) ? format : NULL;
}

int vaapi_memory_check(const struct frame *frame, uint64_t bytes)
{
	const struct vaapi_format *format = vaapi_format_find(frame->fourcc);
	const struct frame_plane *plane = &frame->planes[0];
	struct detile_picture picture = {
		.layout = detile_find(frame->modifier),
		.stride_bytes = plane->stride,
		.width = frame->width,
		.height = frame->height,
	};
	uint64_t row;

	if (!format || frame->n_planes != 1 || plane->fd < 0)
		return -ENOTSUP;
	row = (uint64_t)frame->width * format->bytes_per_pixel;
	if (!row || !frame->height || plane->stride < row)
		return -EINVAL;
	if (plane->offset > bytes)
		return -ENOSPC;
	if (frame->modifier == DRM_FORMAT_MOD_LINEAR)
		return (uint64_t)plane->stride * (frame->height - 1) + row > bytes - plane->offset
				? -ENOSPC
				: 0;
	if (!picture.layout || format->bytes_per_pixel != 4)
		return -ENOTSUP;
	picture.bytes = (size_t)(bytes - plane->offset);
	return detile_check(&picture);
}

static VASurfaceAttrib integer(VASurfaceAttribType type, uint32_t value)
{
	return (VASurfaceAttrib){
		.type = type,
		.flags = VA_SURFACE_ATTRIB_SETTABLE,
		.value = { .type = VAGenericValueTypeInteger, .value.i = (int32_t)value },
	};
}

static VASurfaceAttrib pointer(VASurfaceAttribType type, void *value)
{
	return (VASurfaceAttrib){
		.type = type,
		.flags = VA_SURFACE_ATTRIB_SETTABLE,
		.value = { .type = VAGenericValueTypePointer, .value.p = value },
	};
}

/* The type goes first: drivers read the descriptor as what they have been told by then. */
static VAStatus create(VADisplay va, const struct vaapi_format *format, const struct frame *frame,
		uint32_t memory_type, void *descriptor, VASurfaceID *ret)
{
	VASurfaceAttrib attribs[] = {
		integer(VASurfaceAttribMemoryType, memory_type),
		integer(VASurfaceAttribPixelFormat, format->va),
		pointer(VASurfaceAttribExternalBufferDescriptor, descriptor),
	};

	return vaCreateSurfaces(va, format->rt, frame->width, frame->height, ret, 1, attribs,
			sizeof(attribs) / sizeof(attribs[0]));
}

static VAStatus create_prime_2(VADisplay va, const struct vaapi_format *format,
		const struct frame *frame, uint64_t bytes, VASurfaceID *ret)
{
	VADRMPRIMESurfaceDescriptor descriptor = {
		.fourcc = format->va,
		.width = frame->width,
		.height = frame->height,
		.num_objects = 1,
		.objects[0] = {
			.fd = frame->planes[0].fd,
			.size = (uint32_t)(bytes > UINT32_MAX ? UINT32_MAX : bytes),
			.drm_format_modifier = frame->modifier,
		},
		.num_layers = 1,
		.layers[0] = {
			.drm_format = format->drm,
			.num_planes = 1,
			.offset = { frame->planes[0].offset },
			.pitch = { frame->planes[0].stride },
		},
	};

	return create(va, format, frame, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2, &descriptor, ret);
}

static VAStatus create_prime(VADisplay va, const struct vaapi_format *format,
		const struct frame *frame, uint64_t bytes, VASurfaceID *ret)
{
	uintptr_t fd = (uintptr_t)frame->planes[0].fd;
	VASurfaceAttribExternalBuffers descriptor = {
		.pixel_format = format->va,
		.width = frame->width,
		.height = frame->height,
		.data_size = (uint32_t)(bytes > UINT32_MAX ? UINT32_MAX : bytes),
		.num_planes = 1,
		.pitches = { frame->planes[0].stride },
		.offsets = { frame->planes[0].offset },
		.buffers = &fd,
		.num_buffers = 1,
		/* Which tiling it is the driver asks the kernel. */
		.flags = frame->modifier == DRM_FORMAT_MOD_LINEAR
				? 0
				: VA_SURFACE_EXTBUF_DESC_ENABLE_TILING,
	};

	return create(va, format, frame, VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME, &descriptor, ret);
}

int vaapi_memory_import(VADisplay va, const struct vaapi_caps *caps, const struct frame *frame,
		VASurfaceID *ret)
{
	const struct vaapi_format *format = choose_format(caps, frame->fourcc);
	VAStatus status;
	off_t bytes;
	int err;

	if (!format || frame->planes[0].fd < 0 || !caps->process ||
			(frame->modifier != DRM_FORMAT_MOD_LINEAR && !caps->tilings))
		return -ENOTSUP;
	bytes = lseek(frame->planes[0].fd, 0, SEEK_END);
	err = bytes < 0 ? -errno : vaapi_memory_check(frame, (uint64_t)bytes);
	if (err) {
		log_warn(NULL, "video: a guest's buffer (%ux%u, stride %u, %lld bytes, modifier %#llx) "
				"is not given to the GPU: %s",
				frame->width, frame->height, frame->planes[0].stride, (long long)bytes,
				(unsigned long long)frame->modifier, strerror(-err));
		return -ENOTSUP;
	}
	if (caps->memory_types & VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME_2)
		status = create_prime_2(va, format, frame, (uint64_t)bytes, ret);
	else if (caps->memory_types & VA_SURFACE_ATTRIB_MEM_TYPE_DRM_PRIME)
		status = create_prime(va, format, frame, (uint64_t)bytes, ret);
	else
		return -ENOTSUP;
	if (status == VA_STATUS_SUCCESS)
		return 0;
	log_info(NULL, "video: the driver does not import a buffer (%s); its pictures are read by the CPU",
			vaErrorStr(status));
	return -ENOTSUP;
}
