/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The pointer that a guest shows in its device's cursor plane, for viewers to draw.
 *
 * Only devices that show dma-bufs have one: those with a region answer for every
 * plane with the same picture. Guests draw anew into the buffer they have, so its
 * pixels are compared at each look. They are taken for premultiplied, as KMS has
 * it, unless a colour is larger than its alpha.
 *
 * Hot spot: the device's where it tells one; otherwise what hotspot.h has learnt,
 * and 0, 0 until then. Nothing is said of a pointer before the plane has shown
 * one: guests without such a plane draw it into the picture.
 *
 * Loop thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_VFIO_CURSOR_H
#define PLANECAST_SERVER_CAPTURE_VFIO_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/capture/hotspot.h"
#include "server/capture/vfio_dmabuf.h"
#include "server/capture/vfio_plane.h"
#include "server/cursor.h"

struct vfio_device_gfx_plane_info;

/* All zero: nothing told. */
struct vfio_cursor {
	struct vfio_dmabufs buffers;
	struct hotspots hotspots;
	struct vfio_plane plane; /* at the last look; valid while cursor.visible */
	uint32_t *pixels; /* as they were in the guest's buffer, rows without padding */
	size_t bytes; /* of them */
	uint64_t shape; /* their hash */
	struct cursor cursor; /* as told; argb is ours. visible: there is one */
	bool is_unreadable; /* for as long as there is this device */
	bool has_complained; /* of it */
	unsigned int failures; /* in a row, to read it */
};

/*
 * As vfio_plane_check(), for what can be a pointer: -ENOTSUP: a format without
 * alpha, -EINVAL: larger than CURSOR_SIZE_MAX.
 */
int vfio_cursor_check(const struct vfio_device_gfx_plane_info *info, struct vfio_plane *ret, char *reason);
/* Rows of that plane from data on, as struct cursor has them, into ret: width * height words. */
void vfio_cursor_convert(const struct vfio_plane *plane, const uint8_t *data, uint32_t *ret);
/*
 * Hot spot and place of a pointer that the plane shows; learnt_x and learnt_y are
 * where the device knows no hot spot. What cannot be a place is none.
 */
void vfio_cursor_place(const struct vfio_plane *plane, uint32_t learnt_x, uint32_t learnt_y, struct cursor *cursor);

/* A look at the plane. True: cursor->cursor is news. A driver that fails is no news. */
bool vfio_cursor_look(struct vfio_cursor *cursor, int device_fd, int64_t now_ns);
/* The device goes. True: there was a pointer, and there is none any more. */
bool vfio_cursor_lose(struct vfio_cursor *cursor);
void vfio_cursor_finish(struct vfio_cursor *cursor);

#endif
