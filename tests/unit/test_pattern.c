// SPDX-License-Identifier: GPL-2.0-or-later
/* The test desktop: what it shows when, as a scene without a clock and as a source. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <event2/event.h>

#include "config/config.h"
#include "server/capture/capture.h"
#include "server/capture/mark.h"
#include "server/capture/pattern_scene.h"
#include "server/clock.h"
#include "server/cursor.h"
#include "server/frame.h"
#include "server/input.h"

#define WIDTH 960u
#define HEIGHT 600u
#define TICK_NS (NSEC_PER_SEC / 30)
#define DEADLINE_NS (5 * NSEC_PER_SEC)

/* A scene and the picture it is painted into. */
struct canvas {
	struct scene *scene;
	struct frame *frame;
};

static struct canvas canvas_new(const char *name, uint32_t width, uint32_t height)
{
	struct canvas canvas;

	assert_int_equal(scene_new(name, width, height, &canvas.scene), 0);
	assert_int_equal(frame_new_memory(width, height, &canvas.frame), 0);
	return canvas;
}

static void canvas_free(struct canvas *canvas)
{
	scene_free(canvas->scene);
	frame_unref(canvas->frame);
}

static void paint(struct canvas *canvas)
{
	assert_int_equal(scene_paint(canvas->scene, frame_memory_pixels(canvas->frame),
			canvas->frame->planes[0].stride), 0);
	assert_false(scene_changed(canvas->scene));
}

static uint64_t picture_hash(const struct frame *frame)
{
	uint64_t hash = 1469598103934665603u;

	for (uint32_t y = 0; y < frame->height; y++) {
		const uint32_t *row = (const uint32_t *)(const void *)(frame->data +
				(size_t)y * frame->planes[0].stride);

		for (uint32_t x = 0; x < frame->width; x++)
			hash = (hash ^ (row[x] & 0xffffff)) * 1099511628211u;
	}
	return hash;
}

static void point(struct scene *scene, uint32_t x, uint32_t y, uint32_t buttons)
{
	struct input_event event = { .kind = INPUT_POINTER,
		.pointer = { .x = x, .y = y, .width = WIDTH, .height = HEIGHT, .buttons = buttons } };

	scene_input(scene, &event);
}

static void press_key(struct scene *scene, uint32_t keysym, uint32_t qnum)
{
	struct input_event event = { .kind = INPUT_KEY,
		.key = { .down = true, .keysym = keysym, .qnum = qnum } };

	scene_input(scene, &event);
	event.key.down = false;
	scene_input(scene, &event);
}

static void test_names_and_sizes(void **state)
{
	static const uint32_t sizes[][2] = { { 320, 200 }, { 321, 4320 }, { 641, 480 }, { 1367, 769 }, { 2560, 200 } };
	struct scene *scene = NULL;

	(void)state;
	assert_int_equal(scene_new("desktops", WIDTH, HEIGHT, &scene), -ENOENT);
	assert_int_equal(scene_new("desktop", 319, 200, &scene), -EINVAL);
	assert_int_equal(scene_new("desktop", 320, 199, &scene), -EINVAL);
	assert_int_equal(scene_new("desktop", SCENE_WIDTH_MAX + 1, 200, &scene), -EINVAL);
	assert_int_equal(scene_new("desktop", 0xffffffff, 0xffffffff, &scene), -EINVAL);
	assert_null(scene);
	for (size_t i = 0; scene_names[i]; i++) {
		for (size_t j = 0; j < sizeof(sizes) / sizeof(sizes[0]); j++) {
			struct canvas canvas = canvas_new(scene_names[i], sizes[j][0], sizes[j][1]);

			for (int tick = 0; tick < 5; tick++) {
				scene_advance(canvas.scene, tick * TICK_NS, tick);
				point(canvas.scene, (uint32_t)tick * 200, (uint32_t)tick * 150,
						tick & INPUT_BUTTON_LEFT);
				paint(&canvas);
			}
			canvas_free(&canvas);
		}
	}
	scene_free(NULL);
}

/* Everything a viewer could do, as a function of the tick. */
static void play(struct scene *scene, int tick)
{
	/* Quick clicks at first, then drags. */
	uint32_t buttons = (uint32_t)(tick < 40 ? tick : tick / 7) & INPUT_BUTTON_LEFT;

	point(scene, (uint32_t)(tick * 37) % WIDTH, (uint32_t)(tick * 23) % HEIGHT, buttons);
	if (tick % 5 == 0)
		press_key(scene, "help\xe4 clear"[tick / 5 % 11] & 0xff, 0);
	if (tick % 31 == 0)
		press_key(scene, 0xff0d, 0);
}

/* Painting only what changed comes to the same as painting everything once, at the end. */
static void test_partial_painting_is_complete(void **state)
{
	(void)state;
	for (size_t i = 0; scene_names[i]; i++) {
		struct canvas often = canvas_new(scene_names[i], WIDTH, HEIGHT);
		struct canvas once = canvas_new(scene_names[i], WIDTH, HEIGHT);

		for (int tick = 0; tick < 90; tick++) {
			/* Input comes between the ticks. */
			play(often.scene, tick);
			play(once.scene, tick);
			scene_advance(often.scene, tick * TICK_NS, tick / 30);
			scene_advance(once.scene, tick * TICK_NS, tick / 30);
			if (scene_changed(often.scene))
				paint(&often);
		}
		paint(&once);
		assert_true(picture_hash(often.frame) == picture_hash(once.frame));
		canvas_free(&often);
		canvas_free(&once);
	}
}

/* Pictures that nobody looked at make no difference to the next one. */
static void test_skipping_ticks_changes_nothing(void **state)
{
	(void)state;
	for (size_t i = 0; scene_names[i]; i++) {
		struct canvas all = canvas_new(scene_names[i], WIDTH, HEIGHT);
		struct canvas last = canvas_new(scene_names[i], WIDTH, HEIGHT);
		uint64_t first;

		paint(&all);
		first = picture_hash(all.frame);
		for (int tick = 0; tick <= 200; tick++)
			scene_advance(all.scene, tick * TICK_NS, tick / 30);
		scene_advance(last.scene, 200 * TICK_NS, 200 / 30);
		if (scene_changed(all.scene))
			paint(&all);
		paint(&last);
		assert_true(picture_hash(all.frame) == picture_hash(last.frame));
		assert_true((picture_hash(all.frame) == first) == !strcmp(scene_names[i], "still"));
		canvas_free(&all);
		canvas_free(&last);
	}
}

/* A VM that nobody watched for a day catches up at once, and to the right place. */
static void test_long_sleep(void **state)
{
	struct canvas awake = canvas_new("typing", 640, 480), asleep = canvas_new("typing", 640, 480);
	int64_t end_ns = 86400 * NSEC_PER_SEC;

	(void)state;
	for (int64_t time_ns = 0; time_ns <= end_ns; time_ns += 10 * NSEC_PER_SEC)
		scene_advance(awake.scene, time_ns, 0);
	scene_advance(asleep.scene, 0, 0);
	scene_advance(asleep.scene, end_ns, 0);
	paint(&awake);
	paint(&asleep);
	assert_true(picture_hash(awake.frame) == picture_hash(asleep.frame));
	canvas_free(&awake);
	canvas_free(&asleep);
}

static void test_still_scene_is_silent(void **state)
{
	struct canvas canvas = canvas_new("still", WIDTH, HEIGHT);
	uint64_t before;

	(void)state;
	paint(&canvas);
	for (int tick = 0; tick < 1000; tick++) {
		scene_advance(canvas.scene, tick * NSEC_PER_SEC, tick);
		assert_false(scene_changed(canvas.scene));
	}
	before = picture_hash(canvas.frame);
	press_key(canvas.scene, 'x', 0);
	assert_true(scene_changed(canvas.scene));
	paint(&canvas);
	assert_true(picture_hash(canvas.frame) != before);
	press_key(canvas.scene, 0xff08, 0);
	paint(&canvas);
	assert_true(picture_hash(canvas.frame) == before);
	/* The same key by its place on the keyboard; modifiers and unknown keys type nothing. */
	press_key(canvas.scene, 0, 0x2d);
	assert_true(scene_changed(canvas.scene));
	paint(&canvas);
	press_key(canvas.scene, 0xffe1, 0x2a);
	press_key(canvas.scene, 0, 0);
	press_key(canvas.scene, 0, 0xffffffff);
	assert_false(scene_changed(canvas.scene));
	scene_advance(canvas.scene, 2000 * NSEC_PER_SEC, 2000);
	assert_false(scene_changed(canvas.scene));
	canvas_free(&canvas);
}

/* With Shift held, a key's place types what its symbol would. */
static void test_shift_works_by_place(void **state)
{
	struct canvas symbols = canvas_new("still", 640, 480), places = canvas_new("still", 640, 480);
	struct input_event shift = { .kind = INPUT_KEY, .key = { .down = true, .qnum = 0x36 } };

	(void)state;
	press_key(symbols.scene, 'X', 0);
	press_key(symbols.scene, '_', 0);
	press_key(symbols.scene, 'x', 0);
	scene_input(places.scene, &shift);
	press_key(places.scene, 0, 0x2d);
	press_key(places.scene, 0, 0x0c);
	shift.key.down = false;
	scene_input(places.scene, &shift);
	press_key(places.scene, 0, 0x2d);
	paint(&symbols);
	paint(&places);
	assert_true(picture_hash(symbols.frame) == picture_hash(places.frame));
	canvas_free(&symbols);
	canvas_free(&places);
}

/* Where the controls' button and the terminal's title are in the still scene at this size. */
#define BUTTON_X 780
#define BUTTON_Y 130
#define TITLE_X 300
#define TITLE_Y 84

static void test_pointer_has_effects(void **state)
{
	struct canvas canvas = canvas_new("still", WIDTH, HEIGHT);
	uint64_t before, clicked;
	enum pattern_cursor cursor;
	int32_t x, y;

	(void)state;
	paint(&canvas);
	before = picture_hash(canvas.frame);
	point(canvas.scene, BUTTON_X, BUTTON_Y, INPUT_BUTTON_LEFT);
	assert_true(scene_changed(canvas.scene));
	scene_pointer(canvas.scene, &x, &y, &cursor);
	assert_int_equal(x, BUTTON_X);
	assert_int_equal(y, BUTTON_Y);
	assert_int_equal(cursor, PATTERN_CURSOR_HAND);
	point(canvas.scene, BUTTON_X, BUTTON_Y, 0);
	point(canvas.scene, 1, HEIGHT - 1, 0);
	paint(&canvas);
	clicked = picture_hash(canvas.frame);
	assert_true(clicked != before);

	/* A press that is let go elsewhere is no click. */
	point(canvas.scene, BUTTON_X, BUTTON_Y, INPUT_BUTTON_LEFT);
	point(canvas.scene, 1, HEIGHT - 1, INPUT_BUTTON_LEFT);
	point(canvas.scene, 1, HEIGHT - 1, 0);
	paint(&canvas);
	assert_true(picture_hash(canvas.frame) == clicked);

	/* There and back again. */
	point(canvas.scene, TITLE_X, TITLE_Y, INPUT_BUTTON_LEFT);
	point(canvas.scene, TITLE_X + 50, TITLE_Y + 80, INPUT_BUTTON_LEFT);
	paint(&canvas);
	assert_true(picture_hash(canvas.frame) != clicked);
	scene_pointer(canvas.scene, &x, &y, &cursor);
	assert_int_equal(cursor, PATTERN_CURSOR_MOVE);
	point(canvas.scene, TITLE_X, TITLE_Y, INPUT_BUTTON_LEFT);
	point(canvas.scene, TITLE_X, TITLE_Y, 0);
	point(canvas.scene, 1, HEIGHT - 1, 0);
	paint(&canvas);
	assert_true(picture_hash(canvas.frame) == clicked);
	canvas_free(&canvas);
}

/* A click beside all windows shows as a ring, which goes away without a trace. */
static void test_click_ripples(void **state)
{
	struct canvas canvas = canvas_new("typing", WIDTH, HEIGHT);
	uint64_t before;

	(void)state;
	scene_advance(canvas.scene, 0, 0);
	paint(&canvas);
	before = picture_hash(canvas.frame);
	point(canvas.scene, 20, HEIGHT - 20, INPUT_BUTTON_LEFT);
	point(canvas.scene, 20, HEIGHT - 20, 0);
	assert_false(scene_changed(canvas.scene)); /* where time stands still there is none */
	scene_advance(canvas.scene, 1, 0);
	assert_true(scene_changed(canvas.scene));
	paint(&canvas);
	assert_true(picture_hash(canvas.frame) != before);
	scene_advance(canvas.scene, 10 * NSEC_PER_SEC, 0);
	paint(&canvas);
	before = picture_hash(canvas.frame);
	canvas_free(&canvas);
	canvas = canvas_new("typing", WIDTH, HEIGHT);
	scene_advance(canvas.scene, 10 * NSEC_PER_SEC, 0);
	paint(&canvas);
	assert_true(picture_hash(canvas.frame) == before);
	canvas_free(&canvas);
}

static void test_hostile_pointer(void **state)
{
	static const uint32_t values[] = { 0, 1, WIDTH - 1, WIDTH, 0x7fffffff, 0x80000000, 0xffffffff };
	size_t count = sizeof(values) / sizeof(values[0]);
	struct canvas canvas = canvas_new("desktop", WIDTH, HEIGHT);

	(void)state;
	for (size_t i = 0; i < count * count * count; i++) {
		struct input_event event = { .kind = INPUT_POINTER,
			.pointer = { values[i % count], values[i / count % count], values[i / count / count],
				values[(i + 3) % count], values[i * 5 % count] } };

		scene_advance(canvas.scene, (int64_t)i * TICK_NS, (time_t)i);
		point(canvas.scene, TITLE_X, TITLE_Y, INPUT_BUTTON_LEFT);
		scene_input(canvas.scene, &event);
		paint(&canvas);
	}
	canvas_free(&canvas);
}

/* The source. */

static struct {
	struct event_base *base;
	struct capture *capture;
	struct frame *last; /* not referenced but where keep says so */
	bool keep;
	uint32_t width;
	struct mark mark;
	unsigned int frames, offs, cursors;
	char reason[160];
	struct cursor cursor;
} t;

static void on_frame(void *user, struct frame *frame, const pixman_region32_t *hint)
{
	struct mark mark;

	(void)user;
	(void)hint;
	assert_int_equal(mark_read(frame->data, frame->planes[0].stride, frame->width, frame->height, &mark), 0);
	assert_true(mark.due_us <= (uint64_t)clock_now_ns() / 1000);
	if (t.frames) {
		assert_true(mark.sequence >= t.mark.sequence);
		assert_true(mark.due_us >= t.mark.due_us);
	}
	t.mark = mark;
	t.width = frame->width;
	t.last = t.keep ? frame_ref(frame) : frame;
	t.frames++;
}

static void on_off(void *user, const char *reason)
{
	(void)user;
	snprintf(t.reason, sizeof(t.reason), "%s", reason);
	t.offs++;
}

static void on_cursor(void *user, const struct cursor *cursor)
{
	(void)user;
	assert_true(cursor->visible && cursor->position_known && cursor->argb);
	assert_true(cursor->hot_x < cursor->width && cursor->hot_y < cursor->height);
	t.cursor = *cursor;
	t.cursors++;
}

static const struct capture_events events = { .frame = on_frame, .off = on_off, .cursor = on_cursor };

static void open_source(const char *scene, int64_t fps)
{
	struct config_vm config = { .source = { 1, { CONFIG_SOURCE_PATTERN } }, .pattern_size = { WIDTH, HEIGHT },
		.pattern_fps = fps, .pattern_scene = (char *)(uintptr_t)scene };

	assert_int_equal(capture_open(t.base, &config, &events, NULL, &t.capture), 0);
	capture_set_interval(t.capture, 3600 * NSEC_PER_SEC);
	event_base_loop(t.base, EVLOOP_NONBLOCK);
}

static void poke(void)
{
	capture_poke(t.capture);
	event_base_loop(t.base, EVLOOP_NONBLOCK);
}

static void poke_until_frames(unsigned int frames)
{
	int64_t end_ns = clock_now_ns() + DEADLINE_NS;

	while (t.frames < frames) {
		assert_true(clock_now_ns() < end_ns);
		poke();
	}
}

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.base = event_base_new();
	return t.base ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	capture_close(t.capture);
	event_base_free(t.base);
	return 0;
}

static void test_source_keeps_its_own_time(void **state)
{
	uint32_t sequence;
	uint64_t due_us;

	(void)state;
	open_source("typing", 200);
	assert_int_equal(t.frames, 1);
	assert_int_equal(t.cursors, 1);
	sequence = t.mark.sequence;
	due_us = t.mark.due_us;
	poke_until_frames(4);
	/* Every picture has its moment, and the same moment is not shown twice. */
	assert_true(t.mark.sequence >= sequence + 3);
	assert_in_range(t.mark.due_us - due_us, (uint64_t)(t.mark.sequence - sequence) * 5000 - 1,
			(uint64_t)(t.mark.sequence - sequence) * 5000 + 1);
}

static void test_source_rests(void **state)
{
	struct input_event key = { .kind = INPUT_KEY, .key = { .down = true, .keysym = 'a' } };

	(void)state;
	open_source("still", 240);
	for (int i = 0; i < 50; i++)
		poke();
	assert_int_equal(t.frames, 1);
	capture_input(t.capture, &key);
	poke();
	assert_int_equal(t.frames, 2);
	poke();
	assert_int_equal(t.frames, 2);
	/* Whoever comes anew gets the picture although it rests. */
	capture_set_interval(t.capture, 0);
	capture_set_interval(t.capture, 3600 * NSEC_PER_SEC);
	event_base_loop(t.base, EVLOOP_NONBLOCK);
	assert_int_equal(t.frames, 3);
	assert_int_equal(t.offs, 0);
}

static void test_source_without_a_clock(void **state)
{
	struct input_event key = { .kind = INPUT_KEY, .key = { .down = true, .keysym = 'a' } };
	uint32_t sequence;

	(void)state;
	open_source("desktop", 0);
	for (int i = 0; i < 50; i++)
		poke();
	assert_int_equal(t.frames, 1);
	sequence = t.mark.sequence;
	capture_input(t.capture, &key);
	poke();
	assert_int_equal(t.frames, 2);
	assert_int_equal(t.mark.sequence, sequence + 1);
}

static void test_kept_picture_stays_as_it_was(void **state)
{
	struct frame *first;
	uint64_t hash;

	(void)state;
	open_source("desktop", 240);
	first = t.last;
	poke_until_frames(3);
	assert_ptr_equal(t.last, first); /* nobody keeps it: one memory will do */
	t.keep = true;
	poke_until_frames(4);
	t.keep = false;
	first = t.last;
	hash = picture_hash(first);
	poke_until_frames(10);
	assert_true(picture_hash(first) == hash);
	assert_ptr_not_equal(t.last, first);
	assert_true(picture_hash(t.last) != hash);
	frame_unref(first);
}

static void test_source_resizes(void **state)
{
	(void)state;
	open_source("desktop", 30);
	assert_int_equal(t.width, WIDTH);
	assert_int_equal(capture_resize(t.capture, 100, 100), -EINVAL);
	assert_int_equal(capture_resize(t.capture, 16384, 16384), -EINVAL);
	poke_until_frames(2);
	assert_int_equal(t.width, WIDTH);
	assert_int_equal(capture_resize(t.capture, 1280, 720), 0);
	poke();
	assert_int_equal(t.width, 1280);
}

static void test_unknown_scene_is_said(void **state)
{
	struct input_event key = { .kind = INPUT_KEY, .key = { .down = true, .keysym = 'a' } };

	(void)state;
	open_source("no such scene", 30);
	assert_int_equal(t.frames, 0);
	assert_int_equal(t.offs, 1);
	assert_non_null(strstr(t.reason, "'no such scene'"));
	capture_input(t.capture, &key);
	assert_int_not_equal(capture_resize(t.capture, 1280, 720), 0);
}

static void test_cursor_follows(void **state)
{
	struct input_event event = { .kind = INPUT_POINTER,
		.pointer = { .x = 200, .y = 300, .width = WIDTH, .height = HEIGHT } };
	uint64_t serial;

	(void)state;
	open_source("still", 30);
	serial = t.cursor.shape_serial;
	capture_input(t.capture, &event);
	poke();
	assert_int_equal(t.cursors, 2);
	assert_int_equal(t.cursor.x, 200);
	assert_int_equal(t.cursor.y, 300);
	assert_true(t.cursor.shape_serial != serial); /* over text */
	poke();
	assert_int_equal(t.cursors, 2);
	event.pointer.y = HEIGHT - 1;
	capture_input(t.capture, &event);
	poke();
	assert_true(t.cursor.shape_serial == serial);
}

int main(void)
{
#define WITH_SOURCE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_sizes),
		cmocka_unit_test(test_partial_painting_is_complete),
		cmocka_unit_test(test_skipping_ticks_changes_nothing),
		cmocka_unit_test(test_long_sleep),
		cmocka_unit_test(test_still_scene_is_silent),
		cmocka_unit_test(test_shift_works_by_place),
		cmocka_unit_test(test_pointer_has_effects),
		cmocka_unit_test(test_click_ripples),
		cmocka_unit_test(test_hostile_pointer),
		WITH_SOURCE(test_source_keeps_its_own_time),
		WITH_SOURCE(test_source_rests),
		WITH_SOURCE(test_source_without_a_clock),
		WITH_SOURCE(test_kept_picture_stays_as_it_was),
		WITH_SOURCE(test_source_resizes),
		WITH_SOURCE(test_unknown_scene_is_said),
		WITH_SOURCE(test_cursor_follows),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
