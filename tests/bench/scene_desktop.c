// SPDX-License-Identifier: GPL-2.0-or-later
/* Windows over a wallpaper, and the two scenes that need no more. */
#include "tests/bench/scene_desktop.h"

#include <stdio.h>

#include "tests/bench/scene_impl.h"
#include "tests/bench/scene_landscape.h"
#include "tests/bench/scene_text.h"

#define PANEL_COLOUR 0xff18202b
#define PANEL_INK 0xd5deea
#define BEGIN_SECONDS (9 * 3600 + 41 * 60)

/* Shares of the picture in 1/256. */
static const struct {
	int x, y, width, height;
	enum text_look look;
	const char *title;
} windows[] = {
	{ 14, 22, 104, 130, TEXT_LIGHT, "Notes" },
	{ 132, 38, 112, 96, TEXT_DARK, "Terminal" },
	{ 48, 160, 130, 76, TEXT_LIGHT, "Log" },
};

static void paint_window(const struct paint *paint, uint32_t i)
{
	struct paint page = text_window(paint, windows[i].x * paint->width / 256,
			windows[i].y * paint->height / 256, windows[i].width * paint->width / 256,
			windows[i].height * paint->height / 256, windows[i].title, windows[i].look);

	for (int row = 0; row < page.height / TEXT_CELL_HEIGHT; row++)
		text_paint(&page, row * TEXT_CELL_HEIGHT, windows[i].look, 100 + i, (uint32_t)row);
}

int desktop_paint(const struct paint *paint)
{
	int r = landscape_paint(paint);

	if (r < 0)
		return r;
	for (uint32_t i = 0; i < sizeof(windows) / sizeof(windows[0]); i++)
		paint_window(paint, i);
	paint_fill(paint, 0, 0, paint->width, DESKTOP_PANEL_HEIGHT, PANEL_COLOUR);
	paint_text(paint, MARK_WIDTH + 16, 8, FONT_BOLD, "Desktop", PANEL_INK);
	return 0;
}

void desktop_paint_clock(const struct paint *paint, uint32_t seconds)
{
	struct paint face = paint_part(paint, paint->width - DESKTOP_CLOCK_WIDTH, 0, DESKTOP_CLOCK_WIDTH,
			DESKTOP_PANEL_HEIGHT);
	uint32_t now = (BEGIN_SECONDS + seconds) % 86400;
	char text[12];

	snprintf(text, sizeof(text), "%02u:%02u:%02u", now / 3600 % 24, now / 60 % 60, now % 60);
	paint_fill(&face, 0, 0, face.width, face.height, PANEL_COLOUR);
	paint_text(&face, 6, 8, FONT_BOLD, text, PANEL_INK);
}

static int idle_init(struct bench_scene *scene)
{
	int r = scene_canvas_new(scene->width, scene->height, &scene->backdrop);

	return r < 0 ? r : desktop_paint(&scene->backdrop);
}

static void idle_finish(struct bench_scene *scene)
{
	(void)scene;
}

static void idle_paint(struct bench_scene *scene, uint32_t n, bool whole, const struct paint *paint,
		pixman_region32_t *damage)
{
	if (!whole && n % BENCH_IDLE_PERIOD)
		return;
	desktop_paint_clock(paint, n / BENCH_IDLE_PERIOD);
	scene_damage(scene, damage, paint->width - DESKTOP_CLOCK_WIDTH, 0, DESKTOP_CLOCK_WIDTH,
			DESKTOP_PANEL_HEIGHT);
}

const struct scene_impl scene_idle = {
	.name = "idle",
	.bytes = sizeof(struct bench_scene),
	.init = idle_init,
	.finish = idle_finish,
	.paint = idle_paint,
};
