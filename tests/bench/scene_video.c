// SPDX-License-Identifier: GPL-2.0-or-later
/* The film, in a window amid the desktop and over the whole picture. */
#include "tests/bench/scene_desktop.h"
#include "tests/bench/scene_film.h"
#include "tests/bench/scene_impl.h"
#include "tests/bench/scene_text.h"

struct video {
	struct bench_scene scene; /* first */
	struct film *film;
	int x, y, width, height;
};

static int film_init(struct bench_scene *scene)
{
	struct video *video = (struct video *)scene;

	video->width = scene->width;
	video->height = scene->height;
	return film_new(video->width, video->height, &video->film);
}

static int video_init(struct bench_scene *scene)
{
	struct video *video = (struct video *)scene;
	int r;

	video->width = scene->width / 2;
	video->height = scene->height / 2;
	/* Where a window may be: on no multiple of a coder's blocks. */
	video->x = scene->width / 4 + 7;
	video->y = scene->height / 4 + 21;
	r = scene_canvas_new(scene->width, scene->height, &scene->backdrop);
	if (!r)
		r = desktop_paint(&scene->backdrop);
	if (!r)
		r = film_new(video->width, video->height, &video->film);
	if (r < 0)
		return r;
	text_window(&scene->backdrop, video->x - TEXT_BORDER, video->y - TEXT_BORDER - TEXT_TITLE_HEIGHT,
			video->width + 2 * TEXT_BORDER, video->height + TEXT_TITLE_HEIGHT + 2 * TEXT_BORDER,
			"Film", TEXT_DARK);
	return 0;
}

static void video_finish(struct bench_scene *scene)
{
	film_free(((struct video *)scene)->film);
}

static void video_paint(struct bench_scene *scene, uint32_t n, bool whole, const struct paint *paint,
		pixman_region32_t *damage)
{
	struct video *video = (struct video *)scene;
	struct paint view = paint_part(paint, video->x, video->y, video->width, video->height);

	(void)whole;
	film_paint(video->film, n, &view);
	scene_damage(scene, damage, video->x, video->y, video->width, video->height);
}

const struct scene_impl scene_video = {
	.name = "video",
	.bytes = sizeof(struct video),
	.init = video_init,
	.finish = video_finish,
	.paint = video_paint,
};

const struct scene_impl scene_film = {
	.name = "film",
	.bytes = sizeof(struct video),
	.init = film_init,
	.finish = video_finish,
	.paint = video_paint,
};
