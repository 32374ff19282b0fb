// SPDX-License-Identifier: GPL-2.0-or-later
/* Plain pixels, and LZ4 in blocks that go on with each other. */
#include "tests/bench/spice_skim_image.h"

#include <errno.h>
#include <spice/enums.h>
#include <stdbool.h>
#include <string.h>

#include "tests/bench/spice_skim_fields.h"
#include "tests/bench/view_decoder.h"

#define PIXEL_BYTES 4u
#define MATCH_MIN 4u
#define NIBBLE_MAX 15u

/* A length whose first part was all ones goes on in bytes, to the first that is not. */
static bool read_length(const uint8_t **at, const uint8_t *end, size_t *length)
{
	uint8_t byte;

	if (*length != NIBBLE_MAX)
		return true;
	do {
		if (*at == end)
			return false;
		byte = *(*at)++;
		*length += byte;
	} while (byte == 255);
	return true;
}

int64_t spice_skim_image_expand(const uint8_t *in, size_t in_bytes, uint8_t *out, size_t done, size_t room)
{
	const uint8_t *at = in, *end = in + in_bytes;

	while (at < end) {
		const uint8_t token = *at++;
		size_t literals = token >> 4, match = token & NIBBLE_MAX, back;

		if (!read_length(&at, end, &literals) || literals > (size_t)(end - at) || literals > room - done)
			return -EPROTO;
		memcpy(out + done, at, literals);
		at += literals;
		done += literals;
		if (at == end)
			break;
		if (end - at < 2)
			return -EPROTO;
		back = (size_t)(at[0] | at[1] << 8);
		at += 2;
		if (!read_length(&at, end, &match))
			return -EPROTO;
		match += MATCH_MIN;
		if (!back || back > done || match > room - done)
			return -EPROTO;
		/* It may overlap itself, which repeats its first bytes. */
		if (back >= match)
			memcpy(out + done, out + done - back, match);
		else
			for (size_t i = 0; i < match; i++)
				out[done + i] = out[done + i - back];
		done += match;
	}
	return (int64_t)done;
}

static void place(struct spice_skim_image *image, const uint8_t *pixels, size_t stride, bool top_down)
{
	image->pixels = top_down ? pixels : pixels + stride * (image->height - 1);
	image->stride = top_down ? (ptrdiff_t)stride : -(ptrdiff_t)stride;
}

static bool is_ours(uint8_t format)
{
	return format == SPICE_BITMAP_FMT_32BIT || format == SPICE_BITMAP_FMT_RGBA;
}

static int read_bitmap(struct view_decoder *decoder, struct spice_skim_fields *fields, struct spice_skim_image *image)
{
	const uint8_t format = (uint8_t)spice_skim_get(fields, 1), flags = (uint8_t)spice_skim_get(fields, 1);
	uint64_t stride;

	spice_skim_get(fields, 8); /* its size again */
	stride = spice_skim_get(fields, 4);
	if (!is_ours(format) || flags & SPICE_BITMAP_FLAGS_PAL_FROM_CACHE)
		return -ENOTSUP;
	spice_skim_get(fields, 4); /* no palette */
	if (fields->missed || stride < (uint64_t)image->width * PIXEL_BYTES || stride * image->height > fields->left)
		return view_decoder_fail(decoder, "an image without its pixels");
	place(image, fields->at, stride, flags & SPICE_BITMAP_FLAGS_TOP_DOWN);
	return 0;
}

static int read_lz4(struct view_decoder *decoder, struct spice_skim_fields *fields, struct spice_skim_image *image)
{
	const size_t stride = (size_t)image->width * PIXEL_BYTES, wanted = stride * image->height;
	uint8_t *pixels = view_decoder_scratch(decoder, wanted);
	const uint64_t bytes = spice_skim_get(fields, 4);
	bool top_down;
	size_t done = 0;

	if (!pixels)
		return -ENOMEM;
	if (fields->missed || bytes > fields->left)
		return view_decoder_fail(decoder, "an image without its LZ4");
	fields->left = bytes;
	top_down = spice_skim_get(fields, 1);
	if (!is_ours((uint8_t)spice_skim_get(fields, 1)))
		return -ENOTSUP;
	while (done < wanted) {
		/* The only number that is the other way round. */
		const uint32_t block = __builtin_bswap32((uint32_t)spice_skim_get(fields, 4));
		const uint8_t *data = spice_skim_skip(fields, block);
		const int64_t r = data ? spice_skim_image_expand(data, block, pixels, done, wanted) : -EPROTO;

		if (r <= (int64_t)done)
			return view_decoder_fail(decoder, "LZ4 that is none");
		done = (size_t)r;
	}
	place(image, pixels, stride, top_down);
	return 0;
}

int spice_skim_image_read(struct view_decoder *decoder, const uint8_t *data, size_t bytes,
		struct spice_skim_image *ret)
{
	struct spice_skim_fields fields = { .at = data, .left = bytes };
	struct spice_skim_image image;
	uint8_t type;
	int r;

	spice_skim_get(&fields, 8); /* of caches */
	type = (uint8_t)spice_skim_get(&fields, 1);
	spice_skim_get(&fields, 1);
	image.width = (uint32_t)spice_skim_get(&fields, 4);
	image.height = (uint32_t)spice_skim_get(&fields, 4);
	if (fields.missed || !image.width || !image.height ||
			(uint64_t)image.width * image.height > decoder->pixels_max)
		return view_decoder_fail(decoder, "an image of no size");
	r = type == SPICE_IMAGE_TYPE_BITMAP ? read_bitmap(decoder, &fields, &image) :
			type == SPICE_IMAGE_TYPE_LZ4 ? read_lz4(decoder, &fields, &image) : -ENOTSUP;
	if (r == 0)
		*ret = image;
	return r;
}
