/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the windows of the test desktop show. A widget draws into the pixels it
 * was given and notes what it changed; where the window is, and what lies above
 * it, is not its concern. Loop thread.
 */
#ifndef PLANECAST_SERVER_CAPTURE_PATTERN_WIDGET_H
#define PLANECAST_SERVER_CAPTURE_PATTERN_WIDGET_H

#include <pixman.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/capture/paint.h"
#include "server/capture/pattern_cursor.h"

struct widget;

struct widget_impl {
	const char *title;
	size_t bytes; /* of the struct that has struct widget as first member */
	enum pattern_cursor cursor;
	/* paint is set and zeroed; draws everything. 0 or -ENOMEM. */
	int (*init)(struct widget *widget);
	/* The rest is optional. */
	void (*finish)(struct widget *widget);
	/* time_ns never runs back, but may leap. */
	void (*advance)(struct widget *widget, int64_t time_ns);
	/* Inside the widget, or -1, -1 when the pointer left; buttons that are down now. */
	void (*pointer)(struct widget *widget, int x, int y, uint32_t buttons);
	/* Latin-1, '\n' or '\b'. */
	void (*key)(struct widget *widget, uint32_t letter);
};

enum widget_mood {
	WIDGET_CALM, /* moves by itself, at an everyday pace */
	WIDGET_BUSY, /* is the whole show */
	WIDGET_STILL, /* only input changes it */
};

struct widget {
	const struct widget_impl *impl;
	enum widget_mood mood;
	struct paint paint;
	pixman_region32_t damage; /* taken and cleared by the window */
};

extern const struct widget_impl widget_terminal; /* text being typed, by itself or by a viewer */
extern const struct widget_impl widget_journal; /* text that scrolls */
extern const struct widget_impl widget_photo; /* a landscape */
extern const struct widget_impl widget_monitor; /* graphs */
extern const struct widget_impl widget_controls; /* things to click */

static inline void widget_damage(struct widget *widget, int x, int y, int width, int height)
{
	if (width > 0 && height > 0)
		pixman_region32_union_rect(&widget->damage, &widget->damage, x, y, (unsigned int)width,
				(unsigned int)height);
}

static inline void widget_damage_all(struct widget *widget)
{
	widget_damage(widget, 0, 0, widget->paint.width, widget->paint.height);
}

/* A number that is the same for the same n, and looks like chance. */
static inline uint32_t widget_hash(uint32_t n)
{
	n = (n ^ n >> 16) * 0x7feb352d;
	n = (n ^ n >> 15) * 0x846ca68b;
	return n ^ n >> 16;
}

#endif
