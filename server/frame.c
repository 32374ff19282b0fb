// SPDX-License-Identifier: GPL-2.0-or-later
/* Reference counting of pictures, and the plain one in CPU memory. */
#include "server/frame.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define MEMORY_STRIDE_ALIGN 64u

void frame_init(struct frame *frame, const struct frame_impl *impl)
{
	*frame = (struct frame){ .impl = impl };
	atomic_init(&frame->refcount, 1);
	for (unsigned int i = 0; i < FRAME_PLANES_MAX; i++)
		frame->planes[i].fd = -1;
}

struct frame *frame_ref(struct frame *frame)
{
	atomic_fetch_add_explicit(&frame->refcount, 1, memory_order_relaxed);
	return frame;
}

struct frame *frame_unref(struct frame *frame)
{
	if (frame && atomic_fetch_sub_explicit(&frame->refcount, 1, memory_order_acq_rel) == 1)
		frame->impl->release(frame);
	return NULL;
}

struct frame *frame_ref_loosely(struct frame *frame)
{
	frame->loose++;
	return frame_ref(frame);
}

struct frame *frame_unref_loosely(struct frame *frame)
{
	if (frame)
		frame->loose--;
	return frame_unref(frame);
}

bool frame_may_be_drawn(const struct frame *frame)
{
	/* Acquire: readers that let go of it on another thread are done with every byte. */
	int references = atomic_load_explicit(&frame->refcount, memory_order_acquire);

	return references - (int)frame->loose == 1;
}

uint64_t frame_new_stamp(void)
{
	static atomic_uint_fast64_t newest;

	return atomic_fetch_add_explicit(&newest, 1, memory_order_relaxed) + 1;
}

int frame_begin_read(struct frame *frame)
{
	return frame->impl->begin_read ? frame->impl->begin_read(frame) : 0;
}

void frame_end_read(struct frame *frame)
{
	if (frame->impl->end_read)
		frame->impl->end_read(frame);
}

void frame_attach(struct frame *frame, struct frame_attachment *attachment)
{
	attachment->next = frame->attachments;
	frame->attachments = attachment;
}

struct frame_attachment *frame_find_attachment(const struct frame *frame, const void *key)
{
	struct frame_attachment *attachment = frame->attachments;

	while (attachment && attachment->key != key)
		attachment = attachment->next;
	return attachment;
}

void frame_finish(struct frame *frame)
{
	while (frame->attachments) {
		struct frame_attachment *attachment = frame->attachments;

		frame->attachments = attachment->next;
		attachment->destroy(attachment);
	}
}

static void release_memory(struct frame *frame)
{
	frame_finish(frame);
	free(frame_memory_pixels(frame));
	free(frame);
}

static const struct frame_impl memory_impl = { .release = release_memory };

int frame_new_memory(uint32_t width, uint32_t height, struct frame **ret)
{
	struct frame *frame;
	uint32_t stride;
	size_t bytes;
	void *pixels;

	if (!width || !height || width > FRAME_SIZE_MAX || height > FRAME_SIZE_MAX)
		return -EINVAL;
	stride = (width * 4 + MEMORY_STRIDE_ALIGN - 1) & ~(MEMORY_STRIDE_ALIGN - 1);
	bytes = (size_t)stride * height;
	frame = malloc(sizeof(*frame));
	pixels = aligned_alloc(MEMORY_STRIDE_ALIGN, bytes);
	if (!frame || !pixels) {
		free(frame);
		free(pixels);
		return -ENOMEM;
	}
	memset(pixels, 0, bytes);
	frame_init(frame, &memory_impl);
	frame->width = width;
	frame->height = height;
	frame->fourcc = DRM_FORMAT_XRGB8888;
	frame->modifier = DRM_FORMAT_MOD_LINEAR;
	frame->n_planes = 1;
	frame->planes[0].stride = stride;
	frame->data = pixels;
	frame->data_bytes = bytes;
	*ret = frame;
	return 0;
}

uint8_t *frame_memory_pixels(struct frame *frame)
{
	/* The one place that casts const away: the memory came from frame_new_memory(). */
	return (uint8_t *)(uintptr_t)frame->data;
}
