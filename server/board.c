// SPDX-License-Identifier: GPL-2.0-or-later
/* Shared memory with one writer, and a seal against any other. */
#include "server/board.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct board {
	unsigned int n_rows;
	struct board_row *rows;
};

static size_t bytes_of(unsigned int rows)
{
	return (size_t)rows * sizeof(struct board_row);
}

static int map(int fd, unsigned int rows, int protection, struct board **ret)
{
	struct board *board = calloc(1, sizeof(*board));
	void *memory;

	if (!board)
		return -ENOMEM;
	memory = rows ? mmap(NULL, bytes_of(rows), protection, MAP_SHARED, fd, 0) : NULL;
	if (memory == MAP_FAILED) {
		free(board);
		return -errno;
	}
	board->n_rows = rows;
	board->rows = memory;
	*ret = board;
	return 0;
}

int board_new(unsigned int rows, struct board **ret, int *ret_fd)
{
	int fd = memfd_create("planecast-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return -errno;
	r = ftruncate(fd, (off_t)bytes_of(rows)) < 0 ? -errno : map(fd, rows, PROT_READ | PROT_WRITE, ret);
	if (r < 0) {
		close(fd);
		return r;
	}
	/* Only the mapping that is there can write from now on. */
	if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0) {
		r = -errno;
		board_free(*ret);
		close(fd);
		return r;
	}
	*ret_fd = fd;
	return 0;
}

int board_open(int fd, unsigned int rows, struct board **ret)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size != (off_t)bytes_of(rows))
		return -EINVAL;
	r = map(fd, rows, PROT_READ, ret);
	if (!r)
		close(fd);
	return r;
}

void board_free(struct board *board)
{
	if (!board)
		return;
	if (board->rows)
		munmap(board->rows, bytes_of(board->n_rows));
	free(board);
}

void board_write(struct board *board, unsigned int nth, const struct board_row *row)
{
	if (board && nth < board->n_rows)
		board->rows[nth] = *row;
}

void board_read(const struct board *board, unsigned int nth, struct board_row *ret)
{
	memset(ret, 0, sizeof(*ret));
	if (!board || nth >= board->n_rows)
		return;
	*ret = board->rows[nth];
	ret->status.state[sizeof(ret->status.state) - 1] = '\0';
}
