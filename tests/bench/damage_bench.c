// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a damage pass costs, as a multiple of memcmp() over the same two
 * pictures in the same run. Caches are cold: 24 sources and as many shadows
 * take turns, so that neither is in a cache when its turn comes.
 *
 *	damage_bench [WIDTH HEIGHT]
 */
#include <drm_fourcc.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/clock.h"
#include "server/damage.h"
#include "server/damage_simd.h"
#include "server/format.h"
#include "server/frame.h"
#include "server/update.h"

#define FRAMES 24
#define ROUNDS 9

struct bench {
	struct frame *sources[FRAMES];
	struct damage *damages[FRAMES];
	uint32_t width, height;
	uint32_t seed;
	/* What the last round of passes found. */
	int64_t damaged;
	unsigned int changes, rects, moved;
};

struct contender {
	const char *name;
	/* FRAMES times. */
	void (*time)(struct bench *bench, const struct contender *contender, int64_t *times);
	void (*change)(struct bench *bench, struct frame *frame);
	const struct damage_kernels *kernels;
	struct bench found;
};

static uint32_t next_random(struct bench *bench)
{
	/* xorshift32 (Marsaglia) */
	bench->seed ^= bench->seed << 13;
	bench->seed ^= bench->seed >> 17;
	bench->seed ^= bench->seed << 5;
	return bench->seed;
}

static uint8_t *row_of(struct frame *frame, uint32_t y)
{
	return frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride;
}

static void fill_noise(struct bench *bench, struct frame *frame, uint32_t x, uint32_t y,
		uint32_t width, uint32_t height)
{
	for (uint32_t row = y; row < y + height; row++) {
		for (uint32_t column = x; column < x + width; column++) {
			/* High bytes are 0 as in the shadow, or memcmp() would stop at once. */
			uint32_t pixel = next_random(bench) & 0xffffff;

			memcpy(row_of(frame, row) + (size_t)column * 4, &pixel, 4);
		}
	}
}

/* The ways in which a picture changes between two passes. */
static void change_nothing(struct bench *bench, struct frame *frame)
{
	(void)bench;
	(void)frame;
}

/* 1 % of the pixels, as cells of 8x16 in lines of text. */
static void change_typing(struct bench *bench, struct frame *frame)
{
	uint32_t cells = frame->width * frame->height / 100 / (8 * 16);

	for (uint32_t line = 0; cells; line++) {
		uint32_t n = cells < 20 ? cells : 20;
		uint32_t y = (line * 5 + 1) * 18 % (frame->height - 16);

		fill_noise(bench, frame, next_random(bench) % (frame->width - n * 8), y, n * 8, 16);
		cells -= n;
	}
}

static void change_scroll(struct bench *bench, struct frame *frame)
{
	uint32_t width = frame->width / 2, x = frame->width / 4 + 3;
	uint32_t top = 50, bottom = frame->height - 30;

	for (uint32_t y = top; y + 16 < bottom; y++)
		memcpy(row_of(frame, y) + (size_t)x * 4, row_of(frame, y + 16) + (size_t)x * 4,
				(size_t)width * 4);
	fill_noise(bench, frame, x, bottom - 16, width, 16);
}

static void change_quarter(struct bench *bench, struct frame *frame)
{
	fill_noise(bench, frame, frame->width / 4 + 5, frame->height / 4 + 5, frame->width / 2,
			frame->height / 2);
}

static void change_all(struct bench *bench, struct frame *frame)
{
	fill_noise(bench, frame, 0, 0, frame->width, frame->height);
}

static int compare_ns(const void *a, const void *b)
{
	int64_t first = *(const int64_t *)a, second = *(const int64_t *)b;

	return (first > second) - (first < second);
}

static double median_ms(int64_t *times, size_t count)
{
	qsort(times, count, sizeof(*times), compare_ns);
	return (double)times[count / 2] / NSEC_PER_MSEC;
}

static void time_memcmp(struct bench *bench, const struct contender *contender, int64_t *times)
{
	(void)contender;
	for (unsigned int i = 0; i < FRAMES; i++) {
		const struct frame *source = bench->sources[i];
		const struct frame *shadow = damage_shadow(bench->damages[i]);
		int64_t start = clock_now_ns();

		if (memcmp(source->data, shadow->data, source->data_bytes))
			bench->changes++;
		times[i] = clock_now_ns() - start;
	}
}

/* The compare kernel alone, without tiles: what a set of instructions is worth. */
static void time_kernel(struct bench *bench, const struct contender *contender, int64_t *times)
{
	static uint16_t spans[FRAME_SIZE_MAX / DAMAGE_SPAN];

	for (unsigned int i = 0; i < FRAMES; i++) {
		struct frame *source = bench->sources[i];
		struct frame *shadow = damage_shadow(bench->damages[i]);
		int64_t start = clock_now_ns();

		for (uint32_t y = 0; y < bench->height; y++) {
			contender->kernels->compare(row_of(source, y), row_of(shadow, y), bench->width,
					1, spans);
		}
		times[i] = clock_now_ns() - start;
	}
}

static void count_found(struct bench *bench, const struct update *update)
{
	int n_boxes;
	const pixman_box32_t *boxes = pixman_region32_rectangles(&update->damage, &n_boxes);

	for (int i = 0; i < n_boxes; i++) {
		bench->damaged += (int64_t)(boxes[i].x2 - boxes[i].x1) *
				(boxes[i].y2 - boxes[i].y1);
	}
	bench->rects += (unsigned int)n_boxes;
	bench->moved += pixman_region32_not_empty(&update->copy_region);
	bench->changes++;
}

static void time_scene(struct bench *bench, const struct contender *contender, int64_t *times)
{
	bench->damaged = 0;
	bench->moved = bench->changes = bench->rects = 0;
	/* All pictures change before the first pass, which so finds cold caches. */
	for (unsigned int i = 0; i < FRAMES; i++)
		contender->change(bench, bench->sources[i]);
	for (unsigned int i = 0; i < FRAMES; i++) {
		struct update update;
		int64_t start = clock_now_ns();
		int result = damage_run(bench->damages[i], bench->sources[i], NULL, &update);

		times[i] = clock_now_ns() - start;
		if (result < 0) {
			fprintf(stderr, "damage_run: %s\n", strerror(-result));
			exit(1);
		}
		if (result) {
			count_found(bench, &update);
			update_finish(&update);
		}
	}
}

static void bench_init(struct bench *bench)
{
	for (unsigned int i = 0; i < FRAMES; i++) {
		struct update update;

		if (frame_new_memory(bench->width, bench->height, &bench->sources[i]) ||
				damage_new(2, &bench->damages[i])) {
			fprintf(stderr, "out of memory\n");
			exit(1);
		}
		fill_noise(bench, bench->sources[i], 0, 0, bench->width, bench->height);
		if (damage_run(bench->damages[i], bench->sources[i], NULL, &update) != 1) {
			fprintf(stderr, "the first pass failed\n");
			exit(1);
		}
		update_finish(&update);
	}
}

/* One line of the table. They take turns, so that a busy machine slows all of them. */
static struct contender contenders[] = {
	{ .name = "memcmp", .time = time_memcmp },
	{ .name = "compare, scalar", .time = time_kernel },
	{ .name = "compare, best", .time = time_kernel },
	{ .name = "pass: unchanged", .time = time_scene, .change = change_nothing },
	{ .name = "pass: 1 % typing", .time = time_scene, .change = change_typing },
	{ .name = "pass: scroll, half width", .time = time_scene, .change = change_scroll },
	{ .name = "pass: video, a quarter", .time = time_scene, .change = change_quarter },
	{ .name = "pass: video, all", .time = time_scene, .change = change_all },
};

#define N_CONTENDERS (sizeof(contenders) / sizeof(contenders[0]))
#define UNCHANGED 3

static void bench_damage(struct bench *bench)
{
	static int64_t times[N_CONTENDERS][ROUNDS][FRAMES];
	double ms[N_CONTENDERS];

	contenders[1].kernels = damage_kernels_scalar();
	contenders[2].kernels = damage_kernels_best();
	printf("%ux%u, kernels %s, %d pictures in turn, median of %d\n", bench->width,
			bench->height, damage_kernels_best()->name, FRAMES, FRAMES * ROUNDS);
	for (unsigned int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < N_CONTENDERS; i++) {
			contenders[i].time(bench, &contenders[i], times[i][round]);
			contenders[i].found = *bench;
		}
	}
	for (size_t i = 0; i < N_CONTENDERS; i++)
		ms[i] = median_ms(times[i][0], ROUNDS * FRAMES);
	for (size_t i = 0; i < N_CONTENDERS; i++) {
		const struct bench *found = &contenders[i].found;

		printf("%-26s %7.3f ms  %4.2f x memcmp", contenders[i].name, ms[i], ms[i] / ms[0]);
		if (i >= UNCHANGED)
			printf("  %4.2f x unchanged", ms[i] / ms[UNCHANGED]);
		if (i > UNCHANGED && found->changes) {
			printf("  %6.2f %% damaged, %u rectangles, %u %% moved",
					(double)found->damaged * 100 / found->changes /
							((double)bench->width * bench->height),
					found->rects / found->changes,
					found->moved * 100 / found->changes);
		}
		printf("\n");
	}
}

static void bench_formats(struct bench *bench)
{
	unsigned int count;
	const struct format *formats = format_table(&count);
	uint32_t *line = calloc(bench->width, sizeof(*line));

	if (!line)
		exit(1);
	for (unsigned int i = 0; i < count; i++) {
		int64_t start, ns;

		if (!formats[i].to_xr24)
			continue;
		start = clock_now_ns();
		for (unsigned int j = 0; j < FRAMES; j++) {
			for (uint32_t y = 0; y < bench->height; y++)
				formats[i].to_xr24(line, row_of(bench->sources[j], y), bench->width);
		}
		ns = (clock_now_ns() - start) / FRAMES;
		printf("convert %s %7.3f ms\n", formats[i].name, (double)ns / NSEC_PER_MSEC);
	}
	free(line);
}

int main(int argc, char **argv)
{
	struct bench bench = { .width = 1920, .height = 1080, .seed = 1 };

	if (argc == 3) {
		bench.width = (uint32_t)strtoul(argv[1], NULL, 10);
		bench.height = (uint32_t)strtoul(argv[2], NULL, 10);
	}
	if (argc == 2 || argc > 3 || bench.width < 640 || bench.width > 8192 || bench.width % 2 ||
			bench.height < 480 || bench.height > 8192) {
		fprintf(stderr, "usage: damage_bench [WIDTH HEIGHT], even, 640x480 to 8192x8192\n");
		return 2;
	}
	bench_init(&bench);
	bench_damage(&bench);
	bench_formats(&bench);
	for (unsigned int i = 0; i < FRAMES; i++) {
		frame_unref(bench.sources[i]);
		damage_free(bench.damages[i]);
	}
	return 0;
}
