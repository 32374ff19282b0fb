/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The dma-bufs of a device, kept open: guests flip between a few, and drivers
 * want each fetched once.
 *
 * A buffer is known by its id and all of its geometry: ids come back for other
 * buffers once their dma-buf is closed. An id whose fd is open is never fetched
 * again (drivers lose count of references). The least recently shown goes when
 * the table is full, but none that a reader holds. Loop thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_VFIO_DMABUF_H
#define PLANECAST_SERVER_CAPTURE_VFIO_DMABUF_H

#include <stdint.h>

#include "server/capture/vfio_plane.h"

/* Triple buffering, twice; QEMU keeps five. */
#define VFIO_DMABUFS_MAX 8

struct frame;

struct vfio_dmabuf {
	struct vfio_plane plane;
	struct frame *frame; /* NULL: free */
	uint64_t used;
};

struct vfio_dmabufs {
	struct vfio_dmabuf table[VFIO_DMABUFS_MAX]; /* zeroed: empty */
	uint64_t clock;
};

/*
 * The frame that the plane is, borrowed; frame->data may be NULL where the
 * driver lets no CPU read it. -EBUSY: readers hold what would have to go, look
 * again later; other negative errnos of the driver, with reason.
 */
int vfio_dmabufs_find(struct vfio_dmabufs *dmabufs, int device_fd, const struct vfio_plane *plane,
		struct frame **ret, char *reason);
/* Lets go of all, also of those that readers still hold: vfio_frame_forsake(). */
void vfio_dmabufs_clear(struct vfio_dmabufs *dmabufs);

#endif
