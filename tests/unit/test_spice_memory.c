// SPDX-License-Identifier: GPL-2.0-or-later
/* A viewer takes the memory of a few pictures, whatever is shown and however he reads it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>

#include "net/spice_display.h"
#include "server/clock.h"
#include "server/update.h"
#include "tests/unit/spice_rig.h"

/* What the library holds, what it is given then, what it makes of that, and all that is small. */
#define PICTURES_MAX (SPICE_DISPLAY_HELD_PICTURES + 1 + 1 + 0.5)
/* Without becoming less: everything shown has been let go. */
#define SETTLED_NS (50 * NSEC_PER_MSEC)

static const int32_t sizes[][2] = {
	{ 1920, 1080 },
/* Which do not know what memory there is, and take their time. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
	{ 3840, 2160 },
#endif
};
static struct spice_client viewer[SPICE_LINK_CHANNELS];

/* Of the server: what the viewer has not understood yet is the test's. */
static size_t memory_bytes(void)
{
	const struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd - viewer[SPICE_LINK_DISPLAY].in_room;
}

static void hear_all(void)
{
	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++) {
		while (spice_client_hear(&viewer[i]))
			;
		spice_client_push(&viewer[i], SIZE_MAX);
	}
}

static bool has_drawn(uint64_t before)
{
	hear_all();
	return viewer[SPICE_LINK_DISPLAY].draws > before;
}

/* Ways to read. */

static void keep_up(uint64_t drawn)
{
	SPICE_RIG_UNTIL(has_drawn(drawn));
}

/* A piece of a picture at a time. */
static void lag(uint64_t drawn)
{
	(void)drawn;
	spice_rig_turn(NSEC_PER_MSEC);
	spice_client_hear(&viewer[SPICE_LINK_DISPLAY]);
	spice_client_push(&viewer[SPICE_LINK_DISPLAY], SIZE_MAX);
}

static void stop(uint64_t drawn)
{
	(void)drawn;
	spice_rig_turn(0);
}

static void leave(void)
{
	spice_viewer_leave(viewer);
	SPICE_RIG_UNTIL(spice_rig_is_empty());
}

/* What a viewer takes that waits for nothing. */
static size_t settle(void)
{
	size_t least = memory_bytes();

	for (int64_t since_ns = clock_now_ns(); clock_now_ns() - since_ns < SETTLED_NS;) {
		spice_rig_turn(NSEC_PER_MSEC);
		hear_all();
		if (memory_bytes() < least) {
			least = memory_bytes();
			since_ns = clock_now_ns();
		}
	}
	return least;
}

static void show(pixman_box32_t changed, pixman_box32_t scrolled, int32_t dy)
{
	struct update update = { .frame = spice_rig.frame, .copy_dy = dy };

	pixman_region32_init_with_extents(&update.damage, &changed);
	pixman_region32_init_with_extents(&update.copy_region, &scrolled);
	spice_rig.spice->impl->update(spice_rig.spice, &update);
	pixman_region32_fini(&update.damage);
	pixman_region32_fini(&update.copy_region);
}

static void change_all(int32_t width, int32_t height)
{
	show((pixman_box32_t){ 0, 0, width, height }, (pixman_box32_t){ 0 }, 0);
}

/* Anywhere. */
static void change(int32_t width, int32_t height, int32_t part)
{
	const int32_t w = width / part, h = height / part, x = rand() % (width - w), y = rand() % (height - h);

	show((pixman_box32_t){ x, y, x + w, y + h }, (pixman_box32_t){ 0 }, 0);
}

static void change_a_hundredth(int32_t width, int32_t height)
{
	change(width, height, 10);
}

static void change_a_ninth(int32_t width, int32_t height)
{
	change(width, height, 3);
}

static void scroll(int32_t width, int32_t height)
{
	show((pixman_box32_t){ 0, height - 16, width, height }, (pixman_box32_t){ 0, 0, width, height - 16 }, -16);
}

/* Each more often than needed to fill what is allowed, if nothing were let go. */
static const struct {
	void (*act)(int32_t width, int32_t height);
	unsigned int times;
} changes[] = {
	{ change_all, 10 },
	{ change_a_hundredth, 600 },
	{ change_a_ninth, 60 },
	{ scroll, 100 },
};
static void (*const readers[])(uint64_t drawn) = { keep_up, lag, stop };

/* Nothing compresses this. */
static void draw_noise(struct frame *frame)
{
	for (uint32_t y = 0; y < frame->height; y++) {
		uint32_t *row = (uint32_t *)(void *)(frame_memory_pixels(frame) + (size_t)y * frame->planes[0].stride);

		for (uint32_t x = 0; x < frame->width; x++)
			row[x] = (uint32_t)rand() & 0xffffff;
	}
}

/* The most that was taken in addition to what there was before, in pictures. */
static double watch(size_t change, void (*read)(uint64_t drawn), int32_t width, int32_t height)
{
	const struct spice_client *display = &viewer[SPICE_LINK_DISPLAY];
	size_t before, peak = 0, now;
	uint64_t drawn;

	spice_viewer_join(viewer);
	change_all(width, height);
	keep_up(display->draws);
	before = settle();
	for (unsigned int i = 0; i < changes[change].times; i++) {
		drawn = display->draws;
		changes[change].act(width, height);
		read(drawn);
		now = memory_bytes();
		if (now > before && now - before > peak)
			peak = now - before;
	}
	/* Whoever fell behind sees the newest. */
	drawn = display->draws;
	change_all(width, height);
	keep_up(drawn);
	leave();
	return (double)peak / ((double)width * height * 4);
}

static void a_viewer_takes_a_few_pictures(void **state)
{
	double pictures;

	(void)state;
	for (size_t s = 0; s < sizeof(sizes) / sizeof(sizes[0]); s++) {
		spice_rig_show_size((uint32_t)sizes[s][0], (uint32_t)sizes[s][1]);
		draw_noise(spice_rig.frame);
		for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
			for (size_t j = 0; j < sizeof(readers) / sizeof(readers[0]); j++) {
				pictures = watch(i, readers[j], sizes[s][0], sizes[s][1]);
				print_message("%dx%d, change %zu, reader %zu: %.1f pictures more\n",
						sizes[s][0], sizes[s][1], i, j, pictures);
				assert_true(pictures < PICTURES_MAX);
			}
		}
	}
}

static int setup(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < SPICE_LINK_CHANNELS; i++)
		viewer[i] = (struct spice_client){ .fd = -1, .acknowledges = true };
	spice_rig_start();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	spice_rig_stop();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_viewer_takes_a_few_pictures),
	};

	/* As the worker has it; and only then all of it is counted. */
	mallopt(M_ARENA_MAX, 1);
	return cmocka_run_group_tests(tests, setup, teardown);
}
