// SPDX-License-Identifier: GPL-2.0-or-later
/* Two graphs of made-up load, drawn anew ten times a second. */
#include "server/capture/pattern_widget.h"

#include <math.h>
#include <stdio.h>

#include "server/clock.h"

#define STEP_NS (100 * NSEC_PER_MSEC)
#define STEP_PIXELS 2
#define BACKGROUND 0xff1d2532
#define GRAPH 0xff161c27
#define GRID 0xff263041
#define LABEL 0xaab6c9

static const struct graph {
	const char *label;
	uint32_t seed, line, area;
} graphs[] = {
	{ "Processor", 11, 0xff5cc8ff, 0x605cc8ff },
	{ "Network", 77, 0xffb98cff, 0x60b98cff },
};

#define GRAPHS ((int)(sizeof(graphs) / sizeof(graphs[0])))

struct monitor {
	struct widget widget; /* first */
	int64_t step;
};

/* Smooth chance between 0 and 1: three octaves of interpolated noise. */
static float load_at(uint32_t seed, int64_t step)
{
	float sum = 0, weight = 0.55f;

	for (unsigned int octave = 0; octave < 3; octave++, weight *= 0.5f) {
		int64_t period = 48 >> (2 * octave);
		uint32_t cell = (uint32_t)(step / period) + seed * 7919 + octave * 104729;
		float at = (float)(step % period) / (float)period;
		float a = (float)(widget_hash(cell) >> 16) / 65535.f;
		float b = (float)(widget_hash(cell + 1) >> 16) / 65535.f;

		at = at * at * (3 - 2 * at);
		sum += weight * (a + (b - a) * at);
	}
	return sum > 1 ? 1 : sum;
}

static void draw_graph(struct monitor *monitor, const struct graph *graph, int x, int y, int width, int height)
{
	struct paint part = paint_part(&monitor->widget.paint, x, y, width, height);
	float last = 0;

	paint_box(&part, 0, 0, width, height, 5, GRAPH, GRAPH);
	for (int i = 1; i < 4; i++)
		paint_fill(&part, 1, height * i / 4, width - 2, 1, GRID);
	for (int column = 0; column < part.width; column++) {
		/* Steps lie STEP_PIXELS apart, the newest at the right. */
		int64_t back = (part.width - 1 - column) / STEP_PIXELS;
		float share = (float)((part.width - 1 - column) % STEP_PIXELS) / STEP_PIXELS;
		/* Long past starts at a large number, so that no index is negative. */
		int64_t step = monitor->step + 100000 - back;
		float value = load_at(graph->seed, step) * (1 - share) + load_at(graph->seed, step - 1) * share;
		float top = (1 - value) * (float)(height - 6) + 3;
		float from = column ? fminf(top, last) : top, to = column ? fmaxf(top, last) : top;

		for (int row = (int)from - 1; row < part.height; row++) {
			uint32_t *pixel = (uint32_t *)((uint8_t *)part.pixels + (size_t)row * part.stride) + column;
			float near = fminf((float)row + 0.5f - from + 1.3f, to - (float)row - 0.5f + 1.3f);

			if (row > (int)top)
				*pixel = paint_over(*pixel, graph->area,
						(uint32_t)(255 - (row - (int)top) * 170 / height));
			if (near > 0)
				*pixel = paint_over(*pixel, graph->line,
						(uint32_t)(near > 1 ? 255 : near * 255));
		}
		last = top;
	}
}

static void draw(struct monitor *monitor)
{
	const struct paint *paint = &monitor->widget.paint;
	int height = (paint->height - 8) / GRAPHS, width = paint->width - 24;
	char text[16];

	paint_fill(paint, 0, 0, paint->width, paint->height, BACKGROUND);
	for (int i = 0; i < GRAPHS; i++) {
		int y = 4 + i * height;
		unsigned int percent = (unsigned int)(load_at(graphs[i].seed, monitor->step + 100000) * 100);

		snprintf(text, sizeof(text), "%u %%", percent);
		paint_text(paint, 12, y + 4, FONT_SMALL, graphs[i].label, LABEL);
		paint_text(paint, paint->width - 12 - paint_text_width(FONT_SMALL, text), y + 4, FONT_SMALL,
				text, graphs[i].line & 0xffffff);
		if (height > 34)
			draw_graph(monitor, &graphs[i], 12, y + 21, width, height - 27);
	}
	widget_damage_all(&monitor->widget);
}

static void monitor_advance(struct widget *widget, int64_t time_ns)
{
	struct monitor *monitor = (struct monitor *)widget;
	int64_t step = time_ns / STEP_NS;

	if (step == monitor->step)
		return;
	monitor->step = step;
	draw(monitor);
}

static int monitor_init(struct widget *widget)
{
	draw((struct monitor *)widget);
	return 0;
}

const struct widget_impl widget_monitor = {
	.title = "Monitor",
	.bytes = sizeof(struct monitor),
	.cursor = PATTERN_CURSOR_ARROW,
	.init = monitor_init,
	.advance = monitor_advance,
};
