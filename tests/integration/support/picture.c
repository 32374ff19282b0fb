// SPDX-License-Identifier: GPL-2.0-or-later
/* PPM files and picture differences. */
#include "tests/integration/support/picture.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define EDGE_MAX 16384

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

struct picture_difference picture_compare(const struct picture *a, const struct picture *b)
{
	struct picture_difference result = {
		.same_size = a->pixels && b->pixels && a->width == b->width && a->height == b->height,
		.psnr = INFINITY,
	};
	uint64_t squares = 0;

	for (size_t i = 0; result.same_size && i < count_pixels(a); i++) {
		if (a->pixels[i] == b->pixels[i])
			continue;
		if (!result.pixels++) {
			result.x = (int)(i % (size_t)a->width);
			result.y = (int)(i / (size_t)a->width);
		}
		for (int shift = 0; shift < 24; shift += 8) {
			int d = (int)(a->pixels[i] >> shift & 0xff) - (int)(b->pixels[i] >> shift & 0xff);

			squares += (uint64_t)(d * d);
		}
	}
	if (squares)
		result.psnr = 10 * log10(255.0 * 255.0 * 3 * (double)count_pixels(a) / (double)squares);
	return result;
}
