// SPDX-License-Identifier: GPL-2.0-or-later
/* Draws the status card. */
#include "server/capture/card.h"

#include <pixman.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "server/capture/paint.h"
#include "server/capture/text_wrap.h"
#include "server/frame.h"

#define WIDTH_MIN 320u
#define HEIGHT_MIN 200u
#define WIDTH_MAX 3840u
#define HEIGHT_MAX 2160u
/* From here on everything is drawn twice as large: such a picture is shown scaled down. */
#define LARGE_WIDTH 2880u
#define LARGE_HEIGHT 1500u

#define LINES_MAX 8u
#define BOX_WIDTH 680

#define BACKGROUND_TOP 0xff1b2a41
#define BACKGROUND_BOTTOM 0xff0b111c
#define BOX_TOP 0xff263449
#define BOX_BOTTOM 0xff1e2a3c
#define ACCENT 0xfff2a65a
#define TEXT_NAME 0xfff4f7fb
#define TEXT_REASON 0xffd3dceb
#define TEXT_HINT 0xff8c9cb5

/* Everything that depends on how much room there is. */
struct layout {
	enum font name_font, reason_font, hint_font;
	int margin, padding, icon;
	const char *hint;
};

static const struct layout layout_wide = { FONT_HUGE, FONT_LARGE, FONT_BODY, 40, 32, 56,
	"Stay connected: the picture appears here as soon as there is one." };
static const struct layout layout_narrow = { FONT_LARGE, FONT_BODY, FONT_SMALL, 12, 14, 0,
	"The picture appears here by itself." };

/* One line, cut with dots where it is too long. */
static void draw_line(const struct paint *paint, int x, int y, int width, enum font font, const char *text,
		size_t bytes, bool cut, uint32_t rgb)
{
	static const char dots[] = "...";
	int room = width - (cut ? paint_text_width(font, dots) : 0);
	struct paint part = paint_part(paint, x, y, width, font_height(font));
	int end;

	while (cut && bytes && font_width(font, text, bytes) > room)
		bytes--;
	end = font_draw(part.pixels, part.stride, part.width, part.height, 0, 0, font, text, bytes, rgb);
	if (cut)
		paint_text(&part, end, 0, font, dots, rgb);
}

/* A screen without a picture. */
static void draw_icon(const struct paint *paint, int x, int y, int size)
{
	int height = size * 3 / 4;

	paint_box(paint, x, y, size, height, 6, ACCENT, ACCENT);
	paint_box(paint, x + 4, y + 4, size - 8, height - 8, 3, BOX_TOP, BOX_TOP);
	paint_box(paint, x + size / 2 - 4, y + height, 8, size / 8, 0, ACCENT, ACCENT);
	paint_box(paint, x + size / 4, y + height + size / 8, size / 2, 4, 2, ACCENT, ACCENT);
	paint_ring(paint, (float)x + (float)size / 2, (float)y + (float)height / 2, (float)size / 7, 3, ACCENT);
	paint_box(paint, x + size / 2 - 2, y + height / 2 - size / 7 - 5, 4, 10, 2, BOX_TOP, BOX_TOP);
	paint_box(paint, x + size / 2 - 1, y + height / 2 - size / 7 - 4, 3, 9, 1, ACCENT, ACCENT);
}

static void draw_card(const struct paint *paint, const char *vm_name, const char *reason)
{
	const struct layout *layout = paint->width < 720 || paint->height < 330 ? &layout_narrow :
										 &layout_wide;
	int margin = layout->margin;
	int width = paint->width - 2 * margin < BOX_WIDTH ? paint->width - 2 * margin : BOX_WIDTH;
	int text_x = layout->padding + (layout->icon ? layout->icon + layout->padding : 0);
	int text_width = width - text_x - layout->padding;
	int name_height = font_height(layout->name_font), line = font_height(layout->reason_font) + 3;
	int fixed = 2 * layout->padding + name_height + 12 + 18 + font_height(layout->hint_font);
	int room = (paint->height - 2 * margin - fixed) / line;
	struct text_line lines[LINES_MAX], name_line;
	const char *rest, *name_rest;
	unsigned int max = room < 1 ? 1 : room > (int)LINES_MAX ? LINES_MAX : (unsigned int)room;
	unsigned int n_lines = text_wrap(reason, layout->reason_font, text_width, lines, max, &rest);
	unsigned int named = text_wrap(vm_name, layout->name_font, text_width, &name_line, 1, &name_rest);
	int height = fixed + (int)n_lines * line;
	int x = (paint->width - width) / 2, y = (paint->height - height) / 2;

	paint_box(paint, 0, 0, paint->width, paint->height, 0, BACKGROUND_TOP, BACKGROUND_BOTTOM);
	paint_shadow(paint, x, y + 6, width, height, 14, 36, 150);
	paint_box(paint, x - 1, y - 1, width + 2, height + 2, 15, 0x30ffffff, 0x10ffffff);
	paint_box(paint, x, y, width, height, 14, BOX_TOP, BOX_BOTTOM);
	if (layout->icon)
		draw_icon(paint, x + layout->padding, y + layout->padding + 4, layout->icon);
	x += text_x;
	y += layout->padding;
	if (named)
		draw_line(paint, x, y, text_width, layout->name_font, name_line.text, name_line.bytes,
				*name_rest, TEXT_NAME);
	y += name_height + 12;
	for (unsigned int i = 0; i < n_lines; i++, y += line)
		draw_line(paint, x, y, text_width, layout->reason_font, lines[i].text, lines[i].bytes,
				i + 1 == n_lines && *rest, TEXT_REASON);
	y += 18;
	paint_text(paint, x, y, layout->hint_font, layout->hint, TEXT_HINT);
}

static uint32_t clamp(uint32_t value, uint32_t low, uint32_t high)
{
	return value < low ? low : value > high ? high : value;
}

static struct paint paint_of(struct frame *frame)
{
	return (struct paint){ (uint32_t *)(void *)frame_memory_pixels(frame), frame->planes[0].stride,
		(int)frame->width, (int)frame->height };
}

/* Smoothly, so that the letters keep their shape. */
static int enlarge(struct frame *small, struct frame *large)
{
	pixman_transform_t transform;
	pixman_image_t *from, *to;
	int ret = -1;

	from = pixman_image_create_bits_no_clear(PIXMAN_x8r8g8b8, (int)small->width, (int)small->height,
			paint_of(small).pixels, (int)small->planes[0].stride);
	to = pixman_image_create_bits_no_clear(PIXMAN_x8r8g8b8, (int)large->width, (int)large->height,
			paint_of(large).pixels, (int)large->planes[0].stride);
	if (!from || !to)
		goto out;
	pixman_transform_init_scale(&transform,
			pixman_double_to_fixed((double)small->width / large->width),
			pixman_double_to_fixed((double)small->height / large->height));
	pixman_image_set_repeat(from, PIXMAN_REPEAT_PAD);
	if (!pixman_image_set_transform(from, &transform) ||
			!pixman_image_set_filter(from, PIXMAN_FILTER_BILINEAR, NULL, 0))
		goto out;
	pixman_image_composite32(PIXMAN_OP_SRC, from, NULL, to, 0, 0, 0, 0, 0, 0, (int)large->width,
			(int)large->height);
	ret = 0;
out:
	if (from)
		pixman_image_unref(from);
	if (to)
		pixman_image_unref(to);
	return ret;
}

int card_render(const char *vm_name, const char *reason, uint32_t width, uint32_t height, struct frame **ret)
{
	struct frame *frame, *small;
	struct paint paint;
	int r;

	width = clamp(width, WIDTH_MIN, WIDTH_MAX);
	height = clamp(height, HEIGHT_MIN, HEIGHT_MAX);
	r = frame_new_memory(width, height, &frame);
	if (r < 0)
		return r;
	if (width >= LARGE_WIDTH && height >= LARGE_HEIGHT &&
			frame_new_memory(width / 2, height / 2, &small) == 0) {
		paint = paint_of(small);
		draw_card(&paint, vm_name, reason);
		r = enlarge(small, frame);
		frame_unref(small);
		if (!r) {
			*ret = frame;
			return 0;
		}
	}
	paint = paint_of(frame);
	draw_card(&paint, vm_name, reason);
	*ret = frame;
	return 0;
}
