/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A picture and the memory behind it.
 *
 * One producer, many readers. Whoever stores a frame holds a reference; the
 * producer's release hook runs when the last one goes and is the only place
 * that closes file descriptors or frees pixels. The count is atomic: rectangle
 * workers hold references too. All other fields are set before the frame is
 * first shown to anybody and read-only afterwards, but for the attachment list and
 * the count of loose references, which belong to the loop thread.
 *
 * Words as in DRM: fourcc and modifier from drm_fourcc.h, stride and offset in
 * bytes. Sizes were validated by the producer: every plane's
 * offset + stride * rows lies inside the buffer.
 */
#ifndef PLANECAST_SERVER_FRAME_H
#define PLANECAST_SERVER_FRAME_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_PLANES_MAX 4
/* The largest picture anything in planecast deals with, each way. */
#define FRAME_SIZE_MAX 16384

struct frame;

struct frame_impl {
	/* Mandatory. Last reference gone; frees the frame itself. Any thread. */
	void (*release)(struct frame *frame);
	/*
	 * Optional bracket around CPU reads (DMA_BUF_IOCTL_SYNC). 0 or negative
	 * errno; end_read is called only after a begin_read that returned 0.
	 */
	int (*begin_read)(struct frame *frame);
	void (*end_read)(struct frame *frame);
};

struct frame_plane {
	int fd; /* dma-buf, owned by the producer; -1: CPU memory only */
	uint32_t offset;
	uint32_t stride;
};

/* What a consumer hangs on the buffer (an imported surface); dies with it. */
struct frame_attachment {
	const void *key; /* identifies the consumer */
	void (*destroy)(struct frame_attachment *attachment);
	struct frame_attachment *next;
};

struct frame {
	const struct frame_impl *impl;
	atomic_int refcount;
	uint32_t width, height;
	uint32_t fourcc;
	uint64_t modifier;
	unsigned int n_planes;
	struct frame_plane planes[FRAME_PLANES_MAX];
	const uint8_t *data; /* first byte of the picture (plane 0, offset applied); NULL: not CPU readable */
	size_t data_bytes; /* readable from data */
	uint64_t sequence; /* counts up per source */
	int64_t capture_ns; /* clock_now_ns() when the source looked */
	/*
	 * Says which pixels these are: frames of one stamp (and one size) show the same
	 * picture, wherever it lies. 0: nothing is known of it.
	 */
	uint64_t stamp;
	unsigned int loose; /* of its references; loop thread */
	struct frame_attachment *attachments;
};

/* Refcount 1, everything else zero. */
void frame_init(struct frame *frame, const struct frame_impl *impl);
struct frame *frame_ref(struct frame *frame);
/* NULL is fine. Returns NULL, for "x = frame_unref(x)". */
struct frame *frame_unref(struct frame *frame);

/*
 * A reference of who shows whatever the picture is at the time, and is told when it
 * changes: the producer may go on drawing into it. Who hands the frame to somebody
 * that reads it later takes a plain reference for that. Loop thread.
 */
struct frame *frame_ref_loosely(struct frame *frame);
/* NULL is fine. Returns NULL. */
struct frame *frame_unref_loosely(struct frame *frame);
/* Whether all references but one are loose: the producer's own is. Loop thread. */
bool frame_may_be_drawn(const struct frame *frame);

/* One that no picture of this process has had. Any thread. */
uint64_t frame_new_stamp(void);

int frame_begin_read(struct frame *frame);
void frame_end_read(struct frame *frame);

void frame_attach(struct frame *frame, struct frame_attachment *attachment);
struct frame_attachment *frame_find_attachment(const struct frame *frame, const void *key);
/* For producers, in release: destroys all attachments. */
void frame_finish(struct frame *frame);

/*
 * A frame in CPU memory: XR24, stride a multiple of 64 bytes, zeroed, planes[0].fd -1.
 * The writable pixels are frame_memory_pixels(). -EINVAL for a size of 0 or
 * beyond FRAME_SIZE_MAX, -ENOMEM.
 */
int frame_new_memory(uint32_t width, uint32_t height, struct frame **ret);
uint8_t *frame_memory_pixels(struct frame *frame);

#endif
