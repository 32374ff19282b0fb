/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where a VFIO device is in /sys and /dev. */
#ifndef PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_DEVICE_H
#define PLANECAST_TOOLS_PLANECASTCTL_DOCTOR_DEVICE_H

#include <limits.h>
#include <stdbool.h>

struct doctor_holder;

struct doctor_device {
	char path[PATH_MAX]; /* in /sys */
	char group[64]; /* "/dev/vfio/12"; "": it has none */
	char node[64]; /* "/dev/vfio/devices/vfio0"; likewise */
};

/* device: as vfio-device has it. Negative errno: it is not there. */
int doctor_device_find(const char *device, struct doctor_device *ret);
/* Who has it open but planecastd: at most max, returns how many. ret_blind as doctor_proc_find(). */
unsigned int doctor_device_owners(const struct doctor_device *device, struct doctor_holder *owners,
		unsigned int max, bool *ret_blind);

#endif
