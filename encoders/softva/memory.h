/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What surfaces are made of: memory behind a descriptor, our own (a memfd) or a
 * client's (a dma-buf, or a memfd), mapped as a whole.
 *
 * A client's may go away while it is mapped: a memfd that is not sealed shrinks, a device
 * revokes its dma-buf. Who touches it then gets SIGBUS, in a program that is not ours and
 * knows of nothing. So only the kernel touches it, which answers with an error, and what
 * is read and written between the brackets is a copy.
 */
#ifndef PLANECAST_SOFTVA_MEMORY_H
#define PLANECAST_SOFTVA_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct memory {
	int fd; /* -1: none */
	uint8_t *data; /* NULL: none */
	size_t bytes;
	bool writable;
	bool dma_buf;
	/* Of memory that may go away, of which data is a copy: */
	uint8_t *origin; /* NULL: it stays */
	size_t used_bytes; /* of it, from its beginning */
	int copy_fd; /* the copy's memfd; -1: none */
};

/* Zeros, which take no room before they are written. -ENOMEM, -EMFILE and the like. */
int memory_alloc(uint64_t bytes, struct memory *ret);
/*
 * fd stays the caller's. -EBADF; -EACCES: cannot be read; -EINVAL: cannot be mapped,
 * or does not say its size.
 */
int memory_import(int fd, struct memory *ret);
/* Only so many bytes of it count. */
void memory_limit(struct memory *memory, uint64_t used_bytes);
/* All zero but both fds -1 is fine, and what it leaves. */
void memory_finish(struct memory *memory);
/*
 * A new descriptor of it for a stranger: of our own memory a dma-buf where the kernel
 * can make one (udmabuf), else the memfd.
 */
int memory_export(const struct memory *memory, int *ret_fd);

/*
 * Brackets around each touch by the CPU. -EFAULT: it has gone away, and nothing is to be ended;
 * or nobody sees what was written.
 */
int memory_begin_access(const struct memory *memory, bool write);
int memory_end_access(const struct memory *memory, bool write);

#endif
