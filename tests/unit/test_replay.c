// SPDX-License-Identifier: GPL-2.0-or-later
/* A recording as a source: its pictures at their times, over and over; a bad one is said. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>

#include "config/config.h"
#include "server/capture/capture.h"
#include "server/clock.h"
#include "server/frame.h"
#include "server/framefile.h"

#define DEADLINE_NS (10 * NSEC_PER_SEC)
#define FOREVER_NS (3600 * NSEC_PER_SEC)

static struct {
	struct event_base *base;
	struct capture *capture;
	int file;
	char path[64];
	unsigned int frames, offs;
	char reason[CAPTURE_REASON_BYTES];
	uint32_t width, height, corner, middle; /* of the last picture */
	struct frame *kept;
	bool keep;
} t;

static void on_frame(void *user, struct frame *frame, const pixman_region32_t *hint)
{
	(void)user;
	(void)hint;
	t.frames++;
	t.width = frame->width;
	t.height = frame->height;
	memcpy(&t.corner, frame->data, 4);
	memcpy(&t.middle, frame->data + frame->height / 2 * frame->planes[0].stride + frame->width / 2 * 4, 4);
	if (t.keep)
		t.kept = frame_ref(frame);
	t.keep = false;
}

static void on_off(void *user, const char *reason)
{
	(void)user;
	t.offs++;
	snprintf(t.reason, sizeof(t.reason), "%s", reason);
}

static const struct capture_events events = { .frame = on_frame, .off = on_off };

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.base = event_base_new();
	t.file = memfd_create("recording", MFD_CLOEXEC);
	snprintf(t.path, sizeof(t.path), "/proc/self/fd/%d", t.file);
	return t.base && t.file >= 0 ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	capture_close(t.capture);
	event_base_free(t.base);
	close(t.file);
	return 0;
}

static void turn(void)
{
	event_base_loop(t.base, EVLOOP_NONBLOCK);
}

static void open_source(const char *path)
{
	struct config_vm config = { .source = { 1, { CONFIG_SOURCE_REPLAY } }, .replay_file = (char *)(uintptr_t)path };

	assert_int_equal(capture_open(t.base, &config, &events, NULL, &t.capture), 0);
	capture_set_interval(t.capture, FOREVER_NS);
	turn();
}

static void poke(void)
{
	capture_poke(t.capture);
	turn();
}

/* One record: a box in one colour in a picture of that size; 0 wide: no box. */
struct scene {
	int64_t time_ns;
	uint32_t width, height, box_width, colour;
};

static void write_recording(const struct scene *scenes, unsigned int count)
{
	struct framefile_writer *writer;

	assert_int_equal(framefile_create(t.path, &writer), 0);
	for (unsigned int i = 0; i < count; i++) {
		pixman_region32_t region;
		struct frame *frame;

		assert_int_equal(frame_new_memory(scenes[i].width, scenes[i].height, &frame), 0);
		for (size_t j = 0; j < frame->data_bytes / 4; j++)
			((uint32_t *)(void *)frame_memory_pixels(frame))[j] = scenes[i].colour;
		pixman_region32_init_rect(&region, 0, 0, scenes[i].box_width, scenes[i].box_width ? 8 : 0);
		assert_int_equal(framefile_write(writer, scenes[i].time_ns, frame, &region), 0);
		pixman_region32_fini(&region);
		frame_unref(frame);
	}
	assert_int_equal(framefile_close(writer), 0);
}

static void test_one_picture_stands(void **state)
{
	static const struct scene scenes[] = { { 0, 16, 8, 16, 0x112233 } };

	(void)state;
	write_recording(scenes, 1);
	open_source(t.path);
	assert_int_equal(t.frames, 1);
	assert_int_equal(t.width, 16);
	assert_int_equal(t.height, 8);
	assert_int_equal(t.middle, 0x112233);
	for (int i = 0; i < 20; i++)
		poke();
	assert_int_equal(t.frames, 1);
	/* A new viewer gets it none the less. */
	capture_set_interval(t.capture, 0);
	capture_set_interval(t.capture, FOREVER_NS);
	turn();
	assert_int_equal(t.frames, 2);
	assert_int_equal(t.middle, 0x112233);
	assert_int_equal(t.offs, 0);
}

static void test_plays_in_order_and_again(void **state)
{
	/* The first covers a corner only: what the round before left must not shine through. */
	static const struct scene scenes[] = {
		{ 0, 16, 8, 4, 1 },
		{ 20 * NSEC_PER_MSEC, 16, 8, 16, 2 },
		{ 40 * NSEC_PER_MSEC, 32, 32, 4, 3 },
		{ 60 * NSEC_PER_MSEC, 32, 32, 0, 9 },
	};
	int64_t end_ns = clock_now_ns() + DEADLINE_NS;
	unsigned int rounds = 0;
	uint32_t last = 0;

	(void)state;
	write_recording(scenes, 4);
	open_source(t.path);
	while (rounds < 4) {
		assert_true(clock_now_ns() < end_ns);
		poke();
		assert_int_equal(t.offs, 0);
		assert_in_range(t.corner, 1, 3);
		assert_int_equal(t.middle, t.corner == 2 ? 2 : 0);
		assert_int_equal(t.width, t.corner == 3 ? 32 : 16);
		rounds += t.corner < last;
		last = t.corner;
	}
}

static void test_waits_while_nobody_watches(void **state)
{
	static const struct scene scenes[] = {
		{ 0, 16, 8, 16, 1 },
		{ 30 * NSEC_PER_MSEC, 16, 8, 16, 2 },
		{ FOREVER_NS, 16, 8, 0, 0 },
	};
	int64_t end_ns = clock_now_ns() + DEADLINE_NS;
	struct timeval later = clock_timeval(45 * NSEC_PER_MSEC);

	(void)state;
	write_recording(scenes, 3);
	open_source(t.path);
	assert_int_equal(t.corner, 1);
	capture_set_interval(t.capture, 0);
	event_base_loopexit(t.base, &later);
	event_base_dispatch(t.base);
	capture_set_interval(t.capture, FOREVER_NS);
	turn();
	assert_int_equal(t.frames, 2);
	assert_int_equal(t.corner, 1);
	while (t.corner == 1) {
		assert_true(clock_now_ns() < end_ns);
		poke();
	}
	assert_int_equal(t.corner, 2);
}

static void test_kept_picture_stays_as_it_was(void **state)
{
	static const struct scene scenes[] = {
		{ 0, 16, 8, 16, 1 },
		{ NSEC_PER_MSEC, 16, 8, 16, 2 },
		{ FOREVER_NS, 16, 8, 0, 0 },
	};
	int64_t end_ns = clock_now_ns() + DEADLINE_NS;
	uint32_t corner;

	(void)state;
	write_recording(scenes, 3);
	t.keep = true;
	open_source(t.path);
	while (t.corner == 1) {
		assert_true(clock_now_ns() < end_ns);
		poke();
	}
	memcpy(&corner, t.kept->data, 4);
	assert_int_equal(corner, 1);
	frame_unref(t.kept);
}

/* A thousand rounds a look, or a record that is due a year ago, must not hold up the loop. */
static void test_tiny_recording(void **state)
{
	static const struct scene scenes[] = { { 0, 16, 8, 16, 1 }, { 1, 16, 8, 16, 2 } };

	(void)state;
	write_recording(scenes, 2);
	open_source(t.path);
	for (int i = 0; i < 10; i++)
		poke();
	assert_int_equal(t.offs, 0);
	assert_int_equal(t.frames, 11);
}

/* How many lines the source logs when it opens and is looked at a few times. */
static unsigned int count_lines(const char *path)
{
	int log = memfd_create("log", MFD_CLOEXEC), old = dup(STDERR_FILENO);
	char text[2048] = { 0 };
	unsigned int lines = 0;

	assert_true(log >= 0 && old >= 0);
	dup2(log, STDERR_FILENO);
	open_source(path);
	for (int i = 0; i < 5; i++)
		poke();
	dup2(old, STDERR_FILENO);
	assert_true(pread(log, text, sizeof(text) - 1, 0) >= 0);
	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	close(log);
	close(old);
	return lines;
}

static void test_missing_file(void **state)
{
	(void)state;
	assert_int_equal(count_lines("/nonexistent/talk.pcrec"), 1);
	assert_int_equal(t.frames, 0);
	assert_int_equal(t.offs, 1);
	assert_string_equal(t.reason, "The recording talk.pcrec cannot be played: No such file or directory. "
				    "Mend replay-file, or record it anew.");
	assert_int_equal(capture_resize(t.capture, 640, 480), -EOPNOTSUPP);
}

static void test_other_file(void **state)
{
	(void)state;
	assert_int_equal(write(t.file, "[server]\n# something else", 25), 25);
	assert_int_equal(count_lines(t.path), 1);
	assert_int_equal(t.offs, 1);
	assert_non_null(strstr(t.reason, "it is not a recording of this version"));
}

static void test_empty_recording(void **state)
{
	(void)state;
	write_recording(NULL, 0);
	assert_int_equal(count_lines(t.path), 1);
	assert_int_equal(t.offs, 1);
	assert_non_null(strstr(t.reason, "it is empty"));
}

static void test_damaged_later_on(void **state)
{
	static const struct scene scenes[] = {
		{ 0, 16, 8, 16, 1 },
		{ 1, 16, 8, 16, 2 },
		{ 2, 16, 8, 16, 3 },
	};
	off_t end;

	(void)state;
	write_recording(scenes, 3);
	end = lseek(t.file, 0, SEEK_END);
	assert_int_equal(pwrite(t.file, "\xff\xff", 2, end - 2), 2); /* in the last check sum */
	assert_int_equal(count_lines(t.path), 1);
	assert_int_equal(t.offs, 1);
	assert_non_null(strstr(t.reason, "in record 3 at byte"));
}

static void test_broken_off_plays_what_is_whole(void **state)
{
	static const struct scene scenes[] = { { 0, 16, 8, 16, 1 }, { 1, 16, 8, 16, 2 } };
	off_t end;

	(void)state;
	write_recording(scenes, 2);
	end = lseek(t.file, 0, SEEK_END);
	assert_int_equal(ftruncate(t.file, end - 1), 0);
	assert_int_equal(count_lines(t.path), 1);
	assert_int_equal(t.offs, 0);
	assert_int_equal(t.frames, 1);
	assert_int_equal(t.corner, 1);
}

int main(void)
{
#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_FILE(test_one_picture_stands),
		WITH_FILE(test_plays_in_order_and_again),
		WITH_FILE(test_waits_while_nobody_watches),
		WITH_FILE(test_kept_picture_stays_as_it_was),
		WITH_FILE(test_tiny_recording),
		WITH_FILE(test_missing_file),
		WITH_FILE(test_other_file),
		WITH_FILE(test_empty_recording),
		WITH_FILE(test_damaged_later_on),
		WITH_FILE(test_broken_off_plays_what_is_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
