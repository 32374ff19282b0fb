// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Records what the damage module finds in scenes, and where it is photographic, for
 * the test of server/activity.h: "record_activity tests/activity" writes the files
 * that lie there. The scenes are functions of the picture's number; so are the files,
 * as long as FreeType renders letters the same way.
 *
 * A file is a line "size WIDTH HEIGHT", then one a picture that changed:
 *
 *	MILLISECONDS damage N X1 Y1 X2 Y2 ... [copy X1 Y1 X2 Y2 DX DY] [photo N X1 Y1 X2 Y2 ...]
 *
 * "damage =" and "photo =" stand for those of the line before.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "encoders/photo.h"
#include "server/capture/mark.h"
#include "server/capture/pattern_backdrop.h"
#include "server/capture/pattern_scene.h"
#include "server/capture/pattern_window.h"
#include "server/clock.h"
#include "server/damage.h"
#include "server/frame.h"
#include "server/input.h"
#include "server/update.h"
#include "tests/bench/scene.h"

#define WIDTH 1920u
#define HEIGHT 1080u
#define PARTS_MAX 4
/* A title bar of the pattern's "still". */
#define DRAG_X 400
#define DRAG_Y (PANEL_HEIGHT + (HEIGHT - PANEL_HEIGHT) * 65 / 1000 + WINDOW_TITLE / 2)

struct part {
	const char *scene; /* of the bench; NULL: the picture rests */
	const char *pattern; /* of the pattern source; in "still" a window is dragged, for want of anything else */
	int milliseconds;
};

static const struct sequence {
	const char *name;
	int fps;
	struct part parts[PARTS_MAX];
} sequences[] = {
	{ "tuned/typing", 30, { { "typing", NULL, 4000 } } },
	{ "tuned/scroll", 30, { { "scroll", NULL, 4000 } } },
	{ "tuned/text-10", 30, { { "text-10", NULL, 4000 } } },
	{ "tuned/video", 30, { { "video", NULL, 4000 } } },
	{ "tuned/video-pause-typing", 30,
		{ { "video", NULL, 2500 }, { NULL, NULL, 700 }, { "video", NULL, 1500 }, { "typing", NULL, 2500 } } },
	{ "tuned/pattern-typing", 60, { { NULL, "typing", 4000 } } },
	{ "tuned/pattern-drag", 30, { { NULL, "still", 5000 } } },
	{ "tuned/pattern-desktop", 30, { { NULL, "desktop", 6000 } } },

	{ "held-out/idle", 30, { { "idle", NULL, 4000 } } },
	{ "held-out/window", 30, { { "window", NULL, 5000 } } },
	{ "held-out/text-1", 30, { { "text-1", NULL, 3000 } } },
	{ "held-out/text-100", 30, { { "text-100", NULL, 3000 } } },
	{ "held-out/film", 30, { { "film", NULL, 4000 } } },
	{ "held-out/video-24-window", 24, { { "video", NULL, 3000 }, { "window", NULL, 3000 } } },
	{ "held-out/pattern-scroll", 60, { { NULL, "scroll", 4000 } } },
	{ "held-out/pattern-video", 30, { { NULL, "video", 2500 } } },
};

struct recorder {
	FILE *file;
	struct damage *damage;
	struct frame *frame;
	pixman_region32_t last_damage;
	struct photo last_photo;
};

static bool same_photo(const struct photo *a, const struct photo *b)
{
	return a->n == b->n && !memcmp(a->boxes, b->boxes, a->n * sizeof(a->boxes[0]));
}

static void write_boxes(FILE *file, const char *what, const pixman_box32_t *boxes, int n)
{
	fprintf(file, " %s %d", what, n);
	for (int i = 0; i < n; i++)
		fprintf(file, " %d %d %d %d", boxes[i].x1, boxes[i].y1, boxes[i].x2, boxes[i].y2);
}

static void write_update(struct recorder *recorder, int64_t milliseconds, struct update *update)
{
	const pixman_box32_t *boxes, *copy = pixman_region32_extents(&update->copy_region);
	struct photo photo;
	int n;

	fprintf(recorder->file, "%lld", (long long)milliseconds);
	boxes = pixman_region32_rectangles(&update->damage, &n);
	if (pixman_region32_equal(&update->damage, &recorder->last_damage))
		fputs(" damage =", recorder->file);
	else
		write_boxes(recorder->file, "damage", boxes, n);
	pixman_region32_copy(&recorder->last_damage, &update->damage);
	if (pixman_region32_not_empty(&update->copy_region))
		fprintf(recorder->file, " copy %d %d %d %d %d %d", copy->x1, copy->y1, copy->x2, copy->y2,
				update->copy_dx, update->copy_dy);
	photo_find(update->frame, &update->damage, &photo);
	if (same_photo(&photo, &recorder->last_photo))
		fputs(" photo =", recorder->file);
	else
		write_boxes(recorder->file, "photo", photo.boxes, (int)photo.n);
	recorder->last_photo = photo;
	fputs("\n", recorder->file);
}

/* As a worker looks at a picture whose source says nothing. */
static int look(struct recorder *recorder, int64_t milliseconds)
{
	struct update update;
	int r = damage_look(recorder->damage, recorder->frame, &update);

	if (r == -EAGAIN)
		r = damage_look(recorder->damage, recorder->frame, &update);
	if (r <= 0)
		return r;
	write_update(recorder, milliseconds, &update);
	update_finish(&update);
	return 0;
}

static int record_scene(struct recorder *recorder, const struct part *part, int fps, int64_t *ms)
{
	uint8_t *pixels = frame_memory_pixels(recorder->frame);
	size_t stride = recorder->frame->planes[0].stride;
	int n = part->milliseconds * fps / 1000;
	struct bench_scene *scene;
	pixman_region32_t painted;
	int r = bench_scene_new(part->scene, WIDTH, HEIGHT, &scene);

	pixman_region32_init(&painted);
	for (int i = 0; i < n && !r; i++) {
		struct mark mark = { .sequence = (uint32_t)i, .due_us = (uint64_t)(*ms + i * 1000 / fps) * 1000 };

		r = bench_scene_paint(scene, (uint32_t)i, i == 0, pixels, stride, &painted);
		if (r || !pixman_region32_not_empty(&painted))
			continue;
		bench_scene_marks(scene, pixels, stride, &mark);
		r = look(recorder, *ms + i * 1000 / fps);
	}
	*ms += n * 1000 / fps;
	pixman_region32_fini(&painted);
	if (r != -ENOENT)
		bench_scene_free(scene);
	return r;
}

/* By its title, a little more than a turn a second, as somebody does who looks what is below. */
static void drag(struct scene *scene, int64_t at_ms)
{
	int32_t turn = (int32_t)(at_ms % 900), away = (turn < 450 ? turn : 900 - turn) * 3 / 2;
	struct input_event event = {
		.kind = INPUT_POINTER,
		.pointer = {
			.x = DRAG_X + (uint32_t)away,
			.y = DRAG_Y + (uint32_t)away / 4,
			.width = WIDTH,
			.height = HEIGHT,
			.buttons = at_ms ? INPUT_BUTTON_LEFT : 0,
		},
	};

	scene_input(scene, &event);
}

static int record_pattern(struct recorder *recorder, const struct part *part, int fps, int64_t *ms)
{
	uint8_t *pixels = frame_memory_pixels(recorder->frame);
	size_t stride = recorder->frame->planes[0].stride;
	int n = part->milliseconds * fps / 1000;
	struct scene *scene;
	int r = scene_new(part->pattern, WIDTH, HEIGHT, &scene);

	if (r < 0)
		return r;
	for (int i = 0; i < n && !r; i++) {
		int64_t at_ms = i * 1000 / fps;
		struct mark mark = { .sequence = (uint32_t)i, .due_us = (uint64_t)at_ms * 1000 };

		scene_advance(scene, at_ms * NSEC_PER_MSEC, at_ms / 1000);
		if (!strcmp(part->pattern, "still"))
			drag(scene, at_ms);
		if (!scene_changed(scene))
			continue;
		r = scene_paint(scene, pixels, stride);
		if (r < 0)
			break;
		mark_draw(pixels, stride, &mark);
		r = look(recorder, *ms + at_ms);
	}
	*ms += n * 1000 / fps;
	scene_free(scene);
	return r;
}

static int record(const char *directory, const struct sequence *sequence)
{
	struct recorder recorder = { 0 };
	int64_t ms = 0;
	char path[4096];
	int r;

	pixman_region32_init(&recorder.last_damage);
	snprintf(path, sizeof(path), "%s/%s.txt", directory, sequence->name);
	recorder.file = fopen(path, "w");
	r = recorder.file ? 0 : -errno;
	if (!r)
		r = damage_new(2, &recorder.damage);
	if (!r)
		r = frame_new_memory(WIDTH, HEIGHT, &recorder.frame);
	if (!r)
		fprintf(recorder.file, "size %u %u\n", WIDTH, HEIGHT);
	for (int i = 0; i < PARTS_MAX && sequence->parts[i].milliseconds && !r; i++) {
		const struct part *part = &sequence->parts[i];

		if (part->scene)
			r = record_scene(&recorder, part, sequence->fps, &ms);
		else if (part->pattern)
			r = record_pattern(&recorder, part, sequence->fps, &ms);
		else
			ms += part->milliseconds;
	}
	if (recorder.file && (ferror(recorder.file) | fclose(recorder.file)) && !r)
		r = -EIO;
	damage_free(recorder.damage);
	frame_unref(recorder.frame);
	pixman_region32_fini(&recorder.last_damage);
	if (r < 0)
		fprintf(stderr, "%s: %s\n", path, strerror(-r));
	return r;
}

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 2) {
		fprintf(stderr, "usage: record_activity DIRECTORY [SEQUENCE...]\n");
		return 2;
	}
	setenv("TZ", "UTC", 1);
	for (size_t i = 0; i < sizeof(sequences) / sizeof(sequences[0]); i++) {
		bool wanted = argc == 2;

		for (int j = 2; j < argc; j++)
			wanted |= !strcmp(argv[j], sequences[i].name);
		if (wanted && record(argv[1], &sequences[i]) < 0)
			failed = 1;
	}
	return failed;
}
