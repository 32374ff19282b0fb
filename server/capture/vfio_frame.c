// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames that are device memory. */
#include "server/capture/vfio_frame.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "server/capture/mapping.h"
#include "server/capture/vfio_plane.h"
#include "server/frame.h"
#include "server/log.h"

#define SYNC_TRIES 8

struct vfio_frame {
	struct frame frame;
	struct mapping *mapping;
};

static int sync_dmabuf(const struct frame *frame, uint64_t flags)
{
	struct dma_buf_sync sync = { .flags = flags };

	if (frame->planes[0].fd < 0)
		return 0;
	/* Drivers ask for another try when interrupted; one that never has enough is not waited for. */
	for (int i = 0; i < SYNC_TRIES; i++) {
		if (!ioctl(frame->planes[0].fd, DMA_BUF_IOCTL_SYNC, &sync))
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return -EIO;
}

static int begin_read(struct frame *frame)
{
	return sync_dmabuf(frame, DMA_BUF_SYNC_START | DMA_BUF_SYNC_READ);
}

static void end_read(struct frame *frame)
{
	sync_dmabuf(frame, DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ);
}

static void release(struct frame *frame)
{
	struct vfio_frame *vfio = (struct vfio_frame *)frame;

	frame_finish(frame);
	mapping_free(vfio->mapping);
	if (frame->planes[0].fd >= 0)
		close(frame->planes[0].fd);
	free(vfio);
}

static const struct frame_impl vfio_frame_impl = {
	.release = release,
	.begin_read = begin_read,
	.end_read = end_read,
};

static int map(const struct vfio_plane *plane, int fd, uint64_t offset, uint64_t memory_bytes,
		struct mapping **ret, char *reason)
{
	int r = vfio_plane_check_memory(plane, memory_bytes, reason);

	if (r < 0)
		return r;
	r = mapping_new(fd, offset, plane->picture_bytes, ret);
	/* Normal for drivers whose pictures are the GPU's own. */
	if (r == -ENODEV || r == -EINVAL || r == -EACCES) {
		log_info(NULL, "the guest's picture cannot be mapped: %s", strerror(-r));
		*ret = NULL;
		return 0;
	}
	if (r < 0)
		snprintf(reason, VFIO_REASON_BYTES, "The guest's picture cannot be mapped: %s.", strerror(-r));
	return r;
}

int vfio_frame_new(const struct vfio_plane *plane, int fd, bool dmabuf, uint64_t offset,
		uint64_t memory_bytes, struct frame **ret, char *reason)
{
	struct mapping *mapping = NULL;
	struct vfio_frame *vfio;
	struct frame *frame;
	int r;

	r = map(plane, fd, offset, memory_bytes, &mapping, reason);
	if (r < 0)
		goto err_fd;
	r = -ENOMEM;
	vfio = malloc(sizeof(*vfio));
	if (!vfio) {
		snprintf(reason, VFIO_REASON_BYTES, "The server has no memory left.");
		goto err_mapping;
	}
	vfio->mapping = mapping;
	frame = &vfio->frame;
	frame_init(frame, &vfio_frame_impl);
	frame->width = plane->width;
	frame->height = plane->height;
	frame->fourcc = plane->fourcc;
	frame->modifier = plane->modifier;
	frame->n_planes = 1;
	frame->planes[0].fd = dmabuf ? fd : -1;
	frame->planes[0].stride = plane->stride;
	if (mapping) {
		frame->data = mapping_data(mapping);
		frame->data_bytes = plane->picture_bytes;
	}
	*ret = frame;
	return 0;

err_mapping:
	mapping_free(mapping);
err_fd:
	if (dmabuf)
		close(fd);
	return r;
}

/* In one step: a thread that is about to use the number never finds another's file there. */
static void put_nothing(int fd)
{
	int nothing = eventfd(0, EFD_CLOEXEC);

	if (nothing < 0)
		return;
	dup3(nothing, fd, O_CLOEXEC);
	close(nothing);
}

void vfio_frame_forsake(struct frame *frame)
{
	const struct vfio_frame *vfio = (const struct vfio_frame *)frame;

	if (!frame || !vfio_frame_shared(frame))
		return;
	mapping_abandon(vfio->mapping);
	if (frame->planes[0].fd >= 0)
		put_nothing(frame->planes[0].fd);
}

bool vfio_frame_shared(const struct frame *frame)
{
	return atomic_load_explicit(&frame->refcount, memory_order_acquire) > 1;
}

bool vfio_frame_lost(const struct frame *frame)
{
	const struct vfio_frame *vfio = (const struct vfio_frame *)frame;

	return vfio->mapping && mapping_lost(vfio->mapping);
}

int vfio_frame_check(const struct frame *frame, char *reason)
{
	struct pollfd fd = { .fd = frame->planes[0].fd, .events = POLLIN };

	if (!frame->data) {
		snprintf(reason, VFIO_REASON_BYTES, "The vGPU's driver lets only the GPU read the guest's picture, "
				"and planecast reads it with the CPU: it cannot show this vGPU.");
		return -ENOTSUP;
	}
	/* A dma-buf polls readable once no write to it is under way. */
	if (fd.fd >= 0 && !poll(&fd, 1, 0)) {
		snprintf(reason, VFIO_REASON_BYTES, "The GPU does not finish drawing the guest's picture.");
		return -EBUSY;
	}
	/* Memory that went away between two looks is found here, not by the reader. */
	(void)*(const volatile uint8_t *)frame->data;
	(void)*(const volatile uint8_t *)(frame->data + frame->data_bytes - 1);
	if (vfio_frame_lost(frame)) {
		snprintf(reason, VFIO_REASON_BYTES, "The vGPU's driver took the guest's picture away; planecast "
				"keeps asking for it.");
		return -EIO;
	}
	return 0;
}

void vfio_frame_stamp(struct frame *frame, uint64_t sequence, int64_t now_ns)
{
	if (vfio_frame_shared(frame))
		return;
	frame->sequence = sequence;
	frame->capture_ns = now_ns;
}
