// SPDX-License-Identifier: GPL-2.0-or-later
/* A log that scrolls smoothly and never repeats: line n is a function of n. */
#include "server/capture/pattern_widget.h"

#include <stdio.h>
#include <string.h>

#include "server/clock.h"

#define LINE_HEIGHT 20
#define MARGIN 12
#define BACKGROUND 0xfff6f4ef
#define STRIPE 0xffefece4
#define TIME_COLOUR 0x9a9486
#define TEXT_COLOUR 0x3c3a36
#define WHEEL_LINES 3

static const struct {
	const char *tag, *before, *after; /* around a number */
	uint32_t colour;
} messages[] = {
	{ "scene", "valley: light ", " placed", 0x2f6f9f },
	{ "tiles", "", " differ from the shadow", 0x3d7f4d },
	{ "mesh", "terrain split into ", " patches", 0x2f6f9f },
	{ "water", "ripple table rebuilt in ", " us", 0x2b7f86 },
	{ "cache", "texture ", " is warm", 0x7a5c9e },
	{ "tiles", "scroll by ", " rows found, sent as one copy", 0x3d7f4d },
	{ "clouds", "drift is now ", " pixels", 0x2b7f86 },
	{ "pacer", "viewer has taken picture ", "", 0xa8622a },
	{ "sky", "gradient of ", " rows", 0x2f6f9f },
	{ "pacer", "at rest for ", " ms", 0xa8622a },
	{ "input", "pointer event ", "", 0xb04a4a },
};

struct journal {
	struct widget widget; /* first */
	int64_t offset; /* what of the endless page is at the top, in pixels */
	int64_t wheel; /* added by the viewer */
	int64_t time_ns;
	uint32_t buttons;
};

static void draw_line(const struct paint *paint, int64_t number, int y)
{
	uint32_t chance = widget_hash((uint32_t)number);
	size_t kind = chance % (sizeof(messages) / sizeof(messages[0]));
	/* A line takes a second or so of its own time. */
	unsigned long long ms = (unsigned long long)number * 1117 + chance % 997 + 32400000;
	char text[64];
	int x;

	paint_fill(paint, 0, y, paint->width, LINE_HEIGHT, number & 1 ? STRIPE : BACKGROUND);
	snprintf(text, sizeof(text), "%02llu:%02llu:%02llu.%03llu", ms / 3600000 % 24, ms / 60000 % 60,
			ms / 1000 % 60, ms % 1000);
	x = paint_text(paint, MARGIN, y + 1, FONT_MONO, text, TIME_COLOUR);
	paint_text(paint, x + 12, y + 1, FONT_MONO, messages[kind].tag, messages[kind].colour);
	snprintf(text, sizeof(text), "%s%u%s", messages[kind].before, chance >> 20,
			messages[kind].after);
	paint_text(paint, x + 76, y + 1, FONT_MONO, text, TEXT_COLOUR);
}

/* Rows first .. first + count of what is shown. */
static void draw_rows(struct journal *journal, int first, int count)
{
	struct paint part = paint_part(&journal->widget.paint, 0, first, journal->widget.paint.width, count);
	int64_t top = journal->offset + first;

	for (int64_t number = top / LINE_HEIGHT; number * LINE_HEIGHT < top + count; number++)
		draw_line(&part, number, (int)(number * LINE_HEIGHT - top));
}

static void scroll_to(struct journal *journal, int64_t offset)
{
	const struct paint *paint = &journal->widget.paint;
	int64_t by = offset - journal->offset;
	int height = paint->height;
	size_t row_bytes = (size_t)paint->width * 4;
	uint8_t *pixels = (uint8_t *)paint->pixels;

	if (!by)
		return;
	journal->offset = offset;
	widget_damage_all(&journal->widget);
	if (by >= height || by <= -height) {
		draw_rows(journal, 0, height);
	} else if (by > 0) {
		for (int y = 0; y < height - by; y++)
			memcpy(pixels + (size_t)y * paint->stride, pixels + (size_t)(y + by) * paint->stride,
					row_bytes);
		draw_rows(journal, height - (int)by, (int)by);
	} else {
		for (int y = height - 1; y >= -by; y--)
			memcpy(pixels + (size_t)y * paint->stride, pixels + (size_t)(y + by) * paint->stride,
					row_bytes);
		draw_rows(journal, 0, (int)-by);
	}
}

static void place(struct journal *journal)
{
	int64_t pixels_a_second = journal->widget.mood == WIDGET_BUSY ? 120 : 36;
	int64_t offset = journal->time_ns / NSEC_PER_MSEC * pixels_a_second / 1000 + journal->wheel;

	if (offset < 0) {
		journal->wheel -= offset;
		offset = 0;
	}
	scroll_to(journal, offset);
}

static void journal_advance(struct widget *widget, int64_t time_ns)
{
	struct journal *journal = (struct journal *)widget;

	journal->time_ns = time_ns;
	place(journal);
}

static void journal_pointer(struct widget *widget, int x, int y, uint32_t buttons)
{
	struct journal *journal = (struct journal *)widget;
	uint32_t pressed = buttons & ~journal->buttons;

	(void)x;
	(void)y;
	journal->buttons = buttons;
	/* RFB's numbers: bit 3 is the wheel away from the user, bit 4 towards him. */
	if (pressed & (1 << 3 | 1 << 4)) {
		journal->wheel += pressed & 1 << 3 ? -WHEEL_LINES * LINE_HEIGHT : WHEEL_LINES * LINE_HEIGHT;
		place(journal);
	}
}

static int journal_init(struct widget *widget)
{
	struct journal *journal = (struct journal *)widget;

	draw_rows(journal, 0, widget->paint.height);
	widget_damage_all(widget);
	return 0;
}

const struct widget_impl widget_journal = {
	.title = "Journal",
	.bytes = sizeof(struct journal),
	.cursor = PATTERN_CURSOR_ARROW,
	.init = journal_init,
	.advance = journal_advance,
	.pointer = journal_pointer,
};
