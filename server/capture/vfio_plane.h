/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a VFIO device says it shows, and whether that can be.
 *
 * The numbers come from the guest, through a driver that may pass them on as
 * they are. Nothing is mapped or read before it went through here. Pure; any
 * thread.
 *
 * Source: struct vfio_device_gfx_plane_info of linux/vfio.h.
 */
#ifndef PLANECAST_SERVER_CAPTURE_VFIO_PLANE_H
#define PLANECAST_SERVER_CAPTURE_VFIO_PLANE_H

#include <stdint.h>

struct vfio_device_gfx_plane_info;

/* One sentence for the operator: what is wrong and what to do. As long as struct capture keeps. */
#define VFIO_REASON_BYTES 256

enum vfio_plane_kind { VFIO_PLANE_DMABUF, VFIO_PLANE_REGION };

struct vfio_plane {
	uint32_t id; /* dma-buf id or region index, as the kind of the device says */
	uint32_t fourcc;
	uint64_t modifier;
	uint32_t width, height; /* 1..FRAME_SIZE_MAX */
	uint32_t stride; /* bytes; a whole number of pixels */
	uint32_t size_bytes; /* as announced; at least picture_bytes */
	uint64_t picture_bytes; /* from the first pixel to the end of the last */
	/* Of cursor planes; unchecked. hot_x and hot_y UINT32_MAX: the guest gave no hotspot. */
	uint32_t x, y, hot_x, hot_y;
};

/*
 * 0 and *ret filled; -ENODATA: the plane shows nothing; -EINVAL: numbers that
 * cannot be; -ENOTSUP: a fourcc or layout that is not read. On failure *ret is
 * untouched and reason, of VFIO_REASON_BYTES, says why.
 */
int vfio_plane_check(const struct vfio_device_gfx_plane_info *info, struct vfio_plane *ret, char *reason);

/* 0, or -EINVAL and reason: the memory behind the plane is smaller than announced. */
int vfio_plane_check_memory(const struct vfio_plane *plane, uint64_t memory_bytes, char *reason);

/* No vendor's name for a linear plane: NULL. */
const char *vfio_plane_tiling_name(uint64_t modifier);

#endif
