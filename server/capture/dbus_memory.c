// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames that are memory of QEMU's. */
#include "server/capture/dbus_memory.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/dma-buf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "server/capture/dbus_format.h"
#include "server/capture/mapping.h"
#include "server/capture/vfio_frame.h"
#include "server/capture/vfio_plane.h"
#include "server/frame.h"

struct map_frame {
	struct frame frame; /* first */
	struct mapping *mapping;
};

static void release(struct frame *frame)
{
	struct map_frame *mapped = (struct map_frame *)frame;

	frame_finish(frame);
	mapping_free(mapped->mapping);
	free(mapped);
}

static const struct frame_impl map_impl = { .release = release };

/* Bytes from the first pixel to the end of the last; 0: numbers that cannot be, for that reason. */
static uint64_t check_size(const struct dbus_map *map, const struct dbus_format *format, char *reason)
{
	const uint64_t row_bytes = (uint64_t)map->width * format->bytes_per_pixel;

	if (map->width && map->height && map->width <= FRAME_SIZE_MAX && map->height <= FRAME_SIZE_MAX &&
			map->stride >= row_bytes && map->stride <= INT32_MAX)
		return (uint64_t)map->stride * (map->height - 1) + row_bytes;
	snprintf(reason, DBUS_REASON_BYTES, "QEMU tells of a picture of %ux%u with a stride of %u, which cannot be.",
			map->width, map->height, map->stride);
	return 0;
}

static int check_memory(uint64_t needed, int fd, char *reason)
{
	const off_t end = lseek(fd, 0, SEEK_END);

	if (end >= 0 && (uint64_t)end >= needed)
		return 0;
	snprintf(reason, DBUS_REASON_BYTES, "QEMU shares %lld bytes of memory for a picture of %llu.", (long long)end,
			(unsigned long long)needed);
	return -EINVAL;
}

int dbus_memory_map(const struct dbus_map *map, struct frame **ret, char *reason)
{
	const struct dbus_format *format = dbus_format_find(map->format);
	const uint64_t lead = map->offset % (uint64_t)sysconf(_SC_PAGESIZE);
	struct map_frame *mapped;
	struct frame *frame;
	uint64_t bytes;
	int r;

	if (!format || !format->fourcc) {
		snprintf(reason, DBUS_REASON_BYTES, "QEMU shares the picture in pixman's format 0x%08x, which "
				"planecast does not read.", map->format);
		return -ENOTSUP;
	}
	bytes = check_size(map, format, reason);
	r = bytes ? check_memory(map->offset + bytes, map->fd, reason) : -EINVAL;
	if (r < 0)
		return r;
	mapped = malloc(sizeof(*mapped));
	r = mapped ? mapping_new(map->fd, map->offset - lead, lead + bytes, &mapped->mapping) : -ENOMEM;
	if (r < 0) {
		free(mapped);
		snprintf(reason, DBUS_REASON_BYTES, "The memory that QEMU shares cannot be mapped: %s.", strerror(-r));
		return r;
	}
	frame = &mapped->frame;
	frame_init(frame, &map_impl);
	frame->width = map->width;
	frame->height = map->height;
	frame->fourcc = format->fourcc;
	frame->modifier = DRM_FORMAT_MOD_LINEAR;
	frame->n_planes = 1;
	frame->planes[0].fd = -1;
	frame->planes[0].stride = map->stride;
	frame->data = mapping_data(mapped->mapping) + lead;
	frame->data_bytes = bytes;
	*ret = frame;
	return 0;
}

int dbus_memory_dmabuf(const struct dbus_map *map, const struct dbus_format *format, uint64_t modifier,
		struct frame **ret, char *reason)
{
	struct dma_buf_sync sync = { .flags = DMA_BUF_SYNC_END | DMA_BUF_SYNC_READ };
	struct vfio_plane plane = { 0 };
	uint64_t bytes;
	int fd;

	if (!format || (modifier != DRM_FORMAT_MOD_LINEAR && modifier != DRM_FORMAT_MOD_INVALID)) {
		snprintf(reason, DBUS_REASON_BYTES, "The guest's picture is in a dma-buf with fourcc 0x%08x and "
				"modifier 0x%llx, which planecast does not read.", map->format,
				(unsigned long long)modifier);
		return -ENOTSUP;
	}
	bytes = check_size(map, format, reason);
	if (!bytes)
		return -EINVAL;
	if (bytes > UINT32_MAX || (ioctl(map->fd, DMA_BUF_IOCTL_SYNC, &sync) < 0 && errno == ENOTTY)) {
		snprintf(reason, DBUS_REASON_BYTES, "QEMU hands out as dma-buf what is none.");
		return -EINVAL;
	}
	fd = fcntl(map->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		snprintf(reason, DBUS_REASON_BYTES, "The guest's dma-buf cannot be kept: %s.", strerror(errno));
		return -errno;
	}
	plane.width = map->width;
	plane.height = map->height;
	plane.stride = map->stride;
	plane.fourcc = map->format;
	plane.modifier = DRM_FORMAT_MOD_LINEAR;
	plane.size_bytes = (uint32_t)bytes;
	plane.picture_bytes = bytes;
	/* Takes fd. */
	return vfio_frame_new(&plane, fd, true, 0, (uint64_t)lseek(fd, 0, SEEK_END), ret, reason);
}

int dbus_memory_check(struct frame *frame, char *reason)
{
	struct map_frame *mapped = (struct map_frame *)frame;

	if (frame->impl != &map_impl)
		return vfio_frame_check(frame, reason);
	/* What went away is found here, not by a reader. */
	(void)*(const volatile uint8_t *)frame->data;
	(void)*(const volatile uint8_t *)(frame->data + frame->data_bytes - 1);
	if (!mapping_lost(mapped->mapping))
		return 0;
	snprintf(reason, DBUS_REASON_BYTES, "The memory that QEMU shared is gone.");
	return -EIO;
}
