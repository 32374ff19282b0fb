/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A frame that is device memory: a dma-buf or a region of the device.
 *
 * The frame stands for the buffer, not for one look at it, so that what readers
 * attach to it lasts as long as the buffer: whoever keeps it (vfio_dmabuf,
 * vfio_region) hands it out again and again. Loop thread; the last reference
 * may go in any.
 */
#ifndef PLANECAST_SERVER_CAPTURE_VFIO_FRAME_H
#define PLANECAST_SERVER_CAPTURE_VFIO_FRAME_H

#include <stdbool.h>
#include <stdint.h>

struct frame;
struct vfio_plane;

/*
 * Maps the plane's picture, which begins at offset of fd, where memory_bytes
 * are. dmabuf: fd is the plane's dma-buf and the frame's from then on, also on
 * failure. A driver may refuse CPU reads: frame->data is then NULL. -EINVAL:
 * less memory than announced; -ENOMEM and others of mmap(), all with reason.
 */
int vfio_frame_new(const struct vfio_plane *plane, int fd, bool dmabuf, uint64_t offset,
		uint64_t memory_bytes, struct frame **ret, char *reason);

/*
 * Gives device memory and dma-buf back at once, whoever holds the frame: readers have
 * zeroes from now on, and a descriptor of nothing. For the keeper, before his last unref.
 * NULL is fine.
 */
void vfio_frame_forsake(struct frame *frame);

/* Somebody besides its keeper holds it. */
bool vfio_frame_shared(const struct frame *frame);
/* The memory went away: what was read since is zeroes, and for good. */
bool vfio_frame_lost(const struct frame *frame);
/*
 * Before handing it out: 0; -EIO: lost; -ENOTSUP: no CPU can read it; -EBUSY:
 * the GPU still draws it and a read would wait. With reason.
 */
int vfio_frame_check(const struct frame *frame, char *reason);
/* Stamps a new look, unless a reader still holds the last one: his stamp stays. */
void vfio_frame_stamp(struct frame *frame, uint64_t sequence, int64_t now_ns);

#endif
