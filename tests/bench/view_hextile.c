// SPDX-License-Identifier: GPL-2.0-or-later
/* Hextile (RFC 6143 7.7.4), a tile at a time. */
#include "tests/bench/view_decoder.h"

#include <errno.h>
#include <string.h>

#define TILE 16u
#define RAW (1u << 0)
#define BACKGROUND (1u << 1)
#define FOREGROUND (1u << 2)
#define SUBRECTS (1u << 3)
#define COLOURED (1u << 4)

struct tile {
	uint32_t x, y, width, height;
};

static int decode_raw(struct view_decoder *decoder, const struct tile *tile, struct view_reader *reader)
{
	const uint8_t *at = reader->at + 1;

	if (!view_reader_has(reader, 1 + tile->width * tile->height * 4))
		return -EAGAIN;
	for (uint32_t row = 0; row < tile->height; row++, at += tile->width * 4)
		memcpy(view_picture_at(&decoder->picture, tile->x, tile->y + row), at, tile->width * 4);
	reader->at = at;
	return 0;
}

static int decode_subrects(struct view_decoder *decoder, const struct tile *tile, uint32_t foreground,
		const uint8_t *at, uint32_t count, bool coloured)
{
	for (uint32_t i = 0; i < count; i++, at += 2) {
		uint32_t x, y, width, height;

		if (coloured) {
			foreground = view_pixel_bgrx(at);
			at += 4;
		}
		x = at[0] >> 4;
		y = at[0] & 15;
		width = (at[1] >> 4) + 1u;
		height = (at[1] & 15) + 1u;
		if (x + width > tile->width || y + height > tile->height)
			return view_decoder_fail(decoder, "hextile: a part outside its tile");
		view_picture_fill(&decoder->picture, tile->x + x, tile->y + y, width, height, foreground);
	}
	return 0;
}

static int decode_tile(struct view_decoder *decoder, struct view_rect *rect, const struct tile *tile,
		struct view_reader *reader)
{
	uint32_t kind, count = 0, background = rect->background, foreground = rect->foreground;
	const uint8_t *at, *colours;
	uint64_t bytes;
	int r;

	if (!view_reader_has(reader, 1))
		return -EAGAIN;
	kind = reader->at[0];
	if (kind & RAW)
		return decode_raw(decoder, tile, reader);
	colours = reader->at + 1;
	bytes = 1 + (kind & BACKGROUND ? 4 : 0) + (kind & FOREGROUND ? 4 : 0);
	if (kind & SUBRECTS) {
		if (!view_reader_has(reader, bytes + 1))
			return -EAGAIN;
		count = reader->at[bytes];
		bytes += 1 + count * (kind & COLOURED ? 6u : 2u);
	}
	if (!view_reader_has(reader, bytes))
		return -EAGAIN;
	if (kind & BACKGROUND) {
		background = view_pixel_bgrx(colours);
		colours += 4;
	} else if (!rect->has_colours) {
		return view_decoder_fail(decoder, "hextile: the first tile has no background");
	}
	if (kind & FOREGROUND)
		foreground = view_pixel_bgrx(colours);
	rect->has_colours = true;
	rect->background = background;
	rect->foreground = foreground;
	at = reader->at + bytes - count * (kind & COLOURED ? 6u : 2u);
	view_picture_fill(&decoder->picture, tile->x, tile->y, tile->width, tile->height, background);
	r = decode_subrects(decoder, tile, foreground, at, count, kind & COLOURED);
	reader->at += bytes;
	return r;
}

int view_decode_hextile(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	uint32_t columns = (rect->width + TILE - 1) / TILE;
	uint32_t count = columns * ((rect->height + TILE - 1) / TILE);

	for (; rect->done < count; rect->done++) {
		uint32_t x = rect->done % columns * TILE, y = rect->done / columns * TILE;
		struct tile tile = { rect->x + x, rect->y + y, rect->width - x, rect->height - y };
		int r;

		tile.width = tile.width < TILE ? tile.width : TILE;
		tile.height = tile.height < TILE ? tile.height : TILE;
		r = decode_tile(decoder, rect, &tile, reader);
		if (r < 0)
			return r;
	}
	return 0;
}
