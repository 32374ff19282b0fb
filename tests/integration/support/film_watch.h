/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The command "film" of viewers: video that they show, beside the scene that it is of. */
#ifndef PLANECAST_TESTS_FILM_WATCH_H
#define PLANECAST_TESTS_FILM_WATCH_H

#include <pixman.h>

#define FILM_WATCH_ARGUMENTS 2
#define FILM_WATCH_USAGE "SCENE COUNT"
#define FILM_WATCH_HELP "watch so many pictures of video of a scene of the bench"

struct film_scene;
struct steer;

/* Zeroed: nobody watches. */
struct film_watch {
	struct film_scene *film;
	unsigned int wanted, seen, exact; /* exact: all beside them was */
	double lowest, sum; /* dB */
	pixman_box32_t box; /* of the last one */
};

/* Video has come in box, inside the picture. Nothing, if nobody watches. */
void film_watch_look(struct film_watch *watch, struct steer *steer, const pixman_box32_t *box);
/* For struct steer_command, with who is told of video meanwhile. */
void film_watch_run(struct film_watch *watch, struct steer *steer, char **words);

#endif
