// SPDX-License-Identifier: GPL-2.0-or-later
/* Boxes, shadows, rings and text with smooth edges. */
#include "server/capture/paint.h"

#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

static int max_int(int a, int b)
{
	return a > b ? a : b;
}

static int min_int(int a, int b)
{
	return a < b ? a : b;
}

static uint32_t *row_at(const struct paint *paint, int y)
{
	return (uint32_t *)((uint8_t *)paint->pixels + (size_t)y * paint->stride);
}

/* Cuts the rectangle to the surface; false: nothing is left. */
static bool clip(const struct paint *paint, int *x, int *y, int *width, int *height)
{
	int right = min_int(*x + *width, paint->width), bottom = min_int(*y + *height, paint->height);

	*x = max_int(*x, 0);
	*y = max_int(*y, 0);
	*width = right - *x;
	*height = bottom - *y;
	return *width > 0 && *height > 0;
}

struct paint paint_part(const struct paint *paint, int x, int y, int width, int height)
{
	if (!clip(paint, &x, &y, &width, &height))
		return (struct paint){ .pixels = paint->pixels, .stride = paint->stride };
	return (struct paint){ row_at(paint, y) + x, paint->stride, width, height };
}

void paint_fill(const struct paint *paint, int x, int y, int width, int height, uint32_t argb)
{
	uint32_t value = argb >> 24 ? paint_over(0, argb, 255) : 0;

	if (!clip(paint, &x, &y, &width, &height))
		return;
	for (int row = y; row < y + height; row++) {
		uint32_t *pixels = row_at(paint, row);

		for (int column = x; column < x + width; column++)
			pixels[column] = value;
	}
}

/* Signed distance of a pixel's middle from the edge of a rounded box; inside is negative. */
static float box_distance(float x, float y, float width, float height, float radius)
{
	float dx = fabsf(x + 0.5f - width / 2) - width / 2 + radius;
	float dy = fabsf(y + 0.5f - height / 2) - height / 2 + radius;
	float outside = sqrtf((dx > 0 ? dx * dx : 0) + (dy > 0 ? dy * dy : 0));

	return outside + fminf(fmaxf(dx, dy), 0) - radius;
}

static uint32_t edge_coverage(float distance)
{
	return distance <= -0.5f ? 255 : distance >= 0.5f ? 0 : (uint32_t)((0.5f - distance) * 255);
}

void paint_box(const struct paint *paint, int x, int y, int width, int height, int radius, uint32_t top,
		uint32_t bottom)
{
	int left = x, upper = y, cut_width = width, cut_height = height;

	if (!clip(paint, &left, &upper, &cut_width, &cut_height))
		return;
	for (int row = upper; row < upper + cut_height; row++) {
		int at = row - y;
		bool straight = at >= radius && at < height - radius;
		uint32_t share = height > 1 ? (uint32_t)(at * 255 / (height - 1)) : 0;
		uint32_t colour = paint_mix(top, bottom, share), *pixels = row_at(paint, row);

		for (int column = left; column < left + cut_width; column++) {
			int across = column - x;
			uint32_t coverage = 255;

			if (!straight && (across < radius || across >= width - radius))
				coverage = edge_coverage(box_distance((float)across, (float)at,
						(float)width, (float)height, (float)radius));
			pixels[column] = paint_over(pixels[column], colour, coverage);
		}
	}
}

void paint_shadow(const struct paint *paint, int x, int y, int width, int height, int radius, int blur,
		uint8_t alpha)
{
	int left = x - blur, upper = y - blur, cut_width = width + 2 * blur;
	int cut_height = height + 2 * blur;

	if (!clip(paint, &left, &upper, &cut_width, &cut_height))
		return;
	for (int row = upper; row < upper + cut_height; row++) {
		uint32_t *pixels = row_at(paint, row);

		for (int column = left; column < left + cut_width; column++) {
			float distance = box_distance((float)(column - x), (float)(row - y), (float)width,
					(float)height, (float)radius);
			float fade = 1 - fmaxf(distance, 0) / (float)blur;

			if (fade > 0)
				pixels[column] = paint_over(pixels[column], (uint32_t)alpha << 24,
						(uint32_t)(fade * fade * 255));
		}
	}
}

void paint_ring(const struct paint *paint, float x, float y, float radius, float thickness, uint32_t argb)
{
	int reach = (int)ceilf(radius + thickness / 2 + 1);
	int left = (int)x - reach, upper = (int)y - reach, width = 2 * reach + 1, height = width;

	if (!clip(paint, &left, &upper, &width, &height))
		return;
	for (int row = upper; row < upper + height; row++) {
		uint32_t *pixels = row_at(paint, row);

		for (int column = left; column < left + width; column++) {
			float dx = (float)column + 0.5f - x, dy = (float)row + 0.5f - y;
			float distance = fabsf(sqrtf(dx * dx + dy * dy) - radius) - thickness / 2;

			pixels[column] = paint_over(pixels[column], argb, edge_coverage(distance));
		}
	}
}

int paint_text(const struct paint *paint, int x, int y, enum font font, const char *text, uint32_t rgb)
{
	return font_draw(paint->pixels, paint->stride, paint->width, paint->height, x, y, font, text,
			SIZE_MAX, rgb);
}

int paint_text_width(enum font font, const char *text)
{
	return font_width(font, text, SIZE_MAX);
}
