// SPDX-License-Identifier: GPL-2.0-or-later
/* The ioctls of a VFIO device that has a display. */
#include "server/capture/vfio_device.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "server/capture/vfio_caps.h"

/* enum drm_plane_type, which no header of libdrm names. */
#define DRM_PLANE_TYPE_OVERLAY 0
#define DRM_PLANE_TYPE_PRIMARY 1
#define DRM_PLANE_TYPE_CURSOR 2

/* More than any driver has; one that counts wrong is not followed far. */
#define REGIONS_MAX 64u

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

/* 1: it is of that type. 0: of another, or of none that is told. */
static int check_region(int device_fd, uint32_t index, uint32_t type, uint32_t subtype, uint64_t *ret_offset)
{
	struct vfio_region_info info = { .argsz = sizeof(info), .index = index }, *all;
	int r = device_ioctl(device_fd, VFIO_DEVICE_GET_REGION_INFO, &info);
	const uint32_t bytes = info.argsz;
	bool found;

	if (r < 0)
		return r;
	if (!(info.flags & VFIO_REGION_INFO_FLAG_CAPS) || bytes <= sizeof(info) || bytes > VFIO_CAPS_BYTES_MAX)
		return 0;
	/* As much as it said that it has: mbochs refuses more. */
	all = calloc(1, bytes);
	if (!all)
		return -ENOMEM;
	all->argsz = bytes;
	all->index = index;
	r = device_ioctl(device_fd, VFIO_DEVICE_GET_REGION_INFO, all);
	found = r >= 0 && vfio_caps_say_type(all, bytes, type, subtype);
	if (found)
		*ret_offset = all->offset;
	free(all);
	return r < 0 ? r : found;
}

int vfio_device_find_region(int device_fd, uint32_t type, uint32_t subtype, uint64_t *ret_offset)
{
	struct vfio_device_info info = { .argsz = offsetof(struct vfio_device_info, num_irqs) + sizeof(info.num_irqs) };
	int r = device_ioctl(device_fd, VFIO_DEVICE_GET_INFO, &info);

	if (r < 0)
		return r;
	/* Those before are PCI's. A driver may have holes. */
	for (uint32_t i = VFIO_PCI_NUM_REGIONS; i < info.num_regions && i < REGIONS_MAX; i++) {
		r = check_region(device_fd, i, type, subtype, ret_offset);
		if (r > 0)
			return 0;
		if (r == -ENOMEM)
			return r;
	}
	return -ENOENT;
}

int vfio_device_read(int device_fd, uint64_t offset, void *data, size_t bytes)
{
	ssize_t n;

	do
		n = pread(device_fd, data, bytes, (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == bytes ? 0 : -EIO;
}

int vfio_device_write(int device_fd, uint64_t offset, const void *data, size_t bytes)
{
	ssize_t n;

	do
		n = pwrite(device_fd, data, bytes, (off_t)offset);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == bytes ? 0 : -EIO;
}
