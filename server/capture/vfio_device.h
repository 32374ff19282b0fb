/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ioctls of a VFIO device that has a display, with what real drivers want.
 * None waits for the guest. 0 or negative errno. Loop thread.
 *
 * Source: linux/vfio.h, VFIO_DEVICE_QUERY_GFX_PLANE and its neighbours.
 */
#ifndef PLANECAST_SERVER_CAPTURE_VFIO_DEVICE_H
#define PLANECAST_SERVER_CAPTURE_VFIO_DEVICE_H

#include <stddef.h>
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

/*
 * The first of the device's own regions that is said to be of that type. -ENOENT:
 * there is none.
 */
int vfio_device_find_region(int device_fd, uint32_t type, uint32_t subtype, uint64_t *ret_offset);

/*
 * One register of a region, which some drivers take only alone; or memory there.
 * EINTR aside, what the driver says is what comes back; -EIO where it moved fewer.
 */
int vfio_device_read(int device_fd, uint64_t offset, void *data, size_t bytes);
int vfio_device_write(int device_fd, uint64_t offset, const void *data, size_t bytes);

/* Where to mmap() the region on the device's fd, and how much there is. */
int vfio_device_get_region(int device_fd, uint32_t index, uint64_t *ret_offset, uint64_t *ret_bytes);

#endif
