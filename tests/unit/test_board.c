// SPDX-License-Identifier: GPL-2.0-or-later
/* What one process writes another reads, and cannot change. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/board.h"

static void shows_the_newest(void **state)
{
	struct board_row row = { .serves = true, .status = { .viewers = 3, .width = 640 } }, seen;
	struct board *writer, *reader;
	int fd;

	(void)state;
	assert_int_equal(board_new(2, &writer, &fd), 0);
	assert_int_equal(board_open(fd, 1, &reader), -EINVAL);
	assert_int_equal(board_open(fd, 3, &reader), -EINVAL);
	assert_int_equal(board_open(fd, 2, &reader), 0);
	board_read(reader, 1, &seen);
	assert_false(seen.serves);
	/* The worker's word need not end. */
	memset(row.status.state, 'x', sizeof(row.status.state));
	board_write(writer, 1, &row);
	board_write(writer, 2, &row);
	board_read(reader, 1, &seen);
	assert_true(seen.serves);
	assert_int_equal(seen.status.viewers, 3);
	assert_int_equal(strlen(seen.status.state), sizeof(seen.status.state) - 1);
	board_read(reader, 0, &seen);
	assert_int_equal(seen.status.width, 0);
	board_read(reader, 2, &seen);
	assert_int_equal(seen.status.width, 0);
	board_read(NULL, 0, &seen);
	assert_int_equal(seen.status.width, 0);
	board_free(reader);
	board_free(writer);
}

static void is_written_by_one(void **state)
{
	struct board *board;
	int fd;

	(void)state;
	assert_int_equal(board_new(1, &board, &fd), 0);
	assert_ptr_equal(mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
	assert_int_equal(write(fd, "x", 1), -1);
	assert_int_equal(ftruncate(fd, 0), -1);
	close(fd);
	board_free(board);
	/* And there may be no VMs. */
	assert_int_equal(board_new(0, &board, &fd), 0);
	board_free(board);
	assert_int_equal(board_open(fd, 0, &board), 0);
	board_free(board);
	board_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(shows_the_newest),
		cmocka_unit_test(is_written_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
