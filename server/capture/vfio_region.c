// SPDX-License-Identifier: GPL-2.0-or-later
/* The picture of a device that shows it in a region. */
#include "server/capture/vfio_region.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "server/capture/vfio_device.h"
#include "server/capture/vfio_frame.h"
#include "server/frame.h"

static bool same_plane(const struct vfio_plane *a, const struct vfio_plane *b)
{
	return a->id == b->id && a->fourcc == b->fourcc && a->width == b->width && a->height == b->height &&
			a->stride == b->stride && a->size_bytes == b->size_bytes;
}

int vfio_region_find(struct vfio_region *region, int device_fd, const struct vfio_plane *plane,
		struct frame **ret, char *reason)
{
	uint64_t offset, memory_bytes;
	int r;

	if (!region->frame || !same_plane(&region->plane, plane) || vfio_frame_lost(region->frame)) {
		vfio_region_clear(region);
		r = vfio_device_get_region(device_fd, plane->id, &offset, &memory_bytes);
		if (r < 0) {
			snprintf(reason, VFIO_REASON_BYTES, "The guest's picture is in region %u, which the vGPU's "
					"driver does not describe: %s.", plane->id, strerror(-r));
			return r;
		}
		r = vfio_frame_new(plane, device_fd, false, offset, memory_bytes, &region->frame, reason);
		if (r < 0)
			return r;
		region->plane = *plane;
	}
	*ret = region->frame;
	return 0;
}

void vfio_region_clear(struct vfio_region *region)
{
	vfio_frame_forsake(region->frame);
	region->frame = frame_unref(region->frame);
}
