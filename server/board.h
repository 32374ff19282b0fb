/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the supervisor knows of all VMs, in memory that the gateway may read: the
 * newest, without a message. One status a VM, in the order of the configuration it
 * was made for. Who reads may see half of an old one and half of a new. Any thread.
 */
#ifndef PLANECAST_SERVER_BOARD_H
#define PLANECAST_SERVER_BOARD_H

#include <stdbool.h>

#include "server/channel.h"

struct board;

struct board_row {
	bool serves;
	struct channel_status status; /* state ends in NUL when it was read by board_read() */
};

/* *ret_fd is the caller's, to be handed to the reader: nobody can write by it. Negative errno. */
int board_new(unsigned int rows, struct board **ret, int *ret_fd);
/* The reader's; takes fd, on success only. -EINVAL: it has not that many rows; other negative errno. */
int board_open(int fd, unsigned int rows, struct board **ret);
/* NULL is fine. */
void board_free(struct board *board);
/* Of the writer; a row that there is not is left alone. */
void board_write(struct board *board, unsigned int nth, const struct board_row *row);
/* Zeroes where there is no such row. */
void board_read(const struct board *board, unsigned int nth, struct board_row *ret);

#endif
