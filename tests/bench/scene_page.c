// SPDX-License-Identifier: GPL-2.0-or-later
/* A page of text that is another one in each picture, over a given share of the desktop. */
#include "tests/bench/scene_desktop.h"
#include "tests/bench/scene_impl.h"
#include "tests/bench/scene_text.h"

#define SEED 57u

struct page {
	struct bench_scene scene; /* first */
	int x, y, width, height;
};

/* In the middle, with sides that are the same share of the picture's. */
static int page_init(struct bench_scene *scene, int percent)
{
	struct page *page = (struct page *)scene;
	int64_t area = (int64_t)scene->width * scene->height * percent / 100;
	int r = 0, side = 0;

	if (percent < 100) {
		r = scene_canvas_new(scene->width, scene->height, &scene->backdrop);
		if (!r)
			r = desktop_paint(&scene->backdrop);
	}
	while (side < scene->width && (int64_t)(side + 1) * (side + 1) * scene->height / scene->width <= area)
		side++;
	page->width = side;
	page->height = (int)(area / side);
	page->x = (scene->width - page->width) / 2;
	page->y = (scene->height - page->height) / 2;
	return r;
}

static int page_init_1(struct bench_scene *scene)
{
	return page_init(scene, 1);
}

static int page_init_10(struct bench_scene *scene)
{
	return page_init(scene, 10);
}

static int page_init_100(struct bench_scene *scene)
{
	return page_init(scene, 100);
}

static void page_finish(struct bench_scene *scene)
{
	(void)scene;
}

static void page_paint(struct bench_scene *scene, uint32_t n, bool whole, const struct paint *paint,
		pixman_region32_t *damage)
{
	const struct page *page = (const struct page *)scene;
	struct paint sheet = paint_part(paint, page->x, page->y, page->width, page->height);
	uint32_t rows = (uint32_t)(page->height + TEXT_CELL_HEIGHT - 1) / TEXT_CELL_HEIGHT;

	(void)whole;
	for (uint32_t row = 0; row < rows; row++)
		text_paint(&sheet, (int)row * TEXT_CELL_HEIGHT, TEXT_LIGHT, SEED, n * rows + row);
	scene_damage(scene, damage, page->x, page->y, page->width, page->height);
}

const struct scene_impl scene_text_1 = {
	.name = "text-1",
	.bytes = sizeof(struct page),
	.init = page_init_1,
	.finish = page_finish,
	.paint = page_paint,
};

const struct scene_impl scene_text_10 = {
	.name = "text-10",
	.bytes = sizeof(struct page),
	.init = page_init_10,
	.finish = page_finish,
	.paint = page_paint,
};

const struct scene_impl scene_text_100 = {
	.name = "text-100",
	.bytes = sizeof(struct page),
	.init = page_init_100,
	.finish = page_finish,
	.paint = page_paint,
};
