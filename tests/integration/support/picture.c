// SPDX-License-Identifier: GPL-2.0-or-later
/* PPM files and picture differences. */
#include "tests/integration/support/picture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define EDGE_MAX 16384
#define TILE 16

static size_t count_pixels(const struct picture *picture)
{
	return (size_t)picture->width * (size_t)picture->height;
}

int picture_init(struct picture *picture, int width, int height)
{
	struct picture fresh = { .width = width, .height = height };

	if (width < 1 || height < 1 || width > EDGE_MAX || height > EDGE_MAX)
		return -EINVAL;
	fresh.pixels = calloc(count_pixels(&fresh), sizeof(fresh.pixels[0]));
	if (!fresh.pixels)
		return -ENOMEM;
	*picture = fresh;
	return 0;
}

void picture_finish(struct picture *picture)
{
	free(picture->pixels);
	*picture = (struct picture){ .width = 0 };
}

int picture_read(const char *path, struct picture *ret)
{
	FILE *file = fopen(path, "rb");
	struct picture picture = { .width = 0 };
	int width, height, result = -EINVAL;
	uint8_t rgb[3];

	if (!file)
		return -errno;
	if (fscanf(file, "P6 %d %d 255", &width, &height) != 2 || fgetc(file) == EOF)
		goto out;
	result = picture_init(&picture, width, height);
	for (size_t i = 0; !result && i < count_pixels(&picture); i++) {
		if (fread(rgb, sizeof(rgb), 1, file) != 1)
			result = -EINVAL;
		picture.pixels[i] = (uint32_t)(rgb[0] << 16 | rgb[1] << 8 | rgb[2]);
	}
	if (!result)
		*ret = picture;
	else
		picture_finish(&picture);
out:
	fclose(file);
	return result;
}

int picture_write(const char *path, const struct picture *picture)
{
	FILE *file = fopen(path, "wb");
	int result = 0;

	if (!file)
		return -errno;
	fprintf(file, "P6\n%d %d\n255\n", picture->width, picture->height);
	for (size_t i = 0; i < count_pixels(picture); i++) {
		uint32_t pixel = picture->pixels[i];
		const uint8_t rgb[3] = { pixel >> 16 & 0xff, pixel >> 8 & 0xff, pixel & 0xff };

		fwrite(rgb, sizeof(rgb), 1, file);
	}
	if (ferror(file))
		result = -EIO;
	return fclose(file) && !result ? -errno : result;
}

static double psnr_of(uint64_t squares, size_t pixels)
{
	return squares ? 10 * log10(255.0 * 255.0 * 3 * (double)pixels / (double)squares) : INFINITY;
}

static uint64_t square_difference(uint32_t a, uint32_t b)
{
	uint64_t squares = 0;

	for (int shift = 0; shift < 24; shift += 8) {
		int d = (int)(a >> shift & 0xff) - (int)(b >> shift & 0xff);

		squares += (uint64_t)(d * d);
	}
	return squares;
}

/* One tile, clipped to the picture. Returns its squares. */
static uint64_t compare_tile(const struct picture *a, const struct picture *b, int left, int top,
		struct picture_difference *result)
{
	uint64_t squares = 0;

	for (int y = top; y < top + TILE && y < a->height; y++) {
		size_t row = (size_t)y * (size_t)a->width;

		for (int x = left; x < left + TILE && x < a->width; x++) {
			uint32_t from = a->pixels[row + (size_t)x], to = b->pixels[row + (size_t)x];

			if (from == to)
				continue;
			if (!result->pixels++) {
				result->x = x;
				result->y = y;
			}
			squares += square_difference(from, to);
		}
	}
	return squares;
}

struct picture_difference picture_compare(const struct picture *a, const struct picture *b)
{
	struct picture_difference result = {
		.same_size = a->pixels && b->pixels && a->width == b->width && a->height == b->height,
	};
	uint64_t squares = 0, worst = 0;

	for (int y = 0; result.same_size && y < a->height; y += TILE) {
		for (int x = 0; x < a->width; x += TILE) {
			uint64_t tile = compare_tile(a, b, x, y, &result);

			squares += tile;
			worst = tile > worst ? tile : worst;
		}
	}
	result.psnr = psnr_of(squares, count_pixels(a));
	result.worst_psnr = psnr_of(worst, TILE * TILE);
	return result;
}

bool picture_matches(const struct picture_difference *difference, double psnr)
{
	if (!difference->same_size)
		return false;
	if (psnr > 0)
		return difference->psnr >= psnr && difference->worst_psnr >= PICTURE_WORST_PSNR_MIN;
	return !difference->pixels;
}
