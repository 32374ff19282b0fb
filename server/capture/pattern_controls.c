// SPDX-License-Identifier: GPL-2.0-or-later
/* A button, a switch and a slider: proof that clicks and drags arrive. */
#include "server/capture/pattern_widget.h"

#include <stdio.h>

#include "server/input.h"

#define BACKGROUND 0xfff3f4f7
#define INK 0x2e3440
#define FAINT 0x8a93a5
#define ROW 46
#define MARGIN 16
#define SLIDER_STEPS 255

enum part { NOWHERE, BUTTON, SWITCH, SLIDER, PARTS };

struct controls {
	struct widget widget; /* first */
	enum part hover, held; /* under the pointer; pressed and not yet let go */
	uint32_t buttons;
	unsigned int clicks;
	bool on;
	int level; /* 0 .. SLIDER_STEPS */
};

struct place {
	int x, y, width, height;
};

static struct place place_of(const struct controls *controls, enum part part)
{
	int width = controls->widget.paint.width - 2 * MARGIN;
	int y = MARGIN + ROW * ((int)part - BUTTON);

	switch (part) {
	case BUTTON:
		return (struct place){ MARGIN, y, width, 34 };
	case SWITCH:
		return (struct place){ MARGIN + width - 46, y + 5, 46, 24 };
	case SLIDER:
		return (struct place){ MARGIN, y + 8, width - 44, 20 };
	default:
		return (struct place){ 0, 0, 0, 0 };
	}
}

static enum part part_at(const struct controls *controls, int x, int y)
{
	for (enum part part = BUTTON; part < PARTS; part++) {
		struct place place = place_of(controls, part);

		if (x >= place.x && x < place.x + place.width && y >= place.y && y < place.y + place.height)
			return part;
	}
	return NOWHERE;
}

/* Round the colour circle. */
static uint32_t hue(int level)
{
	static const uint32_t stops[] = { 0xffe5534b, 0xffe8a33d, 0xff57ab5a, 0xff39a0b5, 0xff5b7fe8,
		0xffb56ad6, 0xffe5534b };
	int at = level * 6 * 255 / SLIDER_STEPS;

	return at >= 6 * 255 ? stops[6] : paint_mix(stops[at / 255], stops[at / 255 + 1], (uint32_t)(at % 255));
}

static void draw_button(struct controls *controls, const struct paint *paint)
{
	struct place place = place_of(controls, BUTTON);
	bool down = controls->held == BUTTON;
	uint32_t colour = hue(controls->level);
	uint32_t top = paint_mix(colour, 0xffffffff, controls->hover == BUTTON ? 40 : 15);
	uint32_t bottom = paint_mix(colour, 0xff000000, 40);
	char text[40];
	int width;

	snprintf(text, sizeof(text), controls->clicks == 1 ? "Clicked once" : "Clicked %u times",
			controls->clicks);
	width = paint_text_width(FONT_BOLD, controls->clicks ? text : "Click me");
	paint_box(paint, place.x, place.y, place.width, place.height, 7, down ? bottom : top,
			down ? top : bottom);
	paint_text(paint, place.x + (place.width - width) / 2, place.y + 9 + down, FONT_BOLD,
			controls->clicks ? text : "Click me", 0xffffff);
}

static void draw_switch(struct controls *controls, const struct paint *paint)
{
	struct place place = place_of(controls, SWITCH);
	uint32_t track = controls->on ? hue(controls->level) : 0xffb9c0cc;
	int knob = place.x + (controls->on ? place.width - 22 : 2);

	paint_text(paint, MARGIN, place.y + 3, FONT_BODY, controls->on ? "Switch is on" : "Switch is off", INK);
	paint_box(paint, place.x, place.y, place.width, place.height, 12, track, track);
	paint_shadow(paint, knob, place.y + 3, 20, 20, 10, 4, 90);
	paint_box(paint, knob, place.y + 2, 20, 20, 10, 0xffffffff, 0xfff0f0f0);
}

static void draw_slider(struct controls *controls, const struct paint *paint)
{
	struct place place = place_of(controls, SLIDER);
	int room = place.width - 18, knob = place.x + room * controls->level / SLIDER_STEPS;
	uint32_t colour = hue(controls->level);
	char text[16];

	paint_box(paint, place.x, place.y + 7, place.width, 6, 3, 0xffd5dae2, 0xffd5dae2);
	paint_box(paint, place.x, place.y + 7, knob - place.x + 9, 6, 3, colour, colour);
	paint_shadow(paint, knob, place.y + 2, 18, 18, 9, 4, 90);
	paint_box(paint, knob, place.y + 1, 18, 18, 9, 0xffffffff, 0xffececec);
	snprintf(text, sizeof(text), "%d %%", controls->level * 100 / SLIDER_STEPS);
	paint_text(paint, paint->width - MARGIN - paint_text_width(FONT_BODY, text), place.y + 1, FONT_BODY,
			text, FAINT);
}

static void draw(struct controls *controls)
{
	const struct paint *paint = &controls->widget.paint;

	paint_fill(paint, 0, 0, paint->width, paint->height, BACKGROUND);
	draw_button(controls, paint);
	draw_switch(controls, paint);
	draw_slider(controls, paint);
	widget_damage_all(&controls->widget);
}

static void slide(struct controls *controls, int x)
{
	struct place place = place_of(controls, SLIDER);
	int room = place.width > 19 ? place.width - 18 : 1;
	int level = (x - place.x - 9) * SLIDER_STEPS / room;

	controls->level = level < 0 ? 0 : level > SLIDER_STEPS ? SLIDER_STEPS : level;
}

static void controls_pointer(struct widget *widget, int x, int y, uint32_t buttons)
{
	struct controls *controls = (struct controls *)widget, old = *controls;
	uint32_t pressed = buttons & ~controls->buttons;

	controls->buttons = buttons;
	controls->hover = part_at(controls, x, y);
	if (pressed & INPUT_BUTTON_LEFT)
		controls->held = controls->hover;
	if (!(buttons & INPUT_BUTTON_LEFT)) {
		/* As everywhere: it counts when let go on the same thing. */
		if (controls->held == controls->hover) {
			controls->clicks += controls->held == BUTTON;
			controls->on ^= controls->held == SWITCH;
		}
		controls->held = NOWHERE;
	}
	if (controls->held == SLIDER)
		slide(controls, x);
	if (old.hover != controls->hover || old.held != controls->held || old.level != controls->level ||
			old.clicks != controls->clicks || old.on != controls->on)
		draw(controls);
}

static int controls_init(struct widget *widget)
{
	struct controls *controls = (struct controls *)widget;

	controls->level = SLIDER_STEPS * 66 / 100;
	draw(controls);
	return 0;
}

const struct widget_impl widget_controls = {
	.title = "Try me",
	.bytes = sizeof(struct controls),
	.cursor = PATTERN_CURSOR_HAND,
	.init = controls_init,
	.pointer = controls_pointer,
};
