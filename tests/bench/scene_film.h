/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A film: a camera over a landscape larger than the picture, balloons, grain.
 * Views are taken from a landscape that was painted once, so that a picture
 * costs little more than a copy of it. One thread a film.
 */
#ifndef PLANECAST_TESTS_BENCH_SCENE_FILM_H
#define PLANECAST_TESTS_BENCH_SCENE_FILM_H

#include <stdint.h>

#include "server/capture/paint.h"

struct film;

/* -ENOMEM. */
int film_new(int width, int height, struct film **ret);
void film_free(struct film *film);
/* Fills a surface of the film's size with picture n. */
void film_paint(struct film *film, uint32_t n, const struct paint *paint);

#endif
