/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Tight's filters: pixels from the bytes of a rectangle, which are all there. Any thread. */
#ifndef PLANECAST_TESTS_BENCH_VIEW_TIGHT_H
#define PLANECAST_TESTS_BENCH_VIEW_TIGHT_H

#include <stdint.h>

struct view_picture;
struct view_rect;

#define VIEW_TIGHT_PALETTE_MAX 256u

struct view_tight_palette {
	uint32_t colours; /* 1..256 */
	uint32_t pixels[VIEW_TIGHT_PALETTE_MAX];
};

static inline uint32_t view_tight_palette_row_bytes(uint32_t colours, uint32_t width)
{
	return colours <= 2 ? (width + 7) / 8 : width;
}

void view_tight_copy(struct view_picture *picture, const struct view_rect *rect, const uint8_t *at);
void view_tight_gradient(struct view_picture *picture, const struct view_rect *rect, const uint8_t *at);
/* -EPROTO: a colour that the palette does not have. */
int view_tight_palette(struct view_picture *picture, const struct view_rect *rect, const uint8_t *at,
		const struct view_tight_palette *palette);

#endif
