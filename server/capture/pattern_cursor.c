// SPDX-License-Identifier: GPL-2.0-or-later
/* Draws pointer shapes from outlines: a dark body, a light rim, smooth edges. */
#include "server/capture/pattern_cursor.h"

#include <stdbool.h>
#include <stddef.h>

#define POINTS_MAX 24
#define SUBSAMPLES 4
#define RIM 1.5f

#define COLOUR_BODY 0x14181f
#define COLOUR_RIM 0xffffff

struct outline {
	uint32_t hot_x, hot_y;
	unsigned int n_points;
	float points[POINTS_MAX][2];
};

static const struct outline outlines[PATTERN_CURSORS] = {
	[PATTERN_CURSOR_ARROW] = { 3, 2, 7,
		{ { 3, 2 }, { 3, 20 }, { 7.4f, 15.9f }, { 10.4f, 22.8f }, { 13.4f, 21.5f },
				{ 10.5f, 14.8f }, { 16.5f, 14.6f } } },
	[PATTERN_CURSOR_TEXT] = { 12, 12, 12,
		{ { 8, 3 }, { 16, 3 }, { 16, 5 }, { 13, 5 }, { 13, 19 }, { 16, 19 }, { 16, 21 },
				{ 8, 21 }, { 8, 19 }, { 11, 19 }, { 11, 5 }, { 8, 5 } } },
	[PATTERN_CURSOR_HAND] = { 9, 3, 21,
		{ { 8, 4 }, { 9.5f, 2.8f }, { 11, 4 }, { 11, 11 }, { 12.5f, 10.3f }, { 14, 11.5f },
				{ 15.5f, 11 }, { 17, 12.3f }, { 18.5f, 12 }, { 20, 13.5f }, { 20, 18 },
				{ 18.5f, 22 }, { 18, 24 }, { 10, 24 }, { 9, 22 }, { 5, 17 },
				{ 3.5f, 14.5f }, { 4.5f, 13.5f }, { 6, 14 }, { 8, 16 }, { 8, 10 } } },
	[PATTERN_CURSOR_MOVE] = { 14, 14, 24,
		{ { 14, 3 }, { 18, 7.5f }, { 15.2f, 7.5f }, { 15.2f, 12.8f }, { 20.5f, 12.8f },
				{ 20.5f, 10 }, { 25, 14 }, { 20.5f, 18 }, { 20.5f, 15.2f },
				{ 15.2f, 15.2f }, { 15.2f, 20.5f }, { 18, 20.5f }, { 14, 25 },
				{ 10, 20.5f }, { 12.8f, 20.5f }, { 12.8f, 15.2f }, { 7.5f, 15.2f },
				{ 7.5f, 18 }, { 3, 14 }, { 7.5f, 10 }, { 7.5f, 12.8f },
				{ 12.8f, 12.8f }, { 12.8f, 7.5f }, { 10, 7.5f } } },
};

static bool inside(const struct outline *outline, float x, float y)
{
	bool in = false;

	for (unsigned int i = 0, j = outline->n_points - 1; i < outline->n_points; j = i++) {
		const float *a = outline->points[i], *b = outline->points[j];

		if ((a[1] > y) != (b[1] > y) && x < (b[0] - a[0]) * (y - a[1]) / (b[1] - a[1]) + a[0])
			in = !in;
	}
	return in;
}

/* Within RIM of the outline's lines: squared distance to each. */
static bool near_edge(const struct outline *outline, float x, float y)
{
	for (unsigned int i = 0, j = outline->n_points - 1; i < outline->n_points; j = i++) {
		const float *a = outline->points[j], *b = outline->points[i];
		float ex = b[0] - a[0], ey = b[1] - a[1], px = x - a[0], py = y - a[1];
		float along = (px * ex + py * ey) / (ex * ex + ey * ey);

		along = along < 0 ? 0 : along > 1 ? 1 : along;
		px -= along * ex;
		py -= along * ey;
		if (px * px + py * py < RIM * RIM)
			return true;
	}
	return false;
}

void pattern_cursor_draw(enum pattern_cursor cursor, struct pattern_cursor_shape *ret)
{
	const struct outline *outline = &outlines[cursor];

	ret->hot_x = outline->hot_x;
	ret->hot_y = outline->hot_y;
	for (unsigned int i = 0; i < PATTERN_CURSOR_SIZE * PATTERN_CURSOR_SIZE; i++) {
		unsigned int body = 0, rim = 0, total = SUBSAMPLES * SUBSAMPLES;

		for (unsigned int s = 0; s < total; s++) {
			float x = (float)(i % PATTERN_CURSOR_SIZE) + ((float)(s % SUBSAMPLES) + 0.5f) / SUBSAMPLES;
			float y = (float)(i / PATTERN_CURSOR_SIZE) + ((float)(s / SUBSAMPLES) + 0.5f) / SUBSAMPLES;

			if (inside(outline, x, y))
				body++;
			else if (near_edge(outline, x, y))
				rim++;
		}
		ret->argb[i] = 0;
		if (body + rim) {
			uint32_t grey_r = (body * (COLOUR_BODY >> 16) + rim * 0xff) / (body + rim);
			uint32_t grey_g = (body * (COLOUR_BODY >> 8 & 0xff) + rim * 0xff) / (body + rim);
			uint32_t grey_b = (body * (COLOUR_BODY & 0xff) + rim * 0xff) / (body + rim);

			ret->argb[i] = (body + rim) * 255 / total << 24 | grey_r << 16 | grey_g << 8 | grey_b;
		}
	}
}
