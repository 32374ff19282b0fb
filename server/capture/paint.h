/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Drawing for the status card and the test pattern: boxes with round corners
 * and gradients, soft shadows, rings, text. Everything is clipped to the
 * surface. Colours are 0xAARRGGBB, not premultiplied; the pixels drawn on are
 * premultiplied, so a surface may be XR24 or a layer with alpha. Any thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_PAINT_H
#define PLANECAST_SERVER_CAPTURE_PAINT_H

#include <stddef.h>
#include <stdint.h>

#include "server/capture/font.h"

struct paint {
	uint32_t *pixels;
	size_t stride; /* bytes */
	int width, height;
};

/* The part at x, y, cut to what there is; drawing on it stays inside. */
struct paint paint_part(const struct paint *paint, int x, int y, int width, int height);

/* A whole rectangle in one colour, replacing what was there. */
void paint_fill(const struct paint *paint, int x, int y, int width, int height, uint32_t argb);
/* Blended, corners rounded by radius, colour running from top to bottom. */
void paint_box(const struct paint *paint, int x, int y, int width, int height, int radius, uint32_t top,
		uint32_t bottom);
/* What a box of that size throws, fading out over blur pixels around it. */
void paint_shadow(const struct paint *paint, int x, int y, int width, int height, int radius, int blur,
		uint8_t alpha);
/* A circle line, width thickness, around a point. */
void paint_ring(const struct paint *paint, float x, float y, float radius, float thickness, uint32_t argb);
/* One line of text, top left corner at x, y; returns where it ends. */
int paint_text(const struct paint *paint, int x, int y, enum font font, const char *text, uint32_t rgb);
int paint_text_width(enum font font, const char *text);

/* From a to b by 0..255, all four channels, two at a time. */
static inline uint32_t paint_mix(uint32_t a, uint32_t b, uint32_t share)
{
	uint32_t rest = 255 - share;
	uint32_t low = (a & 0xff00ff) * rest + (b & 0xff00ff) * share + 0x800080;
	uint32_t high = (a >> 8 & 0xff00ff) * rest + (b >> 8 & 0xff00ff) * share + 0x800080;

	low = (low + (low >> 8 & 0xff00ff)) >> 8 & 0xff00ff;
	high = (high + (high >> 8 & 0xff00ff)) & 0xff00ff00;
	return high | low;
}

/* argb onto a premultiplied pixel, with extra coverage. Mixing towards the opaque colour premultiplies too. */
static inline uint32_t paint_over(uint32_t under, uint32_t argb, uint32_t coverage)
{
	return paint_mix(under, argb | 0xff000000, (argb >> 24) * coverage / 255);
}

#endif
