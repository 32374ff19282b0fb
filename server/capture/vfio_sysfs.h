/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A VFIO device in sysfs: where it is, by which group or character device it is
 * opened, and whether it is still there. Never blocks. Any thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_VFIO_SYSFS_H
#define PLANECAST_SERVER_CAPTURE_VFIO_SYSFS_H

#include <limits.h>
#include <stdbool.h>

#include "server/capture/vfio_plane.h"

#define VFIO_SYSFS_NAME_BYTES 33

/*
 * By mdev UUID, PCI address or absolute path. 0 and path, without symbolic links; -ENODEV and
 * reason, of VFIO_REASON_BYTES.
 */
int vfio_sysfs_find(const char *device, char path[PATH_MAX], char *reason);
/* The number of its IOMMU group, as in /dev/vfio. 0; -ENODEV and reason. */
int vfio_sysfs_group(const char *path, char ret[VFIO_SYSFS_NAME_BYTES], char *reason);
/* "vfio0", as in /dev/vfio/devices. False: kernel or driver give it none. */
bool vfio_sysfs_cdev(const char *path, char ret[VFIO_SYSFS_NAME_BYTES]);
/* False once the device is being taken from its driver; that waits until nobody has it open. */
bool vfio_sysfs_present(const char *path);

#endif
