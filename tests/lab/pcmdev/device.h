/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One pcmdev device. */
#ifndef PLANECAST_TESTS_LAB_PCMDEV_DEVICE_H
#define PLANECAST_TESTS_LAB_PCMDEV_DEVICE_H

#include <linux/mutex.h>
#include <linux/vfio.h>

#include "pool.h"

#define PCMDEV_CONFIG_BYTES 256

enum display { DISPLAY_NONE, DISPLAY_DMABUF, DISPLAY_REGION };

struct pcmdev {
	struct vfio_device vdev;
	struct pcmdev_pool *pool;
	enum display display;
	struct mutex lock; /* below */
	u8 config[PCMDEV_CONFIG_BYTES];
	struct vfio_region_gfx_edid edid;
	u8 blob[PCMDEV_EDID_BYTES];
};

/* The guest's side of a device, in its sysfs folder. */
extern const struct attribute_group *pcmdev_guest_groups[];

#endif
