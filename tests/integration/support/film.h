/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a scene of the bench must look like, for a viewer of whose picture a part is
 * coded and may be of another moment than the rest.
 */
#ifndef PLANECAST_TESTS_FILM_H
#define PLANECAST_TESTS_FILM_H

#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct film_scene;
struct mark;
struct picture;

/* 0 or negative errno. */
int film_scene_new(const char *name, int width, int height, struct film_scene **ret);
void film_scene_free(struct film_scene *film);

/* Which picture it is, by the marks in its corners. False: it came in part, or is of another size. */
bool film_scene_read(const struct film_scene *film, const struct picture *picture, struct mark *ret);
/*
 * dB, in box, for those two neighbours of the scene's pictures around number near that it
 * resembles most, each row one of them: while the guest draws, a look sees parts of both.
 */
double film_scene_psnr(struct film_scene *film, const struct picture *picture, const pixman_box32_t *box,
		uint32_t near);
/* How many pixels beside box are not those of the picture that the mark tells. */
size_t film_scene_wrong_beside(struct film_scene *film, const struct picture *picture, const pixman_box32_t *box,
		const struct mark *mark);

#endif
