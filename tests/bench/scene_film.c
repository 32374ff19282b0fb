// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Views of a landscape. The landscape is finer than any view of it, so that the
 * nearest of its pixels is good enough at each zoom.
 */
#include "tests/bench/scene_film.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "tests/bench/scene_impl.h"
#include "tests/bench/scene_landscape.h"

#define ONE 65536 /* a pixel, a scale of 1, half a turn */
#define ZOOM_MIN (ONE * 17 / 16) /* pixels of the landscape to one of the picture */
#define ZOOM_SWING (ONE * 7 / 32)
#define ROOM 15 / 8 /* the landscape's size in pictures */
#define GRAIN 16384 /* numbers, a power of 2; each row begins at another of them */
#define BALLOONS 5
#define BALLOON_SKINS 3

struct film {
	int width, height;
	struct paint land;
	int32_t *grain; /* to be added to a pixel; GRAIN + width */
	uint16_t *columns; /* where in the landscape each column is from */
	struct paint skins[BALLOON_SKINS]; /* how much of a pixel is covered is in the high byte */
};

/* Pictures until it comes back, shares of the room, both in 1/256. */
struct swing {
	uint32_t period;
	int share;
};

static const struct swing pan[] = { { 709, 200 }, { 191, 56 } };
static const struct swing tilt[] = { { 557, 210 }, { 149, 46 } };
static const struct swing zoom[] = { { 421, 216 }, { 137, 40 } };

static const struct {
	uint32_t skin;
	int y, rise; /* in 1/256 of the height */
	int speed; /* 1/4096 of the width a picture */
	uint32_t offset;
} balloons[BALLOONS] = {
	{ 2, 40, 12, 9, 600 },
	{ 1, 96, 20, -14, 3100 },
	{ 1, 60, 16, 21, 4200 },
	{ 0, 128, 30, -27, 1500 },
	{ 0, 20, 24, 35, 2300 },
};

/* sin(pi * at / ONE) * ONE to about 0.2 % (Bhaskara I). */
static int64_t sine(uint32_t at)
{
	int64_t half = at % ONE, product = half * (ONE - half) / ONE;
	int64_t value = 16 * product * ONE / (5 * (int64_t)ONE - 4 * product);

	return at % (2 * ONE) < ONE ? value : -value;
}

/* Between -ONE and ONE. */
static int64_t sway(const struct swing swings[2], uint32_t n)
{
	int64_t sum = 0;

	for (int i = 0; i < 2; i++)
		sum += sine((uint32_t)((uint64_t)(n % swings[i].period) * 2 * ONE / swings[i].period)) *
				swings[i].share / 256;
	return sum;
}

static void paint_view(struct film *film, uint32_t n, const struct paint *paint)
{
	int64_t step = ZOOM_MIN + (ONE + sway(zoom, n)) * ZOOM_SWING / ONE;
	int64_t room_x = (int64_t)film->land.width * ONE - film->width * step;
	int64_t room_y = (int64_t)film->land.height * ONE - film->height * step;
	int64_t x = room_x / 2 + room_x / 2 / ONE * sway(pan, n);
	int64_t y = room_y / 2 + room_y / 2 / ONE * sway(tilt, n);
	uint16_t *columns = film->columns;
	int width = film->width; /* no store in the loops below can change it */

	for (int column = 0; column < width; column++)
		columns[column] = (uint16_t)((x + column * step) / ONE);
	for (int row = 0; row < film->height; row++) {
		const uint32_t *from = scene_row(&film->land, (int)((y + row * step) / ONE));
		const int32_t *grain = film->grain + scene_hash(n, (uint32_t)row) % GRAIN;
		uint32_t *to = scene_row(paint, row);

		for (int column = 0; column < width; column++)
			to[column] = from[columns[column]] + (uint32_t)grain[column];
	}
}

static void paint_skin(const struct film *film, const struct paint *skin, const struct paint *paint, int x,
		int y, uint32_t n)
{
	int left = x < 0 ? -x : 0, right = skin->width, top = y < 0 ? -y : 0, bottom = skin->height;

	right = right < paint->width - x ? right : paint->width - x;
	bottom = bottom < paint->height - y ? bottom : paint->height - y;
	for (int row = top; row < bottom; row++) {
		const int32_t *grain = film->grain + scene_hash(n ^ 0x5a5a, (uint32_t)row) % GRAIN;
		const uint32_t *from = scene_row(skin, row);
		uint32_t *to = scene_row(paint, y + row);

		for (int column = left; column < right; column++) {
			uint32_t cover = from[column] >> 24;

			if (cover == 255)
				to[x + column] = from[column] + (uint32_t)grain[column];
			else if (cover)
				to[x + column] = paint_mix(to[x + column], from[column] | 0xff000000, cover);
		}
	}
}

void film_paint(struct film *film, uint32_t n, const struct paint *paint)
{
	paint_view(film, n, paint);
	for (int i = 0; i < BALLOONS; i++) {
		const struct paint *skin = &film->skins[balloons[i].skin];
		/* From one edge to the other and around. */
		int64_t way = (int64_t)film->width + 2 * skin->width;
		int64_t at = (int64_t)n * balloons[i].speed * film->width / 4096 +
				(int64_t)balloons[i].offset * way / 4096;
		int64_t rise = sine((uint32_t)((uint64_t)n * 400 + (uint32_t)i * 20000)) * balloons[i].rise / ONE;

		at = (at % way + way) % way;
		paint_skin(film, skin, paint, (int)(at - skin->width),
				(int)((balloons[i].y + rise) * film->height / 256), n + (uint32_t)i);
	}
}

/* 0..16: how many of 4 x 4 samples lie inside. */
static int coverage(int x, int y, int width, int height)
{
	int64_t a = width * 4, b = height * 4 * 7 / 8, inside = 0;

	for (int i = 0; i < 16; i++) {
		/* The envelope is an ellipse above the basket, in eighths of a pixel. */
		int64_t dx = 2 * (x * 4 + i % 4) + 1 - a, dy = 2 * (y * 4 + i / 4) + 1 - b;
		bool basket = x * 8 > width * 3 && x * 8 < width * 5 && y * 8 > height * 7;

		inside += basket || dx * dx * b * b + dy * dy * a * a < a * a * b * b;
	}
	return (int)inside;
}

static int make_skin(int i, int height, struct paint *ret)
{
	static const uint32_t colours[BALLOON_SKINS][2] = {
		{ 0xffc8402c, 0xffe8d8a0 }, { 0xff2f6fae, 0xffe0e4e8 }, { 0xffd09a28, 0xff7c3470 },
	};
	int width = height * 3 / 4, r = scene_canvas_new(width, height, ret);

	if (r < 0)
		return r;
	for (int y = 0; y < height; y++) {
		for (int x = 0; x < width; x++) {
			int inside = coverage(x, y, width, height);
			int across = x - width / 2, depth = height - y * 2 / 3;
			uint32_t colour = colours[i][(across * 9 / (depth + 1) + 16) & 1];
			/* Rounder for being dark at the right and below. */
			uint32_t shade = (uint32_t)(120 * x / width + 60 * y / height);

			if (y * 8 > height * 7)
				colour = 0xff5a4630;
			colour = paint_mix(colour, 0xff101010, shade);
			colour = paint_mix(colour, 0xfff0f0f0, scene_hash((uint32_t)y, (uint32_t)x) % 12);
			scene_row(ret, y)[x] = (colour & 0xffffff) | (uint32_t)(inside * 255 / 16) << 24;
		}
	}
	return 0;
}

static int make_grain(struct film *film)
{
	film->grain = malloc((GRAIN + (size_t)film->width) * sizeof(*film->grain));
	film->columns = malloc((size_t)film->width * sizeof(*film->columns));
	if (!film->grain || !film->columns)
		return -ENOMEM;
	for (int i = 0; i < GRAIN + film->width; i++) {
		uint32_t chance = scene_hash(77, (uint32_t)i % GRAIN);

		/* The same in all channels: film is grainy, not colourful. */
		film->grain[i] = ((int)(chance % 5) - 2) * 0x010101;
	}
	return 0;
}

int film_new(int width, int height, struct film **ret)
{
	struct film *film = calloc(1, sizeof(*film));
	int small = width < height ? width : height, r;

	if (!film)
		return -ENOMEM;
	film->width = width;
	film->height = height;
	r = scene_canvas_new(width * ROOM, height * ROOM, &film->land);
	if (!r)
		r = landscape_paint(&film->land);
	if (!r)
		r = make_grain(film);
	for (int i = 0; i < BALLOON_SKINS && !r; i++)
		r = make_skin(i, small / (3 + 2 * i), &film->skins[i]);
	if (r < 0) {
		film_free(film);
		return r;
	}
	*ret = film;
	return 0;
}

void film_free(struct film *film)
{
	if (!film)
		return;
	scene_canvas_free(&film->land);
	for (int i = 0; i < BALLOON_SKINS; i++)
		scene_canvas_free(&film->skins[i]);
	free(film->grain);
	free(film->columns);
	free(film);
}
