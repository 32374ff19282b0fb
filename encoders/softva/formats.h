/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every pixel format of the driver's surfaces and images, and pictures in memory.
 * The table is the one place that knows formats. Pure; any thread.
 */
#ifndef PLANECAST_SOFTVA_FORMATS_H
#define PLANECAST_SOFTVA_FORMATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <va/va.h>

#define FORMATS_PLANES_MAX 3
#define FORMATS_SIZE_MAX 16384

struct format_plane {
	uint8_t bytes; /* of one sample, or one pair of them */
	uint8_t subsampled; /* each way, as a shift */
	uint32_t drm; /* the plane by itself, where it can be exported so; or 0 */
};

struct format {
	uint32_t fourcc; /* VA's */
	uint32_t drm; /* DRM's; 0: images only */
	uint32_t rt_format;
	uint8_t n_planes;
	struct format_plane planes[FORMATS_PLANES_MAX];
	/* RGB: where each channel is in a little endian pixel. Alpha's may be 0. */
	uint32_t red, green, blue, alpha;
};

/* NULL: unknown. */
const struct format *formats_find(uint32_t fourcc);
/* The one a surface has when its client names none; NULL: no such VA_RT_FORMAT_*. */
const struct format *formats_find_default(uint32_t rt_format);
/* By number from 0; NULL: no more. Those of surfaces come first. */
const struct format *formats_at(unsigned int index);
static inline bool formats_is_rgb(const struct format *format)
{
	return format->red != 0;
}
/* As vaQueryImageFormats() describes it. */
void formats_describe(const struct format *format, VAImageFormat *ret);

/* Where the planes of a picture are within its memory. */
struct layout {
	uint64_t modifier; /* DRM's */
	uint64_t offset_bytes[FORMATS_PLANES_MAX];
	uint32_t pitch_bytes[FORMATS_PLANES_MAX];
	uint64_t bytes; /* that hold all of it */
};

/*
 * The linear one of our own: rows begin at multiples of 64 bytes, and there are rows
 * and columns up to whole macroblocks. 1..FORMATS_SIZE_MAX each way.
 */
void formats_lay_out(
		const struct format *format, uint32_t width, uint32_t height, struct layout *ret);
/*
 * A layout that comes from outside, for memory of so many bytes. NULL, or what is
 * wrong with it; then layout->bytes is not set.
 */
const char *formats_check_layout(const struct format *format, uint32_t width, uint32_t height,
		uint64_t bytes, struct layout *layout);

/* A picture in memory, in linear layout. Not owned. */
struct picture {
	const struct format *format;
	uint32_t width, height;
	uint8_t *planes[FORMATS_PLANES_MAX];
	uint32_t pitch_bytes[FORMATS_PLANES_MAX];
};

static inline uint32_t formats_plane_width(
		const struct format *format, unsigned int plane, uint32_t width)
{
	return (width + format->planes[plane].subsampled) >> format->planes[plane].subsampled;
}

static inline uint32_t formats_plane_height(
		const struct format *format, unsigned int plane, uint32_t height)
{
	return (height + format->planes[plane].subsampled) >> format->planes[plane].subsampled;
}

#endif
