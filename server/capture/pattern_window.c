// SPDX-License-Identifier: GPL-2.0-or-later
/* Frames, shadows and placing of the test desktop's windows. */
#include "server/capture/pattern_window.h"

#include <errno.h>
#include <stdlib.h>

#define RADIUS 9
#define SHADOW_DROP 5
#define TITLE_TOP 0xff3a4760
#define TITLE_BOTTOM 0xff2f3b51
#define TITLE_TEXT 0xdfe6f2
#define TITLE_X_MIN 76 /* beside the buttons */
#define EDGE 0x50000000

static const uint32_t title_buttons[] = { 0xffe8695f, 0xfff0b94b, 0xff63c05a };

static struct paint surface_of(const struct window *window)
{
	return (struct paint){ pixman_image_get_data(window->image),
		(size_t)pixman_image_get_stride(window->image), window->width, window->height };
}

static void draw_frame(const struct window *window, int width, int height)
{
	struct paint surface = surface_of(window), bar;
	int x = window->inset_x, y = window->inset_y - WINDOW_TITLE, full = height + WINDOW_TITLE;
	const char *title = window->widget->impl->title;
	int title_x = (width - paint_text_width(FONT_BOLD, title)) / 2;

	paint_shadow(&surface, x, y + SHADOW_DROP, width, full, RADIUS, WINDOW_SHADOW - SHADOW_DROP, 120);
	paint_box(&surface, x - 1, y - 1, width + 2, full + 2, RADIUS + 1, EDGE, EDGE);
	bar = paint_part(&surface, x, y, width, WINDOW_TITLE);
	paint_box(&bar, 0, 0, width, WINDOW_TITLE + RADIUS, RADIUS, TITLE_TOP, TITLE_BOTTOM);
	for (int i = 0; i < 3; i++)
		paint_box(&bar, 12 + 19 * i, 9, 12, 12, 6, title_buttons[i], title_buttons[i]);
	paint_text(&bar, title_x < TITLE_X_MIN ? TITLE_X_MIN : title_x, 7, FONT_BOLD, title, TITLE_TEXT);
}

int window_new(const struct widget_impl *impl, enum widget_mood mood, bool bare, int x, int y, int width,
		int height, struct window **ret)
{
	struct window *window = calloc(1, sizeof(*window));
	struct paint surface;
	int r = -ENOMEM;

	if (!window)
		return -ENOMEM;
	window->inset_x = bare ? 0 : WINDOW_SHADOW;
	window->inset_y = bare ? 0 : WINDOW_SHADOW + WINDOW_TITLE;
	window->width = width + 2 * window->inset_x;
	window->height = height + window->inset_y + window->inset_x;
	window->x = x - window->inset_x;
	window->y = y - window->inset_y;
	window->image = pixman_image_create_bits(PIXMAN_a8r8g8b8, window->width, window->height, NULL, 0);
	window->widget = calloc(1, impl->bytes);
	if (!window->image || !window->widget)
		goto fail;
	window->widget->impl = impl;
	window->widget->mood = mood;
	pixman_region32_init(&window->widget->damage);
	if (!bare)
		draw_frame(window, width, height);
	surface = surface_of(window);
	window->widget->paint = paint_part(&surface, window->inset_x, window->inset_y, width, height);
	r = impl->init(window->widget);
	if (r < 0)
		goto fail;
	*ret = window;
	return 0;
fail:
	window_free(window);
	return r;
}

void window_free(struct window *window)
{
	if (!window)
		return;
	if (window->widget) {
		if (window->widget->impl && window->widget->impl->finish)
			window->widget->impl->finish(window->widget);
		pixman_region32_fini(&window->widget->damage);
	}
	free(window->widget);
	if (window->image)
		pixman_image_unref(window->image);
	free(window);
}

bool window_damaged(const struct window *window)
{
	return pixman_region32_not_empty(&window->widget->damage);
}

void window_take_damage(struct window *window, pixman_region32_t *damage)
{
	pixman_region32_t *own = &window->widget->damage;

	pixman_region32_translate(own, window->x + window->inset_x, window->y + window->inset_y);
	pixman_region32_union(damage, damage, own);
	pixman_region32_clear(own);
}

static void damage_place(const struct window *window, pixman_region32_t *damage)
{
	pixman_region32_union_rect(damage, damage, window->x, window->y, (unsigned int)window->width,
			(unsigned int)window->height);
}

void window_move(struct window *window, int x, int y, pixman_region32_t *damage)
{
	if (x == window->x && y == window->y)
		return;
	damage_place(window, damage);
	window->x = x;
	window->y = y;
	damage_place(window, damage);
}

void window_composite(const struct window *window, pixman_image_t *picture)
{
	bool bare = !window->inset_x;

	pixman_image_composite32(bare ? PIXMAN_OP_SRC : PIXMAN_OP_OVER, window->image, NULL, picture, 0, 0,
			0, 0, window->x, window->y, window->width, window->height);
}

enum window_part window_find_part(const struct window *window, int x, int y)
{
	const struct paint *content = &window->widget->paint;

	x -= window->x + window->inset_x;
	y -= window->y + window->inset_y;
	if (x < 0 || x >= content->width || y >= content->height)
		return WINDOW_OUTSIDE;
	if (y >= 0)
		return WINDOW_CONTENT;
	return window->inset_y && y >= -WINDOW_TITLE ? WINDOW_TITLE_BAR : WINDOW_OUTSIDE;
}
