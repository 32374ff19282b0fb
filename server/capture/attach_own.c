// SPDX-License-Identifier: GPL-2.0-or-later
/* Opening a VFIO device as its only user. */
#include "server/capture/attach_own.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/vfio.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "server/capture/vfio_sysfs.h"

#define NODE_BYTES 64

/* Since Linux 6.6; headers of the distributions we build on are older. */
#ifndef VFIO_DEVICE_BIND_IOMMUFD
#define VFIO_DEVICE_BIND_IOMMUFD _IO(VFIO_TYPE, VFIO_BASE + 18)
struct vfio_device_bind_iommufd {
	__u32 argsz;
	__u32 flags;
	__s32 iommufd;
	__u32 out_devid;
};
#endif

enum step { STEP_NODE, STEP_BIND, STEP_USE };

/* What a failure means. The sentence begins with the node or device it is about. */
static const struct {
	enum step step;
	int error;
	const char *means;
} meanings[] = {
	{ STEP_NODE, ENOENT, "does not exist: is the device bound to a VFIO driver, and vfio_iommu_type1 loaded?" },
	{ STEP_NODE, EACCES, "may not be opened by planecast: give its user access to it, with a udev rule say." },
	{ STEP_NODE, EPERM, "may not be opened by planecast: give its user access to it, with a udev rule say." },
	{ STEP_NODE, EBUSY, "is in use, by QEMU perhaps: have its launcher pass it (vfio-attach = socket)." },
	{ STEP_USE, EBUSY, "is in use, by QEMU perhaps: have its launcher pass it (vfio-attach = socket)." },
	{ STEP_BIND, EBUSY, "is in use, by QEMU perhaps: have its launcher pass it (vfio-attach = socket)." },
	{ STEP_BIND, EINVAL, "is in use, by QEMU perhaps: have its launcher pass it (vfio-attach = socket)." },
	{ STEP_USE, ENODEV, "is being removed, or its driver has let go of it." },
	{ STEP_USE, ESRCH, "opens only for a running virtual machine: have its launcher pass it (vfio-attach = "
			"socket)." },
	{ STEP_USE, EPERM, "shares its IOMMU group with devices of the host: bind all of them to VFIO drivers." },
};

static void explain(enum step step, const char *what, int error, char *reason)
{
	for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++) {
		if (meanings[i].step == step && meanings[i].error == -error) {
			snprintf(reason, VFIO_REASON_BYTES, "%s %s", what, meanings[i].means);
			return;
		}
	}
	snprintf(reason, VFIO_REASON_BYTES, "%s cannot be opened: %s.", what, strerror(-error));
}

/* The fd or negative errno. */
static int open_node(const char *node, char *reason)
{
	int fd = open(node, O_RDWR | O_CLOEXEC);

	if (fd >= 0)
		return fd;
	fd = -errno;
	explain(STEP_NODE, node, fd, reason);
	return fd;
}

static int use_ioctl(int fd, unsigned long request, void *arg, enum step step, const char *node, char *reason)
{
	int r = ioctl(fd, request, arg);

	if (r >= 0)
		return r;
	r = -errno;
	explain(step, node, r, reason);
	return r;
}

/* The device's own character device, if kernel and driver give it one and we may use it. */
static bool find_cdev(const char *path, char node[NODE_BYTES])
{
	char name[VFIO_SYSFS_NAME_BYTES];

	if (!vfio_sysfs_cdev(path, name))
		return false;
	snprintf(node, NODE_BYTES, "/dev/vfio/devices/%s", name);
	return !faccessat(AT_FDCWD, node, R_OK | W_OK, AT_EACCESS) &&
			!faccessat(AT_FDCWD, "/dev/iommu", R_OK | W_OK, AT_EACCESS);
}

static int open_cdev(const char *node, struct attach_own *ret, char *reason)
{
	struct vfio_device_bind_iommufd bind = { .argsz = sizeof(bind) };
	int device_fd, iommu_fd, r;

	iommu_fd = open_node("/dev/iommu", reason);
	if (iommu_fd < 0)
		return iommu_fd;
	device_fd = open_node(node, reason);
	if (device_fd < 0) {
		r = device_fd;
		goto err_iommu;
	}
	bind.iommufd = iommu_fd;
	r = use_ioctl(device_fd, VFIO_DEVICE_BIND_IOMMUFD, &bind, STEP_BIND, node, reason);
	if (r < 0)
		goto err_device;
	ret->device_fd = device_fd;
	ret->iommu_fd = iommu_fd;
	return 0;

err_device:
	close(device_fd);
err_iommu:
	close(iommu_fd);
	return r;
}

/* The group as the only one of a new container. */
static int join_container(int group_fd, int container_fd, const char *node, char *reason)
{
	struct vfio_group_status status = { .argsz = sizeof(status) };
	const int models[] = { VFIO_TYPE1v2_IOMMU, VFIO_TYPE1_IOMMU };
	int r = use_ioctl(group_fd, VFIO_GROUP_GET_STATUS, &status, STEP_USE, node, reason);

	if (r < 0)
		return r;
	if (!(status.flags & VFIO_GROUP_FLAGS_VIABLE)) {
		explain(STEP_USE, node, -EPERM, reason);
		return -EPERM;
	}
	r = use_ioctl(group_fd, VFIO_GROUP_SET_CONTAINER, &container_fd, STEP_USE, node, reason);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(models) / sizeof(models[0]); i++)
		if (ioctl(container_fd, VFIO_CHECK_EXTENSION, models[i]) > 0 &&
				!ioctl(container_fd, VFIO_SET_IOMMU, models[i]))
			return 0;
	snprintf(reason, VFIO_REASON_BYTES, "%s cannot be used: load the kernel module vfio_iommu_type1.", node);
	return -ENODEV;
}

/* The device's fd or negative errno. The kernel keeps group and container as long as that is open. */
static int open_in_group(const char *path, char *reason)
{
	const char *name = strrchr(path, '/') + 1;
	char group[VFIO_SYSFS_NAME_BYTES], node[NODE_BYTES], argument[PATH_MAX];
	int group_fd, container_fd, r;

	r = vfio_sysfs_group(path, group, reason);
	if (r < 0)
		return r;
	snprintf(node, sizeof(node), "/dev/vfio/%s", group);
	group_fd = open_node(node, reason);
	if (group_fd < 0)
		return group_fd;
	container_fd = open_node("/dev/vfio/vfio", reason);
	if (container_fd < 0) {
		r = container_fd;
		goto out_group;
	}
	r = join_container(group_fd, container_fd, node, reason);
	if (r < 0)
		goto out_container;
	snprintf(argument, sizeof(argument), "%s", name);
	r = use_ioctl(group_fd, VFIO_GROUP_GET_DEVICE_FD, argument, STEP_USE, name, reason);
	if (r >= 0)
		fcntl(r, F_SETFD, FD_CLOEXEC);

out_container:
	close(container_fd);
out_group:
	close(group_fd);
	return r;
}

int attach_own_open(const char *device, struct attach_own *ret, char *reason)
{
	struct attach_own own = { .iommu_fd = -1 };
	char node[NODE_BYTES];
	int r = vfio_sysfs_find(device, own.path, reason);

	if (r < 0)
		return r;
	if (find_cdev(own.path, node))
		r = open_cdev(node, &own, reason);
	else
		r = own.device_fd = open_in_group(own.path, reason);
	if (r < 0)
		return r;
	*ret = own;
	return 0;
}

bool attach_own_present(const struct attach_own *own)
{
	return vfio_sysfs_present(own->path);
}

void attach_own_close(struct attach_own *own)
{
	close(own->device_fd);
	if (own->iommu_fd >= 0)
		close(own->iommu_fd);
	own->device_fd = -1;
	own->iommu_fd = -1;
}
