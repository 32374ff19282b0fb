/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a scene is made of: its state, and how it paints a step. One thread.
 */
#ifndef PLANECAST_TESTS_BENCH_SCENE_IMPL_H
#define PLANECAST_TESTS_BENCH_SCENE_IMPL_H

#include <pixman.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/capture/paint.h"
#include "tests/bench/scene.h"

struct scene_impl {
	const char *name;
	size_t bytes; /* of the struct that begins with struct bench_scene */
	/* 0 or -ENOMEM; after a failure finish() is called, which takes what is half built. */
	int (*init)(struct bench_scene *scene);
	void (*finish)(struct bench_scene *scene);
	/*
	 * Picture n over n-1, or, whole, over the backdrop. Adds what it painted to
	 * the damage, which is of no interest where whole.
	 */
	void (*paint)(struct bench_scene *scene, uint32_t n, bool whole, const struct paint *paint,
			pixman_region32_t *damage);
};

struct bench_scene {
	const struct scene_impl *impl;
	int width, height;
	/* What never moves; no pixels where everything does. */
	struct paint backdrop;
	bool failed; /* damage could not be noted */
};

extern const struct scene_impl scene_idle, scene_typing, scene_scroll, scene_window, scene_video, scene_film,
	scene_text_1, scene_text_10, scene_text_100;

void scene_damage(struct bench_scene *scene, pixman_region32_t *damage, int x, int y, int width, int height);

/* A surface of its own, not cleared; -ENOMEM. */
int scene_canvas_new(int width, int height, struct paint *ret);
void scene_canvas_free(struct paint *canvas);
/* Copies width x height pixels that lie in both. */
void scene_copy(const struct paint *to, int x, int y, const struct paint *from, int from_x, int from_y,
		int width, int height);

static inline uint32_t *scene_row(const struct paint *paint, int y)
{
	return (uint32_t *)(void *)((uint8_t *)paint->pixels + (size_t)y * paint->stride);
}

/* Chance that is the same everywhere (the finisher of MurmurHash3, in the public domain). */
static inline uint32_t scene_hash(uint32_t a, uint32_t b)
{
	uint32_t h = a * 0x9e3779b9u ^ b * 0x85ebca6bu;

	h ^= h >> 16;
	h *= 0x85ebca6bu;
	h ^= h >> 13;
	h *= 0xc2b2ae35u;
	return h ^ h >> 16;
}

#endif
