// SPDX-License-Identifier: GPL-2.0-or-later
/* Another program's memory as a source: read where it is, whatever happens to the file. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <drm_fourcc.h>
#include <event2/event.h>

#include "config/config.h"
#include "server/capture/capture.h"
#include "server/clock.h"
#include "server/damage.h"
#include "server/frame.h"
#include "server/update.h"

#define DEADLINE_NS (10 * NSEC_PER_SEC)
#define FOREVER_NS (3600 * NSEC_PER_SEC)
#define WIDTH 320u
#define HEIGHT 200u
#define PICTURE_BYTES (WIDTH * HEIGHT * 4)

static struct {
	struct event_base *base;
	struct capture *capture;
	char directory[64], path[80], other[80];
	unsigned int frames, offs;
	char reason[CAPTURE_REASON_BYTES];
	struct frame *last; /* of the last look */
	const uint8_t *data;
} t;

static void on_frame(void *user, struct frame *frame, const pixman_region32_t *hint)
{
	(void)user;
	assert_null(hint);
	frame_unref(t.last);
	t.last = frame_ref(frame);
	t.data = frame->data;
	t.frames++;
}

static void on_off(void *user, const char *reason)
{
	(void)user;
	snprintf(t.reason, sizeof(t.reason), "%s", reason);
	t.offs++;
}

static const struct capture_events events = { .frame = on_frame, .off = on_off };

static int setup(void **state)
{
	(void)state;
	memset(&t, 0, sizeof(t));
	t.base = event_base_new();
	strcpy(t.directory, "/tmp/planecast-memory-XXXXXX");
	if (!t.base || !mkdtemp(t.directory))
		return -1;
	snprintf(t.path, sizeof(t.path), "%s/picture", t.directory);
	snprintf(t.other, sizeof(t.other), "%s/other", t.directory);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	frame_unref(t.last);
	capture_close(t.capture);
	event_base_free(t.base);
	if (unlink(t.path) < 0)
		rmdir(t.path);
	unlink(t.other);
	return rmdir(t.directory);
}

/* Every byte of the file is value. */
static void write_file(const char *path, size_t bytes, int value)
{
	char *content = malloc(bytes + 1);
	int fd = open(path, O_WRONLY | O_CREAT, 0600);

	assert_true(fd >= 0);
	assert_non_null(content);
	memset(content, value, bytes);
	assert_int_equal(write(fd, content, bytes), bytes);
	assert_int_equal(ftruncate(fd, (off_t)bytes), 0);
	close(fd);
	free(content);
}

static void poke(void)
{
	t.last = frame_unref(t.last);
	capture_poke(t.capture);
	event_base_loop(t.base, EVLOOP_NONBLOCK);
}

static void open_source(int64_t offset, int64_t stride)
{
	struct config_vm config = {
		.source = { 1, { CONFIG_SOURCE_MEMORY } },
		.memory_file = t.path,
		.memory_size = { WIDTH, HEIGHT },
		.memory_offset_bytes = offset,
		.memory_stride_bytes = stride,
	};

	assert_int_equal(capture_open(t.base, &config, &events, NULL, &t.capture), 0);
	capture_set_interval(t.capture, FOREVER_NS);
	event_base_loop(t.base, EVLOOP_NONBLOCK);
}

static void assert_shows(unsigned int value)
{
	unsigned int frames = t.frames;

	poke();
	assert_int_equal(t.frames, frames + 1);
	assert_int_equal(t.data[0], value);
	assert_int_equal(t.data[PICTURE_BYTES - 1], value);
}

static void assert_off(const char *reason)
{
	unsigned int frames = t.frames;

	poke();
	assert_int_equal(t.frames, frames);
	assert_string_equal(t.reason, reason);
}

/* What only the name of the file tells is noticed a few times a second. */
static void wait_off(const char *reason)
{
	int64_t end_ns = clock_now_ns() + DEADLINE_NS;
	unsigned int offs = t.offs;

	while (t.offs == offs) {
		assert_true(clock_now_ns() < end_ns);
		poke();
	}
	assert_string_equal(t.reason, reason);
}

static void test_reads_where_it_is(void **state)
{
	const uint8_t *data;
	uint64_t sequence;
	int fd;

	(void)state;
	write_file(t.path, PICTURE_BYTES, 1);
	open_source(0, 0);
	assert_int_equal(t.frames, 1);
	assert_int_equal(t.last->width, WIDTH);
	assert_int_equal(t.last->height, HEIGHT);
	assert_int_equal(t.last->fourcc, DRM_FORMAT_XRGB8888);
	assert_int_equal(t.last->planes[0].stride, WIDTH * 4);
	assert_int_equal(t.last->planes[0].fd, -1);
	assert_int_equal(t.last->data_bytes, PICTURE_BYTES);
	data = t.data;
	sequence = t.last->sequence;
	fd = open(t.path, O_WRONLY);
	assert_int_equal(pwrite(fd, "\7", 1, 0), 1);
	close(fd);
	/* Seen at once, for it is the same memory. */
	assert_int_equal(data[0], 7);
	poke();
	assert_ptr_equal(t.data, data);
	assert_true(t.last->sequence > sequence);
	assert_int_equal(t.offs, 0);
}

/* The picture lies anywhere in the file, and its rows anywhere apart. */
static void test_offset_and_stride(void **state)
{
	static const int64_t places[][2] = { { 0, WIDTH * 4 + 12 }, { 4096, 0 }, { 12345, WIDTH * 4 + 1 } };

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		int64_t offset = places[i][0], stride = places[i][1] ? places[i][1] : WIDTH * 4;
		int fd, used = (int)(stride * (HEIGHT - 1) + WIDTH * 4);
		struct damage *damage;
		struct update update;

		/* Not a byte more than the picture. */
		write_file(t.path, (size_t)(offset + used), 0);
		fd = open(t.path, O_WRONLY);
		assert_int_equal(pwrite(fd, "\1\2\3\4", 4, offset), 4);
		assert_int_equal(pwrite(fd, "\5\6\7\10", 4, offset + used - 4), 4);
		close(fd);
		open_source(offset, places[i][1]);
		assert_non_null(t.last);
		assert_int_equal(t.last->planes[0].stride, stride);
		assert_int_equal(damage_new(2, &damage), 0);
		assert_int_equal(damage_run(damage, t.last, NULL, &update), 1);
		assert_memory_equal(update.frame->data, "\1\2\3", 3);
		assert_memory_equal(update.frame->data + update.frame->planes[0].stride * (HEIGHT - 1) +
						(WIDTH - 1) * 4,
				"\5\6\7", 3);
		update_finish(&update);
		damage_free(damage);
		t.last = frame_unref(t.last);
		capture_close(t.capture);
		t.capture = NULL;
	}
}

static void test_waits_for_the_file(void **state)
{
	(void)state;
	open_source(0, 0);
	assert_int_equal(t.offs, 1);
	assert_off("The file picture cannot be opened: No such file or directory. "
		   "Start the program that draws into it, or mend memory-file.");
	write_file(t.path, 100, 1);
	assert_off("The file picture has 100 bytes, and a picture of 320x200 there needs 256000. "
		   "Mend memory-size, or have it drawn so large.");
	write_file(t.path, PICTURE_BYTES, 1);
	assert_shows(1);
	unlink(t.path);
	wait_off("The file picture cannot be opened: No such file or directory. "
		   "Start the program that draws into it, or mend memory-file.");
}

static void test_files_made_anew(void **state)
{
	int64_t end_ns = clock_now_ns() + DEADLINE_NS;

	(void)state;
	write_file(t.path, PICTURE_BYTES, 1);
	open_source(0, 0);
	assert_shows(1);
	write_file(t.other, PICTURE_BYTES, 2);
	assert_int_equal(rename(t.other, t.path), 0);
	do {
		assert_true(clock_now_ns() < end_ns);
		poke();
	} while (t.data[0] == 1);
	assert_shows(2);
	assert_int_equal(t.offs, 0);
}

static void test_files_cut_short(void **state)
{
	struct frame *kept;

	(void)state;
	write_file(t.path, PICTURE_BYTES, 1);
	open_source(0, 0);
	kept = frame_ref(t.last);
	/* By pages, found before anybody reads what is not there. */
	assert_int_equal(truncate(t.path, 4096), 0);
	assert_off("The file picture has 4096 bytes, and a picture of 320x200 there needs 256000. "
		   "Mend memory-size, or have it drawn so large.");
	write_file(t.path, PICTURE_BYTES, 3);
	assert_shows(3);
	/* While a reader is at it: zeroes, no crash, and the next look is a good one. */
	assert_int_equal(truncate(t.path, 0), 0);
	assert_int_equal(*(const volatile uint8_t *)(t.data + PICTURE_BYTES / 2), 0);
	write_file(t.path, PICTURE_BYTES, 4);
	assert_shows(4);
	/* By less than a page. */
	assert_int_equal(truncate(t.path, PICTURE_BYTES - 1), 0);
	wait_off("The file picture has 255999 bytes, and a picture of 320x200 there needs 256000. "
		   "Mend memory-size, or have it drawn so large.");
	/* Who kept a frame may read it as long as he likes. */
	assert_int_equal(*(const volatile uint8_t *)(kept->data + PICTURE_BYTES - 1), 0);
	frame_unref(kept);
}

static void test_what_is_no_file(void **state)
{
	(void)state;
	assert_int_equal(mkfifo(t.path, 0600), 0);
	open_source(0, 0);
	assert_off("The file picture is none that can be mapped: let memory-file name a regular one.");
	assert_int_equal(unlink(t.path), 0);
	assert_int_equal(mkdir(t.path, 0700), 0);
	assert_off("The file picture is none that can be mapped: let memory-file name a regular one.");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_reads_where_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(test_offset_and_stride, setup, teardown),
		cmocka_unit_test_setup_teardown(test_waits_for_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_made_anew, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_cut_short, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_file, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
