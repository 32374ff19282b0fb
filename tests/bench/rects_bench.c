// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What each rectangle encoding costs, in time and bytes: two thirds and a
 * thirtieth of the picture, as a client sees it, from the call to the bytes on
 * the loop; beside memcmp() and memcpy() of the whole picture.
 */
#include "encoders/rects.h"
#include "server/frame.h"
#include "tests/bench/micro.h"
#include "tests/bench/scene.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUNDS 1

enum content { TEXT, FILM, N_CONTENTS };

static const char *const content_names[N_CONTENTS] = { "encode text", "encode film" };

struct way {
	const char *name, *part_name;
	struct rects_encodings encodings;
};

static const struct way ways[] = {
	{ "raw", "raw, 1/30", { RECTS_RAW, true, true, -1, -1 } },
	{ "hextile", "hextile, 1/30", { RECTS_HEXTILE, true, true, -1, -1 } },
	{ "zlib", "zlib, 1/30", { RECTS_ZLIB, true, true, -1, 2 } },
	{ "zrle", "zrle, 1/30", { RECTS_ZRLE, true, true, -1, -1 } },
	{ "tight lossless", "tight lossless, 1/30", { RECTS_TIGHT, true, true, -1, 2 } },
	{ "tight quality 8", "tight quality 8, 1/30", { RECTS_TIGHT, true, true, 8, 2 } },
	{ "tight quality 5", "tight quality 5, 1/30", { RECTS_TIGHT, true, true, 5, 2 } },
};

#define N_WAYS (sizeof(ways) / sizeof(ways[0]))

/* One row of the table. */
struct job {
	const struct way *way;
	enum content content;
	uint32_t height;
};

struct bench {
	struct event_base *base;
	struct rects_pool *pool;
	struct rects *rects;
	struct frame *frames[MICRO_PICTURES], *copies[MICRO_PICTURES];
	enum content shown;
	size_t bytes;
	int result;
};

static uint32_t *line(struct frame *frame, uint32_t y)
{
	return (uint32_t *)(frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride);
}

/* Letters of 8x16 pixels in a window on a plain desktop. */
static void draw_text(struct frame *frame, uint32_t seed)
{
	for (uint32_t y = 0; y < frame->height; y++) {
		for (uint32_t x = 0; x < frame->width; x++) {
			bool window = x > frame->width / 10 && y > frame->height / 10;
			uint32_t cell = (x / 8) * 2654435761u ^ (y / 16 + seed) * 40503u;
			uint32_t glyph = (cell >> 7 & 63) * 0x9e3779b1u;
			bool ink = x % 8 < 6 && y % 16 > 2 && y % 16 < 13 && (cell & 7) < 6 &&
					(glyph >> (x % 8 + y % 16 * 3) % 29 & 3) == 0;

			line(frame, y)[x] = !window ? 0x305070 : ink ? 0x202020 : 0xfafafa;
		}
	}
}

/* Pictures 0, 1, ... of a film that fills the screen. */
static int draw_film(struct frame **frames, uint32_t width, uint32_t height)
{
	struct bench_scene *scene;
	pixman_region32_t all;
	int err = bench_scene_new("film", width, height, &scene);

	if (err)
		return err;
	pixman_region32_init(&all);
	for (uint32_t i = 0; i < MICRO_PICTURES && !err; i++)
		err = bench_scene_paint(scene, i, true, frame_memory_pixels(frames[i]),
				frames[i]->planes[0].stride, &all);
	pixman_region32_fini(&all);
	bench_scene_free(scene);
	return err;
}

static int show(struct bench *bench, const struct micro *micro, enum content content)
{
	int err = 0;

	if (content == bench->shown)
		return 0;
	if (content == FILM)
		err = draw_film(bench->frames, micro->width, micro->height);
	for (uint32_t i = 0; i < MICRO_PICTURES && !err; i++) {
		if (content == TEXT)
			draw_text(bench->frames[i], i);
		memcpy(frame_memory_pixels(bench->copies[i]), bench->frames[i]->data,
				bench->frames[i]->data_bytes);
	}
	bench->shown = content;
	return err;
}

static void handle_done(void *user, struct evbuffer *output, int result)
{
	struct bench *bench = user;

	bench->bytes = evbuffer_get_length(output);
	bench->result = result;
	event_base_loopbreak(bench->base);
}

static void ignore_due(void *user)
{
	(void)user;
}

/* A new record for each round: its streams have sent nothing yet. */
static int prepare_encode(struct micro *micro, struct micro_row *row)
{
	const struct job *job = row->data;
	struct bench *bench = micro->user;
	int err;

	err = show(bench, micro, job->content);
	if (err)
		return err;
	rects_free(bench->rects);
	bench->rects = NULL;
	err = rects_new(bench->pool, micro->width, micro->height, handle_done, ignore_due,
			bench, &bench->rects);
	return err ? err : rects_set_encodings(bench->rects, &job->way->encodings);
}

static int run_encode(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	const struct job *job = row->data;
	struct bench *bench = micro->user;
	pixman_region32_t damage;
	int err;

	/* Another place each time: the streams remember what they sent last. */
	pixman_region32_init_rect(&damage, 0,
			(int)((micro->height - job->height) * picture / MICRO_PICTURES), micro->width,
			job->height);
	rects_damage(bench->rects, &damage);
	err = rects_encode(bench->rects, bench->frames[picture], &damage);
	pixman_region32_fini(&damage);
	if (err)
		return err;
	event_base_dispatch(bench->base);
	row->bytes_out = bench->bytes;
	return bench->result;
}

static const void *picture_of(struct micro *micro, unsigned int index)
{
	return ((struct bench *)micro->user)->frames[index]->data;
}

static void *copy_of(struct micro *micro, unsigned int index)
{
	return frame_memory_pixels(((struct bench *)micro->user)->copies[index]);
}

static int bench_init(struct bench *bench, const struct micro *micro)
{
	int err;

	bench->base = event_base_new();
	err = bench->base ? rects_pool_new(bench->base, 1, &bench->pool) : -ENOMEM;
	for (unsigned int i = 0; i < MICRO_PICTURES && !err; i++) {
		err = frame_new_memory(micro->width, micro->height, &bench->frames[i]);
		err = err ? err : frame_new_memory(micro->width, micro->height, &bench->copies[i]);
	}
	return err ? err : show(bench, micro, TEXT);
}

static void bench_finish(struct bench *bench)
{
	rects_free(bench->rects);
	rects_pool_free(bench->pool);
	for (unsigned int i = 0; i < MICRO_PICTURES; i++) {
		frame_unref(bench->frames[i]);
		frame_unref(bench->copies[i]);
	}
	if (bench->base)
		event_base_free(bench->base);
}

static void fill_rows(const struct micro *micro, struct job *jobs, struct micro_row *rows)
{
	for (size_t i = 0; i < N_CONTENTS * N_WAYS * 2; i++) {
		const struct way *way = &ways[i / 2 % N_WAYS];
		bool part = i % 2;

		jobs[i].way = way;
		jobs[i].content = (enum content)(i / 2 / N_WAYS);
		jobs[i].height = part ? micro->height / 30 : micro->height * 2 / 3;
		rows[i] = (struct micro_row){
			.group = content_names[jobs[i].content],
			.name = part ? way->part_name : way->name,
			.data = &jobs[i], .prepare = prepare_encode, .run = run_encode,
			.bytes = (uint64_t)micro->width * jobs[i].height * 4,
			.pixels = (uint64_t)micro->width * jobs[i].height,
		};
	}
}

int main(int argc, char **argv)
{
	struct job jobs[N_CONTENTS * N_WAYS * 2];
	struct micro_row rows[2 + N_CONTENTS * N_WAYS * 2] = {
		{ .group = "encode", .name = "memcmp", .run = micro_memcmp },
		{ .group = "encode", .name = "memcpy", .run = micro_memcpy },
	};
	struct bench bench = { .shown = N_CONTENTS };
	struct micro micro;
	int err;

	micro_init(&micro, "rects_bench", ROUNDS, argc, argv);
	micro.user = &bench;
	micro.picture = picture_of;
	micro.copy = copy_of;
	for (size_t i = 0; i < 2; i++) {
		rows[i].pixels = (uint64_t)micro.width * micro.height;
		rows[i].bytes = rows[i].pixels * 4;
	}
	fill_rows(&micro, jobs, rows + 2);
	err = bench_init(&bench, &micro);
	if (err)
		fprintf(stderr, "rects_bench: %s\n", strerror(-err));
	else
		err = micro_run(&micro, rows, sizeof(rows) / sizeof(rows[0]));
	bench_finish(&bench);
	return err != 0;
}
