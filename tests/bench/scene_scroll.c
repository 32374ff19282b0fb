// SPDX-License-Identifier: GPL-2.0-or-later
/* A page of text over half the desktop moves up by a line a picture. */
#include <string.h>

#include "tests/bench/scene_desktop.h"
#include "tests/bench/scene_impl.h"
#include "tests/bench/scene_text.h"

#define SEED 21u
/* What stays above and below the page; on no multiple of a coder's blocks. */
#define MARGIN 36

struct scroll {
	struct bench_scene scene; /* first */
	int x, rows;
};

static int scroll_init(struct bench_scene *scene)
{
	struct scroll *scroll = (struct scroll *)scene;
	int r = scene_canvas_new(scene->width, scene->height, &scene->backdrop);

	if (!r)
		r = desktop_paint(&scene->backdrop);
	scroll->x = scene->width / 4 + 5;
	scroll->rows = (scene->height - 2 * MARGIN) / TEXT_CELL_HEIGHT;
	return r;
}

static void scroll_finish(struct bench_scene *scene)
{
	(void)scene;
}

static void scroll_paint(struct bench_scene *scene, uint32_t n, bool whole, const struct paint *paint,
		pixman_region32_t *damage)
{
	struct scroll *scroll = (struct scroll *)scene;
	int height = scroll->rows * TEXT_CELL_HEIGHT, row = 0;
	struct paint page = paint_part(paint, scroll->x, MARGIN, paint->width / 2, height);

	if (!whole) {
		row = scroll->rows - 1;
		scene_copy(&page, 0, 0, &page, 0, TEXT_CELL_HEIGHT, page.width, height - TEXT_CELL_HEIGHT);
	}
	for (; row < scroll->rows; row++)
		text_paint(&page, row * TEXT_CELL_HEIGHT, TEXT_LIGHT, SEED, n + (uint32_t)row);
	scene_damage(scene, damage, scroll->x, MARGIN, page.width, height);
}

const struct scene_impl scene_scroll = {
	.name = "scroll",
	.bytes = sizeof(struct scroll),
	.init = scroll_init,
	.finish = scroll_finish,
	.paint = scroll_paint,
};
