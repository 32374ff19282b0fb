// SPDX-License-Identifier: GPL-2.0-or-later
/* What sysfs says of a VFIO device. */
#include "server/capture/vfio_sysfs.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SYSFS_MDEV "/sys/bus/mdev/devices/"
#define SYSFS_PCI "/sys/bus/pci/devices/"

int vfio_sysfs_find(const char *device, char path[PATH_MAX], char *reason)
{
	char link[PATH_MAX];
	bool pci = strchr(device, ':');
	int length;

	if (device[0] == '/')
		length = snprintf(link, sizeof(link), "%s", device);
	else
		length = snprintf(link, sizeof(link), "%s%s", pci ? SYSFS_PCI : SYSFS_MDEV, device);
	if (length < (int)sizeof(link) && realpath(link, path))
		return 0;
	if (device[0] == '/' || pci)
		snprintf(reason, VFIO_REASON_BYTES, "There is no device %.64s: mend vfio-device.", device);
	else
		snprintf(reason, VFIO_REASON_BYTES, "There is no device %.40s: write this UUID to 'create' of a "
				"type in /sys/class/mdev_bus, or mend vfio-device.", device);
	return -ENODEV;
}

int vfio_sysfs_group(const char *path, char ret[VFIO_SYSFS_NAME_BYTES], char *reason)
{
	char link[PATH_MAX], target[PATH_MAX];
	const char *number;
	ssize_t length = -1;

	if (snprintf(link, sizeof(link), "%s/iommu_group", path) < (int)sizeof(link))
		length = readlink(link, target, sizeof(target) - 1);
	if (length < 0) {
		snprintf(reason, VFIO_REASON_BYTES, "%.60s has no IOMMU group: bind it to a VFIO driver; for a PCI "
				"device the host's IOMMU must be on.", strrchr(path, '/') + 1);
		return -ENODEV;
	}
	target[length] = '\0';
	number = strrchr(target, '/');
	snprintf(ret, VFIO_SYSFS_NAME_BYTES, "%.32s", number ? number + 1 : target);
	return 0;
}

bool vfio_sysfs_cdev(const char *path, char ret[VFIO_SYSFS_NAME_BYTES])
{
	char folder[PATH_MAX];
	struct dirent *entry;
	bool found = false;
	DIR *dir;

	if (snprintf(folder, sizeof(folder), "%s/vfio-dev", path) >= (int)sizeof(folder))
		return false;
	dir = opendir(folder);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir)))
		if (!strncmp(entry->d_name, "vfio", 4))
			found = snprintf(ret, VFIO_SYSFS_NAME_BYTES, "%.32s", entry->d_name) > 0;
	closedir(dir);
	return found;
}

bool vfio_sysfs_present(const char *path)
{
	char link[PATH_MAX];

	/* The kernel takes this link away before it waits for users of the device. */
	return snprintf(link, sizeof(link), "%s/driver", path) < (int)sizeof(link) && !access(link, F_OK);
}
