// SPDX-License-Identifier: GPL-2.0-or-later
/* The cache of a device's dma-bufs. */
#include "server/capture/vfio_dmabuf.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/capture/vfio_device.h"
#include "server/capture/vfio_frame.h"
#include "server/frame.h"

static bool same_buffer(const struct vfio_plane *a, const struct vfio_plane *b)
{
	/* Position and hotspot are the plane's, not the buffer's. */
	return a->id == b->id && a->fourcc == b->fourcc && a->modifier == b->modifier && a->width == b->width &&
			a->height == b->height && a->stride == b->stride && a->size_bytes == b->size_bytes;
}

/*
 * The slot to fetch the plane into, emptied: the one whose buffer has this very
 * id, else a free one, else the least recently used. NULL: readers hold them.
 */
static struct vfio_dmabuf *make_room(struct vfio_dmabufs *dmabufs, uint32_t id)
{
	struct vfio_dmabuf *room = NULL;

	for (size_t i = 0; i < VFIO_DMABUFS_MAX; i++) {
		struct vfio_dmabuf *candidate = &dmabufs->table[i];

		if (candidate->frame && candidate->plane.id == id) {
			room = vfio_frame_shared(candidate->frame) ? NULL : candidate;
			break;
		}
		if (candidate->frame && vfio_frame_shared(candidate->frame))
			continue;
		/* A free slot was last used at 0. */
		if (!room || candidate->used < room->used)
			room = candidate;
	}
	if (room) {
		room->frame = frame_unref(room->frame);
		room->used = 0;
	}
	return room;
}

static int fetch(int device_fd, const struct vfio_plane *plane, struct frame **ret, char *reason)
{
	off_t memory_bytes;
	int fd, r;

	r = vfio_device_get_dmabuf(device_fd, plane->id, &fd);
	if (r < 0) {
		snprintf(reason, VFIO_REASON_BYTES, "The vGPU's driver does not hand out the guest's picture: %s.",
				strerror(-r));
		return r;
	}
	memory_bytes = lseek(fd, 0, SEEK_END);
	return vfio_frame_new(plane, fd, true, 0, memory_bytes < 0 ? 0 : (uint64_t)memory_bytes, ret, reason);
}

int vfio_dmabufs_find(struct vfio_dmabufs *dmabufs, int device_fd, const struct vfio_plane *plane,
		struct frame **ret, char *reason)
{
	struct vfio_dmabuf *found = NULL;
	int r;

	for (size_t i = 0; i < VFIO_DMABUFS_MAX && !found; i++)
		if (dmabufs->table[i].frame && same_buffer(&dmabufs->table[i].plane, plane))
			found = &dmabufs->table[i];
	/* What went away is fetched anew. */
	if (!found || vfio_frame_lost(found->frame)) {
		found = make_room(dmabufs, plane->id);
		if (!found) {
			snprintf(reason, VFIO_REASON_BYTES, "Too many of the guest's pictures are still being read.");
			return -EBUSY;
		}
		r = fetch(device_fd, plane, &found->frame, reason);
		if (r < 0)
			return r;
		found->plane = *plane;
	}
	found->used = ++dmabufs->clock;
	*ret = found->frame;
	return 0;
}

void vfio_dmabufs_clear(struct vfio_dmabufs *dmabufs)
{
	for (size_t i = 0; i < VFIO_DMABUFS_MAX; i++) {
		vfio_frame_forsake(dmabufs->table[i].frame);
		dmabufs->table[i].frame = frame_unref(dmabufs->table[i].frame);
	}
	dmabufs->clock = 0;
	memset(dmabufs->table, 0, sizeof(dmabufs->table));
}
