// SPDX-License-Identifier: GPL-2.0-or-later
/* Adds up what pictures of video are worth. */
#include "tests/integration/support/film_watch.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "server/capture/mark.h"
#include "tests/integration/support/film.h"
#include "tests/integration/support/steer.h"

/* What is exact, as a number that JSON has. */
#define DB_MAX 999

void film_watch_look(struct film_watch *watch, struct steer *steer, const pixman_box32_t *box)
{
	struct picture picture;
	struct mark mark;
	double db;

	if (watch->seen >= watch->wanted)
		return;
	picture = steer->impl->picture(steer);
	/* Beside the video the picture may have come in part. */
	if (picture.pixels && film_scene_read(watch->film, &picture, &mark)) {
		db = fmin(film_scene_psnr(watch->film, &picture, box, mark.sequence), DB_MAX);
		watch->seen++;
		watch->lowest = fmin(watch->lowest, db);
		watch->sum += db;
		watch->exact += !film_scene_wrong_beside(watch->film, &picture, box, &mark);
		watch->box = *box;
	}
	picture_finish(&picture);
}

static bool has_watched(void *user)
{
	const struct film_watch *watch = user;

	return watch->seen >= watch->wanted;
}

void film_watch_run(struct film_watch *watch, struct steer *steer, char **words)
{
	bool ok;

	*watch = (struct film_watch){ .lowest = DB_MAX };
	ok = !film_scene_new(words[1], steer->width, steer->height, &watch->film);
	if (ok)
		watch->wanted = (unsigned int)atoi(words[2]);
	ok = ok && steer_wait(steer, has_watched, watch);
	printf("{\"seen\": %u, \"exact\": %u, \"lowest\": %.2f, \"mean\": %.2f, \"x\": %d, "
	       "\"y\": %d, \"width\": %d, \"height\": %d", watch->seen, watch->exact, watch->lowest,
			watch->sum / (watch->seen ? watch->seen : 1), watch->box.x1,
			watch->box.y1, watch->box.x2 - watch->box.x1, watch->box.y2 - watch->box.y1);
	film_scene_free(watch->film);
	*watch = (struct film_watch){ 0 };
	steer_answer_end(steer, ok);
}
