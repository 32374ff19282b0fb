/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The guest's picture as QEMU's D-Bus display tells it: all of it, then parts. Loop thread.
 *
 * Every number is QEMU's, which the guest may have talked into anything: none is used before it went through here.
 * What cannot be is refused with one sentence for people in reason, and the picture is as it was.
 */
#ifndef PLANECAST_SERVER_CAPTURE_DBUS_PICTURE_H
#define PLANECAST_SERVER_CAPTURE_DBUS_PICTURE_H

#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As much as struct capture keeps. */
#define DBUS_REASON_BYTES 256

struct frame;

struct dbus_picture {
	struct frame *frame; /* NULL: there is none */
	struct frame *upside_down; /* the dma-buf whose rows the frame has in their order; NULL: it is not one's */
	bool off; /* the guest's display is; then there is none */
	pixman_region32_t damage; /* of the frame, since it was last cleared by whoever shows it */
	char reason[DBUS_REASON_BYTES];
};

/* Pixels in a message: pixman's format, rows stride bytes apart. */
struct dbus_pixels {
	uint32_t width, height, stride, format;
	const void *data;
	size_t bytes;
};

void dbus_picture_init(struct dbus_picture *picture);
void dbus_picture_finish(struct dbus_picture *picture);
/* Nothing is known of it any more. */
void dbus_picture_forget(struct dbus_picture *picture);

/* A whole picture; pixels are copied. -EINVAL, -ENOTSUP: a format that is not read, -ENOMEM. */
int dbus_picture_scanout(struct dbus_picture *picture, const struct dbus_pixels *pixels);
/* Memory that QEMU draws into, from offset of fd on: the frame is that memory itself. fd stays the caller's. */
struct dbus_map {
	int fd;
	uint32_t offset, width, height, stride;
	uint32_t format; /* pixman's */
};
/* A whole picture in such memory. -EINVAL, -ENOTSUP, -ENOMEM and others of mmap(). */
int dbus_picture_map(struct dbus_picture *picture, const struct dbus_map *map);
/* The same in a dma-buf: format is a fourcc, and modifier DRM's; upside_down: the last row comes first. */
int dbus_picture_dmabuf(struct dbus_picture *picture, const struct dbus_map *map, uint64_t modifier,
		bool upside_down);
/* QEMU has drawn there. -ESTALE as below; -EINVAL. */
int dbus_picture_touch(struct dbus_picture *picture, int32_t x, int32_t y, int32_t width, int32_t height);
/* 0; -EBUSY: the GPU still draws; -EIO, -ENOTSUP: memory of QEMU's that it is in went away, or no CPU can read it. */
int dbus_picture_check(struct dbus_picture *picture);
/*
 * A part of the one that there is. -ESTALE: it does not lie in there, or there is none, as when QEMU has another
 * picture already that it has not told yet: it has to be asked for anew. -EINVAL, -ENOTSUP.
 */
int dbus_picture_update(struct dbus_picture *picture, int32_t x, int32_t y, const struct dbus_pixels *pixels);
void dbus_picture_disable(struct dbus_picture *picture);

#endif
