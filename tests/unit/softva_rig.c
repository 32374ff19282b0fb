// SPDX-License-Identifier: GPL-2.0-or-later
/* A display with the software driver, surfaces, and pictures to look at. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "encoders/va_display.h"
#include "tests/unit/softva_rig.h"

static struct va_display *display;

int rig_setup(void **state)
{
	setenv("LIBVA_DRIVERS_PATH", SOFTVA_DIRECTORY, 1);
	if (va_display_new(NULL, VA_DISPLAY_SOFTWARE, &display))
		return -1;
	*state = va_display_get(display);
	return 0;
}

int rig_teardown(void **state)
{
	(void)state;
	va_display_free(display);
	display = NULL;
	return 0;
}

VASurfaceID rig_surface(VADisplay va, uint32_t fourcc, unsigned int width, unsigned int height)
{
	VASurfaceAttrib attrib = {
		.type = VASurfaceAttribPixelFormat,
		.flags = VA_SURFACE_ATTRIB_SETTABLE,
		.value = { .type = VAGenericValueTypeInteger, .value.i = (int)fourcc },
	};
	VASurfaceID surface;

	assert_va(vaCreateSurfaces(va,
			fourcc == VA_FOURCC_NV12 ? VA_RT_FORMAT_YUV420 : VA_RT_FORMAT_RGB32, width,
			height, &surface, 1, &attrib, 1));
	return surface;
}

struct rig_image rig_map(VADisplay va, VASurfaceID surface)
{
	struct rig_image image;
	void *data;

	assert_va(vaDeriveImage(va, surface, &image.va));
	assert_va(vaMapBuffer(va, image.va.buf, &data));
	image.data = data;
	return image;
}

void rig_unmap(VADisplay va, struct rig_image *image)
{
	assert_va(vaUnmapBuffer(va, image->va.buf));
	assert_va(vaDestroyImage(va, image->va.image_id));
}

static uint32_t mix(uint32_t value)
{
	value ^= value >> 16;
	value *= 0x7feb352du;
	value ^= value >> 15;
	value *= 0x846ca68bu;
	return value ^ value >> 16;
}

/* A slope that drifts, a square that moves over it, and a strip of noise that changes. */
static uint8_t luma_at(unsigned int x, unsigned int y, unsigned int width, unsigned int height,
		unsigned int index)
{
	unsigned int left = (index * 7) % width, top = (index * 3) % height;

	if (x - left < width / 5 && y - top < height / 5)
		return ((x - left) / 4 + (y - top) / 4) & 1 ? 220 : 40;
	if (y < height / 8)
		return (uint8_t)(96 + mix(x + y * width + index * 131071) % 64);
	return (uint8_t)(32 + (x * 2 + y + index * 2) * 180 / (2 * width + height + 128));
}

void rig_paint(uint8_t *nv12, unsigned int width, unsigned int height, unsigned int index)
{
	uint8_t *chroma = nv12 + (size_t)width * height;

	for (unsigned int y = 0; y < height; y++)
		for (unsigned int x = 0; x < width; x++)
			nv12[(size_t)y * width + x] = luma_at(x, y, width, height, index);
	for (unsigned int y = 0; y < height / 2; y++) {
		for (unsigned int x = 0; x < width / 2; x++) {
			chroma[(size_t)y * width + 2 * x] = (uint8_t)(64 + x * 256 / width);
			chroma[(size_t)y * width + 2 * x + 1] = (uint8_t)(64 +
					(y + index) * 200 / height);
		}
	}
}

void rig_upload(VADisplay va, VASurfaceID surface, const uint8_t *nv12, unsigned int width,
		unsigned int height)
{
	struct rig_image image = rig_map(va, surface);

	for (unsigned int y = 0; y < height; y++)
		memcpy(image.data + image.va.offsets[0] + (size_t)y * image.va.pitches[0],
				nv12 + (size_t)y * width, width);
	for (unsigned int y = 0; y < height / 2; y++)
		memcpy(image.data + image.va.offsets[1] + (size_t)y * image.va.pitches[1],
				nv12 + (size_t)(height + y) * width, width);
	rig_unmap(va, &image);
}

double rig_psnr(const uint8_t *a, const uint8_t *b, unsigned int width, unsigned int height)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < (size_t)width * height; i++)
		sum += (uint64_t)((a[i] - b[i]) * (a[i] - b[i]));
	return sum ? 10 * log10(255.0 * 255.0 * width * height / (double)sum) : 99;
}
