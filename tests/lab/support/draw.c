// SPDX-License-Identifier: GPL-2.0-or-later
/* Pictures for the lab's tests. */
#include "tests/lab/support/draw.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/format.h"
#include "server/frame.h"
#include "tests/lab/pcmdev/pcmdev.h"
#include "tests/lab/support/check.h"

static uint32_t hash(uint32_t x)
{
	x = (x ^ x >> 16) * 0x45d9f3bu;
	x = (x ^ x >> 16) * 0x45d9f3bu;
	return x ^ x >> 16;
}

void draw_plane(uint8_t *memory, const struct pcmdev_plane *plane, uint32_t seed)
{
	/* Blocks of 16 bytes by 4 rows: big enough to be coded well, small enough to show any slip. */
	for (uint32_t y = 0; y < plane->height; y++) {
		uint8_t *row = memory + (size_t)y * plane->stride;

		for (uint32_t x = 0; x < plane->stride; x += 4) {
			uint32_t word = hash(seed ^ (y / 4 << 16) ^ x / 16);

			memcpy(row + x, &word, plane->stride - x < 4 ? plane->stride - x : 4);
		}
	}
}

uint32_t *draw_expect(const uint8_t *memory, const struct pcmdev_plane *plane)
{
	const struct format *format = format_find(plane->fourcc);
	uint32_t *pixels = malloc((size_t)plane->width * plane->height * 4);

	if (!format || format->refusal || !pixels)
		check_bail_out("no picture of format 0x%08x", plane->fourcc);
	for (uint32_t y = 0; y < plane->height; y++) {
		const uint8_t *row = memory + (size_t)y * plane->stride;
		uint32_t *out = pixels + (size_t)y * plane->width;

		if (format->to_xr24)
			format->to_xr24(out, row, plane->width);
		else
			memcpy(out, row, (size_t)plane->width * 4);
		for (uint32_t x = 0; x < plane->width; x++)
			out[x] &= 0xffffff;
	}
	return pixels;
}

bool draw_same_bytes(struct frame *frame, const uint8_t *memory, const struct pcmdev_plane *plane)
{
	size_t row_bytes = (size_t)plane->width * format_find(plane->fourcc)->bytes_per_pixel;
	bool same = frame->width == plane->width && frame->height == plane->height &&
			frame->fourcc == plane->fourcc && frame->planes[0].stride == plane->stride &&
			frame->data && frame->data_bytes >= (size_t)plane->stride * (plane->height - 1) + row_bytes;

	if (!same || frame_begin_read(frame) < 0)
		return false;
	for (uint32_t y = 0; y < plane->height && same; y++)
		same = !memcmp(frame->data + (size_t)y * plane->stride, memory + (size_t)y * plane->stride,
				row_bytes);
	frame_end_read(frame);
	return same;
}

long draw_find_difference(const struct frame *frame, const uint32_t *expected)
{
	for (uint32_t y = 0; y < frame->height; y++) {
		const uint8_t *row = frame->data + (size_t)y * frame->planes[0].stride;

		for (uint32_t x = 0; x < frame->width; x++) {
			uint32_t pixel;

			memcpy(&pixel, row + (size_t)x * 4, 4);
			if ((pixel & 0xffffff) != expected[(size_t)y * frame->width + x])
				return (long)y * frame->width + x;
		}
	}
	return -1;
}

int draw_write_ppm(const char *path, const uint32_t *pixels, uint32_t width, uint32_t height)
{
	FILE *file = fopen(path, "wb");
	int r = 0;

	if (!file)
		return -errno;
	fprintf(file, "P6\n%u %u\n255\n", width, height);
	for (size_t i = 0; i < (size_t)width * height; i++) {
		const uint8_t rgb[3] = { (uint8_t)(pixels[i] >> 16), (uint8_t)(pixels[i] >> 8), (uint8_t)pixels[i] };

		fwrite(rgb, sizeof(rgb), 1, file);
	}
	if (ferror(file))
		r = -EIO;
	return fclose(file) ? -errno : r;
}
