/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A window of the test desktop: a widget in a frame with a title bar, round
 * corners and a shadow, in pixels of its own, so that it can be moved and
 * uncovered without being drawn again. Loop thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_PATTERN_WINDOW_H
#define PLANECAST_SERVER_CAPTURE_PATTERN_WINDOW_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/capture/pattern_widget.h"

#define WINDOW_SHADOW 26
#define WINDOW_TITLE 30

struct window {
	struct widget *widget;
	pixman_image_t *image; /* shadow, frame and content, premultiplied */
	int x, y; /* of the image in the picture */
	int width, height; /* of the image */
	int inset_x, inset_y; /* of the content in the image */
};

/* Content at x, y of the given size; bare: content only. -ENOMEM. */
int window_new(const struct widget_impl *impl, enum widget_mood mood, bool bare, int x, int y, int width,
		int height, struct window **ret);
void window_free(struct window *window);

/* Adds what the widget changed, in coordinates of the picture, and forgets it. */
void window_take_damage(struct window *window, pixman_region32_t *damage);
bool window_damaged(const struct window *window);
/* Both the old place and the new one are damaged. */
void window_move(struct window *window, int x, int y, pixman_region32_t *damage);
void window_composite(const struct window *window, pixman_image_t *picture);

enum window_part { WINDOW_OUTSIDE, WINDOW_TITLE_BAR, WINDOW_CONTENT };
/* Which part is at that point of the picture. */
enum window_part window_find_part(const struct window *window, int x, int y);

#endif
