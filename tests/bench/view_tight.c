// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Tight (rfbproto, "Tight Encoding"): a control byte says which streams begin
 * anew and what follows: one colour, a JPEG, or filtered pixels through one of
 * four zlib streams. Beyond the document, libvncserver sends filtered pixels
 * without zlib (control 1010 and 1110) where the client wants no compression.
 */
#include "tests/bench/view_tight.h"

#include <errno.h>
#include <turbojpeg.h>

#include "tests/bench/view_decoder.h"
#include "tests/bench/view_jpegs.h"
#include "tests/bench/view_marks.h"

#define TPIXEL 3u
#define CONTROL_FILL 8u
#define CONTROL_JPEG 9u
#define CONTROL_NO_ZLIB 10u
#define CONTROL_NO_ZLIB_FILTERED 14u
/* Of the upper four bits, where the topmost is not set. */
#define BASIC_FILTERED 4u
#define BASIC_STREAM 3u
/* Fewer bytes than that are sent as they are, without a length. */
#define COMPRESSED_MIN 12u

enum filter { FILTER_COPY, FILTER_PALETTE, FILTER_GRADIENT };

const char *const view_tight_kind_names[VIEW_TIGHT_KINDS] = { "fill", "copy", "palette", "gradient", "jpeg" };

/* Seven bits a byte, the lowest first, eight in the third. */
static int read_length(struct view_reader *reader, uint64_t *at, uint32_t *ret_length)
{
	uint32_t length = 0;

	for (unsigned int i = 0; i < 3; i++) {
		uint8_t byte;

		if (!view_reader_has(reader, *at + 1))
			return -EAGAIN;
		byte = reader->at[(*at)++];
		length |= (uint32_t)(i < 2 ? byte & 127 : byte) << (7 * i);
		if (!(byte & 128))
			break;
	}
	*ret_length = length;
	return 0;
}

static int decode_fill(struct view_decoder *decoder, const struct view_rect *rect, struct view_reader *reader)
{
	if (!view_reader_has(reader, 1 + TPIXEL))
		return -EAGAIN;
	view_picture_fill(&decoder->picture, rect->x, rect->y, rect->width, rect->height,
			view_pixel_rgb(reader->at + 1));
	reader->at += 1 + TPIXEL;
	decoder->tight_kinds[VIEW_TIGHT_FILL]++;
	return 0;
}

/*
 * Only functions of which libvncclient's copy of TurboJPEG has its own, too: where
 * a program has both, all of them then come from the same one.
 */
int view_decoder_jpeg(struct view_decoder *decoder, const uint8_t *data, uint32_t length,
		const struct view_rect *rect, uint32_t *to, size_t stride)
{
	uint8_t *from = (uint8_t *)data; /* which it does not change */
	int width, height, subsampling;

	if (!decoder->jpeg)
		decoder->jpeg = tjInitDecompress();
	if (!decoder->jpeg)
		return -ENOMEM;
	if (tjDecompressHeader2(decoder->jpeg, from, length, &width, &height, &subsampling) < 0)
		return view_decoder_fail(decoder, "tight: JPEG: %.100s", tjGetErrorStr());
	if ((uint32_t)width != rect->width || (uint32_t)height != rect->height)
		return view_decoder_fail(decoder, "tight: a JPEG of %dx%d for %ux%u pixels", width, height,
				rect->width, rect->height);
	/* The exact inverse transform and smooth chroma: what quality figures are taken with. */
	if (tjDecompress2(decoder->jpeg, from, length, (uint8_t *)to, width, (int)stride, height, TJPF_BGRX,
			    TJFLAG_ACCURATEDCT) < 0)
		return view_decoder_fail(decoder, "tight: JPEG: %.100s", tjGetErrorStr());
	return 0;
}

static int decode_jpeg(struct view_decoder *decoder, const struct view_rect *rect, struct view_reader *reader)
{
	const struct view_picture *picture = &decoder->picture;
	uint64_t at = 1;
	uint32_t length;
	int r = read_length(reader, &at, &length);

	if (r < 0)
		return r;
	if (!view_reader_has(reader, at + length))
		return -EAGAIN;
	decoder->skimmed += decoder->skim != NULL;
	if (!decoder->skim)
		r = view_decoder_jpeg(decoder, reader->at + at, length, rect,
				view_picture_at(picture, rect->x, rect->y), view_picture_stride(picture));
	else if (view_marks_touched(picture, rect->x, rect->y, rect->width, rect->height))
		r = view_jpegs_draw(decoder->skim, &decoder->skim->stills, decoder, rect, reader->at + at, length,
				view_decoder_jpeg);
	reader->at += at + length;
	decoder->tight_kinds[VIEW_TIGHT_JPEG]++;
	return r;
}

struct basic {
	uint32_t filter; /* enum filter, as sent */
	struct view_tight_palette palette;
	uint64_t at; /* from the control byte on: what follows the filter's description */
	uint64_t bytes; /* of the filtered pixels */
};

static int read_palette(struct view_decoder *decoder, struct view_reader *reader, struct basic *basic)
{
	struct view_tight_palette *palette = &basic->palette;

	if (!view_reader_has(reader, basic->at + 1))
		return -EAGAIN;
	palette->colours = reader->at[basic->at] + 1u;
	basic->at++;
	if (!view_reader_has(reader, basic->at + palette->colours * TPIXEL))
		return -EAGAIN;
	for (uint32_t i = 0; i < palette->colours; i++, basic->at += TPIXEL)
		palette->pixels[i] = view_pixel_rgb(reader->at + basic->at);
	/* An index beyond the palette is told of when the picture is done; until then it means black. */
	for (uint32_t i = palette->colours; i < VIEW_TIGHT_PALETTE_MAX; i++)
		palette->pixels[i] = 0;
	(void)decoder;
	return 0;
}

static int read_filter(struct view_decoder *decoder, const struct view_rect *rect, struct view_reader *reader,
		bool filtered, struct basic *basic)
{
	int r = 0;

	basic->filter = FILTER_COPY;
	basic->at = 1;
	if (filtered) {
		if (!view_reader_has(reader, 2))
			return -EAGAIN;
		basic->filter = reader->at[basic->at++];
	}
	if (basic->filter > FILTER_GRADIENT)
		return view_decoder_fail(decoder, "tight: filter %u", basic->filter);
	basic->bytes = (uint64_t)rect->width * TPIXEL * rect->height;
	if (basic->filter == FILTER_PALETTE) {
		r = read_palette(decoder, reader, basic);
		if (r == 0)
			basic->bytes = (uint64_t)view_tight_palette_row_bytes(basic->palette.colours, rect->width) *
					rect->height;
	}
	return r;
}

static int draw(struct view_decoder *decoder, const struct view_rect *rect, const struct basic *basic,
		const uint8_t *pixels)
{
	static const enum view_tight_kind kinds[] = {
		[FILTER_COPY] = VIEW_TIGHT_COPY,
		[FILTER_PALETTE] = VIEW_TIGHT_PALETTE,
		[FILTER_GRADIENT] = VIEW_TIGHT_GRADIENT,
	};

	decoder->tight_kinds[kinds[basic->filter]]++;
	if (basic->filter == FILTER_PALETTE) {
		if (view_tight_palette(&decoder->picture, rect, pixels, &basic->palette) < 0)
			return view_decoder_fail(decoder, "tight: a colour beyond the palette's %u",
					basic->palette.colours);
	} else if (basic->filter == FILTER_GRADIENT) {
		view_tight_gradient(&decoder->picture, rect, pixels);
	} else {
		view_tight_copy(&decoder->picture, rect, pixels);
	}
	return 0;
}

/* stream: NULL where the pixels come as they are. */
static int decode_basic(struct view_decoder *decoder, const struct view_rect *rect, struct view_reader *reader,
		bool filtered, struct view_inflate *stream)
{
	const uint8_t *pixels;
	struct basic basic;
	uint8_t *scratch;
	uint32_t length;
	int r;

	r = read_filter(decoder, rect, reader, filtered, &basic);
	if (r < 0)
		return r;
	length = (uint32_t)basic.bytes;
	if (basic.bytes >= COMPRESSED_MIN) {
		r = read_length(reader, &basic.at, &length);
		if (r < 0)
			return r;
	}
	if (!view_reader_has(reader, basic.at + length))
		return -EAGAIN;
	pixels = reader->at + basic.at;
	if (basic.bytes >= COMPRESSED_MIN && stream) {
		scratch = view_decoder_scratch(decoder, basic.bytes);
		if (!scratch)
			return -ENOMEM;
		r = view_decoder_inflate(decoder, stream, "tight", pixels, length, scratch, basic.bytes);
		pixels = scratch;
	} else if (length != basic.bytes) {
		r = view_decoder_fail(decoder, "tight: %u bytes of pixels, not %llu", length,
				(unsigned long long)basic.bytes);
	}
	if (r < 0)
		return r;
	r = draw(decoder, rect, &basic, pixels);
	reader->at += basic.at + length;
	return r;
}

int view_decode_tight(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	uint32_t control;

	if (!view_reader_has(reader, 1))
		return -EAGAIN;
	/* Doing so again with the next piece does no harm: the stream has not been used yet. */
	for (unsigned int i = 0; i < VIEW_TIGHT_STREAMS; i++)
		if (reader->at[0] >> i & 1)
			view_inflate_reset(&decoder->tight[i]);
	control = reader->at[0] >> 4;
	switch (control) {
	case CONTROL_FILL:
		return decode_fill(decoder, rect, reader);
	case CONTROL_JPEG:
		return decode_jpeg(decoder, rect, reader);
	case CONTROL_NO_ZLIB:
	case CONTROL_NO_ZLIB_FILTERED:
		return decode_basic(decoder, rect, reader, control & BASIC_FILTERED, NULL);
	}
	if (control & 8)
		return view_decoder_fail(decoder, "tight: control byte %#x", reader->at[0]);
	return decode_basic(decoder, rect, reader, control & BASIC_FILTERED, &decoder->tight[control & BASIC_STREAM]);
}
