// SPDX-License-Identifier: GPL-2.0-or-later
/* Expected pictures and the distance from them. */
#include "tests/bench/view_compare.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>

#include "tests/bench/scene.h"
#include "tests/bench/view_marks.h"

#define COLOURS 0xffffffu

void view_oracle_init(struct view_oracle *oracle, const char *name)
{
	*oracle = (struct view_oracle){ .name = name };
	pixman_region32_init(&oracle->moved);
}

void view_oracle_finish(struct view_oracle *oracle)
{
	bench_scene_free(oracle->scene);
	view_picture_finish(&oracle->picture);
	pixman_region32_fini(&oracle->moved);
}

static int take_size(struct view_oracle *oracle, uint32_t width, uint32_t height)
{
	int r;

	if (oracle->scene && oracle->picture.width == width && oracle->picture.height == height)
		return 0;
	bench_scene_free(oracle->scene);
	oracle->scene = NULL;
	oracle->painted = false;
	r = view_picture_resize(&oracle->picture, width, height, VIEW_PIXELS_MAX);
	return r < 0 ? r : bench_scene_new(oracle->name, width, height, &oracle->scene);
}

static int paint(struct view_oracle *oracle, uint32_t sequence)
{
	size_t stride = view_picture_stride(&oracle->picture);
	int r = 0;

	if (oracle->painted && oracle->sequence == sequence)
		return 0;
	oracle->painted = false;
	/* The one before it first, for the sake of what differs. */
	if (sequence)
		r = bench_scene_paint(oracle->scene, sequence - 1, true, oracle->picture.pixels, stride,
				&oracle->moved);
	if (r == 0)
		r = bench_scene_paint(oracle->scene, sequence, !sequence, oracle->picture.pixels, stride,
				&oracle->moved);
	oracle->painted = r == 0;
	oracle->sequence = sequence;
	return r;
}

struct sums {
	uint64_t pixels, wrong, squares;
};

static void add_box(struct sums *sums, const struct view_picture *a, const struct view_picture *b,
		const pixman_box32_t *box)
{
	for (int y = box->y1; y < box->y2; y++) {
		const uint32_t *p = view_picture_at(a, 0, (uint32_t)y), *q = view_picture_at(b, 0, (uint32_t)y);

		for (int x = box->x1; x < box->x2; x++) {
			if (!((p[x] ^ q[x]) & COLOURS))
				continue;
			sums->wrong++;
			for (unsigned int shift = 0; shift < 24; shift += 8) {
				int distance = (int)(p[x] >> shift & 255) - (int)(q[x] >> shift & 255);

				sums->squares += (uint64_t)(distance * distance);
			}
		}
	}
	sums->pixels += (uint64_t)(box->x2 - box->x1) * (uint64_t)(box->y2 - box->y1);
}

static struct sums add_region(const struct view_picture *a, const struct view_picture *b,
		const pixman_region32_t *region)
{
	struct sums sums = { .pixels = 0 };
	int n;
	const pixman_box32_t *boxes = pixman_region32_rectangles((pixman_region32_t *)region, &n);

	for (int i = 0; i < n; i++)
		add_box(&sums, a, b, &boxes[i]);
	return sums;
}

static double psnr(const struct sums *sums)
{
	if (!sums->squares)
		return INFINITY;
	return 10 * log10(255.0 * 255.0 * 3 * (double)sums->pixels / (double)sums->squares);
}

/* Everything but the marks, and what moved last but for the marks. */
static bool split(const struct view_oracle *oracle, pixman_region32_t *marks, pixman_region32_t *rest,
		pixman_region32_t *moved)
{
	return pixman_region32_union_rect(rest, rest, 0, 0, oracle->picture.width, oracle->picture.height) &&
			pixman_region32_subtract(rest, rest, marks) &&
			pixman_region32_subtract(moved, (pixman_region32_t *)&oracle->moved, marks);
}

int view_oracle_compare(struct view_oracle *oracle, const struct view_picture *picture, const struct mark *mark,
		struct view_difference *ret)
{
	pixman_region32_t marks, rest, moved;
	struct sums on_marks, on_rest, on_moved;
	pixman_box32_t boxes[2];
	int r;

	r = take_size(oracle, picture->width, picture->height);
	if (r == 0)
		r = paint(oracle, mark->sequence);
	if (r < 0)
		return r;
	bench_scene_marks(oracle->scene, oracle->picture.pixels, view_picture_stride(picture), mark);
	bench_scene_mark_boxes(oracle->scene, boxes);
	pixman_region32_init_rects(&marks, boxes, 2);
	pixman_region32_init(&rest);
	pixman_region32_init(&moved);
	if (split(oracle, &marks, &rest, &moved)) {
		on_marks = add_region(&oracle->picture, picture, &marks);
		on_rest = add_region(&oracle->picture, picture, &rest);
		on_moved = add_region(&oracle->picture, picture, &moved);
		*ret = (struct view_difference){
			.pixels = on_marks.wrong + on_rest.wrong,
			.psnr = psnr(&on_rest),
			.psnr_damaged = psnr(&on_moved),
		};
	} else {
		r = -ENOMEM;
	}
	pixman_region32_fini(&moved);
	pixman_region32_fini(&rest);
	pixman_region32_fini(&marks);
	return r;
}

void view_difference_print(const struct view_difference *difference, FILE *file)
{
	const struct {
		const char *name;
		double value;
	} rows[] = { { "psnr", difference->psnr }, { "psnr_damaged", difference->psnr_damaged } };

	fprintf(file, "\"exact\": %s, \"pixels\": %" PRIu64, difference->pixels ? "false" : "true",
			difference->pixels);
	for (unsigned int i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (isinf(rows[i].value))
			fprintf(file, ", \"%s\": null", rows[i].name);
		else
			fprintf(file, ", \"%s\": %.2f", rows[i].name, rows[i].value);
	}
}
