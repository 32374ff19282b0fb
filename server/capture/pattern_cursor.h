/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The pointer shapes of the test desktop. Loop thread. */
#ifndef PLANECAST_SERVER_CAPTURE_PATTERN_CURSOR_H
#define PLANECAST_SERVER_CAPTURE_PATTERN_CURSOR_H

#include <stdint.h>

enum pattern_cursor {
	PATTERN_CURSOR_ARROW,
	PATTERN_CURSOR_TEXT,
	PATTERN_CURSOR_HAND,
	PATTERN_CURSOR_MOVE,
	PATTERN_CURSORS,
};

#define PATTERN_CURSOR_SIZE 32

struct pattern_cursor_shape {
	uint32_t hot_x, hot_y;
	uint32_t argb[PATTERN_CURSOR_SIZE * PATTERN_CURSOR_SIZE]; /* not premultiplied */
};

void pattern_cursor_draw(enum pattern_cursor cursor, struct pattern_cursor_shape *ret);

#endif
