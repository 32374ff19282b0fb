/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What surfaces are made of: memory behind a descriptor, our own (a memfd) or a
 * client's (a dma-buf, or a memfd), mapped as a whole.
 *
 * Nobody can keep a client from shrinking its memfd later: that program then gets
 * its own SIGBUS. A dma-buf never shrinks.
 */
#ifndef PLANECAST_SOFTVA_MEMORY_H
#define PLANECAST_SOFTVA_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory {
	int fd; /* -1: none */
	uint8_t *data;
	size_t bytes;
	bool writable;
	bool dma_buf;
};

/* Zeros, which take no room before they are written. -ENOMEM, -EMFILE and the like. */
int memory_alloc(uint64_t bytes, struct memory *ret);
/*
 * fd stays the caller's. -EBADF; -EACCES: cannot be read; -EINVAL: cannot be mapped,
 * or does not say its size.
 */
int memory_import(int fd, struct memory *ret);
/* All zero but fd -1 is fine, and what it leaves. */
void memory_finish(struct memory *memory);
/*
 * A new descriptor of it for a stranger: of our own memory a dma-buf where the kernel
 * can make one (udmabuf), else the memfd.
 */
int memory_export(const struct memory *memory, int *ret_fd);

/* Brackets around each touch by the CPU; a kernel that cannot is fine. */
void memory_begin_access(const struct memory *memory, bool write);
void memory_end_access(const struct memory *memory, bool write);

#endif
