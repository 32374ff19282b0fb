// SPDX-License-Identifier: GPL-2.0-or-later
/* Checks of what a VFIO device says it shows. */
#include "server/capture/vfio_plane.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <inttypes.h>
#include <linux/vfio.h>
#include <stdarg.h>
#include <stdio.h>

#include "server/format.h"
#include "server/frame.h"

static int refuse(char *reason, int error, const char *fmt, ...) __attribute__((format(printf, 3, 4)));

static int refuse(char *reason, int error, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(reason, VFIO_REASON_BYTES, fmt, args);
	va_end(args);
	return error;
}

const char *vfio_plane_tiling_name(uint64_t modifier)
{
	static const struct {
		uint64_t modifier;
		const char *name;
	} tilings[] = {
		{ I915_FORMAT_MOD_X_TILED, "Intel X-tiled" },
		{ I915_FORMAT_MOD_Y_TILED, "Intel Y-tiled" },
		{ I915_FORMAT_MOD_Yf_TILED, "Intel Yf-tiled" },
		{ I915_FORMAT_MOD_Y_TILED_CCS, "Intel Y-tiled, compressed" },
		{ I915_FORMAT_MOD_Yf_TILED_CCS, "Intel Yf-tiled, compressed" },
		{ DRM_FORMAT_MOD_INVALID, "of unknown layout" },
	};

	for (size_t i = 0; i < sizeof(tilings) / sizeof(tilings[0]); i++)
		if (tilings[i].modifier == modifier)
			return tilings[i].name;
	return modifier == DRM_FORMAT_MOD_LINEAR ? NULL : "tiled";
}

static int check_format(const struct vfio_device_gfx_plane_info *info, const struct format **ret, char *reason)
{
	const struct format *format = format_find(info->drm_format);
	char name[12];

	if (!format)
		return refuse(reason, -ENOTSUP, "The guest shows pixels of format %s, which planecast does not "
				"know: choose a 32-bit mode in the guest.",
				format_fourcc_name(info->drm_format, name));
	if (format->refusal)
		return refuse(reason, -ENOTSUP, "The guest shows format %s, but %s: choose a 32-bit mode in the "
				"guest.", format->name, format->refusal);
	if (info->drm_format_mod != DRM_FORMAT_MOD_LINEAR)
		return refuse(reason, -ENOTSUP, "The guest's picture is %s (0x%" PRIx64 "): only its GPU can read "
				"it. Make the guest use a linear framebuffer.",
				vfio_plane_tiling_name(info->drm_format_mod), (uint64_t)info->drm_format_mod);
	*ret = format;
	return 0;
}

/* Widths are at most FRAME_SIZE_MAX here, so nothing below 64 bits can overflow. */
static int check_geometry(const struct vfio_device_gfx_plane_info *info, const struct format *format,
		uint64_t *ret_picture_bytes, char *reason)
{
	uint64_t row_bytes = (uint64_t)info->width * format->bytes_per_pixel;
	uint64_t picture_bytes;

	if (info->width % format->width_multiple)
		return refuse(reason, -EINVAL, "The guest's picture is %u pixels wide, which format %s cannot be: "
				"choose another mode in the guest.", info->width, format->name);
	if (info->stride < row_bytes)
		return refuse(reason, -EINVAL, "The guest's rows of %u pixels overlap: they are only %u bytes "
				"apart. Check the guest's display driver.", info->width, info->stride);
	if (info->stride % ((uint64_t)format->bytes_per_pixel * format->width_multiple))
		return refuse(reason, -EINVAL, "The guest's rows are %u bytes apart, which is no whole number of "
				"%s pixels. Check the guest's display driver.", info->stride, format->name);
	picture_bytes = (uint64_t)info->stride * (info->height - 1) + row_bytes;
	if (picture_bytes > info->size)
		return refuse(reason, -EINVAL, "The guest's %ux%u picture needs %" PRIu64 " bytes but has only "
				"%u. Check the guest's display driver.", info->width, info->height,
				picture_bytes, info->size);
	*ret_picture_bytes = picture_bytes;
	return 0;
}

int vfio_plane_check(const struct vfio_device_gfx_plane_info *info, struct vfio_plane *ret, char *reason)
{
	const struct format *format = NULL;
	uint64_t picture_bytes = 0;
	int r;

	if (!info->drm_format || (!info->width && !info->height && !info->size))
		return refuse(reason, -ENODATA, "The guest has not enabled its display: it is still starting, its "
				"screen is off, or its vGPU driver is not installed.");
	if (!info->width || !info->height || info->width > FRAME_SIZE_MAX || info->height > FRAME_SIZE_MAX)
		return refuse(reason, -EINVAL, "The guest's picture is %ux%u; planecast shows 1x1 to %dx%d. "
				"Choose another mode in the guest.", info->width, info->height,
				FRAME_SIZE_MAX, FRAME_SIZE_MAX);
	r = check_format(info, &format, reason);
	if (r < 0)
		return r;
	r = check_geometry(info, format, &picture_bytes, reason);
	if (r < 0)
		return r;
	*ret = (struct vfio_plane){
		.id = info->dmabuf_id,
		.fourcc = info->drm_format,
		.modifier = info->drm_format_mod,
		.width = info->width,
		.height = info->height,
		.stride = info->stride,
		.size_bytes = info->size,
		.picture_bytes = picture_bytes,
		.x = info->x_pos,
		.y = info->y_pos,
		.hot_x = info->x_hot,
		.hot_y = info->y_hot,
	};
	return 0;
}

int vfio_plane_check_memory(const struct vfio_plane *plane, uint64_t memory_bytes, char *reason)
{
	if (plane->size_bytes <= memory_bytes)
		return 0;
	return refuse(reason, -EINVAL, "The guest's picture of %u bytes lies in memory of only %" PRIu64 " bytes. "
			"Check the guest's display driver.", plane->size_bytes, memory_bytes);
}
