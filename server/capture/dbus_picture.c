// SPDX-License-Identifier: GPL-2.0-or-later
/* What QEMU's D-Bus display says of the picture, checked and put together. */
#include "server/capture/dbus_picture.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/dbus_format.h"
#include "server/capture/dbus_memory.h"
#include "server/frame.h"

#define STRIDE_ALIGN 64

/* The picture in memory of ours, in QEMU's format where frames have it. */
struct memory_frame {
	struct frame frame; /* first */
	const struct dbus_format *format; /* as QEMU sends it */
	uint8_t *pixels;
};

static void release(struct frame *frame)
{
	struct memory_frame *memory = (struct memory_frame *)frame;

	frame_finish(frame);
	free(memory->pixels);
	free(memory);
}

static const struct frame_impl memory_impl = { .release = release };

static int __attribute__((format(printf, 3, 4)))
refuse(struct dbus_picture *picture, int why, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(picture->reason, sizeof(picture->reason), fmt, args);
	va_end(args);
	return why;
}

static bool is_size(uint32_t width, uint32_t height)
{
	return width && height && width <= FRAME_SIZE_MAX && height <= FRAME_SIZE_MAX;
}

/* 0: every pixel lies in data. */
static int check_pixels(struct dbus_picture *picture, const struct dbus_pixels *pixels,
		const struct dbus_format **ret)
{
	const struct dbus_format *format = dbus_format_find(pixels->format);
	uint64_t row_bytes, needed;

	if (!is_size(pixels->width, pixels->height))
		return refuse(picture, -EINVAL, "QEMU tells of a picture of %ux%u, which cannot be.", pixels->width,
				pixels->height);
	if (!format)
		return refuse(picture, -ENOTSUP, "QEMU sends the picture in pixman's format 0x%08x, which planecast "
				"does not read.", pixels->format);
	row_bytes = (uint64_t)pixels->width * format->bytes_per_pixel;
	needed = (uint64_t)pixels->stride * (pixels->height - 1) + row_bytes;
	if (pixels->stride < row_bytes || pixels->stride > INT32_MAX || needed > pixels->bytes)
		return refuse(picture, -EINVAL, "QEMU sends %zu bytes with a stride of %u for %ux%u pixels, which "
				"cannot be.", pixels->bytes, pixels->stride, pixels->width, pixels->height);
	*ret = format;
	return 0;
}

static struct memory_frame *memory_of(struct frame *frame)
{
	return frame && frame->impl == &memory_impl ? (struct memory_frame *)frame : NULL;
}

static int new_memory(uint32_t width, uint32_t height, const struct dbus_format *format, struct memory_frame **ret)
{
	const uint32_t bytes_per_pixel = format->fourcc ? format->bytes_per_pixel : 4;
	const uint32_t stride = (width * bytes_per_pixel + STRIDE_ALIGN - 1) / STRIDE_ALIGN * STRIDE_ALIGN;
	struct memory_frame *memory = malloc(sizeof(*memory));
	struct frame *frame;

	if (!memory)
		return -ENOMEM;
	memory->pixels = aligned_alloc(STRIDE_ALIGN, (size_t)stride * height);
	if (!memory->pixels) {
		free(memory);
		return -ENOMEM;
	}
	memory->format = format;
	frame = &memory->frame;
	frame_init(frame, &memory_impl);
	frame->width = width;
	frame->height = height;
	frame->fourcc = format->fourcc ? format->fourcc : DRM_FORMAT_XRGB8888;
	frame->modifier = DRM_FORMAT_MOD_LINEAR;
	frame->n_planes = 1;
	frame->planes[0].fd = -1;
	frame->planes[0].stride = stride;
	frame->data = memory->pixels;
	frame->data_bytes = (size_t)stride * height;
	*ret = memory;
	return 0;
}

/* Pixels that were checked, and lie in the frame there. pixman takes rows of whole words only. */
static int convert(struct memory_frame *memory, uint32_t x, uint32_t y, const struct dbus_pixels *pixels)
{
	const struct frame *frame = &memory->frame;
	pixman_image_t *to = NULL, *from = NULL;
	int r = -ENOMEM;

	if (pixels->stride % 4)
		return -EINVAL;
	/* It only reads from this one, and has no const. */
	from = pixman_image_create_bits_no_clear(pixels->format, (int)pixels->width, (int)pixels->height,
			(uint32_t *)(uintptr_t)pixels->data, (int)pixels->stride);
	to = pixman_image_create_bits_no_clear(PIXMAN_x8r8g8b8, (int)frame->width, (int)frame->height,
			(uint32_t *)(void *)memory->pixels, (int)frame->planes[0].stride);
	if (from && to) {
		pixman_image_composite32(PIXMAN_OP_SRC, from, NULL, to, 0, 0, 0, 0, (int32_t)x, (int32_t)y,
				(int32_t)pixels->width, (int32_t)pixels->height);
		r = 0;
	}
	if (from)
		pixman_image_unref(from);
	if (to)
		pixman_image_unref(to);
	return r;
}

static int copy(struct memory_frame *memory, uint32_t x, uint32_t y, const struct dbus_pixels *pixels)
{
	const size_t bytes_per_pixel = memory->format->bytes_per_pixel, stride = memory->frame.planes[0].stride;
	const uint8_t *from = pixels->data;
	uint8_t *to = memory->pixels + y * stride + x * bytes_per_pixel;

	if (!memory->format->fourcc)
		return convert(memory, x, y, pixels);
	for (uint32_t row = 0; row < pixels->height; row++)
		memcpy(to + row * stride, from + (size_t)row * pixels->stride, pixels->width * bytes_per_pixel);
	return 0;
}

static void show(struct dbus_picture *picture, struct frame *frame)
{
	frame_unref(picture->frame);
	picture->frame = frame;
	picture->upside_down = frame_unref(picture->upside_down);
	picture->off = false;
	pixman_region32_clear(&picture->damage);
}

static void add_damage(struct dbus_picture *picture, uint32_t x, uint32_t y, uint32_t width, uint32_t height)
{
	pixman_region32_union_rect(&picture->damage, &picture->damage, (int)x, (int)y, width, height);
}

void dbus_picture_init(struct dbus_picture *picture)
{
	*picture = (struct dbus_picture){ .off = false };
	pixman_region32_init(&picture->damage);
}

void dbus_picture_finish(struct dbus_picture *picture)
{
	dbus_picture_forget(picture);
	pixman_region32_fini(&picture->damage);
}

void dbus_picture_forget(struct dbus_picture *picture)
{
	show(picture, NULL);
}

int dbus_picture_scanout(struct dbus_picture *picture, const struct dbus_pixels *pixels)
{
	struct memory_frame *memory = memory_of(picture->frame), *new = NULL;
	const struct dbus_format *format;
	int r = check_pixels(picture, pixels, &format);

	if (r < 0)
		return r;
	if (!memory || memory->format != format || memory->frame.width != pixels->width ||
			memory->frame.height != pixels->height) {
		r = new_memory(pixels->width, pixels->height, format, &new);
		memory = new;
	}
	if (!r)
		r = copy(memory, 0, 0, pixels);
	if (r < 0) {
		if (new)
			frame_unref(&new->frame);
		return refuse(picture, r, "The picture that QEMU sends cannot be kept: %s.", strerror(-r));
	}
	if (new)
		show(picture, &new->frame);
	add_damage(picture, 0, 0, pixels->width, pixels->height);
	return 0;
}

int dbus_picture_map(struct dbus_picture *picture, const struct dbus_map *map)
{
	struct frame *frame;
	int r = dbus_memory_map(map, &frame, picture->reason);

	if (r < 0)
		return r;
	show(picture, frame);
	add_damage(picture, 0, 0, frame->width, frame->height);
	return 0;
}

static int turn_over(struct dbus_picture *picture)
{
	const struct frame *from = picture->upside_down;
	struct memory_frame *memory = memory_of(picture->frame);
	const size_t row_bytes = (size_t)from->width * memory->format->bytes_per_pixel;
	int r = dbus_picture_check(picture);

	if (r < 0)
		return r;
	r = frame_begin_read(picture->upside_down);
	if (r < 0)
		return refuse(picture, r, "The guest's picture cannot be read: %s.", strerror(-r));
	for (uint32_t y = 0; y < from->height; y++)
		memcpy(memory->pixels + (size_t)y * memory->frame.planes[0].stride,
				from->data + (size_t)(from->height - 1 - y) * from->planes[0].stride, row_bytes);
	frame_end_read(picture->upside_down);
	add_damage(picture, 0, 0, from->width, from->height);
	return 0;
}

int dbus_picture_dmabuf(struct dbus_picture *picture, const struct dbus_map *map, uint64_t modifier,
		bool upside_down)
{
	const struct dbus_format *format = dbus_format_find_fourcc(map->format);
	struct memory_frame *memory;
	struct frame *frame;
	int r = dbus_memory_dmabuf(map, format, modifier, &frame, picture->reason);

	if (r < 0)
		return r;
	if (!upside_down) {
		show(picture, frame);
		add_damage(picture, 0, 0, frame->width, frame->height);
		return 0;
	}
	r = new_memory(map->width, map->height, format, &memory);
	if (r < 0) {
		frame_unref(frame);
		return refuse(picture, r, "There is no memory for the guest's picture.");
	}
	show(picture, &memory->frame);
	picture->upside_down = frame;
	return turn_over(picture);
}

int dbus_picture_touch(struct dbus_picture *picture, int32_t x, int32_t y, int32_t width, int32_t height)
{
	const struct frame *frame = picture->frame;

	if (x < 0 || y < 0 || x >= FRAME_SIZE_MAX || y >= FRAME_SIZE_MAX || width <= 0 || height <= 0 ||
			width > FRAME_SIZE_MAX || height > FRAME_SIZE_MAX)
		return refuse(picture, -EINVAL, "QEMU tells of a change of %dx%d at %d, %d, which cannot be.", width,
				height, x, y);
	if (!frame || (uint32_t)x + (uint32_t)width > frame->width || (uint32_t)y + (uint32_t)height > frame->height)
		return -ESTALE;
	if (picture->upside_down)
		return turn_over(picture);
	/* What is copied is told otherwise. */
	if (memory_of(picture->frame))
		return -ESTALE;
	add_damage(picture, (uint32_t)x, (uint32_t)y, (uint32_t)width, (uint32_t)height);
	return 0;
}

int dbus_picture_check(struct dbus_picture *picture)
{
	struct frame *frame = picture->upside_down ? picture->upside_down : picture->frame;

	return !frame || memory_of(frame) ? 0 : dbus_memory_check(frame, picture->reason);
}

int dbus_picture_update(struct dbus_picture *picture, int32_t x, int32_t y, const struct dbus_pixels *pixels)
{
	struct memory_frame *memory = memory_of(picture->frame);
	const struct dbus_format *format;
	int r = check_pixels(picture, pixels, &format);

	if (r < 0)
		return r;
	if (x < 0 || y < 0 || x >= FRAME_SIZE_MAX || y >= FRAME_SIZE_MAX)
		return refuse(picture, -EINVAL, "QEMU tells of a change at %d, %d, which cannot be.", x, y);
	if (!memory || memory->format != format || (uint32_t)x + pixels->width > memory->frame.width ||
			(uint32_t)y + pixels->height > memory->frame.height)
		return -ESTALE;
	r = copy(memory, (uint32_t)x, (uint32_t)y, pixels);
	if (r < 0)
		return refuse(picture, r, "The change that QEMU sends cannot be kept: %s.", strerror(-r));
	add_damage(picture, (uint32_t)x, (uint32_t)y, pixels->width, pixels->height);
	return 0;
}

void dbus_picture_disable(struct dbus_picture *picture)
{
	show(picture, NULL);
	picture->off = true;
}
