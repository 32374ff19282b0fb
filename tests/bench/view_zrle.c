// SPDX-License-Identifier: GPL-2.0-or-later
/* ZRLE (RFC 6143 7.7.6): one stream, inflated a rectangle at a time, tiles of 64x64. */
#include "tests/bench/view_decoder.h"

#include <errno.h>

#define TILE 64u
#define CPIXEL 3u
#define PALETTE_MAX 127u

struct tile {
	struct view_picture *picture;
	uint32_t x, y, width, height;
	uint32_t palette[PALETTE_MAX];
	uint32_t colours;
};

static int decode_raw(struct tile *tile, struct view_reader *reader)
{
	const uint8_t *at = reader->at;

	if (!view_reader_has(reader, tile->width * tile->height * CPIXEL))
		return -EPROTO;
	for (uint32_t y = 0; y < tile->height; y++) {
		uint32_t *to = view_picture_at(tile->picture, tile->x, tile->y + y);

		for (uint32_t x = 0; x < tile->width; x++, at += CPIXEL)
			to[x] = view_pixel_bgr(at);
	}
	reader->at = at;
	return 0;
}

static int read_palette(struct tile *tile, uint32_t colours, struct view_reader *reader)
{
	if (!view_reader_has(reader, colours * CPIXEL))
		return -EPROTO;
	for (uint32_t i = 0; i < colours; i++, reader->at += CPIXEL)
		tile->palette[i] = view_pixel_bgr(reader->at);
	tile->colours = colours;
	return 0;
}

static int decode_packed(struct tile *tile, struct view_reader *reader)
{
	uint32_t bits = tile->colours == 2 ? 1 : tile->colours <= 4 ? 2 : 4;
	uint32_t row_bytes = (tile->width * bits + 7) / 8;

	if (!view_reader_has(reader, row_bytes * tile->height))
		return -EPROTO;
	for (uint32_t y = 0; y < tile->height; y++, reader->at += row_bytes) {
		uint32_t *to = view_picture_at(tile->picture, tile->x, tile->y + y);

		for (uint32_t x = 0; x < tile->width; x++) {
			uint32_t bit = x * bits;
			uint32_t index = reader->at[bit / 8] >> (8 - bits - bit % 8) & ((1u << bits) - 1);

			if (index >= tile->colours)
				return -EPROTO;
			to[x] = tile->palette[index];
		}
	}
	return 0;
}

/* 255 means that more follows; 1 is not sent. */
static int read_length(struct view_reader *reader, uint32_t *ret_length)
{
	uint32_t length = 1, byte;

	do {
		if (!view_reader_has(reader, 1))
			return -EPROTO;
		byte = *reader->at++;
		length += byte;
		if (length > TILE * TILE)
			return -EPROTO;
	} while (byte == 255);
	*ret_length = length;
	return 0;
}

static int read_run(const struct tile *tile, struct view_reader *reader, uint32_t *ret_pixel, uint32_t *ret_length)
{
	uint32_t index;

	if (!tile->colours) {
		if (!view_reader_has(reader, CPIXEL))
			return -EPROTO;
		*ret_pixel = view_pixel_bgr(reader->at);
		reader->at += CPIXEL;
		return read_length(reader, ret_length);
	}
	if (!view_reader_has(reader, 1))
		return -EPROTO;
	index = *reader->at & 127u;
	if (index >= tile->colours)
		return -EPROTO;
	*ret_pixel = tile->palette[index];
	*ret_length = 1;
	return *reader->at++ & 128 ? read_length(reader, ret_length) : 0;
}

static int decode_runs(struct tile *tile, struct view_reader *reader)
{
	uint32_t left = tile->width * tile->height, x = 0, y = 0;

	while (left) {
		uint32_t pixel, length;
		int r = read_run(tile, reader, &pixel, &length);

		if (r < 0 || length > left)
			return -EPROTO;
		left -= length;
		while (length--) {
			*view_picture_at(tile->picture, tile->x + x, tile->y + y) = pixel;
			if (++x == tile->width) {
				x = 0;
				y++;
			}
		}
	}
	return 0;
}

static int decode_tile(struct tile *tile, struct view_reader *reader)
{
	uint32_t kind, colours;
	int r;

	if (!view_reader_has(reader, 1))
		return -EPROTO;
	kind = *reader->at++;
	colours = kind & 127u;
	tile->colours = 0;
	if (kind == 0)
		return decode_raw(tile, reader);
	if (kind == 128)
		return decode_runs(tile, reader);
	if (kind == 129 || (kind > 16 && kind < 128))
		return -EPROTO;
	r = read_palette(tile, colours, reader);
	if (r < 0)
		return r;
	if (kind == 1) {
		view_picture_fill(tile->picture, tile->x, tile->y, tile->width, tile->height, tile->palette[0]);
		return 0;
	}
	return kind < 128 ? decode_packed(tile, reader) : decode_runs(tile, reader);
}

static int decode_tiles(struct view_decoder *decoder, const struct view_rect *rect, struct view_reader *reader)
{
	struct tile tile = { .picture = &decoder->picture };

	for (uint32_t y = 0; y < rect->height; y += TILE) {
		for (uint32_t x = 0; x < rect->width; x += TILE) {
			tile.x = rect->x + x;
			tile.y = rect->y + y;
			tile.width = rect->width - x < TILE ? rect->width - x : TILE;
			tile.height = rect->height - y < TILE ? rect->height - y : TILE;
			if (decode_tile(&tile, reader) < 0)
				return view_decoder_fail(decoder, "zrle: the tile at %u,%u is broken", tile.x,
						tile.y);
		}
	}
	if (reader->at != reader->end)
		return view_decoder_fail(decoder, "zrle: bytes behind the last tile");
	return 0;
}

int view_decode_zrle(struct view_decoder *decoder, struct view_rect *rect, struct view_reader *reader)
{
	uint64_t tiles = (uint64_t)((rect->width + TILE - 1) / TILE) * ((rect->height + TILE - 1) / TILE);
	/* A run of one pixel takes 4 bytes; palettes come in front. */
	uint64_t room = (uint64_t)rect->width * rect->height * 4 + tiles * (1 + PALETTE_MAX * CPIXEL);
	struct view_reader inflated;
	uint8_t *scratch;
	uint32_t length;
	size_t bytes;
	int r;

	if (!view_reader_has(reader, 4))
		return -EAGAIN;
	length = view_u32(reader->at);
	if (length > room + room / 100 + 1024)
		return view_decoder_fail(decoder, "zrle: %u bytes for %ux%u pixels", length, rect->width,
				rect->height);
	if (!view_reader_has(reader, 4 + (uint64_t)length))
		return -EAGAIN;
	scratch = view_decoder_scratch(decoder, room + 1);
	if (!scratch)
		return -ENOMEM;
	r = view_inflate_bytes(&decoder->zrle, reader->at + 4, length, scratch, room, &bytes);
	if (r == -EPROTO)
		return view_decoder_fail(decoder, "zrle: %u bytes that zlib does not understand", length);
	if (r < 0)
		return r;
	reader->at += 4 + length;
	inflated = (struct view_reader){ .at = scratch, .end = scratch + bytes };
	return decode_tiles(decoder, rect, &inflated);
}
