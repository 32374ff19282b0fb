// SPDX-License-Identifier: GPL-2.0-or-later
/* A small picture, raw and Tight, and a copy through the whole engine, compared byte by byte. */
#include "encoders/rects_selftest.h"

#include "encoders/rects_engine.h"
#include "encoders/rects_sink.h"
#include "encoders/rects_streams.h"
#include "encoders/rects.h"
#include "server/frame.h"

#include <errno.h>
#include <event2/buffer.h>
#include <string.h>

#define SIZE 64
#define HEADER_BYTES 16 /* FramebufferUpdate of one rectangle, RFC 6143 7.6.1 */

static int run(struct rects_engine *engine, struct frame *frame, const pixman_region32_t *damage,
		struct rects_sink *sink, struct evbuffer *output)
{
	int err = rects_engine_run(engine, frame, damage, sink, output);

	return err == -EIO ? -ENOTSUP : err;
}

static int expect(struct evbuffer *output, const void *bytes, size_t n)
{
	size_t length = evbuffer_get_length(output);
	const void *got = evbuffer_pullup(output, -1);
	int differs = length != n || !got || memcmp(got, bytes, n);

	evbuffer_drain(output, length);
	return differs ? -ENOTSUP : 0;
}

static int test_raw(struct rects_engine *engine, struct frame *frame, struct rects_sink *sink,
		struct evbuffer *output)
{
	static const uint8_t header[HEADER_BYTES] = { 0, 0, 0, 1, 0, 0, 0, 0, 0, SIZE, 0, SIZE };
	uint8_t expected[HEADER_BYTES + SIZE * SIZE * 4];
	uint8_t *pixels = frame_memory_pixels(frame);
	pixman_region32_t damage;
	int err;

	memcpy(expected, header, sizeof(header));
	for (unsigned int y = 0; y < SIZE; y++) {
		uint8_t *line = pixels + (size_t)y * frame->planes[0].stride;

		for (unsigned int x = 0; x < SIZE * 4; x++)
			line[x] = (uint8_t)(x * 7 + y * 13);
		memcpy(expected + HEADER_BYTES + y * SIZE * 4, line, SIZE * 4);
	}
	pixman_region32_init_rect(&damage, 0, 0, SIZE, SIZE);
	err = run(engine, frame, &damage, sink, output);
	pixman_region32_fini(&damage);
	return err ? err : expect(output, expected, sizeof(expected));
}

/* What is sent with the streams begun anew is what was sent the first time, and says so. */
static int test_restart(struct rects_engine *engine, struct frame *frame, struct rects_sink *sink,
		struct evbuffer *output)
{
	static const struct rects_encodings encodings = { .preferred = RECTS_TIGHT, .quality = -1,
			.compression = -1 };
	uint8_t first[2 * HEADER_BYTES + SIZE * SIZE * 4];
	pixman_region32_t damage;
	ev_ssize_t bytes = 0;
	int err = rects_engine_set_encodings(engine, &encodings);

	if (err)
		return err;
	pixman_region32_init_rect(&damage, 0, 0, SIZE, SIZE);
	for (unsigned int i = 0; i < 2 && !err; i++) {
		bytes = evbuffer_remove(output, first, sizeof(first));
		err = rects_engine_restart(engine);
		if (!err)
			err = run(engine, frame, &damage, sink, output);
		if (!err && !rects_streams_mark_restart(output))
			err = -ENOTSUP;
	}
	pixman_region32_fini(&damage);
	if (err)
		return err;
	return bytes > HEADER_BYTES && first[HEADER_BYTES] & 1
			? expect(output, first, (size_t)bytes) : -ENOTSUP;
}

static int test_copy(struct rects_engine *engine, struct frame *frame, struct rects_sink *sink,
		struct evbuffer *output)
{
	static const struct rects_encodings encodings = { .copy_rect = true, .quality = -1,
			.compression = -1 };
	/* 16x8 at 8,24 from 8,16: encoding 1, then the source. */
	static const uint8_t expected[] = { 0, 0, 0, 1, 0, 8, 0, 24, 0, 16, 0, 8, 0, 0, 0, 1, 0, 8, 0,
			16 };
	pixman_region32_t nothing, copy;
	int err = rects_engine_set_encodings(engine, &encodings);

	if (err)
		return err;
	pixman_region32_init(&nothing);
	pixman_region32_init_rect(&copy, 8, 24, 16, 8);
	rects_engine_schedule_copy(engine, &copy, 0, 8);
	err = run(engine, frame, &nothing, sink, output);
	pixman_region32_fini(&copy);
	return err ? err : expect(output, expected, sizeof(expected));
}

int rects_selftest(int birth[2])
{
	struct rects_engine *engine = NULL;
	struct frame *frame = NULL;
	struct evbuffer *output = evbuffer_new();
	struct rects_sink sink;
	int err;

	if (!output)
		return -ENOMEM;
	err = rects_sink_init(&sink);
	if (err)
		goto free_output;
	err = frame_new_memory(SIZE, SIZE, &frame);
	if (err)
		goto finish_sink;
	err = rects_engine_new(birth, SIZE, SIZE, &engine);
	if (err)
		goto unref_frame;
	err = test_raw(engine, frame, &sink, output);
	if (!err)
		err = test_restart(engine, frame, &sink, output);
	if (!err)
		err = test_copy(engine, frame, &sink, output);
	rects_engine_free(engine);
unref_frame:
	frame_unref(frame);
finish_sink:
	rects_sink_finish(&sink);
free_output:
	evbuffer_free(output);
	return err;
}
