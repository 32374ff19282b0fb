// SPDX-License-Identifier: GPL-2.0-or-later
/* The ioctls of a VFIO device that has a display. */
#include "server/capture/vfio_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* enum drm_plane_type, which no header of libdrm names. */
#define DRM_PLANE_TYPE_OVERLAY 0
#define DRM_PLANE_TYPE_PRIMARY 1
#define DRM_PLANE_TYPE_CURSOR 2

static const uint32_t kind_flags[] = {
	[VFIO_PLANE_DMABUF] = VFIO_GFX_PLANE_TYPE_DMABUF,
	[VFIO_PLANE_REGION] = VFIO_GFX_PLANE_TYPE_REGION,
};

static int device_ioctl(int device_fd, unsigned long request, void *arg)
{
	int r;

	do
		r = ioctl(device_fd, request, arg);
	while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

int vfio_device_probe(int device_fd, enum vfio_plane_kind *ret_kind)
{
	for (enum vfio_plane_kind kind = VFIO_PLANE_DMABUF; kind <= VFIO_PLANE_REGION; kind++) {
		struct vfio_device_gfx_plane_info info = {
			.argsz = sizeof(info),
			.flags = VFIO_GFX_PLANE_TYPE_PROBE | kind_flags[kind],
		};
		int r = device_ioctl(device_fd, VFIO_DEVICE_QUERY_GFX_PLANE, &info);

		if (!r) {
			*ret_kind = kind;
			return 0;
		}
		if (r != -EINVAL)
			return r;
	}
	return -ENOTTY;
}

int vfio_device_query(int device_fd, enum vfio_plane_kind kind, enum vfio_plane_type type,
		struct vfio_device_gfx_plane_info *ret)
{
	/* Zeroed each time: some drivers leave what they do not fill. */
	struct vfio_device_gfx_plane_info info = {
		.argsz = sizeof(info),
		.flags = kind_flags[kind],
	};
	int r;

	/* A region is one picture; QEMU, which drivers are tested with, leaves the type zero there. */
	if (kind == VFIO_PLANE_REGION)
		info.drm_plane_type = DRM_PLANE_TYPE_OVERLAY;
	else
		info.drm_plane_type = type == VFIO_PLANE_CURSOR ? DRM_PLANE_TYPE_CURSOR : DRM_PLANE_TYPE_PRIMARY;
	r = device_ioctl(device_fd, VFIO_DEVICE_QUERY_GFX_PLANE, &info);
	if (r < 0)
		return r;
	*ret = info;
	return 0;
}

int vfio_device_get_dmabuf(int device_fd, uint32_t id, int *ret_fd)
{
	int fd = device_ioctl(device_fd, VFIO_DEVICE_GET_GFX_DMABUF, &id);

	if (fd < 0)
		return fd;
	/* Not every driver does it. */
	if (fcntl(fd, F_SETFD, FD_CLOEXEC) < 0) {
		int error = -errno;

		close(fd);
		return error;
	}
	*ret_fd = fd;
	return 0;
}

int vfio_device_get_region(int device_fd, uint32_t index, uint64_t *ret_offset, uint64_t *ret_bytes)
{
	/*
	 * The plain struct, without room for capabilities: mbochs refuses more
	 * than it has to say. The index is not compared with the device's number
	 * of regions: mdpy's display is beyond it.
	 */
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index };
	int r = device_ioctl(device_fd, VFIO_DEVICE_GET_REGION_INFO, &info);

	if (r < 0)
		return r;
	*ret_offset = info.offset;
	*ret_bytes = info.size;
	return 0;
}
