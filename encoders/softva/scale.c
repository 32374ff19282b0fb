// SPDX-License-Identifier: GPL-2.0-or-later
/* Separable scaling in fixed point: rows first, into 14 bits a sample, then columns. */
#include "encoders/softva/scale.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define WEIGHT_BITS 14
#define ROW_BITS 6 /* behind the point, between the passes */

/* For each sample of the result: where its window begins, and the weights in it. */
struct taps {
	uint32_t per_sample;
	uint32_t *first;
	int32_t *weights; /* per_sample each; they add up to 1 << WEIGHT_BITS */
};

bool scale_knows(const struct format *format)
{
	return format->fourcc == VA_FOURCC_NV12 || format->rt_format == VA_RT_FORMAT_RGB32;
}

static void free_taps(struct taps *taps)
{
	free(taps->first);
	free(taps->weights);
}

static void weigh(struct taps *taps, uint32_t sample, uint32_t from, double ratio, double reach)
{
	double centre = (sample + 0.5) * ratio - 0.5, sum = 0;
	int32_t *weights = taps->weights + (size_t)sample * taps->per_sample,
		left = 1 << WEIGHT_BITS;
	int64_t first = (int64_t)floor(centre - reach) + 1;
	uint32_t heaviest = 0;

	/* At the edges the window is moved inside, and what lay outside weighs nothing. */
	if (first > (int64_t)from - taps->per_sample)
		first = (int64_t)from - taps->per_sample;
	if (first < 0)
		first = 0;
	taps->first[sample] = (uint32_t)first;
	for (uint32_t i = 0; i < taps->per_sample; i++)
		sum += fmax(0, 1 - fabs((double)(first + i) - centre) / reach);
	for (uint32_t i = 0; i < taps->per_sample; i++) {
		double weight = fmax(0, 1 - fabs((double)(first + i) - centre) / reach) / sum;

		weights[i] = (int32_t)lrint(weight * (1 << WEIGHT_BITS));
		left -= weights[i];
		if (weights[i] > weights[heaviest])
			heaviest = i;
	}
	weights[heaviest] += left;
}

static int make_taps(uint32_t from, uint32_t to, struct taps *ret)
{
	double ratio = (double)from / to, reach = ratio > 1 ? ratio : 1;
	struct taps taps = { .per_sample = (uint32_t)ceil(2 * reach) };

	if (taps.per_sample > from)
		taps.per_sample = from;
	taps.first = malloc(to * sizeof(*taps.first));
	taps.weights = malloc((size_t)to * taps.per_sample * sizeof(*taps.weights));
	if (!taps.first || !taps.weights) {
		free_taps(&taps);
		return -ENOMEM;
	}
	for (uint32_t i = 0; i < to; i++)
		weigh(&taps, i, from, ratio, reach);
	*ret = taps;
	return 0;
}

static void scale_row(const uint8_t *src, const struct taps *taps, uint32_t width,
		unsigned int channels, uint16_t *dst)
{
	for (uint32_t x = 0; x < width; x++) {
		const uint8_t *from = src + (size_t)taps->first[x] * channels;
		const int32_t *weights = taps->weights + (size_t)x * taps->per_sample;

		for (unsigned int channel = 0; channel < channels; channel++) {
			int32_t sum = 1 << (WEIGHT_BITS - ROW_BITS - 1);

			for (uint32_t i = 0; i < taps->per_sample; i++)
				sum += from[i * channels + channel] * weights[i];
			*dst++ = (uint16_t)(sum >> (WEIGHT_BITS - ROW_BITS));
		}
	}
}

static void scale_column(const uint16_t *rows, size_t row_samples, const struct taps *taps,
		uint32_t y, uint8_t *dst)
{
	const uint16_t *from = rows + (size_t)taps->first[y] * row_samples;
	const int32_t *weights = taps->weights + (size_t)y * taps->per_sample;

	for (size_t x = 0; x < row_samples; x++) {
		/* At most 255 << 20: the weights add up to one. */
		int32_t sum = 1 << (WEIGHT_BITS + ROW_BITS - 1);

		for (uint32_t i = 0; i < taps->per_sample; i++)
			sum += from[i * row_samples + x] * weights[i];
		dst[x] = (uint8_t)(sum >> (WEIGHT_BITS + ROW_BITS));
	}
}

static int scale_plane(const struct picture *src, const struct picture *dst, unsigned int plane)
{
	unsigned int channels = src->format->planes[plane].bytes;
	uint32_t from_width = formats_plane_width(src->format, plane, src->width);
	uint32_t from_height = formats_plane_height(src->format, plane, src->height);
	uint32_t to_width = formats_plane_width(dst->format, plane, dst->width);
	uint32_t to_height = formats_plane_height(dst->format, plane, dst->height);
	size_t row_samples = (size_t)to_width * channels;
	uint16_t *rows = malloc(from_height * row_samples * sizeof(*rows));
	struct taps across = { 0 }, down = { 0 };
	int err = rows ? make_taps(from_width, to_width, &across) : -ENOMEM;

	if (!err)
		err = make_taps(from_height, to_height, &down);
	if (!err) {
		for (uint32_t y = 0; y < from_height; y++)
			scale_row(src->planes[plane] + (size_t)y * src->pitch_bytes[plane], &across,
					to_width, channels, rows + y * row_samples);
		for (uint32_t y = 0; y < to_height; y++)
			scale_column(rows, row_samples, &down, y,
					dst->planes[plane] + (size_t)y * dst->pitch_bytes[plane]);
	}
	free_taps(&across);
	free_taps(&down);
	free(rows);
	return err;
}

int scale_picture(const struct picture *src, const struct picture *dst)
{
	int err = src->format == dst->format && scale_knows(src->format) ? 0 : -ENOTSUP;

	for (unsigned int i = 0; i < src->format->n_planes && !err; i++)
		err = scale_plane(src, dst, i);
	return err;
}
