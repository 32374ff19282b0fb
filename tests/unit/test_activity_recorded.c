// SPDX-License-Identifier: GPL-2.0-or-later
/* What becomes video of recorded scenes; tests/activity/README says where they come from. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "server/activity.h"
#include "server/clock.h"
#include "tests/unit/activity_recording.h"

#define END INT32_MAX
#define PICTURE { 0, 0, 1920, 1080 }
#define NOTHING { 0, 0, 0, 0 }
/* Where the video scene has its film: 960x540 at 487,291. */
#define FILM { 487, 291, 1447, 831 }
#define FILM_EVEN { 486, 290, 1448, 832 }

/* From one millisecond to another, every picture. */
struct phase {
	int32_t from_ms, to_ms;
	enum activity_state state;
	pixman_box32_t inner, outer; /* the box holds inner and lies in outer */
};

#define PHASES_MAX 6

/* Of the tuned ones each number is what one reads off them; the others' were written down before they ran. */
static const struct expected {
	const char *name;
	unsigned int boxes_max;
	struct phase phases[PHASES_MAX];
} tuned[] = {
	{ "tuned/typing", 0, { { 0, END, ACTIVITY_STILL, NOTHING, NOTHING } } },
	{ "tuned/scroll", 0, { { 0, END, ACTIVITY_STILL, NOTHING, NOTHING } } },
	{ "tuned/text-10", 0, { { 0, END, ACTIVITY_STILL, NOTHING, NOTHING } } },
	{ "tuned/pattern-typing", 0, { { 0, END, ACTIVITY_STILL, NOTHING, NOTHING } } },
	{ "tuned/pattern-drag", 0, { { 0, END, ACTIVITY_STILL, NOTHING, NOTHING } } },
	{ "tuned/video", 1, { { 1500, END, ACTIVITY_MOVING, FILM, FILM_EVEN } } },
	/* The film halts from 2500 to 3200 and is gone from 4700 on. */
	{ "tuned/video-pause-typing", 1,
		{
			{ 1500, 2499, ACTIVITY_MOVING, FILM, FILM_EVEN },
			{ 2700, 3199, ACTIVITY_RESTING, FILM, FILM_EVEN },
			{ 3201, 4699, ACTIVITY_MOVING, FILM, FILM_EVEN },
			{ 4900, 5500, ACTIVITY_RESTING, FILM, FILM_EVEN },
			{ 6000, END, ACTIVITY_STILL, NOTHING, NOTHING },
		} },
	/* Water in a window on the right, before it a graph that wanders; left of both text scrolls. */
	{ "tuned/pattern-desktop", 4,
		{ { 3000, END, ACTIVITY_MOVING, { 1400, 500, 1840, 660 }, { 806, 100, 1844, 810 } } } },
};

static const struct expected held_out[] = {
	{ "held-out/idle", 0, { { 0, END, ACTIVITY_STILL, NOTHING, NOTHING } } },
	{ "held-out/window", 0, { { 0, END, ACTIVITY_STILL, NOTHING, NOTHING } } },
	{ "held-out/text-1", 0, { { 0, END, ACTIVITY_STILL, NOTHING, NOTHING } } },
	{ "held-out/text-100", 0, { { 0, END, ACTIVITY_STILL, NOTHING, NOTHING } } },
	{ "held-out/pattern-scroll", 0, { { 0, END, ACTIVITY_STILL, NOTHING, NOTHING } } },
	{ "held-out/film", 1, { { 1500, END, ACTIVITY_MOVING, PICTURE, PICTURE } } },
	/* The window that is dragged takes the film's place at 3000. */
	{ "held-out/video-24-window", 1,
		{
			{ 1500, 2999, ACTIVITY_MOVING, FILM, FILM_EVEN },
			{ 4200, END, ACTIVITY_STILL, NOTHING, NOTHING },
		} },
	/* Clouds, sun and water: at least the water at the bottom. */
	{ "held-out/pattern-video", 2, { { 1500, END, ACTIVITY_MOVING, { 100, 800, 1820, 1040 }, PICTURE } } },
};

#define N_TUNED (sizeof(tuned) / sizeof(tuned[0]))
#define N_HELD_OUT (sizeof(held_out) / sizeof(held_out[0]))

static void check(const struct expected *expected, const struct activity_region *region, int64_t ms)
{
	for (unsigned int i = 0; i < PHASES_MAX; i++) {
		const struct phase *phase = &expected->phases[i];
		const pixman_box32_t *box = &region->box, *in = &phase->inner, *out = &phase->outer;

		if (!phase->to_ms || ms < phase->from_ms || ms > phase->to_ms)
			continue;
		if (region->state != phase->state)
			fail_msg("%s at %d ms: state %d, not %d", expected->name, (int)ms, region->state,
					phase->state);
		if (region->state == ACTIVITY_STILL)
			continue;
		if (box->x1 > in->x1 || box->y1 > in->y1 || box->x2 < in->x2 || box->y2 < in->y2 ||
				box->x1 < out->x1 || box->y1 < out->y1 || box->x2 > out->x2 ||
				box->y2 > out->y2)
			fail_msg("%s at %d ms: box %d,%d %d,%d", expected->name, (int)ms, box->x1, box->y1,
					box->x2, box->y2);
	}
}

/* Time goes by without a picture, as the caller's timer would have it. */
static void wait_until(struct activity *activity, const struct expected *expected, int64_t time_ns)
{
	int64_t due_ns;

	while ((due_ns = activity_due_ns(activity)) && due_ns < time_ns) {
		activity_note_time(activity, due_ns);
		check(expected, activity_region(activity), due_ns / NSEC_PER_MSEC);
	}
}

static void test_replay(void **state)
{
	const struct expected *expected = *state;
	struct activity_recording recording;
	const struct activity_region *region;
	struct activity *activity;
	pixman_box32_t box;
	uint32_t serial = 0;
	unsigned int pictures = 0, boxes = 0, questions = 0;

	activity_recording_open(&recording, expected->name);
	assert_int_equal(activity_new(&activity), 0);
	region = activity_region(activity);
	while (activity_recording_next(&recording)) {
		wait_until(activity, expected, recording.time_ns);
		assert_int_equal(activity_note_update(activity, &recording.update, recording.time_ns), 0);
		if (activity_wants_photo(activity, &box)) {
			activity_note_photo(activity, activity_recording_photo(&recording, &box));
			questions++;
		}
		boxes += region->serial != serial;
		serial = region->serial;
		check(expected, region, recording.time_ns / NSEC_PER_MSEC);
		pictures++;
	}
	print_message("%u pictures, %u boxes, asked %u times\n", pictures, boxes, questions);
	assert_true(boxes <= expected->boxes_max);
	activity_free(activity);
	activity_recording_close(&recording);
}

int main(void)
{
	struct CMUnitTest tests[N_TUNED + N_HELD_OUT];

	for (size_t i = 0; i < N_TUNED + N_HELD_OUT; i++) {
		const struct expected *expected = i < N_TUNED ? &tuned[i] : &held_out[i - N_TUNED];

		tests[i] = (struct CMUnitTest){
			.name = expected->name,
			.test_func = test_replay,
			.initial_state = (void *)(uintptr_t)expected,
		};
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
