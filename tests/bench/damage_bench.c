// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a damage pass and a conversion of formats cost, beside memcmp() and
 * memcpy() of the same pictures.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/damage.h"
#include "server/damage_simd.h"
#include "server/format.h"
#include "server/frame.h"
#include "server/update.h"
#include "tests/bench/micro.h"

#define ROUNDS 9
#define FORMATS_MAX 16

struct bench {
	struct frame *sources[MICRO_PICTURES];
	struct damage *damages[MICRO_PICTURES];
	uint32_t width, height;
	uint32_t seed;
	uint32_t *line;
	/* What the passes of a round found. */
	uint64_t damaged;
	unsigned int changes, rects, moved;
};

static uint32_t next_random(struct bench *bench)
{
	/* xorshift32 (Marsaglia) */
	bench->seed ^= bench->seed << 13;
	bench->seed ^= bench->seed >> 17;
	bench->seed ^= bench->seed << 5;
	return bench->seed;
}

static uint8_t *row_of(struct frame *frame, uint32_t y)
{
	return frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride;
}

static void fill_noise(struct bench *bench, struct frame *frame, uint32_t x, uint32_t y,
		uint32_t width, uint32_t height)
{
	for (uint32_t row = y; row < y + height; row++) {
		for (uint32_t column = x; column < x + width; column++) {
			/* High bytes are 0 as in the shadow, or memcmp() would stop at once. */
			uint32_t pixel = next_random(bench) & 0xffffff;

			memcpy(row_of(frame, row) + (size_t)column * 4, &pixel, 4);
		}
	}
}

typedef void (*change_fn)(struct bench *bench, struct frame *frame);

/* 1 % of the pixels, as cells of 8x16 in lines of text. */
static void change_typing(struct bench *bench, struct frame *frame)
{
	uint32_t cells = frame->width * frame->height / 100 / (8 * 16);

	for (uint32_t line = 0; cells; line++) {
		uint32_t n = cells < 20 ? cells : 20;
		uint32_t y = (line * 5 + 1) * 18 % (frame->height - 16);

		fill_noise(bench, frame, next_random(bench) % (frame->width - n * 8), y, n * 8, 16);
		cells -= n;
	}
}

static void change_scroll(struct bench *bench, struct frame *frame)
{
	uint32_t width = frame->width / 2, x = frame->width / 4 + 3;
	uint32_t top = 50, bottom = frame->height - 30;

	for (uint32_t y = top; y + 16 < bottom; y++)
		memcpy(row_of(frame, y) + (size_t)x * 4, row_of(frame, y + 16) + (size_t)x * 4,
				(size_t)width * 4);
	fill_noise(bench, frame, x, bottom - 16, width, 16);
}

static void change_quarter(struct bench *bench, struct frame *frame)
{
	fill_noise(bench, frame, frame->width / 4 + 5, frame->height / 4 + 5, frame->width / 2,
			frame->height / 2);
}

static void change_all(struct bench *bench, struct frame *frame)
{
	fill_noise(bench, frame, 0, 0, frame->width, frame->height);
}

/* Says how a picture changes between two passes; .change NULL: it does not. */
struct scene {
	change_fn change;
	bool look; /* by damage_look(), of a picture that rested before; else by damage_run() */
};

static const struct scene unchanged = { NULL, false };
static const struct scene typing = { change_typing, false };
static const struct scene scroll = { change_scroll, false };
static const struct scene quarter = { change_quarter, false };
static const struct scene all = { change_all, false };
static const struct scene look_unchanged = { NULL, true };
static const struct scene look_typing = { change_typing, true };
static const struct scene look_scroll = { change_scroll, true };
static const struct scene look_quarter = { change_quarter, true };
static const struct scene look_all = { change_all, true };

/* Every row of every picture has been looked at since it changed. */
static int rest(struct bench *bench)
{
	struct update update;
	int result = 0;

	for (unsigned int i = 0; i < MICRO_PICTURES && !result; i++) {
		for (unsigned int look = 0; look < DAMAGE_GLANCE_ROWS && !result; look++)
			result = damage_look(bench->damages[i], bench->sources[i], &update);
	}
	return result > 0 ? -EBADMSG : result;
}

static int prepare_pass(struct micro *micro, struct micro_row *row)
{
	const struct scene *scene = row->data;
	struct bench *bench = micro->user;

	int err = scene->look ? rest(bench) : 0;

	bench->damaged = 0;
	bench->moved = bench->changes = bench->rects = 0;
	/* All pictures change before the first pass, which so finds cold caches. */
	for (unsigned int i = 0; i < MICRO_PICTURES && scene->change; i++)
		scene->change(bench, bench->sources[i]);
	return err;
}

static void note_found(struct bench *bench, const struct update *update, struct micro_row *row)
{
	int n_boxes;
	const pixman_box32_t *boxes = pixman_region32_rectangles(&update->damage, &n_boxes);

	for (int i = 0; i < n_boxes; i++) {
		bench->damaged += (uint64_t)(boxes[i].x2 - boxes[i].x1) *
				(uint64_t)(boxes[i].y2 - boxes[i].y1);
	}
	bench->rects += (unsigned int)n_boxes;
	bench->moved += pixman_region32_not_empty(&update->copy_region);
	bench->changes++;
	snprintf(row->note, sizeof(row->note), "%.2f %% damaged, %u rectangles, %u %% moved",
			(double)bench->damaged * 100 / bench->changes /
					((double)bench->width * bench->height),
			bench->rects / bench->changes, bench->moved * 100 / bench->changes);
}

static int run_pass(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	const struct scene *scene = row->data;
	struct bench *bench = micro->user;
	struct update update;
	int result = scene->look ?
			damage_look(bench->damages[picture], bench->sources[picture], &update) :
			damage_run(bench->damages[picture], bench->sources[picture], NULL, &update);

	if (result == 1) {
		note_found(bench, &update, row);
		update_finish(&update);
	}
	return result < 0 ? result : result == !scene->change ? -EBADMSG : 0;
}

/* The compare kernel alone, without tiles: what a set of instructions is worth. */
static int run_kernel(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	static uint16_t spans[FRAME_SIZE_MAX / DAMAGE_SPAN];
	const struct damage_kernels *kernels = row->data;
	struct bench *bench = micro->user;
	struct frame *shadow = damage_shadow(bench->damages[picture]);

	for (uint32_t y = 0; y < bench->height; y++)
		kernels->compare(row_of(bench->sources[picture], y), row_of(shadow, y), bench->width,
				1, spans);
	return 0;
}

/* As a pass does it: row by row, through one row of memory. */
static int run_format(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	const struct format *format = row->data;
	struct bench *bench = micro->user;

	for (uint32_t y = 0; y < bench->height; y++)
		format->to_xr24(bench->line, row_of(bench->sources[picture], y), bench->width);
	return 0;
}

static const void *picture_of(struct micro *micro, unsigned int index)
{
	struct bench *bench = micro->user;

	return bench->sources[index]->data;
}

static void *shadow_of(struct micro *micro, unsigned int index)
{
	struct bench *bench = micro->user;

	/* Nobody else holds it, and memcpy() puts there what is there. */
	return frame_memory_pixels(damage_shadow(bench->damages[index]));
}

static int bench_init(struct bench *bench)
{
	bench->line = calloc(bench->width, sizeof(*bench->line));
	if (!bench->line)
		return -ENOMEM;
	for (unsigned int i = 0; i < MICRO_PICTURES; i++) {
		struct update update;
		int err = frame_new_memory(bench->width, bench->height, &bench->sources[i]);

		err = err ? err : damage_new(2, &bench->damages[i]);
		if (err)
			return err;
		fill_noise(bench, bench->sources[i], 0, 0, bench->width, bench->height);
		err = damage_run(bench->damages[i], bench->sources[i], NULL, &update);
		if (err < 0)
			return err;
		update_finish(&update);
	}
	return 0;
}

static void bench_finish(struct bench *bench)
{
	for (unsigned int i = 0; i < MICRO_PICTURES; i++) {
		frame_unref(bench->sources[i]);
		damage_free(bench->damages[i]);
	}
	free(bench->line);
}

static size_t add_formats(struct micro_row *rows, uint64_t pixels)
{
	unsigned int count;
	const struct format *formats = format_table(&count);
	size_t n = 0;

	for (unsigned int i = 0; i < count && n < FORMATS_MAX; i++) {
		if (!formats[i].to_xr24)
			continue;
		rows[n++] = (struct micro_row){
			.group = "convert to XR24", .name = formats[i].name, .data = &formats[i],
			.run = run_format, .bytes = pixels * formats[i].bytes_per_pixel,
			.pixels = pixels,
		};
	}
	return n;
}

int main(int argc, char **argv)
{
	struct micro_row rows[15 + FORMATS_MAX] = {
		{ .name = "memcmp", .run = micro_memcmp },
		{ .name = "memcpy", .run = micro_memcpy },
		{ .name = "compare, scalar", .run = run_kernel, .data = damage_kernels_scalar() },
		{ .name = "compare, best", .run = run_kernel, .data = damage_kernels_best() },
		{ .name = "pass: unchanged", .run = run_pass, .data = &unchanged },
		{ .name = "pass: 1 % typing", .run = run_pass, .data = &typing },
		{ .name = "pass: scroll, half width", .run = run_pass, .data = &scroll },
		{ .name = "pass: video, a quarter", .run = run_pass, .data = &quarter },
		{ .name = "pass: video, all", .run = run_pass, .data = &all },
		{ .name = "look: unchanged", .run = run_pass, .data = &look_unchanged },
		{ .name = "look: 1 % typing", .run = run_pass, .data = &look_typing },
		{ .name = "look: scroll, half width", .run = run_pass, .data = &look_scroll },
		{ .name = "look: video, a quarter", .run = run_pass, .data = &look_quarter },
		{ .name = "look: video, all", .run = run_pass, .data = &look_all },
	};
	struct bench bench = { .seed = 1 };
	struct micro micro;
	size_t n_rows;
	uint64_t pixels;
	int err;

	micro_init(&micro, "damage_bench", ROUNDS, argc, argv);
	micro.user = &bench;
	micro.picture = picture_of;
	micro.copy = shadow_of;
	bench.width = micro.width;
	bench.height = micro.height;
	pixels = (uint64_t)micro.width * micro.height;
	for (n_rows = 0; rows[n_rows].run; n_rows++) {
		rows[n_rows].group = "damage";
		rows[n_rows].bytes = pixels * 4;
		rows[n_rows].pixels = pixels;
		if (rows[n_rows].run == run_pass)
			rows[n_rows].prepare = prepare_pass;
		if (rows[n_rows].run == run_kernel)
			snprintf(rows[n_rows].note, sizeof(rows[n_rows].note), "%s",
					((const struct damage_kernels *)rows[n_rows].data)->name);
	}
	n_rows += add_formats(rows + n_rows, pixels);
	err = bench_init(&bench);
	if (err)
		fprintf(stderr, "damage_bench: %s\n", strerror(-err));
	else
		err = micro_run(&micro, rows, n_rows);
	bench_finish(&bench);
	return err != 0;
}
