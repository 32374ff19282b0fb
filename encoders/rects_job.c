// SPDX-License-Identifier: GPL-2.0-or-later
/* Divides a client's damage between libvncserver and JPEG, and joins what they make of it. */
#include "encoders/rects_job.h"

#include "encoders/jpeg.h"
#include "encoders/photo.h"
#include "encoders/rects_engine.h"
#include "encoders/rects_pool.h"
#include "server/frame.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdint.h>

/* FramebufferUpdate, RFC 6143 7.6.1: type, padding, number of rectangles. */
#define MESSAGE_HEADER_BYTES 4
/* A number of rectangles that is not known yet: a LastRect, 12 bytes, ends them (registry). */
#define COUNT_OPEN 0xffff
#define LAST_RECT_BYTES 12

/*
 * Message is the library's, or empty; the n rectangles of jpegs are added to it:
 * behind its copies, which move what the client has had so far.
 */
static int join(struct evbuffer *message, struct evbuffer *jpegs, unsigned int n,
		struct evbuffer *output)
{
	uint8_t header[MESSAGE_HEADER_BYTES] = { 0 }, last[LAST_RECT_BYTES];
	size_t body = evbuffer_get_length(message);
	bool open = false;
	unsigned int count = n;

	if (body) {
		if (evbuffer_remove(message, header, sizeof(header)) != sizeof(header))
			return -EIO;
		body -= sizeof(header);
		count = (unsigned int)header[2] << 8 | header[3];
		open = count == COUNT_OPEN;
		if (open && body < sizeof(last))
			return -EIO;
		body -= open ? sizeof(last) : 0;
		count += open ? 0 : n;
	}
	/* Some thousands at most, seen what sizes and regions are let in; a client would be lost. */
	if (!open && count >= COUNT_OPEN)
		return -EOVERFLOW;
	header[2] = (uint8_t)(count >> 8);
	header[3] = (uint8_t)count;
	if (evbuffer_add(output, header, sizeof(header)) ||
			evbuffer_remove_buffer(message, output, body) != (int)body ||
			evbuffer_add_buffer(output, jpegs) || evbuffer_add_buffer(output, message))
		return -ENOMEM;
	return 0;
}

static int paint_lossy(struct rects_task *task, const struct photo *photo, struct evbuffer *message,
		struct rects_kit *kit)
{
	struct evbuffer *jpegs = evbuffer_new();
	int n = 0, err = jpegs ? 0 : -ENOMEM;

	for (unsigned int i = 0; i < photo->n && !err; i++) {
		int added = jpeg_add(kit->jpeg, task->frame, &photo->boxes[i], task->jpeg_level, jpegs);

		n += added;
		err = added < 0 ? added : 0;
	}
	err = err ? err : join(message, jpegs, (unsigned int)n, task->output);
	if (jpegs)
		evbuffer_free(jpegs);
	return err;
}

static int paint(struct rects_task *task, const struct photo *photo, struct rects_engine *engine,
		struct rects_kit *kit)
{
	struct evbuffer *message = task->output;
	pixman_region32_t lossless;
	int err = -ENOMEM;

	pixman_region32_init(&lossless);
	if (photo->n) {
		message = evbuffer_new();
		if (!message)
			goto out;
	}
	if (!pixman_region32_subtract(&lossless, &task->damage, &task->lossy))
		goto out;
	err = 0;
	if (pixman_region32_not_empty(&task->copy) || pixman_region32_not_empty(&lossless))
		err = rects_engine_run(engine, task->frame, &lossless, &kit->sink, message);
	if (!err && photo->n)
		err = paint_lossy(task, photo, message, kit);
out:
	if (message && message != task->output)
		evbuffer_free(message);
	pixman_region32_fini(&lossless);
	return err;
}

int rects_task_run(struct rects_task *task, struct rects_engine *engine, struct rects_kit *kit)
{
	struct photo photo = { .n = 0 };
	int err = frame_begin_read(task->frame);

	if (err)
		return err;
	if (task->jpeg_level >= 0)
		photo_find(task->frame, &task->damage, &photo);
	pixman_region32_fini(&task->lossy);
	/* Out of memory is no reason to fail: then all is painted losslessly. */
	if (!pixman_region32_init_rects(&task->lossy, photo.boxes, (int)photo.n)) {
		pixman_region32_init(&task->lossy);
		photo.n = 0;
	}
	err = paint(task, &photo, engine, kit);
	frame_end_read(task->frame);
	return err;
}
