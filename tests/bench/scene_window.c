// SPDX-License-Identifier: GPL-2.0-or-later
/* A window of text that somebody drags about over the wallpaper. */
#include "tests/bench/scene_impl.h"
#include "tests/bench/scene_landscape.h"
#include "tests/bench/scene_text.h"

#define SEED 33u
#define STEP_MIN 4
#define STEPS 9 /* 4 to 12 pixels */
#define PERIOD 211
/* Keeps it off the marks. */
#define MARGIN 36

struct window {
	struct bench_scene scene; /* first */
	struct paint picture;
	uint32_t begins_x[PERIOD + 1], begins_y[PERIOD + 1]; /* how far it went before each picture */
};

/* To and fro between 0 and range. */
static int place(const uint32_t begins[PERIOD + 1], uint32_t n, int range)
{
	uint64_t way = (uint64_t)(n / PERIOD) * begins[PERIOD] + begins[n % PERIOD];
	int at = (int)(way % (2 * (uint64_t)range));

	return at < range ? at : 2 * range - at;
}

static void window_place(const struct window *window, uint32_t n, int *ret_x, int *ret_y)
{
	*ret_x = place(window->begins_x, n, window->scene.width - window->picture.width);
	*ret_y = MARGIN + place(window->begins_y, n,
			window->scene.height - window->picture.height - 2 * MARGIN);
}

static int window_init(struct bench_scene *scene)
{
	struct window *window = (struct window *)scene;
	struct paint page;
	int r = scene_canvas_new(scene->width, scene->height, &scene->backdrop);

	if (!r)
		r = landscape_paint(&scene->backdrop);
	if (!r)
		r = scene_canvas_new(scene->width / 3, scene->height * 4 / 9, &window->picture);
	if (r < 0)
		return r;
	page = text_window(&window->picture, 0, 0, window->picture.width, window->picture.height, "Dragged",
			TEXT_LIGHT);
	for (int row = 0; row < page.height / TEXT_CELL_HEIGHT; row++)
		text_paint(&page, row * TEXT_CELL_HEIGHT, TEXT_LIGHT, SEED, (uint32_t)row);
	for (uint32_t i = 0; i < PERIOD; i++) {
		window->begins_x[i + 1] = window->begins_x[i] + STEP_MIN + scene_hash(SEED, i) % STEPS;
		window->begins_y[i + 1] = window->begins_y[i] + STEP_MIN + scene_hash(SEED + 1, i) % STEPS;
	}
	return 0;
}

static void window_finish(struct bench_scene *scene)
{
	scene_canvas_free(&((struct window *)scene)->picture);
}

static void window_paint(struct bench_scene *scene, uint32_t n, bool whole, const struct paint *paint,
		pixman_region32_t *damage)
{
	struct window *window = (struct window *)scene;
	int width = window->picture.width, height = window->picture.height, x, y;

	if (!whole) {
		window_place(window, n - 1, &x, &y);
		scene_copy(paint, x, y, &scene->backdrop, x, y, width, height);
		scene_damage(scene, damage, x, y, width, height);
	}
	window_place(window, n, &x, &y);
	scene_copy(paint, x, y, &window->picture, 0, 0, width, height);
	scene_damage(scene, damage, x, y, width, height);
}

const struct scene_impl scene_window = {
	.name = "window",
	.bytes = sizeof(struct window),
	.init = window_init,
	.finish = window_finish,
	.paint = window_paint,
};
