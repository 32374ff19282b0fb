/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ioctls of a VFIO device that has a display, with what real drivers want.
 * None waits for the guest. 0 or negative errno. Loop thread.
 *
 * Source: linux/vfio.h, VFIO_DEVICE_QUERY_GFX_PLANE and its neighbours.
 */
#ifndef PLANECAST_SERVER_CAPTURE_VFIO_DEVICE_H
#define PLANECAST_SERVER_CAPTURE_VFIO_DEVICE_H

#include <stdint.h>

#include "server/capture/vfio_plane.h"

/* How the device shows planes. -ENOTTY: it has no display. */
int vfio_device_probe(int device_fd, enum vfio_plane_kind *ret_kind);

enum vfio_plane_type { VFIO_PLANE_PRIMARY, VFIO_PLANE_CURSOR };

/*
 * What the plane shows at this moment. Drivers fail this for a moment while the
 * guest changes modes, some once after every change. A plane that is off is
 * success with an empty struct.
 */
int vfio_device_query(int device_fd, enum vfio_plane_kind kind, enum vfio_plane_type type,
		struct vfio_device_gfx_plane_info *ret);

/* A new close-on-exec fd. The id must not be one whose fd is open: drivers miscount. */
int vfio_device_get_dmabuf(int device_fd, uint32_t id, int *ret_fd);

/* Where to mmap() the region on the device's fd, and how much there is. */
int vfio_device_get_region(int device_fd, uint32_t index, uint64_t *ret_offset, uint64_t *ret_bytes);

#endif
