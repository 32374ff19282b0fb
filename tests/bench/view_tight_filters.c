// SPDX-License-Identifier: GPL-2.0-or-later
/* The three filters of Tight's basic compression (rfbproto, "Tight Encoding"). */
#include "tests/bench/view_tight.h"

#include <errno.h>

#include "tests/bench/view_decoder.h"

#define TPIXEL 3u

void view_tight_copy(struct view_picture *picture, const struct view_rect *rect, const uint8_t *at)
{
	for (uint32_t y = 0; y < rect->height; y++) {
		uint32_t *to = view_picture_at(picture, rect->x, rect->y + y);

		for (uint32_t x = 0; x < rect->width; x++, at += TPIXEL)
			to[x] = view_pixel_rgb(at);
	}
}

/* What the neighbours let expect, as one byte can say it. */
static uint32_t predict(uint32_t left, uint32_t up, uint32_t corner, unsigned int shift)
{
	int sum = (int)(left >> shift & 255) + (int)(up >> shift & 255) - (int)(corner >> shift & 255);

	return sum < 0 ? 0 : sum > 255 ? 255 : (uint32_t)sum;
}

/* Each byte is how far a colour is from left + up - corner; outside of the rectangle all is black. */
void view_tight_gradient(struct view_picture *picture, const struct view_rect *rect, const uint8_t *at)
{
	for (uint32_t y = 0; y < rect->height; y++) {
		uint32_t *to = view_picture_at(picture, rect->x, rect->y + y);
		const uint32_t *above = y ? to - picture->width : NULL;
		uint32_t left = 0, corner = 0;

		for (uint32_t x = 0; x < rect->width; x++, at += TPIXEL) {
			uint32_t up = above ? above[x] : 0, pixel = 0;

			for (unsigned int i = 0; i < TPIXEL; i++) {
				unsigned int shift = 16 - 8 * i;

				pixel |= ((predict(left, up, corner, shift) + at[i]) & 255) << shift;
			}
			to[x] = left = pixel;
			corner = up;
		}
	}
}

int view_tight_palette(struct view_picture *picture, const struct view_rect *rect, const uint8_t *at,
		const struct view_tight_palette *palette)
{
	uint32_t row_bytes = view_tight_palette_row_bytes(palette->colours, rect->width), worst = 0;

	for (uint32_t y = 0; y < rect->height; y++, at += row_bytes) {
		uint32_t *to = view_picture_at(picture, rect->x, rect->y + y);

		for (uint32_t x = 0; x < rect->width; x++) {
			uint32_t index = palette->colours <= 2 ? at[x / 8] >> (7 - x % 8) & 1u : at[x];

			worst = index > worst ? index : worst;
			to[x] = palette->pixels[index];
		}
	}
	return worst < palette->colours ? 0 : -EPROTO;
}
