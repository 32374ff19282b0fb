// SPDX-License-Identifier: GPL-2.0-or-later
/* Recordings come back as they were written, and a reader is never fooled by a bad one. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <zstd.h>

#include "server/frame.h"
#include "server/framefile.h"
#include "server/framefile_bytes.h"

/* A file in memory, opened by its path: one on a disk would have to be waited for. */
static char path[64];
static int path_fd;
static uint32_t random_state = 1;

static uint32_t random_next(void)
{
	random_state = random_state * 1664525 + 1013904223;
	return random_state >> 8;
}

static int setup(void **state)
{
	(void)state;
	path_fd = memfd_create("recording", MFD_CLOEXEC);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", path_fd);
	return path_fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	return close(path_fd);
}

/* A picture, and the region that a random change of it touched. */
static void scribble(struct frame *frame, pixman_region32_t *region, bool whole)
{
	unsigned int boxes = whole ? 1 : 1 + random_next() % 4;

	pixman_region32_init(region);
	for (unsigned int i = 0; i < boxes; i++) {
		uint32_t x = whole ? 0 : random_next() % frame->width;
		uint32_t y = whole ? 0 : random_next() % frame->height;
		uint32_t width = whole ? frame->width : 1 + random_next() % (frame->width - x);
		uint32_t height = whole ? frame->height : 1 + random_next() % (frame->height - y);

		pixman_region32_union_rect(region, region, (int)x, (int)y, width, height);
		for (uint32_t row = y; row < y + height; row++) {
			uint32_t *pixels = (uint32_t *)(void *)(frame_memory_pixels(frame) +
					row * frame->planes[0].stride);

			for (uint32_t column = x; column < x + width; column++)
				pixels[column] = random_next();
		}
	}
}

static void assert_same_picture(const struct frame *frame, const uint8_t *pixels)
{
	for (uint32_t y = 0; y < frame->height; y++)
		assert_memory_equal(frame->data + (size_t)y * frame->planes[0].stride,
				pixels + (size_t)y * frame->width * 4, (size_t)frame->width * 4);
}

#define PICTURES 12

static void test_round_trip(void **state)
{
	static const uint32_t sizes[][2] = { { 37, 23 }, { 64, 48 }, { 1, 1 } };
	struct framefile_writer *writer;
	struct framefile_reader *reader;
	struct framefile_record record;
	struct frame *frames[PICTURES];
	struct stat st;

	(void)state;
	assert_int_equal(framefile_create(path, &writer), 0);
	for (unsigned int i = 0; i < PICTURES; i++) {
		const uint32_t *size = sizes[i / 4];
		pixman_region32_t region;

		assert_int_equal(frame_new_memory(size[0], size[1], &frames[i]), 0);
		if (i % 4)
			memcpy(frame_memory_pixels(frames[i]), frames[i - 1]->data, frames[i]->data_bytes);
		scribble(frames[i], &region, i % 4 == 0);
		assert_int_equal(framefile_write(writer, i * 1000000007LL, frames[i], &region), 0);
		pixman_region32_fini(&region);
	}
	assert_int_equal(framefile_write(writer, 1LL << 61, frames[PICTURES - 1], NULL), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, framefile_bytes(writer));
	assert_int_equal(framefile_close(writer), 0);

	assert_int_equal(framefile_open(path, &reader), 0);
	for (unsigned int round = 0; round < 2; round++) {
		uint8_t *pixels = NULL;

		for (unsigned int i = 0; i < PICTURES; i++) {
			assert_int_equal(framefile_next(reader, &record), 1);
			assert_int_equal(record.time_ns, i * 1000000007LL);
			assert_int_equal(record.width, frames[i]->width);
			assert_int_equal(record.height, frames[i]->height);
			if (i % 4 == 0) {
				free(pixels);
				pixels = calloc((size_t)record.width * record.height, 4);
				assert_non_null(pixels);
			}
			framefile_paint(&record, pixels, (size_t)record.width * 4);
			assert_same_picture(frames[i], pixels);
		}
		assert_int_equal(framefile_next(reader, &record), 1);
		assert_int_equal(record.time_ns, 1LL << 61);
		assert_int_equal(record.n_rects, 0);
		assert_int_equal(framefile_next(reader, &record), 0);
		assert_int_equal(framefile_next(reader, &record), 0);
		assert_false(framefile_reader_truncated(reader));
		framefile_rewind(reader);
		free(pixels);
	}
	framefile_reader_free(reader);
	for (unsigned int i = 0; i < PICTURES; i++)
		frame_unref(frames[i]);
}

static void test_writer_refuses(void **state)
{
	struct framefile_writer *writer;
	struct frame *frame, *large;
	pixman_region32_t outside;

	(void)state;
	assert_int_equal(frame_new_memory(8, 8, &frame), 0);
	assert_int_equal(framefile_create(path, &writer), 0);
	assert_int_equal(framefile_write(writer, 5, frame, NULL), -EINVAL);
	assert_int_equal(framefile_write(writer, 0, frame, NULL), 0);
	assert_int_equal(framefile_write(writer, 10, frame, NULL), 0);
	assert_int_equal(framefile_write(writer, 9, frame, NULL), -EINVAL);
	assert_int_equal(framefile_write(writer, 1LL << 62, frame, NULL), -EINVAL);
	pixman_region32_init_rect(&outside, 4, 4, 5, 4);
	assert_int_equal(framefile_write(writer, 10, frame, &outside), -EINVAL);
	pixman_region32_fini(&outside);
	assert_int_equal(frame_new_memory(16384, 2026, &large), 0);
	assert_int_equal(framefile_write(writer, 10, large, NULL), -EINVAL);
	frame_unref(large);
	assert_int_equal(framefile_close(writer), 0);
	assert_int_equal(framefile_close(NULL), 0);
	frame_unref(frame);
	assert_int_equal(framefile_create("/nonexistent/recording", &writer), -ENOENT);
	assert_int_equal(framefile_create("/dev/full", &writer), -ENOSPC);
}

/* The file may grow no further in the middle of a record: what is before it stays good. */
static void test_disk_full_keeps_whole_records(void **state)
{
	struct rlimit old, limit;
	struct framefile_writer *writer;
	struct framefile_reader *reader;
	struct framefile_record record;
	pixman_region32_t region;
	struct frame *frame;
	uint64_t good;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(frame_new_memory(64, 64, &frame), 0);
	assert_int_equal(framefile_create(path, &writer), 0);
	scribble(frame, &region, true);
	assert_int_equal(framefile_write(writer, 0, frame, &region), 0);
	good = framefile_bytes(writer);
	limit = (struct rlimit){ good + 1000, old.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_int_equal(framefile_write(writer, 1, frame, &region), -EFBIG);
	assert_int_equal(framefile_bytes(writer), good);
	setrlimit(RLIMIT_FSIZE, &old);
	assert_int_equal(framefile_open(path, &reader), 0);
	assert_int_equal(framefile_next(reader, &record), 1);
	assert_int_equal(framefile_next(reader, &record), 0);
	assert_false(framefile_reader_truncated(reader));
	/* Room again: it goes on where it was good. */
	assert_int_equal(framefile_write(writer, 2, frame, &region), 0);
	assert_int_equal(framefile_next(reader, &record), 1);
	assert_int_equal(record.time_ns, 2);
	framefile_reader_free(reader);
	framefile_close(writer);
	pixman_region32_fini(&region);
	frame_unref(frame);
}

/* A body of two rectangles in a picture of 8x4: 24 + 2 * 16 + (4 + 6) * 4 bytes. */
#define BODY_BYTES 96u

static void make_body(uint8_t body[BODY_BYTES])
{
	static const uint32_t words[] = { 0, 0, 8, 4, 2, 0, 0, 0, 2, 2, 4, 1, 3, 2 };

	/* Nothing that repeats: the same data could be packed in two ways. */
	for (unsigned int i = 0; i < BODY_BYTES; i++)
		body[i] = (uint8_t)(random_next() >> 8);
	for (unsigned int i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		framefile_put_u32(body + 4 * i, words[i]);
}

static const struct {
	unsigned int word; /* of the body, changed to value */
	uint32_t value;
	int more_bytes; /* than the body should have */
	const char *what; /* NULL: good */
} bodies[] = {
	{ 0, 0, 0, NULL },
	{ 7, 6, 0, NULL }, /* y */
	{ 1, 0x40000000, 0, "the time is out of range" },
	{ 1, 0xffffffff, 0, "the time is out of range" },
	{ 2, 0, 0, "the picture's size is out of range" },
	{ 3, 0, 0, "the picture's size is out of range" },
	{ 2, 16385, 0, "the picture's size is out of range" },
	{ 3, 16385, 0, "the picture's size is out of range" },
	{ 2, 0xffffffff, 0, "the picture's size is out of range" },
	{ 4, 1, 0, "there are not as many pixels as the rectangles have" },
	{ 4, 3, 0, "a rectangle lies outside the picture" }, /* pixels taken for one */
	{ 4, 5, 0, "there is no room for the rectangles" },
	{ 4, 65536, 0, "there is no room for the rectangles" },
	{ 4, 65537, 0, "there are too many rectangles" },
	{ 4, 0xffffffff, 0, "there are too many rectangles" },
	{ 5, 1, 0, "a reserved field is not zero" },
	{ 8, 0, 0, "a rectangle is empty" },
	{ 13, 0, 0, "a rectangle is empty" },
	{ 6, 7, 0, "a rectangle lies outside the picture" },
	{ 6, 0xffffffff, 0, "a rectangle lies outside the picture" },
	{ 8, 0xffffffff, 0, "a rectangle lies outside the picture" },
	{ 11, 0xffffffff, 0, "a rectangle lies outside the picture" },
	{ 13, 0xffffffff, 0, "a rectangle lies outside the picture" },
	{ 8, 3, 0, "there are not as many pixels as the rectangles have" },
	{ 2, 7, 0, NULL },
	{ 2, 6, 0, "a rectangle lies outside the picture" },
	{ 0, 0, 1, "there are not as many pixels as the rectangles have" },
	{ 0, 0, -1, "there are not as many pixels as the rectangles have" },
	{ 0, 0, -40, "there are not as many pixels as the rectangles have" },
	{ 0, 0, -41, "there is no room for the rectangles" },
	{ 0, 0, -72, "there is no room for the rectangles" },
	{ 0, 0, -73, "there is no room for a header" },
	{ 0, 0, -96, "there is no room for a header" },
};

#define N_BODIES (sizeof(bodies) / sizeof(bodies[0]))

static void test_bad_bodies(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_BODIES; i++) {
		size_t bytes = (size_t)((int)BODY_BYTES + bodies[i].more_bytes);
		uint8_t full[BODY_BYTES + 1] = { 0 }, *body = malloc(bytes + !bytes);
		struct framefile_record record = { .width = 77 };
		const char *what = NULL;
		int r;

		assert_non_null(body);
		make_body(full);
		if (bodies[i].word)
			framefile_put_u32(full + 4 * bodies[i].word, bodies[i].value);
		/* y of the first rectangle: valid only up to 2 */
		if (bodies[i].word == 7)
			framefile_put_u32(full + 4 * 7, 2);
		memcpy(body, full, bytes);
		r = framefile_parse_body(body, bytes, &record, &what);
		if (bodies[i].what) {
			assert_int_equal(r, -EBADMSG);
			assert_string_equal(what, bodies[i].what);
			assert_int_equal(record.width, 77);
		} else {
			assert_int_equal(r, 0);
			assert_int_equal(record.n_rects, 2);
		}
		free(body);
	}
}

/* Rectangles may lie on one another, but not cost more than the picture. */
static void test_rectangles_beyond_the_picture(void **state)
{
	uint8_t body[24 + 3 * 16 + 3 * 16 * 4] = { 0 };
	struct framefile_record record;
	const char *what;

	(void)state;
	framefile_put_u32(body + 8, 4);
	framefile_put_u32(body + 12, 4);
	framefile_put_u32(body + 16, 3);
	for (unsigned int i = 0; i < 3; i++) {
		framefile_put_u32(body + 24 + 16 * i + 8, 4);
		framefile_put_u32(body + 24 + 16 * i + 12, 4);
	}
	assert_int_equal(framefile_parse_body(body, sizeof(body), &record, &what), -EBADMSG);
	assert_string_equal(what, "the rectangles are larger than the picture");
}

/* Files. */

static uint8_t file[4096];
static size_t file_bytes;
static bool file_checked = true;

static void file_start(void)
{
	memset(file, 0, sizeof(file));
	memcpy(file, FRAMEFILE_MAGIC, 8);
	framefile_put_u32(file + 8, FRAMEFILE_VERSION);
	file_bytes = FRAMEFILE_HEADER_BYTES;
}

static void file_add(uint64_t time_ns)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	uint8_t body[BODY_BYTES];
	size_t packed;

	assert_non_null(zstd);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_checksumFlag, file_checked);
	make_body(body);
	framefile_put_u64(body, time_ns);
	packed = ZSTD_compress2(zstd, file + file_bytes + 4, sizeof(file) - file_bytes - 4, body, sizeof(body));
	assert_false(ZSTD_isError(packed));
	ZSTD_freeCCtx(zstd);
	framefile_put_u32(file + file_bytes, (uint32_t)packed);
	file_bytes += 4 + packed;
}

static void file_store(size_t bytes)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, file, bytes), bytes);
	close(fd);
}

/* Reads to the end; returns what framefile_next() said last, counts the rest. */
static int file_read(unsigned int *ret_records, bool *ret_truncated, char error[160])
{
	struct framefile_reader *reader;
	struct framefile_record record;
	int r = framefile_open(path, &reader);

	*ret_records = 0;
	*ret_truncated = false;
	error[0] = '\0';
	if (r < 0)
		return r;
	while ((r = framefile_next(reader, &record)) > 0)
		(*ret_records)++;
	*ret_truncated = framefile_reader_truncated(reader);
	strcpy(error, framefile_reader_error(reader));
	framefile_reader_free(reader);
	return r;
}

static void test_cut_off_anywhere(void **state)
{
	size_t second, third;
	unsigned int records;
	char error[160];
	bool truncated;

	(void)state;
	file_start();
	file_add(0);
	second = file_bytes;
	file_add(5);
	third = file_bytes;
	for (size_t bytes = 0; bytes <= third; bytes++) {
		int r;

		file_store(bytes);
		r = file_read(&records, &truncated, error);
		if (bytes < FRAMEFILE_HEADER_BYTES) {
			assert_int_equal(r, -EBADMSG);
			continue;
		}
		assert_int_equal(r, 0);
		assert_int_equal(records, bytes < second ? 0 : bytes < third ? 1 : 2);
		assert_int_equal(truncated, bytes != FRAMEFILE_HEADER_BYTES && bytes != second && bytes != third);
	}
}

/* Any changed bit is found, but for three in each record that zstd's format leaves unused. */
static void test_changed_anywhere(void **state)
{
	unsigned int records, accepted = 0;
	char error[160];
	bool truncated;

	(void)state;
	file_start();
	for (uint64_t i = 0; i < 3; i++)
		file_add(i);
	for (size_t bit = 0; bit < file_bytes * 8; bit++) {
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
		file_store(file_bytes);
		accepted += file_read(&records, &truncated, error) == 0 && records == 3 && !truncated;
		file[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	assert_in_range(accepted, 0, 3 * 3);
	file_store(file_bytes);
	assert_int_equal(file_read(&records, &truncated, error), 0);
	assert_int_equal(records, 3);
}

static void test_unchecked_record(void **state)
{
	unsigned int records;
	char error[160];
	bool truncated;

	(void)state;
	file_checked = false;
	file_start();
	file_add(0);
	file_checked = true;
	file_store(file_bytes);
	assert_int_equal(file_read(&records, &truncated, error), -EBADMSG);
	assert_string_equal(error, "in record 1 at byte 16 the data has no check sum");
}

static const struct {
	const char *name;
	size_t at; /* a word of the file, changed to value; 0: none */
	uint32_t value;
	uint64_t times[2];
	int result;
	unsigned int records;
	const char *error;
} files[] = {
	{ "good", 0, 0, { 0, 7 }, 0, 2, "" },
	{ "magic", 4, 0, { 0, 7 }, -EBADMSG, 0, "" },
	{ "version", 8, 2, { 0, 7 }, -EBADMSG, 0, "" },
	{ "reserved", 12, 1, { 0, 7 }, -EBADMSG, 0, "" },
	{ "no length", 16, 0, { 0, 7 }, -EBADMSG, 0, "in record 1 at byte 16 the length is out of range" },
	{ "huge length", 16, 0xffffffff, { 0, 7 }, -EBADMSG, 0, "in record 1 at byte 16 the length is out of range" },
	{ "not zstd", 20, 0, { 0, 7 }, -EBADMSG, 0,
		"in record 1 at byte 16 the size is unknown or out of range" },
	{ "time runs back", 0, 0, { 0, UINT64_MAX }, -EBADMSG, 1, NULL },
	{ "late start", 0, 0, { 7, 8 }, -EBADMSG, 0,
		"in record 1 at byte 16 the time does not go on from the record before" },
};

static void test_bad_files(void **state)
{
	unsigned int records;
	char error[160];
	bool truncated;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		file_start();
		file_add(files[i].times[0]);
		file_add(files[i].times[1]);
		if (files[i].at)
			framefile_put_u32(file + files[i].at, files[i].value);
		file_store(file_bytes);
		assert_int_equal(file_read(&records, &truncated, error), files[i].result);
		assert_int_equal(records, files[i].records);
		if (files[i].error)
			assert_string_equal(error, files[i].error);
	}
}

/* What unpacks to more than any picture is refused before it is unpacked. */
static void test_bomb(void **state)
{
	size_t bytes = FRAMEFILE_BODY_MAX + 1, packed;
	uint8_t *zeros = calloc(bytes, 1), *bomb = malloc(ZSTD_compressBound(bytes));
	unsigned int records;
	char error[160];
	bool truncated;

	(void)state;
	assert_true(zeros && bomb);
	packed = ZSTD_compress(bomb, ZSTD_compressBound(bytes), zeros, bytes, 1);
	/* The bomb's first bytes state its size; more is not looked at. */
	assert_false(ZSTD_isError(packed));
	file_start();
	framefile_put_u32(file + file_bytes, 64);
	memcpy(file + file_bytes + 4, bomb, 64);
	file_bytes += 68;
	file_store(file_bytes);
	assert_int_equal(file_read(&records, &truncated, error), -EBADMSG);
	assert_string_equal(error, "in record 1 at byte 16 the size is unknown or out of range");
	free(zeros);
	free(bomb);
}

static void test_no_plain_file(void **state)
{
	char directory[] = "/tmp/planecast-test-XXXXXX", fifo[64];
	struct framefile_reader *reader = NULL;

	(void)state;
	assert_int_equal(framefile_open("/nonexistent/recording", &reader), -ENOENT);
	assert_int_equal(framefile_open("/tmp", &reader), -EBADMSG);
	assert_int_equal(framefile_open("/dev/zero", &reader), -EBADMSG);
	assert_non_null(mkdtemp(directory));
	snprintf(fifo, sizeof(fifo), "%s/fifo", directory);
	assert_int_equal(mkfifo(fifo, 0600), 0);
	assert_int_equal(framefile_open(fifo, &reader), -EBADMSG);
	unlink(fifo);
	rmdir(directory);
	assert_null(reader);
	framefile_reader_free(NULL);
}

int main(void)
{
#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
		WITH_FILE(test_round_trip),
		WITH_FILE(test_writer_refuses),
		WITH_FILE(test_disk_full_keeps_whole_records),
		cmocka_unit_test(test_bad_bodies),
		cmocka_unit_test(test_rectangles_beyond_the_picture),
		WITH_FILE(test_cut_off_anywhere),
		WITH_FILE(test_changed_anywhere),
		WITH_FILE(test_unchecked_record),
		WITH_FILE(test_bad_files),
		WITH_FILE(test_bomb),
		cmocka_unit_test(test_no_plain_file),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
