// SPDX-License-Identifier: GPL-2.0-or-later
/* The pattern's pictures, painted a second time. */
#include "tests/integration/support/oracle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/mark.h"
#include "server/capture/pattern_scene.h"
#include "server/clock.h"
#include "tests/integration/support/picture.h"

struct oracle {
	char *name;
	int64_t fps;
	int64_t wall_offset_ns; /* of the wall clock from the marks' one */
	struct scene *scene; /* of picture's size; NULL: none yet */
	struct picture picture;
};

int oracle_new(const char *scene, int64_t fps, struct oracle **ret)
{
	struct oracle *oracle = calloc(1, sizeof(*oracle));

	if (!oracle || !(oracle->name = strdup(scene))) {
		free(oracle);
		return -ENOMEM;
	}
	oracle->fps = fps;
	oracle->wall_offset_ns = clock_wall_ns() - clock_now_ns();
	*ret = oracle;
	return 0;
}

void oracle_free(struct oracle *oracle)
{
	if (!oracle)
		return;
	scene_free(oracle->scene);
	picture_finish(&oracle->picture);
	free(oracle->name);
	free(oracle);
}

static int resize(struct oracle *oracle, int width, int height)
{
	int result;

	if (oracle->scene && oracle->picture.width == width && oracle->picture.height == height)
		return 0;
	picture_finish(&oracle->picture);
	scene_free(oracle->scene);
	oracle->scene = NULL;
	result = picture_init(&oracle->picture, width, height);
	if (result < 0)
		return result;
	return scene_new(oracle->name, (uint32_t)width, (uint32_t)height, &oracle->scene);
}

/* When a picture is due: the source counts one each 1/fps s and rounds up. */
static int64_t due_ns(const struct oracle *oracle, int64_t sequence)
{
	return oracle->fps ? (sequence * NSEC_PER_SEC + oracle->fps - 1) / oracle->fps : 0;
}

int oracle_picture(struct oracle *oracle, const struct mark *mark, unsigned int late, int width,
		int height, const struct picture **ret)
{
	int64_t wall_ns = oracle->wall_offset_ns + (int64_t)mark->due_us * NSEC_PER_USEC;
	size_t stride = (size_t)width * 4;
	int result = resize(oracle, width, height);

	if (result < 0)
		return result;
	scene_advance(oracle->scene, due_ns(oracle, mark->sequence), wall_ns / NSEC_PER_SEC + late);
	result = scene_paint(oracle->scene, oracle->picture.pixels, stride);
	if (result < 0)
		return result;
	mark_draw(oracle->picture.pixels, stride, mark);
	for (size_t i = 0; i < (size_t)width * (size_t)height; i++)
		oracle->picture.pixels[i] &= 0xffffff;
	*ret = &oracle->picture;
	return 0;
}
