/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The picture of a device that shows it in one of its regions. Only ever
 * mmap()ed: what drivers answer to read() there differs. Loop thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_VFIO_REGION_H
#define PLANECAST_SERVER_CAPTURE_VFIO_REGION_H

#include "server/capture/vfio_plane.h"

struct frame;

struct vfio_region {
	struct vfio_plane plane;
	struct frame *frame; /* NULL: not mapped; zeroed: empty */
};

/*
 * The frame that the plane is, borrowed; frame->data may be NULL where the
 * driver lets no CPU read it. Asks the device where the region is and maps it
 * when anything about the plane has changed. Negative errno with reason.
 */
int vfio_region_find(struct vfio_region *region, int device_fd, const struct vfio_plane *plane,
		struct frame **ret, char *reason);
/* Lets go of it, also where readers still hold it: vfio_frame_forsake(). */
void vfio_region_clear(struct vfio_region *region);

#endif
