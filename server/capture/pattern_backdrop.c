// SPDX-License-Identifier: GPL-2.0-or-later
/* Wallpaper and panel. */
#include "server/capture/pattern_backdrop.h"

#include <math.h>
#include <stdio.h>

#include "server/capture/pattern_widget.h"

#define PANEL_COLOUR 0xff141a24
#define PANEL_TEXT 0xdbe4f0
#define PANEL_FAINT 0x6f7d92
#define CLOCK_WIDTH 190

static const uint32_t corners[4] = { 0xff14213d, 0xff2a4a7f, 0xff1d6f86, 0xffe0a46b };

/* Translucent hills, one before the other. */
static const struct {
	float base, swing, waves, phase;
	uint32_t top, bottom;
} hills[] = {
	{ 0.52f, 0.13f, 1.1f, 0.6f, 0x30ffffff, 0x00ffffff },
	{ 0.66f, 0.10f, 1.6f, 2.4f, 0x381a3a63, 0x601a3a63 },
	{ 0.80f, 0.08f, 1.3f, 4.6f, 0x60142c4f, 0xa0101f3a },
};

static float crest(size_t hill, float x)
{
	float angle = x * hills[hill].waves * 6.2832f + hills[hill].phase;

	return hills[hill].base + hills[hill].swing * (sinf(angle) * 0.7f + sinf(angle * 0.47f + 1) * 0.5f);
}

void backdrop_draw_wallpaper(const struct paint *paint)
{
	for (int y = 0; y < paint->height; y++) {
		uint32_t *pixels = (uint32_t *)((uint8_t *)paint->pixels + (size_t)y * paint->stride);
		uint32_t down = (uint32_t)(y * 255 / paint->height);
		uint32_t left = paint_mix(corners[0], corners[2], down);
		uint32_t right = paint_mix(corners[1], corners[3], down);

		for (int x = 0; x < paint->width; x++) {
			/* Which of two steps of the gradient a pixel takes is left to chance. */
			uint32_t chance = widget_hash((uint32_t)(y * paint->width + x)) & 255;
			uint32_t across = ((uint32_t)x * 255 * 256 / (uint32_t)paint->width + chance) / 256;

			pixels[x] = paint_mix(left, right, across > 255 ? 255 : across);
		}
	}
	for (size_t i = 0; i < sizeof(hills) / sizeof(hills[0]); i++) {
		for (int x = 0; x < paint->width; x++) {
			float top = crest(i, (float)x / (float)paint->width) * (float)paint->height;
			int first = top < 0 ? 0 : (int)top;

			for (int y = first; y < paint->height; y++) {
				uint8_t *row = (uint8_t *)paint->pixels + (size_t)y * paint->stride;
				uint32_t *pixel = (uint32_t *)(void *)row + x;
				float rest = (float)paint->height - top + 1;
				uint32_t share = (uint32_t)(((float)y - top) / rest * 255);
				uint32_t colour = paint_mix(hills[i].top, hills[i].bottom, y < top ? 0 : share);

				*pixel = paint_over(*pixel, colour,
						y == first ? (uint32_t)(255 * (1 - (top - (float)first))) : 255);
			}
		}
	}
}

void backdrop_draw_panel(const struct paint *paint)
{
	int x = MARK_WIDTH + 10;

	paint_fill(paint, 0, 0, paint->width, PANEL_HEIGHT, PANEL_COLOUR);
	if (paint->width < x + 90)
		return;
	paint_text(paint, x, 4, FONT_SMALL, "frame number", PANEL_FAINT);
	paint_text(paint, x, 16, FONT_SMALL, "and due time", PANEL_FAINT);
	x += 100;
	if (paint->width > x + 140 + CLOCK_WIDTH)
		paint_text(paint, x, 8, FONT_BOLD, "planecast test desktop", PANEL_TEXT);
}

void backdrop_draw_clock(const struct paint *panel, time_t wall, pixman_box32_t *ret_box)
{
	int width = CLOCK_WIDTH, x = panel->width - width;
	char date[32], face[16];
	struct tm tm;

	*ret_box = (pixman_box32_t){ 0, 0, 0, 0 };
	if (x < MARK_WIDTH || !localtime_r(&wall, &tm))
		return;
	strftime(date, sizeof(date), "%a %e %b", &tm);
	strftime(face, sizeof(face), "%H:%M:%S", &tm);
	paint_fill(panel, x, 0, width, PANEL_HEIGHT, PANEL_COLOUR);
	x = panel->width - 14 - paint_text_width(FONT_BOLD, face);
	/* Digits are equally wide, so the date does not jump about. */
	paint_text(panel, x, 8, FONT_BOLD, face, PANEL_TEXT);
	paint_text(panel, x - 12 - paint_text_width(FONT_BODY, date), 7, FONT_BODY, date, PANEL_FAINT);
	*ret_box = (pixman_box32_t){ panel->width - width, 0, panel->width, PANEL_HEIGHT };
}
