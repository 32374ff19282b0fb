// SPDX-License-Identifier: GPL-2.0-or-later
/* Pointer shapes for the lab's tests. */
#include "tests/lab/support/pointer.h"

#include <drm_fourcc.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/lab/pcmdev/pcmdev.h"
#include "tests/lab/support/check.h"

static uint32_t hash(uint32_t x)
{
	x = (x ^ x >> 15) * 0x2c1b3c6du;
	x = (x ^ x >> 12) * 0x297a2d39u;
	return x ^ x >> 15;
}

/* Clear, opaque in any colour, or something between in pure colours. */
static uint32_t lossless(uint32_t noise)
{
	const uint32_t alpha = 1 + (noise >> 24) % 254;

	if (noise % 3 == 0)
		return 0;
	if (noise % 3 == 1)
		return noise | 0xff000000;
	return alpha << 24 | (noise & 0x100 ? 0xff0000 : 0) | (noise & 0x200 ? 0xff00 : 0) | (noise & 0x400 ? 0xff : 0);
}

static uint32_t multiply(uint32_t argb)
{
	const uint32_t alpha = argb >> 24;
	uint32_t pixel = alpha << 24;

	for (unsigned int shift = 0; shift < 24; shift += 8)
		pixel |= (argb >> shift & 0xff) * alpha / 255 << shift;
	return pixel;
}

uint32_t *pointer_draw(uint8_t *memory, const struct pcmdev_plane *plane, bool premultiplied, uint32_t seed)
{
	uint32_t *argb = malloc((size_t)plane->width * plane->height * 4);

	if (!argb)
		check_bail_out("no memory");
	for (uint32_t i = 0; i < plane->width * plane->height; i++) {
		const uint32_t noise = hash(seed * 77777 + i);
		uint32_t pixel;

		argb[i] = premultiplied ? lossless(noise) : noise;
		pixel = premultiplied ? multiply(argb[i]) : argb[i];
		if (plane->fourcc == DRM_FORMAT_ABGR8888)
			pixel = (pixel & 0xff00ff00) | (pixel & 0xff) << 16 | (pixel >> 16 & 0xff);
		memcpy(memory + (size_t)(i / plane->width) * plane->stride + (size_t)(i % plane->width) * 4, &pixel, 4);
	}
	return argb;
}

int pointer_write(const char *path, const struct pcmdev_plane *plane, const uint32_t *argb)
{
	FILE *file = fopen(path, "w");

	if (!file)
		return -errno;
	fprintf(file, "%u %u %u %u\n", plane->width, plane->height, plane->hot_x, plane->hot_y);
	for (uint32_t i = 0; i < plane->width * plane->height; i++)
		fprintf(file, "%08x\n", argb[i]);
	return fclose(file) ? -errno : 0;
}
