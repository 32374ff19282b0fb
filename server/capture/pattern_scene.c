// SPDX-License-Identifier: GPL-2.0-or-later
/* The pattern's picture. */
#include "server/capture/pattern_scene.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/input.h"

#define BOX 160u

struct scene {
	uint32_t width, height;
	bool moves, changed, painted;
	uint32_t box_x, box_y, old_x, old_y;
	uint32_t box_colour;
};

const char *const scene_names[] = { "desktop", "still", NULL };

int scene_new(const char *name, uint32_t width, uint32_t height, struct scene **ret)
{
	struct scene *scene;
	unsigned int i = 0;

	while (scene_names[i] && strcmp(scene_names[i], name))
		i++;
	if (!scene_names[i])
		return -ENOENT;
	if (width < SCENE_WIDTH_MIN || width > SCENE_WIDTH_MAX || height < SCENE_HEIGHT_MIN ||
			height > SCENE_HEIGHT_MAX)
		return -EINVAL;
	scene = calloc(1, sizeof(*scene));
	if (!scene)
		return -ENOMEM;
	scene->width = width;
	scene->height = height;
	scene->moves = i == 0;
	scene->changed = true;
	scene->box_colour = 0xffe0e6f0;
	*ret = scene;
	return 0;
}

void scene_free(struct scene *scene)
{
	free(scene);
}

static uint32_t bounce(int64_t way, uint32_t room)
{
	uint32_t at = (uint32_t)(way % (2 * (int64_t)room));

	return at < room ? at : 2 * room - at;
}

void scene_advance(struct scene *scene, int64_t time_ns, time_t wall)
{
	(void)wall;
	if (!scene->moves)
		return;
	scene->box_x = bounce(time_ns / 5000000, scene->width - BOX);
	scene->box_y = bounce(time_ns / 9000000, scene->height - BOX);
	scene->changed = true;
}

void scene_input(struct scene *scene, const struct input_event *event)
{
	(void)event;
	scene->box_colour = scene->box_colour << 8 | scene->box_colour >> 24;
	scene->changed = true;
}

bool scene_changed(const struct scene *scene)
{
	return scene->changed;
}

static void paint_background(struct scene *scene, uint8_t *pixels, size_t stride, uint32_t x0,
		uint32_t y0, uint32_t width, uint32_t height)
{
	for (uint32_t y = y0; y < y0 + height; y++) {
		uint32_t *row = (uint32_t *)(pixels + y * stride);

		for (uint32_t x = x0; x < x0 + width; x++)
			row[x] = 0xff203050 + (y * 90 / scene->height) * 0x10001 + (x * 90 / scene->width) * 0x100;
	}
}

void scene_paint(struct scene *scene, void *pixels, size_t stride, bool whole)
{
	if (whole || !scene->painted)
		paint_background(scene, pixels, stride, 0, 0, scene->width, scene->height);
	else
		paint_background(scene, pixels, stride, scene->old_x, scene->old_y, BOX, BOX);
	for (uint32_t y = 0; y < BOX; y++) {
		uint32_t *row = (uint32_t *)((uint8_t *)pixels + (scene->box_y + y) * stride) + scene->box_x;

		for (uint32_t x = 0; x < BOX; x++)
			row[x] = scene->box_colour;
	}
	scene->old_x = scene->box_x;
	scene->old_y = scene->box_y;
	scene->painted = true;
	scene->changed = false;
}
