// SPDX-License-Identifier: GPL-2.0-or-later
/* What each rectangle encoding costs, in time and bytes: rects_bench [WIDTH HEIGHT]. */
#include "encoders/rects.h"
#include "server/clock.h"
#include "server/frame.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 5

static const struct {
	const char *name;
	struct rects_encodings encodings;
} rows[] = {
	{ "raw", { RECTS_RAW, true, true, -1, -1 } },
	{ "hextile", { RECTS_HEXTILE, true, true, -1, -1 } },
	{ "zlib", { RECTS_ZLIB, true, true, -1, 2 } },
	{ "zrle", { RECTS_ZRLE, true, true, -1, -1 } },
	{ "tight lossless", { RECTS_TIGHT, true, true, -1, 2 } },
	{ "tight quality 8", { RECTS_TIGHT, true, true, 8, 2 } },
	{ "tight quality 5", { RECTS_TIGHT, true, true, 5, 2 } },
	{ "tight quality 2", { RECTS_TIGHT, true, true, 2, 2 } },
};

struct run {
	struct event_base *base;
	size_t bytes;
	int result;
};

static uint32_t *line(struct frame *frame, uint32_t y)
{
	return (uint32_t *)(frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride);
}

/* Letters of 8x16 pixels in a window on a plain desktop. */
static void draw_text(struct frame *frame)
{
	for (uint32_t y = 0; y < frame->height; y++) {
		for (uint32_t x = 0; x < frame->width; x++) {
			bool window = x > frame->width / 10 && y > frame->height / 10;
			uint32_t cell = (x / 8) * 2654435761u ^ (y / 16) * 40503u;
			uint32_t glyph = (cell >> 7 & 63) * 0x9e3779b1u;
			bool ink = x % 8 < 6 && y % 16 > 2 && y % 16 < 13 && (cell & 7) < 6 &&
					(glyph >> (x % 8 + y % 16 * 3) % 29 & 3) == 0;

			line(frame, y)[x] = !window ? 0x305070 : ink ? 0x202020 : 0xfafafa;
		}
	}
}

static void draw_photo(struct frame *frame)
{
	uint32_t noise = 1;

	for (uint32_t y = 0; y < frame->height; y++) {
		for (uint32_t x = 0; x < frame->width; x++) {
			double light = sin(x * 0.011) * cos(y * 0.007) + sin((x + y) * 0.03) / 3;
			uint32_t grain, r, g, b;

			noise = noise * 1664525u + 1013904223u;
			grain = noise >> 29;
			r = (uint32_t)(120 + 70 * light) + grain;
			g = (uint32_t)(130 + 60 * light) + grain;
			b = (uint32_t)(110 + 80 * light) + grain;
			line(frame, y)[x] = r << 16 | g << 8 | b;
		}
	}
}

static void handle_done(void *user, struct evbuffer *output, int result)
{
	struct run *run = user;

	run->bytes = evbuffer_get_length(output);
	run->result = result;
	event_base_loopbreak(run->base);
}

/* Best of ROUNDS, as a client sees it: from the call to the bytes on the loop; bytes of the last. */
static int measure(struct rects *rects, struct frame *frame, struct run *run, uint32_t height,
		double *ret_ms)
{
	double best = INFINITY;

	for (unsigned int i = 0; i < ROUNDS; i++) {
		pixman_region32_t damage;
		int64_t start_ns = clock_now_ns();
		double ms;
		int err;

		/* Another place each time: the streams remember what they sent last. */
		pixman_region32_init_rect(&damage, 0, (int)((frame->height - height) * i / ROUNDS),
				frame->width, height);
		rects_damage(rects, &damage);
		err = rects_encode(rects, frame, &damage);
		pixman_region32_fini(&damage);
		if (err)
			return err;
		event_base_dispatch(run->base);
		if (run->result)
			return run->result;
		ms = (double)(clock_now_ns() - start_ns) / NSEC_PER_MSEC;
		best = ms < best ? ms : best;
	}
	*ret_ms = best;
	return 0;
}

static int measure_rows(struct rects_pool *pool, struct frame *frame, struct run *run,
		const char *what)
{
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double whole_ms, part_ms;
		size_t whole_bytes;
		struct rects *rects;
		int err = rects_new(pool, frame->width, frame->height, handle_done, run, &rects);

		if (err)
			return err;
		err = rects_set_encodings(rects, &rows[i].encodings);
		err = err ? err : measure(rects, frame, run, frame->height * 2 / 3, &whole_ms);
		whole_bytes = run->bytes;
		err = err ? err : measure(rects, frame, run, frame->height / 30, &part_ms);
		rects_free(rects);
		if (err)
			return err;
		printf("%-6s %-16s %9.2f %12zu %9.2f %12zu\n", what, rows[i].name, whole_ms,
				whole_bytes, part_ms, run->bytes);
	}
	return 0;
}

int main(int argc, char **argv)
{
	uint32_t width = argc > 2 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1920;
	uint32_t height = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 1080;
	struct run run = { .base = event_base_new() };
	struct rects_pool *pool = NULL;
	struct frame *frame = NULL;
	int err = run.base ? rects_pool_new(run.base, 1, &pool) : -1;

	err = err ? err : frame_new_memory(width, height, &frame);
	if (!err) {
		printf("%ux%u, two thirds and a thirtieth of the picture\n", width, height);
		printf("%-6s %-16s %9s %12s %9s %12s\n", "what", "encoding", "ms", "bytes", "ms",
				"bytes");
		draw_text(frame);
		err = measure_rows(pool, frame, &run, "text");
	}
	if (!err) {
		draw_photo(frame);
		err = measure_rows(pool, frame, &run, "photo");
	}
	if (err)
		fprintf(stderr, "rects_bench: %s\n", strerror(-err));
	frame_unref(frame);
	rects_pool_free(pool);
	if (run.base)
		event_base_free(run.base);
	return err != 0;
}
