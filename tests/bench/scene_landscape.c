// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Hills by chance. All detail comes from two fields of smooth noise at many
 * scales: one shades slopes and meadow as light from the upper left would, one,
 * drawn out sideways, is the clouds.
 */
#include "tests/bench/scene_landscape.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/scene_impl.h"

#define FIELD 1024 /* samples each way; joins at its edges */
#define FIELD_MASK (FIELD - 1)
#define HILLS 6
#define UNIT 256
#define CLOUDS_WIDTH 610
#define CLOUDS_HEIGHT 170

struct rgb {
	int r, g, b;
};

static const struct hill {
	int base, swing; /* of its crest, in 1/256 of the height */
	int rough; /* what the next finer scale of the crest keeps, in 1/256 */
	int relief, stain; /* how much light and matter differ on it */
	struct rgb top, foot;
} hills[HILLS] = { /* farthest first */
	{ 98, 70, 140, 170, 60, { 134, 152, 176 }, { 176, 186, 190 } },
	{ 118, 66, 150, 260, 90, { 104, 122, 138 }, { 152, 162, 158 } },
	{ 142, 56, 140, 370, 110, { 82, 98, 92 }, { 122, 134, 106 } },
	{ 164, 44, 165, 440, 130, { 54, 76, 54 }, { 92, 112, 70 } },
	{ 188, 34, 175, 450, 150, { 38, 58, 36 }, { 82, 98, 50 } },
	{ 214, 22, 120, 430, 190, { 92, 106, 50 }, { 134, 128, 72 } },
};

static const struct rgb sky_top = { 58, 104, 170 }, sky_foot = { 206, 208, 196 }, cloud = { 244, 240, 232 };

static int mix(int from, int to, int share)
{
	return from + (to - from) * share / UNIT;
}

/* Smoothly from 0 to UNIT, flat at both ends. */
static int ease(int at)
{
	return at * at * (3 * UNIT - 2 * at) / (UNIT * UNIT);
}

/* One scale: values at the corners of cells, smoothly joined. A power of 2 of cells each way. */
static void add_scale(uint32_t seed, int cells_x, int cells_y, int weight, int *sum)
{
	int width = FIELD / cells_x, height = FIELD / cells_y, eased[FIELD];

	for (int x = 0; x < width; x++)
		eased[x] = ease(x * UNIT / width);
	for (int y = 0; y < FIELD; y++) {
		int above = y / height, below = (above + 1) % cells_y, down = ease(y % height * UNIT / height);
		int *row = sum + (size_t)y * FIELD, left = 0, right = 0;

		for (int x = 0; x < FIELD; x++) {
			int across = x & (width - 1);

			if (!across) {
				uint32_t at = (uint32_t)(x / width);
				uint32_t next = (uint32_t)((x / width + 1) % cells_x);
				uint32_t up = seed + (uint32_t)above * 4096, low = seed + (uint32_t)below * 4096;

				left = mix((int)(scene_hash(up, at) & 1023),
						(int)(scene_hash(low, at) & 1023), down);
				right = mix((int)(scene_hash(up, next) & 1023),
						(int)(scene_hash(low, next) & 1023), down);
			}
			row[x] += mix(left, right, eased[across]) * weight;
		}
	}
}

/* FIELD * FIELD values 0..255; keep: what the next finer scale counts, in 1/256. */
static void make_field(uint32_t seed, int cells_x, int cells_y, int keep, int *sum, uint8_t *ret)
{
	int weight = 1024, low = INT32_MAX, high = INT32_MIN;

	memset(sum, 0, sizeof(*sum) * FIELD * FIELD);
	for (uint32_t i = 0; cells_x < FIELD && cells_y < FIELD && weight; i++) {
		add_scale(seed + i * 0x10001, cells_x, cells_y, weight, sum);
		cells_x *= 2;
		cells_y *= 2;
		weight = weight * keep / 256;
	}
	for (size_t i = 0; i < (size_t)FIELD * FIELD; i++) {
		low = sum[i] < low ? sum[i] : low;
		high = sum[i] > high ? sum[i] : high;
	}
	for (size_t i = 0; i < (size_t)FIELD * FIELD; i++)
		ret[i] = (uint8_t)((int64_t)(sum[i] - low) * 255 / (high - low));
}

/* Rows of the crest at each column. */
static void make_crest(uint32_t seed, const struct hill *hill, int width, int height, int *ret)
{
	int swing = height * hill->swing / 256, span = height * 3 / 4;

	for (int x = 0; x < width; x++)
		ret[x] = height * hill->base / 256 * UNIT;
	for (uint32_t i = 0; span > 1 && swing * UNIT > 64; i++) {
		for (int x = 0; x < width; x++) {
			uint32_t at = (uint32_t)(x / span);
			int share = ease((int)((int64_t)(x % span) * UNIT / span));
			int value = mix((int)(scene_hash(seed + i, at) & 1023),
					(int)(scene_hash(seed + i, at + 1) & 1023), share);

			ret[x] -= (value - 512) * swing / 4;
		}
		swing = swing * hill->rough / 256 / 2 + swing * hill->rough % 256 / 256;
		span = span * 9 / 19;
	}
	for (int x = 0; x < width; x++)
		ret[x] /= UNIT;
}

static uint32_t channel(int value)
{
	return (uint32_t)(value < LANDSCAPE_MARGIN ? LANDSCAPE_MARGIN :
			value > 255 - LANDSCAPE_MARGIN ? 255 - LANDSCAPE_MARGIN : value);
}

static uint32_t pixel_of(struct rgb colour, int light)
{
	/* Light is a little warm. */
	return 0xff000000 | channel(colour.r + light) << 16 | channel(colour.g + light * 15 / 16) << 8 |
			channel(colour.b + light * 3 / 4);
}

static struct rgb mix_rgb(struct rgb from, struct rgb to, int share)
{
	return (struct rgb){ mix(from.r, to.r, share), mix(from.g, to.g, share), mix(from.b, to.b, share) };
}

/* 0..1023, far apart: where there are clouds at all. Does not come again as the fields do. */
static int cloudiness(int x, int y)
{
	uint32_t column = (uint32_t)x / CLOUDS_WIDTH, row = (uint32_t)y / CLOUDS_HEIGHT;
	int across = ease(x % CLOUDS_WIDTH * UNIT / CLOUDS_WIDTH);
	int down = ease(y % CLOUDS_HEIGHT * UNIT / CLOUDS_HEIGHT);
	int above = mix((int)(scene_hash(row, column) & 1023), (int)(scene_hash(row, column + 1) & 1023), across);
	int below = mix((int)(scene_hash(row + 1, column) & 1023), (int)(scene_hash(row + 1, column + 1) & 1023),
			across);

	return mix(above, below, down);
}

/* All that is painted ends above floor, where nearer hills begin. */
static void paint_sky(const struct paint *paint, const uint8_t *clouds, const int *floor, int y)
{
	const uint8_t *field = clouds + (size_t)(y & FIELD_MASK) * FIELD;
	int down = y * 2 < paint->height ? y * 2 * UNIT / paint->height : UNIT;
	struct rgb colour = mix_rgb(sky_top, sky_foot, down);
	uint32_t *row = scene_row(paint, y);

	for (int x = 0; x < paint->width; x++) {
		int matter = field[x & FIELD_MASK], density, lit;

		if (y >= floor[x])
			continue;
		density = (matter + cloudiness(x, y) / 4 - 255) * 3;
		/* Clouds are darker below than above. */
		lit = (matter - clouds[(size_t)((y - 24) & FIELD_MASK) * FIELD + (size_t)(x & FIELD_MASK)]) / 3;
		density = density < 0 ? 0 : density > 230 ? 230 : density;
		row[x] = pixel_of(mix_rgb(colour, cloud, density), lit * density / UNIT);
	}
}

static int lowest(const int *rows, int count)
{
	int least = rows[0];

	for (int i = 1; i < count; i++)
		least = rows[i] < least ? rows[i] : least;
	return least < 0 ? 0 : least;
}

static void paint_hill(const struct paint *paint, const uint8_t *field, uint32_t i, const int *crest,
		const int *floor)
{
	const struct hill *hill = &hills[i];
	int fade = paint->height * 70 / 256;
	uint32_t shift = scene_hash(900, i) & FIELD_MASK;

	for (int y = lowest(crest, paint->width); y < paint->height; y++) {
		uint32_t *row = scene_row(paint, y);
		const uint8_t *here = field + (((uint32_t)y + shift) & FIELD_MASK) * FIELD;
		const uint8_t *above = field + (((uint32_t)y + shift - 2) & FIELD_MASK) * FIELD;

		for (int x = 0; x < paint->width; x++) {
			uint32_t at = ((uint32_t)x + shift * 3) & FIELD_MASK, beside = (at - 2) & FIELD_MASK;
			int depth = y - crest[x], matter, relief;

			if (depth < 0 || y >= floor[x])
				continue;
			matter = here[at] - 128;
			relief = 2 * here[at] - above[at] - here[beside];
			depth = depth < fade ? depth * UNIT / fade : UNIT;
			row[x] = pixel_of(mix_rgb(hill->top, hill->foot, depth),
					(relief * hill->relief + matter * hill->stain) / UNIT);
		}
	}
}

int landscape_paint(const struct paint *paint)
{
	uint8_t *ground = malloc((size_t)FIELD * FIELD), *clouds = malloc((size_t)FIELD * FIELD);
	int *sum = malloc(sizeof(*sum) * FIELD * FIELD), *crest = malloc(sizeof(*crest) * (size_t)paint->width);
	int *floor = malloc(sizeof(*floor) * (size_t)paint->width);
	int r = -ENOMEM;

	if (!ground || !clouds || !sum || !crest || !floor)
		goto out;
	make_field(11, 4, 4, 165, sum, ground);
	make_field(12, 2, 8, 150, sum, clouds);
	for (int x = 0; x < paint->width; x++)
		floor[x] = paint->height;
	for (uint32_t i = HILLS; i-- > 0;) {
		make_crest(40 + 100 * i, &hills[i], paint->width, paint->height, crest);
		paint_hill(paint, ground, i, crest, floor);
		for (int x = 0; x < paint->width; x++)
			floor[x] = crest[x] < floor[x] ? crest[x] : floor[x];
	}
	for (int y = 0; y < paint->height; y++)
		paint_sky(paint, clouds, floor, y);
	r = 0;
out:
	free(floor);
	free(crest);
	free(sum);
	free(clouds);
	free(ground);
	return r;
}
