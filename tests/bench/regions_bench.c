// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What rectangles cost: joining the tiles that changed to few, the set
 * operations that every viewer's damage goes through, and telling what moves. ns
 * per tile are those of the changed tiles.
 */
#include <errno.h>
#include <pixman.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/activity.h"
#include "server/clock.h"
#include "server/damage.h"
#include "server/damage_boxes.h"
#include "server/frame.h"
#include "server/update.h"
#include "tests/bench/micro.h"

#define ROUNDS 5
#define REPEATS 20

struct pattern {
	bool (*changed)(const struct pattern *pattern, uint32_t column, uint32_t row);
};

struct bench {
	uint32_t width, height, columns, rows;
	struct damage_boxes boxes;
	uint8_t *pictures[MICRO_PICTURES], *copies[MICRO_PICTURES];
	/* What a viewer waits for, and what is new. */
	pixman_region32_t pending, fresh;
	struct activity *activity;
	int64_t now_ns;
};

/* Text: some tiles of every third row. */
static bool changed_typing(const struct pattern *pattern, uint32_t column, uint32_t row)
{
	(void)pattern;
	return row % 3 == 0 && column > 2 && column < 12 && column != 7;
}

/* The worst for whoever joins: far apart, and not yet so many that it gives up. */
static bool changed_scattered(const struct pattern *pattern, uint32_t column, uint32_t row)
{
	(void)pattern;
	return row % 3 == 0 && column % 3 == 0;
}

static bool changed_all(const struct pattern *pattern, uint32_t column, uint32_t row)
{
	(void)pattern;
	(void)column;
	(void)row;
	return true;
}

static const struct pattern typing = { changed_typing };
static const struct pattern scattered = { changed_scattered };
static const struct pattern all = { changed_all };

static pixman_box32_t tile_box(const struct bench *bench, uint32_t column, uint32_t row)
{
	uint32_t x2 = (column + 1) * DAMAGE_TILE_WIDTH, y2 = (row + 1) * DAMAGE_TILE_HEIGHT;

	return (pixman_box32_t){
		.x1 = (int32_t)(column * DAMAGE_TILE_WIDTH),
		.y1 = (int32_t)(row * DAMAGE_TILE_HEIGHT),
		.x2 = (int32_t)(x2 < bench->width ? x2 : bench->width),
		.y2 = (int32_t)(y2 < bench->height ? y2 : bench->height),
	};
}

static void join_tiles(struct bench *bench, const struct pattern *pattern, pixman_region32_t *ret)
{
	damage_boxes_start(&bench->boxes);
	for (uint32_t row = 0; row < bench->rows; row++) {
		for (uint32_t column = 0; column < bench->columns; column++) {
			pixman_box32_t box = tile_box(bench, column, row);

			if (pattern->changed(pattern, column, row))
				damage_boxes_add(&bench->boxes, &box);
		}
		damage_boxes_end_band(&bench->boxes);
	}
	damage_boxes_region(&bench->boxes, ret);
}

static int run_join(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	struct bench *bench = micro->user;

	(void)picture;
	for (unsigned int i = 0; i < row->repeats; i++) {
		pixman_region32_t region;

		join_tiles(bench, row->data, &region);
		snprintf(row->note, sizeof(row->note), "%d rectangles",
				pixman_region32_n_rects(&region));
		pixman_region32_fini(&region);
	}
	return 0;
}

/* What waits for a viewer, and the same a few tiles on, as after another pass. */
static int prepare_set(struct micro *micro, struct micro_row *row)
{
	struct bench *bench = micro->user;

	pixman_region32_fini(&bench->pending);
	pixman_region32_fini(&bench->fresh);
	join_tiles(bench, row->data, &bench->pending);
	join_tiles(bench, row->data, &bench->fresh);
	pixman_region32_translate(&bench->fresh, DAMAGE_TILE_WIDTH * 2, 0);
	pixman_region32_intersect_rect(&bench->fresh, &bench->fresh, 0, 0, bench->width,
			bench->height);
	return 0;
}

/* One update of one viewer: damage comes in, is clipped, and what was sent goes out. */
static int run_set(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	struct bench *bench = micro->user;
	bool good = true;

	(void)picture;
	for (unsigned int i = 0; i < row->repeats; i++) {
		pixman_region32_t pending, sent;

		pixman_region32_init(&pending);
		pixman_region32_init(&sent);
		good = good && pixman_region32_union(&pending, &bench->pending, &bench->fresh);
		good = good && pixman_region32_intersect_rect(&sent, &pending, 0, 0,
				bench->width, bench->height / 2);
		good = good && pixman_region32_subtract(&pending, &pending, &sent);
		pixman_region32_fini(&pending);
		pixman_region32_fini(&sent);
	}
	snprintf(row->note, sizeof(row->note), "%d and %d rectangles",
			pixman_region32_n_rects(&bench->pending),
			pixman_region32_n_rects(&bench->fresh));
	return good ? 0 : -ENOMEM;
}

/* One picture of thirty a second. */
static int run_activity(struct micro *micro, struct micro_row *row, unsigned int picture)
{
	struct bench *bench = micro->user;
	struct frame frame = { .width = bench->width, .height = bench->height };
	struct update update = { .frame = &frame, .damage = bench->pending };
	pixman_box32_t box;
	int r = 0;

	(void)picture;
	pixman_region32_init(&update.copy_region);
	for (unsigned int i = 0; i < row->repeats && !r; i++) {
		bench->now_ns += NSEC_PER_SEC / 30;
		r = activity_note_update(bench->activity, &update, bench->now_ns);
		if (activity_wants_photo(bench->activity, &box))
			activity_note_photo(bench->activity, ACTIVITY_PHOTO_UNKNOWN);
	}
	snprintf(row->note, sizeof(row->note), "%d rectangles%s", pixman_region32_n_rects(&bench->pending),
			activity_region(bench->activity)->state == ACTIVITY_STILL ? "" : ", video");
	return r;
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

	pixman_region32_init(&bench->pending);
	pixman_region32_init(&bench->fresh);
	bench->columns = (bench->width + DAMAGE_TILE_WIDTH - 1) / DAMAGE_TILE_WIDTH;
	bench->rows = (bench->height + DAMAGE_TILE_HEIGHT - 1) / DAMAGE_TILE_HEIGHT;
	for (unsigned int i = 0; i < MICRO_PICTURES; i++) {
		bench->pictures[i] = malloc(bytes);
		bench->copies[i] = malloc(bytes);
		if (!bench->pictures[i] || !bench->copies[i])
			return -ENOMEM;
		/* Written, so that each has pages of its own. */
		memset(bench->pictures[i], (int)i + 1, bytes);
		memset(bench->copies[i], (int)i + 1, bytes);
	}
	if (activity_new(&bench->activity) < 0)
		return -ENOMEM;
	return damage_boxes_init(&bench->boxes, bench->width, bench->height,
			(size_t)bench->columns * bench->rows);
}

static void bench_finish(struct bench *bench)
{
	for (unsigned int i = 0; i < MICRO_PICTURES; i++) {
		free(bench->pictures[i]);
		free(bench->copies[i]);
	}
	damage_boxes_finish(&bench->boxes);
	activity_free(bench->activity);
	pixman_region32_fini(&bench->pending);
	pixman_region32_fini(&bench->fresh);
}

static uint64_t changed_pixels(const struct bench *bench, const struct pattern *pattern)
{
	uint64_t tiles = 0;

	for (uint32_t row = 0; row < bench->rows; row++) {
		for (uint32_t column = 0; column < bench->columns; column++)
			tiles += pattern->changed(pattern, column, row);
	}
	return tiles * MICRO_TILE_PIXELS;
}

int main(int argc, char **argv)
{
	struct micro_row rows[] = {
		{ .name = "memcmp", .run = micro_memcmp },
		{ .name = "memcpy", .run = micro_memcpy },
		{ .name = "join tiles: typing", .run = run_join, .data = &typing },
		{ .name = "join tiles: scattered", .run = run_join, .data = &scattered },
		{ .name = "join tiles: all", .run = run_join, .data = &all },
		{ .name = "pending: typing", .run = run_set, .data = &typing },
		{ .name = "pending: scattered", .run = run_set, .data = &scattered },
		{ .name = "pending: all", .run = run_set, .data = &all },
		{ .name = "activity: typing", .run = run_activity, .data = &typing },
		{ .name = "activity: scattered", .run = run_activity, .data = &scattered },
		{ .name = "activity: all", .run = run_activity, .data = &all },
	};
	struct bench bench = { 0 };
	struct micro micro;
	int err;

	micro_init(&micro, "regions_bench", ROUNDS, argc, argv);
	micro.user = &bench;
	micro.picture = picture_of;
	micro.copy = copy_of;
	bench.width = micro.width;
	bench.height = micro.height;
	err = bench_init(&bench);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]) && !err; i++) {
		rows[i].group = "regions";
		rows[i].pixels = (uint64_t)micro.width * micro.height;
		if (!rows[i].data) {
			rows[i].bytes = rows[i].pixels * 4;
			continue;
		}
		rows[i].pixels = changed_pixels(&bench, rows[i].data);
		rows[i].repeats = REPEATS;
		rows[i].prepare = rows[i].run == run_join ? NULL : prepare_set;
	}
	if (err)
		fprintf(stderr, "regions_bench: %s\n", strerror(-err));
	else
		err = micro_run(&micro, rows, sizeof(rows) / sizeof(rows[0]));
	bench_finish(&bench);
	return err != 0;
}
