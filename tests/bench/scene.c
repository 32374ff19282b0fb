// SPDX-License-Identifier: GPL-2.0-or-later
/* The table of scenes, and what all of them have in common. */
#include "tests/bench/scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/scene_impl.h"

static const struct scene_impl *const impls[] = {
	&scene_idle, &scene_typing, &scene_scroll, &scene_window, &scene_video, &scene_film,
	&scene_text_1, &scene_text_10, &scene_text_100,
};

const char *const bench_scene_names[] = {
	"idle", "typing", "scroll", "window", "video", "film", "text-1", "text-10", "text-100", NULL,
};

int bench_scene_new(const char *name, uint32_t width, uint32_t height, struct bench_scene **ret)
{
	const struct scene_impl *impl = NULL;
	struct bench_scene *scene;
	int r;

	for (size_t i = 0; i < sizeof(impls) / sizeof(impls[0]); i++)
		if (!strcmp(impls[i]->name, name))
			impl = impls[i];
	if (!impl)
		return -ENOENT;
	if (width < BENCH_SCENE_WIDTH_MIN || width > BENCH_SCENE_WIDTH_MAX ||
			height < BENCH_SCENE_HEIGHT_MIN || height > BENCH_SCENE_HEIGHT_MAX)
		return -EINVAL;
	scene = calloc(1, impl->bytes);
	if (!scene)
		return -ENOMEM;
	scene->impl = impl;
	scene->width = (int)width;
	scene->height = (int)height;
	r = impl->init(scene);
	if (r < 0) {
		bench_scene_free(scene);
		return r;
	}
	*ret = scene;
	return 0;
}

void bench_scene_free(struct bench_scene *scene)
{
	if (!scene)
		return;
	scene->impl->finish(scene);
	scene_canvas_free(&scene->backdrop);
	free(scene);
}

int bench_scene_paint(struct bench_scene *scene, uint32_t n, bool whole, void *pixels, size_t stride,
		pixman_region32_t *ret_damage)
{
	struct paint paint = { pixels, stride, scene->width, scene->height };

	whole |= n == 0;
	pixman_region32_clear(ret_damage);
	scene->failed = false;
	if (whole && scene->backdrop.pixels)
		scene_copy(&paint, 0, 0, &scene->backdrop, 0, 0, scene->width, scene->height);
	scene->impl->paint(scene, n, whole, &paint, ret_damage);
	if (whole)
		scene_damage(scene, ret_damage, 0, 0, scene->width, scene->height);
	return scene->failed ? -ENOMEM : 0;
}

void bench_scene_mark_boxes(const struct bench_scene *scene, pixman_box32_t ret_boxes[2])
{
	/* On multiples of a block, so that a lossy coder's blocks are the mark's. */
	int x = (scene->width - MARK_WIDTH) / MARK_BLOCK * MARK_BLOCK;
	int y = (scene->height - MARK_HEIGHT) / MARK_BLOCK * MARK_BLOCK;

	ret_boxes[0] = (pixman_box32_t){ 0, 0, MARK_WIDTH, MARK_HEIGHT };
	ret_boxes[1] = (pixman_box32_t){ x, y, x + MARK_WIDTH, y + MARK_HEIGHT };
}

void bench_scene_marks(const struct bench_scene *scene, void *pixels, size_t stride, const struct mark *mark)
{
	pixman_box32_t boxes[2];

	bench_scene_mark_boxes(scene, boxes);
	for (int i = 0; i < 2; i++)
		mark_draw((uint8_t *)pixels + (size_t)boxes[i].y1 * stride + (size_t)boxes[i].x1 * 4, stride,
				mark);
}

int bench_scene_read_marks(const struct bench_scene *scene, const void *pixels, size_t stride,
		struct mark *ret)
{
	struct mark marks[2];
	pixman_box32_t boxes[2];

	bench_scene_mark_boxes(scene, boxes);
	for (int i = 0; i < 2; i++) {
		const uint8_t *corner = (const uint8_t *)pixels + (size_t)boxes[i].y1 * stride +
				(size_t)boxes[i].x1 * 4;

		if (mark_read(corner, stride, MARK_WIDTH, MARK_HEIGHT, &marks[i]) < 0)
			return -ENOENT;
	}
	if (marks[0].sequence != marks[1].sequence || marks[0].due_us != marks[1].due_us)
		return -ENOENT;
	*ret = marks[0];
	return 0;
}

void scene_damage(struct bench_scene *scene, pixman_region32_t *damage, int x, int y, int width, int height)
{
	if (width > 0 && height > 0 && !pixman_region32_union_rect(damage, damage, x, y,
			(unsigned int)width, (unsigned int)height))
		scene->failed = true;
}

int scene_canvas_new(int width, int height, struct paint *ret)
{
	size_t stride = (size_t)width * sizeof(uint32_t);
	uint32_t *pixels = malloc(stride * (size_t)height);

	if (!pixels)
		return -ENOMEM;
	*ret = (struct paint){ pixels, stride, width, height };
	return 0;
}

void scene_canvas_free(struct paint *canvas)
{
	free(canvas->pixels);
	canvas->pixels = NULL;
}

void scene_copy(const struct paint *to, int x, int y, const struct paint *from, int from_x, int from_y,
		int width, int height)
{
	for (int row = 0; row < height; row++)
		memcpy(scene_row(to, y + row) + x, scene_row(from, from_y + row) + from_x,
				(size_t)width * sizeof(uint32_t));
}
