// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What it costs to get a picture ready for a video encoder: RGB made NV12 by every
 * way this processor has, in every layout of bytes, and tiles made rows. memcpy()
 * of the same pixels stands beside them.
 */
#include <drm_fourcc.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/colour_kernels.h"
#include "encoders/detile.h"
#include "tests/bench/micro.h"

#define ROUNDS 5

struct way {
	const struct colour_kernel *kernel; /* NULL: none here */
	uint32_t fourcc;
	struct colour_box box; /* no width: the whole picture */
	uint64_t modifier;
};

struct bench {
	uint32_t width, height;
	uint8_t *pictures[MICRO_PICTURES], *copies[MICRO_PICTURES];
};

static int run_convert(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	const struct bench *bench = micro->user;
	const struct way *way = row->data;
	const uint32_t even = (bench->height + 1) & ~1u;
	const struct colour_rgb src = { bench->pictures[picture], (size_t)bench->width * 4, bench->width,
		bench->height, way->fourcc };
	const struct colour_nv12 dst = { bench->copies[picture], bench->copies[picture] + (size_t)bench->width * even,
		bench->width, bench->width, bench->width, even };
	const struct colour_box all = { 0, 0, bench->width, bench->height };

	for (unsigned int i = 0; i < row->repeats; i++) {
		int err = colour_to_nv12_by(way->kernel, &src, way->box.width ? &way->box : &all, COLOUR_BT709,
				COLOUR_LIMITED, &dst);

		if (err)
			return err;
	}
	snprintf(row->note, sizeof(row->note), "by %s", way->kernel->name);
	return 0;
}

/* The picture is a little larger than what is copied of it: its tiles are whole. */
static int run_detile(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	const struct bench *bench = micro->user;
	const struct way *way = row->data;
	const struct detile_layout *layout = detile_find(way->modifier);
	const size_t stride = (size_t)bench->width * 4 / layout->tile_width_bytes * layout->tile_width_bytes;
	const struct detile_picture tiled = {
		.layout = layout,
		.data = bench->pictures[picture],
		.bytes = (size_t)bench->width * bench->height * 4,
		.stride_bytes = stride,
		.width = (uint32_t)(stride / 4),
		.height = bench->height / layout->tile_height * layout->tile_height,
	};
	const struct detile_box box = { 0, 0, tiled.width, tiled.height };

	snprintf(row->note, sizeof(row->note), "%ux%u", tiled.width, tiled.height);
	return detile_copy(&tiled, &box, bench->copies[picture], stride);
}

/* The others leave in the copies what they made. */
static int prepare_compare(struct micro *micro, struct micro_row *row)
{
	for (unsigned int i = 0; i < MICRO_PICTURES; i++)
		micro_memcpy(micro, row, i);
	return 0;
}

static const void *picture_of(struct micro *micro, unsigned int index)
{
	return ((struct bench *)micro->user)->pictures[index];
}

static void *copy_of(struct micro *micro, unsigned int index)
{
	return ((struct bench *)micro->user)->copies[index];
}

static int bench_init(struct bench *bench)
{
	size_t bytes = (size_t)bench->width * bench->height * 4;

	for (unsigned int i = 0; i < MICRO_PICTURES; i++) {
		bench->pictures[i] = malloc(bytes);
		bench->copies[i] = malloc(bytes);
		if (!bench->pictures[i] || !bench->copies[i])
			return -ENOMEM;
		for (size_t at = 0; at < bytes; at++)
			bench->pictures[i][at] = (uint8_t)(at * 2654435761u >> 13);
		memset(bench->copies[i], 1, bytes);
	}
	return 0;
}

static void bench_finish(struct bench *bench)
{
	for (unsigned int i = 0; i < MICRO_PICTURES; i++) {
		free(bench->pictures[i]);
		free(bench->copies[i]);
	}
}

int main(int argc, char **argv)
{
	const struct colour_kernel *best = colour_kernel_best();
	const struct way scalar = { .kernel = &colour_kernel_scalar, .fourcc = DRM_FORMAT_XRGB8888 };
	const struct way sse41 = { .kernel = colour_kernel_sse41(), .fourcc = DRM_FORMAT_XRGB8888 };
	const struct way bgrx = { .kernel = best, .fourcc = DRM_FORMAT_XRGB8888 };
	const struct way rgbx = { .kernel = best, .fourcc = DRM_FORMAT_XBGR8888 };
	const struct way xr30 = { .kernel = best, .fourcc = DRM_FORMAT_XRGB2101010 };
	const struct way region = { .kernel = best, .fourcc = DRM_FORMAT_XRGB8888, .box = { 64, 64, 192, 108 } };
	const struct way x_tiled = { .modifier = I915_FORMAT_MOD_X_TILED };
	const struct way y_tiled = { .modifier = I915_FORMAT_MOD_Y_TILED };
	const struct way yf_tiled = { .modifier = I915_FORMAT_MOD_Yf_TILED };
	const struct micro_row all[] = {
		{ .name = "memcmp", .prepare = prepare_compare, .run = micro_memcmp },
		{ .name = "memcpy", .run = micro_memcpy },
		{ .name = "NV12 of XR24: scalar", .run = run_convert, .data = &scalar },
		{ .name = "NV12 of XR24: SSE4.1", .run = run_convert, .data = &sse41 },
		{ .name = "NV12 of XR24", .run = run_convert, .data = &bgrx },
		{ .name = "NV12 of XB24", .run = run_convert, .data = &rgbx },
		{ .name = "NV12 of XR30", .run = run_convert, .data = &xr30 },
		{ .name = "NV12 of 192x108", .run = run_convert, .data = &region, .repeats = 20 },
		{ .name = "rows of X-tiled", .run = run_detile, .data = &x_tiled },
		{ .name = "rows of Y-tiled", .run = run_detile, .data = &y_tiled },
		{ .name = "rows of Yf-tiled", .run = run_detile, .data = &yf_tiled },
	};
	struct micro_row rows[sizeof(all) / sizeof(all[0])];
	struct bench bench = { 0 };
	struct micro micro;
	size_t n_rows = 0;
	int err;

	micro_init(&micro, "colour_bench", ROUNDS, argc, argv);
	micro.user = &bench;
	micro.picture = picture_of;
	micro.copy = copy_of;
	bench.width = micro.width;
	bench.height = micro.height;
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct way *way = all[i].data;
		struct micro_row *row = &rows[n_rows];

		if (all[i].run == run_convert && !way->kernel)
			continue;
		*row = all[i];
		row->group = "colour";
		row->repeats = row->repeats ? row->repeats : 1;
		row->pixels = (uint64_t)micro.width * micro.height;
		if (way && way->box.width)
			row->pixels = (uint64_t)way->box.width * way->box.height;
		row->bytes = row->pixels * 4;
		n_rows++;
	}
	err = bench_init(&bench);
	if (err)
		fprintf(stderr, "colour_bench: %s\n", strerror(-err));
	else
		err = micro_run(&micro, rows, n_rows);
	bench_finish(&bench);
	return err != 0;
}
