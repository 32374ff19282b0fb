// SPDX-License-Identifier: GPL-2.0-or-later
/* Sources, recordings and the card when memory runs out at any point: said, survived, nothing leaks (asan). */
#include "server/capture/capture.h"

#include "tests/fault/alloc.h"

#include <errno.h>
#include <event2/event.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "config/config.h"
#include "server/capture/card.h"
#include "server/clock.h"
#include "server/cursor.h"
#include "server/frame.h"
#include "server/framefile.h"
#include "server/input.h"

#define HOUR_NS (3600 * NSEC_PER_SEC)
#define LOOKS 4

static struct {
	struct event_base *base;
	char path[64]; /* of a recording */
	struct frame *kept; /* so that the source needs another */
	unsigned int frames, offs;
} t;

static void on_frame(void *user, struct frame *frame, const pixman_region32_t *hint)
{
	(void)user;
	(void)hint;
	frame_unref(t.kept);
	t.kept = frame_ref(frame);
	t.frames++;
}

static void on_off(void *user, const char *reason)
{
	(void)user;
	assert_string_equal(reason, CAPTURE_NO_MEMORY);
	t.offs++;
}

static const struct capture_events events = { .frame = on_frame, .off = on_off };

/* What they say of it is no news while another one is shown. */
static void on_several_off(void *user, const char *reason)
{
	(void)user;
	(void)reason;
	t.offs++;
}

static void on_cursor(void *user, const struct cursor *cursor)
{
	(void)user;
	assert_true(!cursor->visible || cursor->argb);
}

static const struct capture_events several_events = { .frame = on_frame, .off = on_several_off, .cursor = on_cursor };

static void look(struct capture *capture)
{
	capture_refresh(capture);
	capture_poke(capture);
	event_base_loop(t.base, EVLOOP_NONBLOCK);
}

/* The life of a source. -ENOMEM where it could not be opened, else the number of looks that showed nothing. */
static int live(struct config_vm *config)
{
	struct input_event key = { .kind = INPUT_KEY, .key = { .down = true, .keysym = 'a' } };
	struct capture *capture = NULL;
	int r;

	t.frames = t.offs = 0;
	r = capture_open(t.base, config, &events, NULL, &capture);
	if (r < 0) {
		assert_null(capture);
		return r;
	}
	capture_set_interval(capture, HOUR_NS);
	for (unsigned int i = 0; i < LOOKS; i++) {
		look(capture);
		capture_input(capture, &key);
		r = capture_resize(capture, 320 + i % 2 * 80, 240);
		assert_true(r == 0 || r == -ENOMEM || r == -EOPNOTSUPP);
	}
	/* One failed allocation costs one picture at most. */
	assert_in_range(t.frames, LOOKS - 1, LOOKS);
	assert_int_equal(t.offs, LOOKS - t.frames);
	capture_close(capture);
	t.kept = frame_unref(t.kept);
	return 0;
}

/* The life of two: whatever fails, in the end one of them is shown. */
static int live_handover(struct config_vm *config)
{
	struct capture *capture = NULL;
	int r;

	t.frames = t.offs = 0;
	r = capture_open(t.base, config, &several_events, NULL, &capture);
	if (r < 0) {
		assert_null(capture);
		return r;
	}
	capture_set_interval(capture, HOUR_NS);
	for (unsigned int i = 0; i < LOOKS; i++) {
		look(capture);
		event_base_loop(t.base, EVLOOP_NONBLOCK);
	}
	assert_true(t.frames >= LOOKS - 1);
	assert_in_range(t.offs, 0, 1);
	capture_close(capture);
	t.kept = frame_unref(t.kept);
	return 0;
}

static void fail_each(int (*run)(struct config_vm *config), struct config_vm *config, long at_least)
{
	long number = 0;

	for (;; number++) {
		int r;

		alloc_fail_at(number);
		r = run(config);
		if (!alloc_has_failed()) {
			assert_int_equal(r, 0);
			break;
		}
		assert_true(r == 0 || r == -ENOMEM);
	}
	alloc_fail_at(-1);
	print_message("%ld allocations\n", number);
	assert_true(number >= at_least);
}

static void pattern_survives_each_failing_allocation(void **state)
{
	struct config_vm config = { .source = { 1, { CONFIG_SOURCE_PATTERN } }, .pattern_size = { 320, 240 },
		.pattern_fps = 240, .pattern_scene = (char *)(uintptr_t) "desktop" };

	(void)state;
	fail_each(live, &config, 20);
}

static int write_recording(struct config_vm *config)
{
	struct framefile_writer *writer = NULL;
	pixman_region32_t region;
	struct frame *frame = NULL;
	int r, closed;

	(void)config;
	r = frame_new_memory(64, 64, &frame);
	if (r < 0)
		return r;
	pixman_region32_init_rect(&region, 0, 0, 64, 64);
	r = framefile_create(t.path, &writer);
	for (int i = 0; !r && i < 100; i++)
		r = framefile_write(writer, i * NSEC_PER_USEC, frame, &region);
	closed = framefile_close(writer);
	assert_int_equal(closed, 0);
	pixman_region32_fini(&region);
	frame_unref(frame);
	return r;
}

static void recordings_survive_each_failing_allocation(void **state)
{
	struct config_vm config = { .source = { 1, { CONFIG_SOURCE_REPLAY } }, .replay_file = t.path };

	(void)state;
	fail_each(write_recording, NULL, 5);
	fail_each(live, &config, 8);
}

static void memory_survives_each_failing_allocation(void **state)
{
	struct config_vm config = { .source = { 1, { CONFIG_SOURCE_MEMORY } }, .memory_file = t.path,
		.memory_size = { 320, 240 } };

	(void)state;
	assert_int_equal(truncate(t.path, 320 * 240 * 4), 0);
	fail_each(live, &config, 3);
}

/* Each failed allocation costs a picture of the better one, in whose place the other is shown, or a cursor. */
static void handovers_survive_each_failing_allocation(void **state)
{
	struct config_vm config = { .source = { 2, { CONFIG_SOURCE_MEMORY, CONFIG_SOURCE_PATTERN } },
		.memory_file = t.path, .memory_size = { 320, 240 }, .pattern_size = { 320, 240 },
		.pattern_fps = 240, .pattern_scene = (char *)(uintptr_t) "still" };

	(void)state;
	assert_int_equal(truncate(t.path, 320 * 240 * 4), 0);
	fail_each(live_handover, &config, 6);
	assert_int_equal(truncate(t.path, 0), 0);
	fail_each(live_handover, &config, 10);
}

static int draw_cards(struct config_vm *config)
{
	static const uint32_t sizes[][2] = { { 640, 480 }, { 3840, 2160 } };

	(void)config;
	for (int i = 0; i < 2; i++) {
		struct frame *card = NULL;
		int r = card_render("vm", "The guest is off.", sizes[i][0], sizes[i][1], &card);

		if (r < 0) {
			assert_null(card);
			return r;
		}
		frame_unref(card);
	}
	return 0;
}

static void card_survives_each_failing_allocation(void **state)
{
	(void)state;
	fail_each(draw_cards, NULL, 6);
}

static int setup(void **state)
{
	int file = memfd_create("recording", MFD_CLOEXEC);

	(void)state;
	snprintf(t.path, sizeof(t.path), "/proc/self/fd/%d", file);
	t.base = event_base_new();
	return t.base && file >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	event_base_free(t.base);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pattern_survives_each_failing_allocation),
		cmocka_unit_test(recordings_survive_each_failing_allocation),
		cmocka_unit_test(memory_survives_each_failing_allocation),
		cmocka_unit_test(handovers_survive_each_failing_allocation),
		cmocka_unit_test(card_survives_each_failing_allocation),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
