// SPDX-License-Identifier: GPL-2.0-or-later
/* Some pictures of a scene, painted again. */
#include "tests/integration/support/film.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "server/capture/mark.h"
#include "tests/bench/scene.h"
#include "tests/integration/support/picture.h"

/* Rectangles may tell of a picture so many before that of the packet, or after it. */
#define BEFORE 6
#define AFTER 9
#define KEPT (BEFORE + AFTER + 1)

struct film_scene {
	struct bench_scene *scene;
	pixman_region32_t damage;
	struct picture pictures[KEPT]; /* by number, modulo */
	uint32_t numbers[KEPT];
	bool painted[KEPT];
};

int film_scene_new(const char *name, int width, int height, struct film_scene **ret)
{
	struct film_scene *film = calloc(1, sizeof(*film));
	int err = -ENOMEM;

	if (!film)
		return err;
	pixman_region32_init(&film->damage);
	err = bench_scene_new(name, (uint32_t)width, (uint32_t)height, &film->scene);
	for (unsigned int i = 0; i < KEPT && !err; i++)
		err = picture_init(&film->pictures[i], width, height);
	if (err) {
		film_scene_free(film);
		return err;
	}
	*ret = film;
	return 0;
}

void film_scene_free(struct film_scene *film)
{
	if (!film)
		return;
	for (unsigned int i = 0; i < KEPT; i++)
		picture_finish(&film->pictures[i]);
	pixman_region32_fini(&film->damage);
	bench_scene_free(film->scene);
	free(film);
}

static const struct picture *get(struct film_scene *film, uint32_t n)
{
	const unsigned int i = n % KEPT, before = (n + KEPT - 1) % KEPT;
	struct picture *picture = &film->pictures[i];
	const size_t pixels = (size_t)picture->width * (size_t)picture->height;
	const bool next = film->painted[before] && film->numbers[before] == n - 1;

	if (film->painted[i] && film->numbers[i] == n)
		return picture;
	if (next)
		memcpy(picture->pixels, film->pictures[before].pixels, pixels * sizeof(uint32_t));
	film->painted[i] = !bench_scene_paint(film->scene, n, !next, picture->pixels, (size_t)picture->width * 4,
			&film->damage);
	film->numbers[i] = n;
	return film->painted[i] ? picture : NULL;
}

bool film_scene_read(const struct film_scene *film, const struct picture *picture, struct mark *ret)
{
	return picture->width == film->pictures[0].width && picture->height == film->pictures[0].height &&
			!bench_scene_read_marks(film->scene, picture->pixels, (size_t)picture->width * 4, ret);
}

/* Adds up what a row of the box is off by. */
static uint64_t row_squares(const struct picture *a, const struct picture *b, const pixman_box32_t *box, int y)
{
	uint64_t squares = 0;

	for (int x = box->x1; x < box->x2; x++) {
		const size_t i = (size_t)y * (size_t)a->width + (size_t)x;

		for (int shift = 0; shift < 24; shift += 8) {
			int d = (int)(a->pixels[i] >> shift & 0xff) - (int)(b->pixels[i] >> shift & 0xff);

			squares += (uint64_t)(d * d);
		}
	}
	return squares;
}

/* Each row is that of one or the other: a look that meets the guest drawing sees both. */
static double psnr(const struct picture *seen, const struct picture *a, const struct picture *b,
		const pixman_box32_t *box)
{
	uint64_t squares = 0;

	for (int y = box->y1; y < box->y2; y++) {
		const uint64_t off_a = row_squares(seen, a, box, y), off_b = row_squares(seen, b, box, y);

		squares += off_a < off_b ? off_a : off_b;
	}
	return squares ? 10 * log10(255.0 * 255.0 * 3 * (box->x2 - box->x1) * (box->y2 - box->y1) / (double)squares)
		       : INFINITY;
}

double film_scene_psnr(struct film_scene *film, const struct picture *picture, const pixman_box32_t *box,
		uint32_t near)
{
	const struct picture *before = NULL;
	double best = 0;

	for (uint32_t n = near > BEFORE ? near - BEFORE : 0; n <= near + AFTER; n++) {
		const struct picture *wanted = get(film, n);

		if (!wanted)
			continue;
		best = fmax(best, psnr(picture, before ? before : wanted, wanted, box));
		before = wanted;
	}
	return best;
}

size_t film_scene_wrong_beside(struct film_scene *film, const struct picture *picture, const pixman_box32_t *box,
		const struct mark *mark)
{
	const struct picture *source = get(film, mark->sequence);
	const size_t pixels = (size_t)picture->width * (size_t)picture->height;
	struct picture wanted;
	size_t wrong = 0;

	if (!source || picture_init(&wanted, picture->width, picture->height) < 0)
		return pixels;
	memcpy(wanted.pixels, source->pixels, pixels * sizeof(uint32_t));
	bench_scene_marks(film->scene, wanted.pixels, (size_t)wanted.width * 4, mark);
	for (int y = 0; y < picture->height; y++) {
		for (int x = 0; x < picture->width; x++) {
			const size_t i = (size_t)y * (size_t)picture->width + (size_t)x;
			const bool inside = x >= box->x1 && x < box->x2 && y >= box->y1 && y < box->y2;

			wrong += !inside && (picture->pixels[i] ^ wanted.pixels[i]) & 0xffffff;
		}
	}
	picture_finish(&wanted);
	return wrong;
}
