// SPDX-License-Identifier: GPL-2.0-or-later
/* Looks at the cursor plane of a VFIO device. */
#include "server/capture/vfio_cursor.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <linux/vfio.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/vfio_device.h"
#include "server/capture/vfio_frame.h"
#include "server/frame.h"
#include "server/log.h"

/* A place beyond that is no place. */
#define FAR (2 * FRAME_SIZE_MAX)
#define FAILURES_MAX 10u
/* So that no shape of ours is taken for one of another source. */
#define FIRST_SERIAL ((uint64_t)'v' << 56)

int vfio_cursor_check(const struct vfio_device_gfx_plane_info *info, struct vfio_plane *ret, char *reason)
{
	struct vfio_plane plane;
	int r = vfio_plane_check(info, &plane, reason);

	if (r < 0)
		return r;
	if (plane.fourcc != DRM_FORMAT_ARGB8888 && plane.fourcc != DRM_FORMAT_ABGR8888) {
		snprintf(reason, VFIO_REASON_BYTES, "The guest's pointer has pixels without alpha.");
		return -ENOTSUP;
	}
	if (plane.width > CURSOR_SIZE_MAX || plane.height > CURSOR_SIZE_MAX) {
		snprintf(reason, VFIO_REASON_BYTES, "The guest's pointer is %ux%u; planecast shows %dx%d at most.",
				plane.width, plane.height, CURSOR_SIZE_MAX, CURSOR_SIZE_MAX);
		return -EINVAL;
	}
	*ret = plane;
	return 0;
}

static uint32_t swap_red_and_blue(uint32_t pixel)
{
	return (pixel & 0xff00ff00) | (pixel & 0xff) << 16 | (pixel >> 16 & 0xff);
}

static bool is_premultiplied(const uint32_t *pixels, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint32_t alpha = pixels[i] >> 24;

		if ((pixels[i] & 0xff) > alpha || (pixels[i] >> 8 & 0xff) > alpha || (pixels[i] >> 16 & 0xff) > alpha)
			return false;
	}
	return true;
}

static uint32_t divide(uint32_t pixel)
{
	const uint32_t alpha = pixel >> 24;
	uint32_t straight = alpha << 24;

	for (unsigned int shift = 0; alpha && shift < 24; shift += 8)
		straight |= ((pixel >> shift & 0xff) * 255 + alpha / 2) / alpha << shift;
	return straight;
}

void vfio_cursor_convert(const struct vfio_plane *plane, const uint8_t *data, uint32_t *ret)
{
	const size_t n = (size_t)plane->width * plane->height;

	for (uint32_t y = 0; y < plane->height; y++)
		memcpy(ret + (size_t)y * plane->width, data + (size_t)y * plane->stride, (size_t)plane->width * 4);
	for (size_t i = 0; plane->fourcc == DRM_FORMAT_ABGR8888 && i < n; i++)
		ret[i] = swap_red_and_blue(ret[i]);
	if (!is_premultiplied(ret, n))
		return;
	for (size_t i = 0; i < n; i++)
		ret[i] = divide(ret[i]);
}

/* Unknown ones are all ones, and others may be anything. */
static bool knows_hotspot(const struct vfio_plane *plane)
{
	return plane->hot_x < plane->width && plane->hot_y < plane->height;
}

void vfio_cursor_place(const struct vfio_plane *plane, uint32_t learnt_x, uint32_t learnt_y, struct cursor *cursor)
{
	const bool known = knows_hotspot(plane);
	const int64_t x = (int64_t)(int32_t)plane->x + (known ? plane->hot_x : learnt_x);
	const int64_t y = (int64_t)(int32_t)plane->y + (known ? plane->hot_y : learnt_y);

	cursor->hot_x = known ? plane->hot_x : learnt_x;
	cursor->hot_y = known ? plane->hot_y : learnt_y;
	cursor->position_known = x > -FAR && x < FAR && y > -FAR && y < FAR;
	cursor->x = cursor->position_known ? (int32_t)x : 0;
	cursor->y = cursor->position_known ? (int32_t)y : 0;
}

/* FNV, of words. */
static uint64_t hash(const uint32_t *words, size_t n)
{
	uint64_t value = 14695981039346656037u;

	for (size_t i = 0; i < n; i++)
		value = (value ^ words[i]) * 1099511628211u;
	return value;
}

static bool has_same_pixels(const struct vfio_cursor *cursor, const struct vfio_plane *plane, const uint8_t *data)
{
	const size_t row_bytes = (size_t)plane->width * 4;

	if (!cursor->pixels || plane->fourcc != cursor->plane.fourcc || plane->width != cursor->cursor.width ||
			plane->height != cursor->cursor.height)
		return false;
	for (uint32_t y = 0; y < plane->height; y++) {
		const uint8_t *row = (const uint8_t *)cursor->pixels + y * row_bytes;

		if (memcmp(row, data + (size_t)y * plane->stride, row_bytes) != 0)
			return false;
	}
	return true;
}

static int make_room(struct vfio_cursor *cursor, size_t bytes)
{
	uint32_t *pixels, *argb;

	if (bytes == cursor->bytes)
		return 0;
	pixels = malloc(bytes);
	argb = malloc(bytes);
	if (!pixels || !argb) {
		free(pixels);
		free(argb);
		return -ENOMEM;
	}
	vfio_cursor_finish(cursor);
	cursor->pixels = pixels;
	cursor->cursor.argb = argb;
	cursor->bytes = bytes;
	return 0;
}

/* 1: another shape; 0: the same; negative errno: as it was. */
static int take_pixels(struct vfio_cursor *cursor, const struct vfio_plane *plane, const uint8_t *data)
{
	const size_t row_bytes = (size_t)plane->width * 4;
	int r;

	if (has_same_pixels(cursor, plane, data))
		return 0;
	r = make_room(cursor, row_bytes * plane->height);
	if (r < 0)
		return r;
	for (uint32_t y = 0; y < plane->height; y++)
		memcpy((uint8_t *)cursor->pixels + y * row_bytes, data + (size_t)y * plane->stride, row_bytes);
	cursor->cursor.width = plane->width;
	cursor->cursor.height = plane->height;
	return 1;
}

/* Of the copy: the guest may draw meanwhile. */
static void convert(struct vfio_cursor *cursor, const struct vfio_plane *plane)
{
	struct vfio_plane packed = *plane;

	packed.stride = plane->width * 4;
	vfio_cursor_convert(&packed, (const uint8_t *)cursor->pixels, (uint32_t *)(uintptr_t)cursor->cursor.argb);
	cursor->shape = hash(cursor->cursor.argb, (size_t)plane->width * plane->height);
	cursor->cursor.shape_serial = (cursor->cursor.shape_serial ? cursor->cursor.shape_serial : FIRST_SERIAL) + 1;
}

static int read_shape(struct vfio_cursor *cursor, int device_fd, const struct vfio_plane *plane)
{
	char reason[VFIO_REASON_BYTES];
	struct frame *frame;
	int r = vfio_dmabufs_find(&cursor->buffers, device_fd, plane, &frame, reason);

	if (!r)
		r = vfio_frame_check(frame, reason);
	if (!r)
		r = frame_begin_read(frame);
	if (r < 0)
		return r;
	r = take_pixels(cursor, plane, frame->data);
	frame_end_read(frame);
	if (vfio_frame_lost(frame)) {
		/* Zeroes, perhaps: whatever comes next is another one. */
		cursor->plane.fourcc = 0;
		return -EIO;
	}
	if (r > 0)
		convert(cursor, plane);
	return r;
}

static bool hide(struct vfio_cursor *cursor)
{
	const bool was_visible = cursor->cursor.visible;

	cursor->cursor.visible = false;
	cursor->cursor.position_known = false;
	return was_visible;
}

/* Where it is, and where its hot spot is. True: otherwise than before. */
static bool place(struct vfio_cursor *cursor, const struct vfio_plane *plane, int64_t now_ns)
{
	const struct hotspot_place seen = { cursor->shape, plane->width, plane->height, (int32_t)plane->x,
		(int32_t)plane->y };
	struct cursor news = cursor->cursor;
	uint32_t learnt_x = 0, learnt_y = 0;
	bool changed;

	if (!knows_hotspot(plane)) {
		hotspots_see(&cursor->hotspots, &seen, now_ns);
		hotspots_find(&cursor->hotspots, cursor->shape, &learnt_x, &learnt_y);
	}
	vfio_cursor_place(plane, learnt_x, learnt_y, &news);
	/* It goes with the shape, which has to be another one then. */
	if (news.hot_x != cursor->cursor.hot_x || news.hot_y != cursor->cursor.hot_y)
		news.shape_serial++;
	news.visible = true;
	changed = !cursor->cursor.visible || news.shape_serial != cursor->cursor.shape_serial ||
			news.position_known != cursor->cursor.position_known || news.x != cursor->cursor.x ||
			news.y != cursor->cursor.y;
	cursor->cursor = news;
	cursor->plane = *plane;
	return changed;
}

/* Nothing that is there is to be seen. */
static void complain(struct vfio_cursor *cursor, const char *reason)
{
	if (!cursor->has_complained)
		log_notice(NULL, "viewers are not shown the guest's pointer: %s", reason);
	cursor->has_complained = true;
}

/* Many in a row: a driver fails now and then while a guest changes modes. */
static void note_failure(struct vfio_cursor *cursor, int error)
{
	char reason[VFIO_REASON_BYTES];

	if (error == -ENOTSUP) {
		complain(cursor, "The vGPU's driver lets only the GPU read it.");
		cursor->is_unreadable = true;
	} else if (++cursor->failures == FAILURES_MAX) {
		snprintf(reason, sizeof(reason), "The vGPU's driver does not hand it out: %s.", strerror(-error));
		complain(cursor, reason);
	}
}

static bool show(struct vfio_cursor *cursor, int device_fd, const struct vfio_plane *plane, int64_t now_ns)
{
	int r = read_shape(cursor, device_fd, plane);

	if (r < 0) {
		note_failure(cursor, r);
		return cursor->is_unreadable && hide(cursor);
	}
	cursor->failures = 0;
	return place(cursor, plane, now_ns) || r > 0;
}

bool vfio_cursor_look(struct vfio_cursor *cursor, int device_fd, int64_t now_ns)
{
	struct vfio_device_gfx_plane_info info;
	char reason[VFIO_REASON_BYTES];
	struct vfio_plane plane;
	int r;

	if (cursor->is_unreadable || vfio_device_query(device_fd, VFIO_PLANE_DMABUF, VFIO_PLANE_CURSOR, &info) < 0)
		return false;
	r = vfio_cursor_check(&info, &plane, reason);
	if (!r)
		return show(cursor, device_fd, &plane, now_ns);
	if (r != -ENODATA)
		complain(cursor, reason);
	return hide(cursor);
}

bool vfio_cursor_lose(struct vfio_cursor *cursor)
{
	vfio_dmabufs_clear(&cursor->buffers);
	hotspots_lose_pointer(&cursor->hotspots);
	cursor->is_unreadable = false;
	cursor->has_complained = false;
	cursor->failures = 0;
	return hide(cursor);
}

void vfio_cursor_finish(struct vfio_cursor *cursor)
{
	free(cursor->pixels);
	free((void *)(uintptr_t)cursor->cursor.argb);
	cursor->pixels = NULL;
	cursor->cursor.argb = NULL;
	cursor->bytes = 0;
}
