// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A mountain lake in the evening: ridges that pass by, drifting clouds, a
 * rippled reflection. Soft gradients, fine grain and slow motion everywhere, as
 * in a photograph or a film, which is what lossless encodings like least.
 */
#include "server/capture/pattern_widget.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "server/capture/pattern_noise.h"
#include "server/clock.h"

#define RIDGES 4
#define MASK (NOISE_SIZE - 1)
#define RIDGE_SAMPLE_PIXELS 5
#define EDGE 16 /* steps of a smooth edge */
/* Where it is only a part of the show, this often is often enough. */
#define CALM_STEP_NS (NSEC_PER_SEC / 15)

static const struct ridge {
	uint32_t seed, cells;
	float rough;
	float base, height; /* of its crest, as a share of what lies above the water */
	uint32_t top, mist; /* colour at the crest and at the foot */
	int speed; /* pixels in 64 seconds, calm */
} ridges[RIDGES] = { /* nearest first */
	{ 508, 4, 0.60f, 0.93f, 0.26f, 0xff1a2a2e, 0xff2c4641, 900 },
	{ 311, 4, 0.52f, 0.80f, 0.30f, 0xff33505c, 0xff6f8f8d, 520 },
	{ 222, 4, 0.56f, 0.69f, 0.32f, 0xff5a7389, 0xffb0b9ae, 300 },
	{ 105, 4, 0.58f, 0.60f, 0.34f, 0xff8e9fb8, 0xffe6d3b4, 170 },
};

static const struct {
	float at;
	uint32_t colour;
} sky_stops[] = {
	{ 0, 0xff2c5a9c },
	{ 0.28f, 0xff6d9dcb },
	{ 0.48f, 0xffd3cdbb },
	{ 0.62f, 0xfff8cf94 },
	{ 1.01f, 0xfff4b27c },
};

#define SUN_X 0.68f
#define SUN_Y 0.40f
#define SUN_COLOUR 0xfffff3d0
#define CLOUD_COLOUR 0xfff7ece2
#define WATER_COLOUR 0xff27465c
#define GLITTER_COLOUR 0xffffe9bd

struct photo {
	struct widget widget; /* first */
	int shore; /* rows above the water */
	uint32_t *sky; /* width * shore, without clouds */
	uint8_t *noise; /* NOISE_SIZE * NOISE_SIZE */
	uint16_t crests[RIDGES][NOISE_SIZE];
	uint32_t *slopes; /* RIDGES * shore: a ridge's colour so many rows below its crest */
	int32_t *tops; /* RIDGES * width: this moment's crests, in rows * EDGE */
	int32_t highest; /* the least of them */
	int64_t shown_ns;
};

static uint32_t sky_colour(float at)
{
	unsigned int i = 1;

	while (sky_stops[i].at < at)
		i++;
	at = (at - sky_stops[i - 1].at) / (sky_stops[i].at - sky_stops[i - 1].at);
	return paint_mix(sky_stops[i - 1].colour, sky_stops[i].colour, (uint32_t)(at * 255));
}

static void draw_sky(struct photo *photo)
{
	int width = photo->widget.paint.width;
	float sun_x = SUN_X * (float)width, sun_y = SUN_Y * (float)photo->shore;
	float disc = 0.045f * (float)photo->shore;

	for (int y = 0; y < photo->shore; y++) {
		for (int x = 0; x < width; x++) {
			/* A little grain hides the steps of the gradient. */
			float grain = (float)(widget_hash((uint32_t)(y * width + x)) & 255) / 255.f - 0.5f;
			float at = ((float)y + grain * 5) / (float)photo->shore;
			float dx = (float)x - sun_x, dy = (float)y - sun_y;
			float outside = sqrtf(dx * dx + dy * dy) - disc;
			float rim = outside < 0 ? 1 : outside < 1 ? 1 - outside * 0.15f : 0.85f;
			float glow = outside < 0 ? 1 : expf(-outside / disc * 0.22f) * rim;
			uint32_t colour = sky_colour(at < 0 ? 0 : at > 1 ? 1 : at);

			photo->sky[y * width + x] = paint_mix(colour, SUN_COLOUR, (uint32_t)(glow * 255));
		}
	}
}

/* Mist thickens from the crest to the foot. */
static void mix_slopes(struct photo *photo)
{
	for (int i = 0; i < RIDGES * photo->shore; i++) {
		const struct ridge *ridge = &ridges[i / photo->shore];
		int share = i % photo->shore * 380 / photo->shore;

		photo->slopes[i] = paint_mix(ridge->top, ridge->mist, share > 255 ? 255 : (uint32_t)share);
	}
}

static int64_t drift(const struct photo *photo, int64_t time_ns, int speed)
{
	if (photo->widget.mood == WIDGET_BUSY)
		speed *= 6;
	/* In 1/256 pixel. */
	return time_ns / NSEC_PER_MSEC * speed / 250;
}

static void place_crests(struct photo *photo, int64_t time_ns)
{
	int width = photo->widget.paint.width;

	photo->highest = INT32_MAX;
	for (int i = 0; i < RIDGES; i++) {
		const struct ridge *ridge = &ridges[i];
		int64_t at = drift(photo, time_ns, ridge->speed);
		float crest = (ridge->base - ridge->height / 2) * (float)photo->shore;
		float height = ridge->height * (float)photo->shore;

		for (int x = 0; x < width; x++) {
			uint64_t fine = (uint64_t)(at + x * 256);
			uint32_t sample = (uint32_t)(fine / (RIDGE_SAMPLE_PIXELS * 256));
			uint32_t share = (uint32_t)(fine % (RIDGE_SAMPLE_PIXELS * 256));
			int32_t a = photo->crests[i][sample & MASK], b = photo->crests[i][(sample + 1) & MASK];
			int32_t value = a + (b - a) * (int32_t)share / (RIDGE_SAMPLE_PIXELS * 256);

			int32_t top = (int32_t)((crest + height * (1 - (float)value / 65535)) * EDGE);

			photo->tops[i * width + x] = top;
			photo->highest = top < photo->highest ? top : photo->highest;
		}
	}
}

static uint32_t with_grain(uint32_t colour, uint32_t noise)
{
	return noise < 128 ? paint_mix(colour, 0xff000000, (128 - noise) / 3) :
			     paint_mix(colour, 0xffffffff, (noise - 128) / 5);
}

static void draw_land(struct photo *photo, int64_t time_ns)
{
	const struct paint *paint = &photo->widget.paint;
	uint32_t shift[RIDGES], cloud = (uint32_t)(drift(photo, time_ns, 420) >> 8);
	uint32_t cloud2 = (uint32_t)(drift(photo, time_ns, 250) >> 8);

	for (int i = 0; i < RIDGES; i++)
		shift[i] = (uint32_t)(drift(photo, time_ns, ridges[i].speed) >> 8) + (uint32_t)i * 97;
	for (int y = 0; y < photo->shore; y++) {
		uint32_t *pixels = (uint32_t *)((uint8_t *)paint->pixels + (size_t)y * paint->stride);
		const uint32_t *sky = photo->sky + (size_t)y * (size_t)paint->width;
		const uint8_t *near = photo->noise + ((uint32_t)y * 3 / 2 & MASK) * NOISE_SIZE;
		const uint8_t *far = photo->noise + (((uint32_t)y * 2 + 201) & MASK) * NOISE_SIZE;
		const uint8_t *grain = photo->noise + ((uint32_t)y * 5 & MASK) * NOISE_SIZE;
		int32_t thin = 138 + y * 50 / photo->shore;

		for (int x = 0; x < paint->width; x++) {
			uint32_t colour = sky[x], edge_colour = 0, edge = 0;
			int i = (y + 1) * EDGE > photo->highest ? 0 : RIDGES;

			for (; i < RIDGES; i++) {
				int32_t below = (y + 1) * EDGE - photo->tops[i * paint->width + x];
				uint32_t slope;

				if (below <= 0)
					continue;
				slope = with_grain(photo->slopes[i * photo->shore + below / EDGE],
						grain[((uint32_t)x + shift[i]) * 3 & MASK]);
				if (below >= EDGE) {
					colour = slope;
					break;
				}
				if (!edge) {
					edge = (uint32_t)below * 255 / EDGE;
					edge_colour = slope;
				}
			}
			if (i == RIDGES) {
				int32_t density = (near[((uint32_t)x + cloud) & MASK] +
						far[((uint32_t)x * 3 / 4 + cloud2) & MASK]) / 2 - thin;

				if (density > 0)
					colour = paint_mix(colour, CLOUD_COLOUR,
							(uint32_t)(density > 50 ? 230 : density * 23 / 5));
			}
			pixels[x] = edge ? paint_mix(colour, edge_colour, edge) : colour;
		}
	}
}

/* What lies above, upside down, shaken by the same noise drawn out sideways. */
static void draw_water(struct photo *photo, int64_t time_ns)
{
	const struct paint *paint = &photo->widget.paint;
	uint32_t flow = (uint32_t)(drift(photo, time_ns, 2600) >> 8);
	int depth = paint->height - photo->shore;
	int sun = (int)(SUN_X * (float)paint->width);

	for (int y = 0; y < depth; y++) {
		uint32_t *pixels = (uint32_t *)((uint8_t *)paint->pixels + (size_t)(photo->shore + y) * paint->stride);
		const uint8_t *wave = photo->noise + (((uint32_t)y * 7 + flow) & MASK) * NOISE_SIZE;
		const uint8_t *cross = photo->noise + (((uint32_t)y * 5 - flow) & MASK) * NOISE_SIZE;
		int mirror = photo->shore - 1 - y * (photo->shore - 1) / depth, reach = 3 + y * 40 / depth;
		uint32_t tint = 70 + (uint32_t)(y * 110 / depth);
		int path = 8 + y * paint->width / 9 / depth;

		for (int x = 0; x < paint->width; x++) {
			int shake = wave[(uint32_t)x / 2 & MASK] + cross[((uint32_t)x / 3 + 77) & MASK] - 256;
			int from = mirror + shake * reach / 128, off = abs(x - sun);
			uint32_t colour;

			from = from < 0 ? 0 : from >= photo->shore ? photo->shore - 1 : from;
			colour = *(uint32_t *)((uint8_t *)paint->pixels + (size_t)from * paint->stride + (size_t)x * 4);
			colour = paint_mix(colour, WATER_COLOUR, tint);
			if (shake > 20 && off < path)
				colour = paint_mix(colour, GLITTER_COLOUR,
						(uint32_t)((shake > 84 ? 64 : shake - 20) * 3 * (path - off) / path));
			pixels[x] = colour;
		}
	}
}

static void draw(struct photo *photo, int64_t time_ns)
{
	place_crests(photo, time_ns);
	draw_land(photo, time_ns);
	draw_water(photo, time_ns);
	widget_damage_all(&photo->widget);
}

static void photo_advance(struct widget *widget, int64_t time_ns)
{
	struct photo *photo = (struct photo *)widget;

	if (widget->mood == WIDGET_CALM)
		time_ns -= time_ns % CALM_STEP_NS;
	if (time_ns == photo->shown_ns)
		return;
	photo->shown_ns = time_ns;
	draw(photo, time_ns);
}

static int photo_init(struct widget *widget)
{
	struct photo *photo = (struct photo *)widget;
	const struct paint *paint = &widget->paint;

	photo->shore = paint->height * 68 / 100;
	photo->sky = malloc((size_t)paint->width * (size_t)photo->shore * sizeof(*photo->sky));
	photo->tops = malloc((size_t)paint->width * RIDGES * sizeof(*photo->tops));
	photo->noise = malloc(NOISE_SIZE * NOISE_SIZE);
	photo->slopes = malloc((size_t)photo->shore * RIDGES * sizeof(*photo->slopes));
	if (!photo->sky || !photo->tops || !photo->noise || !photo->slopes)
		return -ENOMEM;
	noise_field(9, 4, photo->noise);
	for (int i = 0; i < RIDGES; i++)
		noise_line(ridges[i].seed, ridges[i].cells, ridges[i].rough, photo->crests[i]);
	draw_sky(photo);
	mix_slopes(photo);
	draw(photo, 0);
	return 0;
}

static void photo_finish(struct widget *widget)
{
	struct photo *photo = (struct photo *)widget;

	free(photo->sky);
	free(photo->tops);
	free(photo->slopes);
	free(photo->noise);
}

const struct widget_impl widget_photo = {
	.title = "Evening at the lake",
	.bytes = sizeof(struct photo),
	.cursor = PATTERN_CURSOR_ARROW,
	.init = photo_init,
	.finish = photo_finish,
	.advance = photo_advance,
};
