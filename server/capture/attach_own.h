/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Opening a VFIO device as its only user: finds it in sysfs by mdev UUID, PCI
 * address or path, and opens it through its own character device and iommufd
 * where the kernel has them, through its group and a container otherwise.
 * Blocks for no longer than the driver's open. Any thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_ATTACH_OWN_H
#define PLANECAST_SERVER_CAPTURE_ATTACH_OWN_H

#include <limits.h>
#include <stdbool.h>

#include "server/capture/vfio_plane.h"

struct attach_own {
	char path[PATH_MAX]; /* of the device in sysfs */
	int device_fd; /* close-on-exec */
	int iommu_fd; /* iommufd, which the device is bound to; -1: none. Closed after device_fd. */
};

/* 0 and *ret filled, or negative errno, *ret untouched and reason. */
int attach_own_open(const char *device, struct attach_own *ret, char *reason);
/* False once the device is being taken from its driver; that waits for our close. */
bool attach_own_present(const struct attach_own *own);
void attach_own_close(struct attach_own *own);

#endif
